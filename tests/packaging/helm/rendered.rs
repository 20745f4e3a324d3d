//! What values come to in the manifests.

use cloudhsm_backup_operator::cli;
use serde_json::{Value, json};

use super::{CHART, RELEASE, VALUE_SETS, chart, helm, objects, only, rendered, rendered_with};
use crate::support::{read, root, stdout};

/// The leaves of a tree of values: a map that says something is gone into, all else is a leaf.
fn leaves(path: &[String], value: &Value) -> Vec<Vec<String>> {
    match value.as_object().filter(|members| !members.is_empty()) {
        Some(members) => members
            .iter()
            .flat_map(|(name, value)| leaves(&[path, std::slice::from_ref(name)].concat(), value))
            .collect(),
        None => vec![path.to_vec()],
    }
}

fn without(values: &Value, path: &[String]) -> Value {
    let mut values = values.clone();
    let (last, parents) = path.split_last().unwrap();
    let parent = parents.iter().fold(&mut values, |value, name| &mut value[name]);
    parent.as_object_mut().unwrap().remove(last).unwrap();
    values
}

fn args(set: &[Value]) -> Vec<String> {
    let deployment = only(set, "Deployment");
    let args = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
    args.as_array().unwrap().iter().map(|arg| arg.as_str().unwrap().to_owned()).collect()
}

fn made_of(values: &Value) -> Vec<Value> {
    objects(&rendered_with(values).unwrap())
}

#[test]
fn every_value_set_is_one_of_the_list() {
    let files = std::fs::read_dir(root().join("tests/packaging/values")).unwrap();
    let mut found: Vec<_> =
        files.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let mut known = VALUE_SETS.map(str::to_owned).to_vec();
    found.sort();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn the_chart_is_of_the_version_of_the_program() {
    let chart: Value = serde_saphyr::from_str(&read(&format!("{CHART}/Chart.yaml"))).unwrap();
    assert_eq!(chart["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(chart["name"], env!("CARGO_PKG_NAME"));
}

/// The texts in a value that show up where it is used. Short ones stand in many places, so they tell nothing.
fn telling(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) if text.len() > 3 => vec![text],
        Value::Array(items) => items.iter().flat_map(telling).collect(),
        Value::Object(members) => members.values().flat_map(telling).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn each_value_of_the_set_of_everything_changes_something() {
    let set: Value = serde_saphyr::from_str(&read("tests/packaging/values/everything.yaml")).unwrap();
    let (whole, default) = (rendered("everything"), rendered("default"));
    for leaf in leaves(&[], &set) {
        let texts = telling(leaf.iter().fold(&set, |value, name| &value[name]));
        let lost: Vec<_> = texts.iter().filter(|text| !whole.contains(**text)).collect();
        assert!(lost.is_empty(), "{} does not show up: {lost:?}", leaf.join("."));
        // What stands there anyway, or is no text, is proved by taking the value away.
        if texts.iter().all(|text| default.contains(text)) {
            let less = rendered_with(&without(&set, &leaf)).unwrap_or_else(|err| panic!("{leaf:?}: {err}"));
            assert!(less != whole, "{} does nothing", leaf.join("."));
        }
    }
}

#[test]
fn the_set_of_everything_leaves_out_only_what_excludes_something_else() {
    let all: Value = serde_saphyr::from_str(&read(&format!("{CHART}/values.yaml"))).unwrap();
    let set: Value = serde_saphyr::from_str(&read("tests/packaging/values/everything.yaml")).unwrap();
    let set: Vec<_> = leaves(&[], &set);
    let covered = |leaf: &Vec<String>| {
        let prefix = |other: &Vec<String>| other.starts_with(leaf) || leaf.starts_with(other);
        set.iter().any(prefix)
    };
    let left_out: Vec<_> =
        leaves(&[], &all).iter().filter(|leaf| !covered(leaf)).map(|leaf| leaf.join(".")).collect();
    // Each of these is switched off in the set `bare`, or is the other of two.
    let expected = [
        "caBundle.secret",
        "crds.enabled",
        "leaderElection.enabled",
        "podDisruptionBudget.enabled",
        "podSecurityContext.runAsNonRoot",
        "podSecurityContext.seccompProfile.type",
        "rbac.create",
        "rbac.editorRole",
        "securityContext.allowPrivilegeEscalation",
        "securityContext.capabilities.drop",
        "securityContext.readOnlyRootFilesystem",
        "serviceAccount.create",
    ];
    assert_eq!(left_out, expected);
}

#[test]
fn the_flags_of_every_value_set_are_those_of_the_program() {
    for set in VALUE_SETS {
        let args = args(&objects(&rendered(set)));
        let line = [RELEASE.to_owned()].into_iter().chain(args.clone());
        let command = cli::parse(line).unwrap_or_else(|err| panic!("{set}: {err}"));
        assert!(matches!(command, cli::Command::Run(_)), "{set}: {args:?}");
    }
}

#[test]
fn what_is_not_set_is_left_to_the_program_and_zero_is_set() {
    assert_eq!(args(&objects(&rendered("default"))), ["run", "--log-format=json"]);
    let zero = made_of(&json!({"maxDeletions": 0}));
    assert_eq!(args(&zero), ["run", "--log-format=json", "--max-deletions=0"]);
    // A number that templates print as 1e+06.
    let many = made_of(&json!({"maxDeletions": 1_000_000}));
    assert_eq!(args(&many).last().unwrap(), "--max-deletions=1000000");
}

#[test]
fn bare_leaves_out_all_that_can_be_left_out() {
    let bare = objects(&rendered("bare"));
    let kinds: Vec<_> = bare.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Service", "Deployment"]);
    let spec = only(&bare, "Deployment")["spec"].clone();
    assert_eq!(spec["strategy"], json!({"type": "Recreate"}), "two without a Lease would both act");
    assert_eq!(spec["template"]["spec"]["serviceAccountName"], "made-elsewhere");
    assert!(args(&bare).contains(&"--leader-elect=false".to_owned()));
}

#[test]
fn a_release_of_another_name_has_a_lease_and_roles_of_its_own() {
    let chart = chart().display().to_string();
    let output = helm(&["template", "hsm", &chart, "--namespace", "security"]);
    let all = objects(&stdout(&output));
    let name = "hsm-cloudhsm-backup-operator";
    assert!(args(&all).contains(&format!("--lease-name={name}")));
    let role = only(&all, "Role");
    assert_eq!(role["rules"][1]["resourceNames"], json!([name]));
    assert_eq!(role["metadata"]["namespace"], "security");
    for binding in all.iter().filter(|object| object["kind"].as_str().unwrap().ends_with("Binding")) {
        let subject = json!([{"kind": "ServiceAccount", "name": name, "namespace": "security"}]);
        assert_eq!(binding["subjects"], subject);
    }
    let unnamed = all.iter().filter(|object| {
        let object = object["metadata"]["name"].as_str().unwrap();
        !object.starts_with(name) && object != "cloudhsmbackups.cloudhsm-backup.dev"
    });
    assert_eq!(unnamed.count(), 0);
}

#[test]
fn the_crd_is_kept_unless_told_otherwise_and_is_the_committed_one() {
    let committed: Value = serde_saphyr::from_str(&read("crds/cloudhsmbackups.yaml")).unwrap();
    for (set, policy) in [("default", json!("keep")), ("everything", Value::Null)] {
        let crd = only(&objects(&rendered(set)), "CustomResourceDefinition");
        assert_eq!(crd["spec"], committed["spec"], "{set}");
        assert_eq!(crd["metadata"]["name"], committed["metadata"]["name"]);
        assert_eq!(crd["metadata"]["annotations"]["helm.sh/resource-policy"], policy, "{set}");
    }
}

#[test]
fn runbooks_are_linked_where_they_are_said_to_be() {
    let rule = only(&objects(&rendered("everything")), "PrometheusRule");
    let alerts = rule.pointer("/spec/groups").unwrap().as_array().unwrap().iter();
    let links: Vec<_> = alerts
        .flat_map(|group| group["rules"].as_array().unwrap())
        .filter(|rule| rule["alert"].is_string())
        .map(|rule| rule["annotations"]["runbook_url"].as_str().unwrap().to_owned())
        .collect();
    assert!(!links.is_empty());
    for link in links {
        let page = link.strip_prefix("https://runbooks.example.com/hsm/").unwrap_or_default();
        assert!(!page.is_empty() && !page.contains('/'), "{link}");
    }
}

#[test]
fn the_instance_metadata_service_is_shut_unless_wanted() {
    let reaches = |values: &Value, address: &str| {
        let policy = only(&made_of(values), "NetworkPolicy");
        policy["spec"]["egress"].to_string().contains(&format!("\"cidr\":\"{address}/"))
    };
    let default = json!({"networkPolicy": {"enabled": true}});
    let wanted = json!({"networkPolicy": {"enabled": true, "instanceMetadata": true, "podIdentity": false}});
    for address in ["169.254.169.254", "fd00:ec2::254"] {
        assert!(!reaches(&default, address) && reaches(&wanted, address), "{address}");
    }
    for address in ["169.254.170.23", "fd00:ec2::23"] {
        assert!(reaches(&default, address) && !reaches(&wanted, address), "{address}");
    }
    // Nor does a rule for everywhere let it through.
    let policy = only(&made_of(&default), "NetworkPolicy");
    for rule in policy["spec"]["egress"].as_array().unwrap() {
        for peer in rule["to"].as_array().unwrap() {
            let excepted = match peer["ipBlock"]["cidr"].as_str() {
                Some("0.0.0.0/0") => "169.254.0.0/16",
                Some("::/0") => "fd00:ec2::/32",
                _ => continue,
            };
            assert_eq!(peer["ipBlock"]["except"], json!([excepted]));
        }
    }
}

#[test]
fn the_notes_tell_the_first_three_things_and_warn_of_what_is_missing() {
    let notes = |set: &[&str]| {
        let chart = chart().display().to_string();
        let fixed = ["install", RELEASE, &chart, "--namespace", RELEASE, "--dry-run=client"];
        let said = stdout(&helm(&[fixed.as_slice(), set].concat()));
        said.split_once("\nNOTES:\n").unwrap().1.to_owned()
    };
    let bare = notes(&[]);
    for words in ["\n1. ", "\n2. ", "\n3. ", "create-pod-identity-association", "placeholder", "aws.region"] {
        assert!(bare.contains(words), "{words} in:\n{bare}");
    }
    let role = r"serviceAccount.annotations.eks\.amazonaws\.com/role-arn=arn:aws:iam::111122223333:role/hsm";
    let whole =
        notes(&["--set", role, "--set", "image.repository=registry.example.com/hsm,watchNamespaces={hsm}"]);
    for words in ["WARNING", "NOTE", "create-pod-identity-association"] {
        assert!(!whole.contains(words), "{words} in:\n{whole}");
    }
    assert!(whole.contains("role/hsm") && whole.contains("namespace: hsm"), "{whole}");
    let risky = notes(&["--set", "crds.keep=false"]);
    assert!(risky.contains("will delete the CRD"), "{risky}");
    let proxied = notes(&["--set", "proxy.httpProxy=http://proxy:3128"]);
    assert!(proxied.contains("169.254.170.23"), "{proxied}");
}
