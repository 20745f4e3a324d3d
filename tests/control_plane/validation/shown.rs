//! What kubectl shows of the resource: documentation, columns, selections.

use std::time::{Duration, Instant};

use serde_json::json;

use super::table::{REQUIRED, bench, id};
use crate::support::plane;

#[test]
fn kubectl_explain_prints_the_documentation_of_every_field() {
    let crd = serde_json::to_value(cloudhsm_backup_operator::api::crd()).unwrap();
    let schema = crd.pointer("/spec/versions/0/schema/openAPIV3Schema/properties").unwrap();
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    // The schema is published a moment after the CRD is established.
    let deadline = Instant::now() + Duration::from_secs(20);
    while !plane().kubectl(&["explain", "hsmb.spec"]).unwrap().status.success() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
    }
    for part in ["spec", "status", "spec.copies", "status.copies"] {
        let pointer = format!("/{}", part.replace('.', "/properties/"));
        let schema = schema.pointer(&pointer).unwrap();
        let fields = schema.get("items").unwrap_or(schema)["properties"].as_object().unwrap();
        let printed = words(&plane().kubectl_ok(&["explain", &format!("hsmb.{part}")]).unwrap());
        for (field, about) in fields {
            let about = words(about["description"].as_str().unwrap());
            assert!(printed.contains(&format!("{field} <")), "{part}.{field} is not in: {printed}");
            assert!(printed.contains(&about), "{about} is not in: {printed}");
        }
    }
    let printed = plane().kubectl_ok(&["explain", "hsmb.spec.deletionPolicy"]).unwrap();
    assert!(printed.contains("Retain") && printed.contains("Delete"), "{printed}");
}

#[test]
fn resources_can_be_selected_by_backup_and_by_region() {
    let bench = bench();
    bench.apply("one", &id("backup-aaaaaaaaaaa"));
    bench.apply("two", &id("backup-bbbbbbbbbbb"));
    bench.apply("far", "backupId: backup-aaaaaaaaaaa\nregion: us-east-1");
    let select = |selector: &str| {
        bench.kubectl(&[
            "get",
            "hsmb",
            "-o",
            "jsonpath={.items[*].metadata.name}",
            "--field-selector",
            selector,
        ])
    };
    assert_eq!(select("spec.backupId=backup-aaaaaaaaaaa"), "far one");
    assert_eq!(select("spec.region=us-east-1"), "far");
    assert_eq!(select("spec.backupId=backup-aaaaaaaaaaa,spec.region!=us-east-1"), "one");
    assert_eq!(select("spec.backupId=backup-ccccccccccc"), "");
}

#[test]
fn kubectl_get_prints_the_columns_by_kind_short_name_and_category() {
    let bench = bench();
    bench.apply("main", REQUIRED);
    let deletes = "2999-01-01T00:00:00Z";
    let status = json!({"status": {
        "cluster": "cluster-dygnwhmscg5", "backupState": "PENDING_DELETION", "neverExpires": false, "copiesReady": "1/2",
        "createTimestamp": "2020-01-01T00:00:00Z", "deleteTimestamp": deletes, "sourceBackup": "backup-sssssssssss",
        "conditions": [{"type": "Ready", "status": "False", "reason": "PendingDeletion", "message": "m", "lastTransitionTime": deletes}],
    }});
    bench.kubectl(&[
        "patch",
        "hsmb",
        "main",
        "--subresource=status",
        "--type=merge",
        "-p",
        &status.to_string(),
    ]);
    let cells = |args: &[&str]| -> Vec<Vec<String>> {
        let table = bench.kubectl(&[&["get"], args].concat());
        table.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    let header =
        ["NAME", "CLUSTER", "STATE", "NEVER-EXPIRES", "COPIES", "READY", "CREATED", "DELETES", "AGE"];
    for name in ["hsmb", "cloudhsmbackups", "cloudhsmbackup", "CloudHsmBackup", "cloudhsm"] {
        let table = cells(&[name]);
        assert_eq!(table[0], header, "kubectl get {name}");
        let row = &table[1];
        assert_eq!(row[..6], ["main", "cluster-dygnwhmscg5", "PENDING_DELETION", "false", "1/2", "False"]);
        assert!(row[6].ends_with('y') || row[6].ends_with('d'), "CREATED is an age: {row:?}");
        assert_eq!(row[7], deletes);
    }
    let wide = cells(&["hsmb", "-o", "wide"]);
    assert_eq!(wide[0], [&header[..], &["BACKUP-ID", "REGION", "SOURCE", "REASON"]].concat());
    assert_eq!(wide[1][9..], ["backup-ro5c4er4aac", "eu-west-1", "backup-sssssssssss", "PendingDeletion"]);
}
