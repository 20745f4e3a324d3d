//! `docs/reference/fields.md`: the fields of the resource, from the schema that is installed.

use cloudhsm_backup_operator::api::{self, FINALIZER, RECONCILE_REQUEST};
use plan::deletion::ALLOW_LAST_BACKUP;
use serde_json::Value;

use crate::{GENERATED, compare_or_write, markdown::table};

const PAGE: &str = "docs/reference/fields.md";

const INTRODUCTION: &str = "
# Fields of a CloudHsmBackup

`kubectl explain hsmb.spec` and `kubectl explain hsmb.status` print the same. A manifest that breaks a rule is refused by the API server,
also with `--dry-run=server`. An explicit `null` means unset.
";

const ANNOTATIONS: &str = "
`metadata.name` and `metadata.namespace` mean nothing to AWS.
";

fn version() -> Value {
    serde_json::to_value(api::crd()).unwrap()["spec"]["versions"][0].clone()
}

/// A field and what the schema says of it.
struct Field {
    path: String,
    schema: Value,
    required: bool,
}

/// The fields below `schema`, each before those within it. A condition is Kubernetes' own type, and described there.
fn fields(path: &str, schema: &Value) -> Vec<Field> {
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut all = Vec::new();
    for (name, property) in properties {
        let path = format!("{path}.{name}");
        all.push(Field { path: path.clone(), schema: property.clone(), required: required(name) });
        if path != "status.conditions" {
            all.extend(fields(&path, property));
            all.extend(fields(&format!("{path}[]"), &property["items"]));
        }
    }
    all
}

fn kind(schema: &Value) -> String {
    let text = |key: &str| schema[key].as_str().unwrap_or_default();
    match (text("type"), text("format")) {
        ("string", "date-time") => "time".to_owned(),
        ("array", _) => {
            let of = kind(&schema["items"]);
            let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
            let keys: Vec<&str> = keys.filter_map(Value::as_str).collect();
            let by =
                if keys.is_empty() { String::new() } else { format!(", one for each `{}`", keys.join(", ")) };
            format!("list of {of}{by}")
        }
        ("object", _) if schema["additionalProperties"].is_object() => "map of strings".to_owned(),
        (kind, _) => kind.to_owned(),
    }
}

fn default(field: &Field) -> String {
    match &field.schema["default"] {
        Value::Null if field.required => "required".to_owned(),
        Value::Null => "unset".to_owned(),
        value => format!("`{}`", value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
    }
}

/// What a value must be like. Rules about several fields stand apart.
fn limits(schema: &Value) -> String {
    let mut limits = Vec::new();
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> =
            values.iter().map(|value| format!("`{}`", value.as_str().unwrap())).collect();
        limits.push(values.join(" or "));
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        limits.push(format!("`{pattern}`"));
    } else if let Some(most) = schema["maxLength"].as_u64() {
        limits.push(format!("at most {most} characters"));
    }
    for (key, words) in [("maxItems", "entries"), ("maxProperties", "keys")] {
        limits.extend(schema[key].as_u64().map(|most| format!("at most {most} {words}")));
    }
    limits
        .extend(schema["minProperties"].as_u64().filter(|least| *least > 0).map(|_| "not empty".to_owned()));
    let values = schema["additionalProperties"]["maxLength"].as_u64();
    limits.extend(values.map(|most| format!("a value has at most {most} characters")));
    limits.extend(rules(schema));
    limits.join("; ")
}

/// The messages of the rules that a schema holds beside its limits.
fn rules(schema: &Value) -> Vec<String> {
    let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    rules.map(|rule| rule["message"].as_str().expect("every rule has a message").to_owned()).collect()
}

fn description(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

fn spec_table(schema: &Value) -> String {
    let row = |field: Field| {
        let Field { path, schema, .. } = &field;
        vec![format!("`{path}`"), kind(schema), default(&field), description(schema), limits(schema)]
    };
    let rows: Vec<_> = fields("spec", schema).into_iter().map(row).collect();
    table(&["Field", "Type", "Default", "Meaning", "Limits"], &rows)
}

fn status_table(schema: &Value) -> String {
    let row = |Field { path, schema, .. }: Field| {
        let kind =
            if path == "status.conditions" { "list of `metav1.Condition`".to_owned() } else { kind(&schema) };
        vec![format!("`{path}`"), kind, description(&schema)]
    };
    let rows: Vec<_> = fields("status", schema).into_iter().map(row).collect();
    table(&["Field", "Type", "Meaning"], &rows)
}

fn columns(version: &Value) -> String {
    let row = |column: &Value| {
        let text = |key: &str| column[key].as_str().unwrap_or_default();
        let wide = if column["priority"].as_u64().unwrap_or_default() > 0 { "`-o wide`" } else { "always" };
        let name = text("name").to_uppercase();
        vec![name, format!("`{}`", text("jsonPath").trim_start_matches('.')), wide.to_owned()]
    };
    let rows: Vec<_> = version["additionalPrinterColumns"].as_array().unwrap().iter().map(row).collect();
    table(&["Column", "From", "Shown"], &rows)
}

fn annotations() -> String {
    let rows = [
        [
            RECONCILE_REQUEST,
            "A new value has AWS looked at at once and ends the waiting time of what failed. With reason `CopyLost` it allows one more request for a \
             copy. It passes no guard and no limit. `status.lastHandledReconcileAt` shows the value that was handled.",
        ],
        [
            ALLOW_LAST_BACKUP,
            "Lets the last READY backup of a cluster be deleted. Its value is the id of that cluster, as `status.cluster` shows it; where AWS reports \
             no cluster, the id of the backup.",
        ],
    ];
    let rows: Vec<_> =
        rows.iter().map(|[name, text]| vec![format!("`{name}`"), (*text).to_owned()]).collect();
    table(&["Annotation", "Meaning"], &rows)
}

fn page() -> String {
    let version = version();
    let schema = &version["schema"]["openAPIV3Schema"]["properties"];
    let across: Vec<String> = rules(&schema["spec"]).iter().map(|rule| format!("* {rule}\n")).collect();
    let across = across.concat();
    let selectable = version["selectableFields"].as_array().into_iter().flatten();
    let selectable: Vec<String> = selectable
        .map(|field| format!("`{}`", field["jsonPath"].as_str().unwrap().trim_start_matches('.')))
        .collect();
    format!(
        "{GENERATED}{INTRODUCTION}
## Spec

{}

{}
Rules about several fields:

{across}
## Annotations and the finalizer

{}
`{FINALIZER}` is on the resource only while `spec.deletionPolicy` is `Delete`.
{ANNOTATIONS}
## Status

{}

{}
The types and reasons of the conditions are in [reasons.md](reasons.md).

## Columns and selectors

{}
`kubectl get hsmb --field-selector` knows {}.
",
        description(&schema["spec"]),
        spec_table(&schema["spec"]),
        annotations(),
        description(&schema["status"]),
        status_table(&schema["status"]),
        columns(&version),
        selectable.join(" and "),
    )
}

#[test]
fn the_page_about_fields_is_what_the_schema_says() {
    compare_or_write(PAGE, &page());
}

#[test]
fn every_field_and_every_rule_is_on_the_page() {
    let page = page();
    let version = version();
    let schema = &version["schema"]["openAPIV3Schema"]["properties"];
    let all: Vec<Field> =
        ["spec", "status"].into_iter().flat_map(|part| fields(part, &schema[part])).collect();
    assert!(all.len() >= 60, "the walk finds only {} fields", all.len());
    for Field { path, schema, .. } in &all {
        assert!(page.contains(&format!("| `{path}` |")), "{path}");
        assert!(rules(schema).iter().all(|rule| page.contains(rule)), "{path}");
    }
    for path in ["spec.copies[].region", "status.deletion.requestedAt", "status.copies[].request.acceptedAt"]
    {
        assert!(all.iter().any(|field| field.path == path), "the walk misses {path}");
    }
}

/// Whoever may write a resource decides on backups, and on nothing about how AWS is reached or as whom.
#[test]
fn the_spec_names_no_endpoint_no_role_and_no_credential() {
    let version = version();
    let spec = &version["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let paths: Vec<String> = fields("spec", spec).into_iter().map(|field| field.path).collect();
    let known = [
        "spec.accountId",
        "spec.backupId",
        "spec.copies",
        "spec.copies[].deleted",
        "spec.copies[].region",
        "spec.copies[].tags",
        "spec.deleted",
        "spec.deletionPolicy",
        "spec.neverExpires",
        "spec.region",
        "spec.suspend",
        "spec.tags",
    ];
    assert_eq!(paths, known, "a new field: can it lead requests or credentials elsewhere?");
}
