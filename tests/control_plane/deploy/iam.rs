//! The IAM policy that ships: what the AWS adapter calls, and nothing else.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use plan::effect::ChangeKind::{self, Copy, Delete, NeverExpires, Restore, Tag, Untag};
use serde_json::Value;

use super::root;

/// The operations of CloudHSM V2, of which the SDK has a method each.
const OPERATIONS: [&str; 18] = [
    "CopyBackupToRegion",
    "CreateCluster",
    "CreateHsm",
    "DeleteBackup",
    "DeleteCluster",
    "DeleteHsm",
    "DeleteResourcePolicy",
    "DescribeBackups",
    "DescribeClusters",
    "GetResourcePolicy",
    "InitializeCluster",
    "ListTags",
    "ModifyBackupAttributes",
    "ModifyCluster",
    "PutResourcePolicy",
    "RestoreBackup",
    "TagResource",
    "UntagResource",
];

/// `DeleteBackup` as the SDK's method: `.delete_backup()`.
fn method(operation: &str) -> String {
    let mut name = String::new();
    for letter in operation.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    format!(".{name}()")
}

/// The operations that these sources call.
fn called(source: &str) -> BTreeSet<&'static str> {
    let code: String = source.split_whitespace().collect();
    OPERATIONS.into_iter().filter(|operation| code.contains(&method(operation))).collect()
}

fn sources(folder: &Path) -> String {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect();
    files.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

fn policy() -> Value {
    serde_json::from_str(&fs::read_to_string(root().join("deploy/iam/policy.json")).unwrap()).unwrap()
}

#[test]
fn the_iam_policy_allows_what_the_adapter_calls_and_nothing_else() {
    let mut allowed = BTreeSet::new();
    for statement in policy()["Statement"].as_array().unwrap() {
        assert_eq!(statement["Effect"], "Allow");
        let one_or_more = &statement["Action"];
        let actions = one_or_more.as_array().cloned().unwrap_or_else(|| vec![one_or_more.clone()]);
        for action in &actions {
            let action = action.as_str().unwrap().strip_prefix("cloudhsm:").unwrap().to_owned();
            // IAM knows no resources for DescribeBackups; all else is confined to one account's backups.
            let resource =
                if action == "DescribeBackups" { "*" } else { "arn:aws:cloudhsm:*:111122223333:backup/*" };
            assert_eq!(statement["Resource"], resource, "{action}");
            let alone = actions.len() == 1 || action != "DeleteBackup";
            assert!(alone && allowed.insert(action.clone()), "{action} cannot be left out by itself");
        }
    }
    let calls = called(&sources(&root().join("src/aws")));
    assert_eq!(allowed.iter().map(String::as_str).collect::<BTreeSet<_>>(), calls);
    // And these are what plans can ask for. A kind that is added to the list of kinds must be added here.
    let kinds = [NeverExpires, Restore, Tag, Untag, Copy, Delete];
    let complete = |kind: ChangeKind| match kind {
        NeverExpires | Restore | Tag | Untag | Copy | Delete => kind.operation(),
    };
    assert_eq!(kinds.into_iter().map(complete).chain(["DescribeBackups"]).collect::<BTreeSet<_>>(), calls);
}

#[test]
fn every_statement_of_the_iam_policy_is_explained() {
    let explained = fs::read_to_string(root().join("deploy/iam/README.md")).unwrap();
    for statement in policy()["Statement"].as_array().unwrap() {
        let row = format!("\n| `{}` |", statement["Sid"].as_str().unwrap());
        assert!(explained.contains(&row), "{row}");
    }
}

#[test]
fn a_call_that_the_policy_lacks_would_be_found() {
    assert_eq!(called("client\n    .copy_backup_to_region()\n    .send()"), ["CopyBackupToRegion"].into());
    assert_eq!(called("client.describe_backups().send(); // .delete_backup"), ["DescribeBackups"].into());
}
