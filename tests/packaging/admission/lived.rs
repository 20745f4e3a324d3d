//! A real operator where the policy is in force: nothing that it writes is refused.

use std::time::Duration;

use emulator::{BackupState, Config, Emulator, Seed};
use serde_json::Value;
use testbed::{Folder, Operator, Start, is_ready, within};

use super::bench::{Corner, asked_for, plane};
use crate::support::program;

const REGION: &str = "eu-west-1";

#[test]
fn the_operator_holds_deletes_and_releases_what_was_confirmed() {
    let corner = Corner::new();
    let (aws, folder) = (Emulator::start(Config::default()).unwrap(), Folder::new("admission-").unwrap());
    let id = aws.seed(Seed::ready(REGION, "cluster-dygnwhmscg5"));
    aws.seed(Seed::ready(REGION, "cluster-dygnwhmscg5"));
    let watched = format!("--watch-namespace={}", corner.namespace);
    let flags = [watched.as_str(), "--poll-interval=1s", "--confirm-after=1s", "--aws-rate=1000"];
    let start = Start {
        program: program(),
        kubeconfig: plane().kubeconfig().to_owned(),
        aws: aws.url(),
        access_key: Some("AKIATEST".to_owned()),
        flags: flags.map(str::to_owned).to_vec(),
        log: folder.path().join("operator.log"),
    };
    let operator = Operator::start(&start).unwrap();
    let until = |what: &str, holds: &dyn Fn(&Value) -> bool| {
        let held = within(Duration::from_secs(45), || {
            let json = corner.kubectl(&["get", "hsmb", "bound", "-o", "json", "--ignore-not-found"]);
            holds(&serde_json::from_str(&json).unwrap_or_default())
        });
        assert!(held, "never {what}\n{}", operator.log());
    };
    let manifest =
        testbed::manifest("bound", &format!("backupId: {id}\nregion: {REGION}\ndeletionPolicy: Delete"));
    let refusal = corner.try_kubectl(&["apply", "-f", "-"], &manifest).unwrap_err();
    let confirmation = format!(
        "{{name: bound, annotations: {{cloudhsm-backup.dev/confirm-deletion: {}}}}}",
        asked_for(&refusal).unwrap()
    );
    corner.try_kubectl(&["apply", "-f", "-"], &manifest.replace("{name: bound}", &confirmation)).unwrap();
    until("in sync and held", &|object| {
        is_ready(object, true, "InSync") && object["metadata"]["finalizers"].is_array()
    });
    corner.kubectl(&["annotate", "hsmb", "bound", "cloudhsm-backup.dev/confirm-deletion-"]);
    corner.kubectl(&["delete", "hsmb", "bound", "--wait=false"]);
    until("released", &Value::is_null);
    assert_eq!(aws.backup(REGION, &id).unwrap().state, BackupState::PendingDeletion);
}
