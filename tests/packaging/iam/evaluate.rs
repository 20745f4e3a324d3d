//! Judges requests by IAM policies: as much of the language as the documents in `deploy/iam` use. What it does
//! not know is a panic, never a guess.

use std::collections::BTreeMap;

use serde_json::Value;

/// What IAM is asked for one action: may it be done to this resource, in this context?
#[derive(Debug, Clone)]
pub struct Request {
    /// Such as `cloudhsm:DeleteBackup`.
    pub action: String,
    /// An ARN, or `*` for an action that knows no resources.
    pub resource: String,
    /// The values of condition keys. The names of keys are not case-sensitive: they are in lower case here.
    pub context: BTreeMap<String, Vec<String>>,
}

impl Request {
    /// A request in a region.
    pub fn new(action: &str, region: &str, resource: &str) -> Self {
        let request =
            Self { action: action.to_owned(), resource: resource.to_owned(), context: BTreeMap::new() };
        request.with("aws:RequestedRegion", [region])
    }

    /// The same with a condition key.
    pub fn with<'a>(mut self, key: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let values = values.into_iter().map(str::to_owned).collect();
        self.context.insert(key.to_ascii_lowercase(), values);
        self
    }
}

/// Whether a policy allows a request. What no statement allows is denied.
pub fn allows(policy: &Value, request: &Request) -> bool {
    let mut statements = policy["Statement"].as_array().unwrap().iter();
    statements.any(|statement| applies(statement, request))
}

fn applies(statement: &Value, request: &Request) -> bool {
    for key in statement.as_object().unwrap().keys() {
        assert!(["Sid", "Effect", "Action", "Resource", "Condition"].contains(&key.as_str()), "{key}");
    }
    assert_eq!(statement["Effect"], "Allow", "this evaluator knows no other effect");
    list(&statement["Action"]).iter().any(|action| action.eq_ignore_ascii_case(&request.action))
        && list(&statement["Resource"]).iter().any(|pattern| matches(pattern, &request.resource))
        && conditions(statement).all(|(operator, key, wanted)| {
            let given = request.context.get(&key.to_ascii_lowercase());
            holds(operator, wanted, given.map(Vec::as_slice))
        })
}

/// The conditions of a statement: operator, key, values. All of them must hold.
fn conditions(statement: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let operators = statement["Condition"].as_object().into_iter().flatten();
    operators.flat_map(|(operator, keys)| {
        keys.as_object().unwrap().iter().map(move |(key, wanted)| (operator.as_str(), key.as_str(), wanted))
    })
}

fn holds(operator: &str, wanted: &Value, given: Option<&[String]>) -> bool {
    let wanted = list(wanted);
    match operator {
        "StringEquals" => match given {
            Some([value]) => wanted.contains(&value.as_str()),
            Some(values) => panic!("{operator} is for keys with one value, not {values:?}"),
            None => false,
        },
        // Of no values everything holds: a request without the key passes.
        "ForAllValues:StringNotEqualsIgnoreCase" => {
            let mut given = given.unwrap_or_default().iter();
            given.all(|value| wanted.iter().all(|wanted| !wanted.eq_ignore_ascii_case(value)))
        }
        unknown => panic!("this evaluator does not know {unknown}"),
    }
}

/// One string, or a list of them.
pub fn list(value: &Value) -> Vec<&str> {
    let many = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    many.iter().map(|one| one.as_str().unwrap()).collect()
}

/// Whether `text` is of this pattern, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    (0..=rest.len()).any(|skipped| rest.is_char_boundary(skipped) && matches(after, &rest[skipped..]))
}

#[test]
fn a_star_stands_for_anything_and_nothing_else_does() {
    let backups = "arn:aws:cloudhsm:*:111122223333:backup/*";
    for (pattern, text, expected) in [
        ("*", "arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-a", true),
        (backups, "arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-a", true),
        (backups, "arn:aws:cloudhsm:eu-west-1:999988887777:backup/backup-a", false),
        (backups, "arn:aws:cloudhsm:eu-west-1:111122223333:cluster/cluster-a", false),
        (backups, "*", false),
        ("backup-?", "backup-a", false),
        ("a*b", "ab", true),
        ("a*b", "abc", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
    }
}

#[test]
fn what_is_not_allowed_is_denied() {
    let policy = serde_json::json!({"Statement": [{
        "Effect": "Allow", "Action": ["s:Do", "s:Undo"], "Resource": "*",
        "Condition": {
            "StringEquals": {"aws:RequestedRegion": ["here"]},
            "ForAllValues:StringNotEqualsIgnoreCase": {"aws:TagKeys": ["mark"]},
        },
    }]});
    let doing = Request::new("s:Do", "here", "x");
    assert!(allows(&policy, &doing));
    assert!(allows(&policy, &doing.clone().with("AWS:TagKeys", ["team"])));
    assert!(!allows(&policy, &doing.clone().with("aws:TagKeys", ["team", "Mark"])));
    assert!(!allows(&policy, &Request::new("s:Do", "there", "x")));
    assert!(!allows(&policy, &Request::new("s:Else", "here", "x")));
    assert!(!allows(&policy, &Request { context: BTreeMap::new(), ..doing }));
}
