//! The IAM policies: what the operator calls, and nothing else.

mod evaluate;
mod life;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use plan::effect::ChangeKind::{self, Copy, Delete, NeverExpires, Restore, Tag, Untag};
use serde_json::{Value, json};

use self::evaluate::{Request, allows, list};
use crate::support::{read, root};

/// The levels, least first, and the variant of the last one.
const LEVELS: [&str; 3] = ["observe", "manage", "manage-with-delete"];
const BY_TAG: &str = "manage-with-delete-by-tag";
/// Who the policies are written for, to be replaced: the account, the region of the sources, that of the copies.
const ACCOUNT: &str = "111122223333";
const HOME: &str = "eu-west-1";
const COPIES: &str = "eu-central-1";
/// The tag without which [`BY_TAG`] lets nothing be deleted.
const MARK: &str = "cloudhsm-backup.dev/deletable";
/// The operator's namespace and ServiceAccount.
const OPERATOR: &str = "cloudhsm-backup-operator";

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

/// A policy of `deploy/iam`.
fn policy(name: &str) -> Value {
    serde_json::from_str(&read(&format!("deploy/iam/{name}.json"))).unwrap()
}

fn statements(name: &str) -> Vec<Value> {
    policy(name)["Statement"].as_array().unwrap().clone()
}

/// The actions of a policy, without the name of the service.
fn actions(name: &str) -> BTreeSet<String> {
    let statements = statements(name);
    let all = statements.iter().flat_map(|statement| list(&statement["Action"]));
    all.map(|action| action.strip_prefix("cloudhsm:").unwrap().to_owned()).collect()
}

fn arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:cloudhsm:{region}:{account}:backup/{id}")
}

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

#[test]
fn the_whole_policy_allows_what_the_adapter_calls_and_nothing_else() {
    let calls = called(&sources(&root().join("src/aws")));
    let allowed = actions("manage-with-delete");
    assert_eq!(allowed.iter().map(String::as_str).collect::<BTreeSet<_>>(), calls);
    // And these are what plans can ask for. A kind that is added to the list of kinds must be added here.
    let kinds = [NeverExpires, Restore, Tag, Untag, Copy, Delete];
    let complete = |kind: ChangeKind| match kind {
        NeverExpires | Restore | Tag | Untag | Copy | Delete => kind.operation(),
    };
    assert_eq!(kinds.into_iter().map(complete).chain(["DescribeBackups"]).collect::<BTreeSet<_>>(), calls);
}

#[test]
fn a_call_that_the_policy_lacks_would_be_found() {
    assert_eq!(called("client\n    .copy_backup_to_region()\n    .send()"), ["CopyBackupToRegion"].into());
    assert_eq!(called("client.describe_backups().send(); // .delete_backup"), ["DescribeBackups"].into());
}

#[test]
fn each_level_is_the_one_below_and_more() {
    for pair in LEVELS.windows(2) {
        let (less, more) = (statements(pair[0]), statements(pair[1]));
        assert!(less.len() < more.len(), "{pair:?}");
        assert_eq!(less, more[..less.len()], "{pair:?} say the same in other words");
    }
    let added: Vec<_> = statements("manage-with-delete").split_off(statements("manage").len());
    assert_eq!(list(&added[0]["Action"]), ["cloudhsm:DeleteBackup"], "deleting can be left out by itself");
    assert_eq!(added.len(), 1);
    assert_eq!(actions("observe"), ["DescribeBackups".to_owned()].into());
}

#[test]
fn every_statement_is_confined_to_an_account_and_to_regions() {
    for name in LEVELS.into_iter().chain([BY_TAG]) {
        let mut seen = BTreeSet::new();
        for statement in statements(name) {
            let sid = statement["Sid"].as_str().unwrap();
            for action in list(&statement["Action"]) {
                let operation = action.strip_prefix("cloudhsm:").unwrap();
                assert!(OPERATIONS.contains(&operation), "{name} {sid}: there is no {action}");
                assert!(seen.insert(action.to_owned()), "{name} allows {action} twice");
                // IAM knows no resources for it, nor any other condition than the region.
                let resource = if operation == "DescribeBackups" { "*" } else { &arn("*", ACCOUNT, "*") };
                assert_eq!(statement["Resource"], resource, "{name} {sid}");
                // A copy is asked for in the region of its source, and has no retention to be kept from.
                let regions = match operation {
                    "CopyBackupToRegion" | "ModifyBackupAttributes" => json!([HOME]),
                    _ => json!([HOME, COPIES]),
                };
                let confined = &statement["Condition"]["StringEquals"]["aws:RequestedRegion"];
                assert_eq!(*confined, regions, "{name} {sid}");
            }
        }
    }
}

#[test]
fn the_variant_by_tag_is_the_whole_policy_with_more_conditions() {
    let (whole, by_tag) = (statements("manage-with-delete"), statements(BY_TAG));
    assert_eq!(whole.len(), by_tag.len());
    for (wide, narrow) in whole.iter().zip(&by_tag) {
        assert_eq!((&wide["Action"], &wide["Resource"]), (&narrow["Action"], &narrow["Resource"]));
        for (operator, keys) in wide["Condition"].as_object().unwrap() {
            for (key, values) in keys.as_object().unwrap() {
                assert_eq!(&narrow["Condition"][operator][key], values, "{}", narrow["Sid"]);
            }
        }
        assert_eq!(wide == narrow, wide["Sid"] == narrow["Sid"], "what differs has a name of its own");
    }
}

#[test]
fn by_tag_only_what_others_have_marked_can_be_deleted() {
    let policy = policy(BY_TAG);
    let backup = arn(HOME, ACCOUNT, "backup-ro5c4er4aac");
    let request = |operation: &str| Request::new(&format!("cloudhsm:{operation}"), HOME, &backup);
    let tag = format!("aws:ResourceTag/{MARK}");
    assert!(allows(&policy, &request("DeleteBackup").with(&tag, ["true"])));
    assert!(!allows(&policy, &request("DeleteBackup")));
    assert!(!allows(&policy, &request("DeleteBackup").with(&tag, ["false"])));
    assert!(!allows(&policy, &request("DeleteBackup").with("aws:ResourceTag/team", ["true"])));
    // It cannot set the mark itself. IAM finds a tag of a resource whatever the case of its key.
    for operation in ["TagResource", "UntagResource", "CopyBackupToRegion"] {
        assert!(allows(&policy, &request(operation)));
        assert!(allows(&policy, &request(operation).with("aws:TagKeys", ["team"])));
        for mark in [MARK, "CloudHSM-Backup.dev/Deletable"] {
            assert!(!allows(&policy, &request(operation).with("aws:TagKeys", ["team", mark])), "{operation}");
        }
    }
}

#[test]
fn no_level_reaches_another_account_region_or_kind_of_resource() {
    let backup = "backup-ro5c4er4aac";
    let deleting = |region: &str, resource: &str| Request::new("cloudhsm:DeleteBackup", region, resource);
    let policy = policy("manage-with-delete");
    assert!(allows(&policy, &deleting(COPIES, &arn(COPIES, ACCOUNT, backup))));
    assert!(!allows(&policy, &deleting("us-east-1", &arn("us-east-1", ACCOUNT, backup))));
    assert!(!allows(&policy, &deleting(HOME, &arn(HOME, "999988887777", backup))));
    let cluster = format!("arn:aws:cloudhsm:{HOME}:{ACCOUNT}:cluster/cluster-dygnwhmscg5");
    assert!(!allows(&policy, &Request::new("cloudhsm:TagResource", HOME, &cluster)));
    assert!(!allows(
        &policy,
        &Request::new("cloudhsm:CopyBackupToRegion", COPIES, &arn(COPIES, ACCOUNT, backup))
    ));
}

#[test]
fn every_document_and_statement_is_explained() {
    let explained = read("deploy/iam/README.md");
    for entry in fs::read_dir(root().join("deploy/iam")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_suffix(".json") else { continue };
        assert!(explained.contains(&format!("\n| [`{file}`]({file}) |")), "{file} has no row");
        for statement in statements(name) {
            let row = format!("\n| `{}` |", statement["Sid"].as_str().unwrap());
            assert!(name.starts_with("trust-") || explained.contains(&row), "{row} of {file}");
        }
    }
}

#[test]
fn only_the_operators_service_account_is_trusted() {
    let only = |name: &str| -> Value {
        let [statement] = statements(name).try_into().unwrap();
        assert!(!statement.to_string().contains('*'), "{name}: {statement}");
        statement
    };
    let irsa = only("trust-irsa");
    assert_eq!(list(&irsa["Action"]), ["sts:AssumeRoleWithWebIdentity"]);
    let provider = irsa["Principal"]["Federated"].as_str().unwrap();
    let (_, issuer) = provider.split_once(":oidc-provider/").unwrap();
    let expected = json!({"StringEquals": {
        format!("{issuer}:aud"): "sts.amazonaws.com",
        format!("{issuer}:sub"): format!("system:serviceaccount:{OPERATOR}:{OPERATOR}"),
    }});
    assert_eq!(irsa["Condition"], expected);

    let pod_identity = only("trust-pod-identity");
    assert_eq!(list(&pod_identity["Action"]), ["sts:AssumeRole", "sts:TagSession"]);
    assert_eq!(pod_identity["Principal"], json!({"Service": "pods.eks.amazonaws.com"}));
    let expected = json!({"StringEquals": {
        "aws:RequestTag/eks-cluster-arn": format!("arn:aws:eks:{HOME}:{ACCOUNT}:cluster/EXAMPLE"),
        "aws:RequestTag/kubernetes-namespace": OPERATOR,
        "aws:RequestTag/kubernetes-service-account": OPERATOR,
    }});
    assert_eq!(pod_identity["Condition"], expected);
}
