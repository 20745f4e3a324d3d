//! `docs/reference/flags.md`: what clap prints for `--help`, as a page.

use clap::{Arg, Command};
use cloudhsm_backup_operator::cli;

use crate::{GENERATED, compare_or_write, markdown::table};

const PAGE: &str = "docs/reference/flags.md";

const INTRODUCTION: &str = "
# Flags and environment variables

`cloudhsm-backup-operator --help` prints the same. A flag wins over its variable. What is malformed is refused at start, with the reason.
";

/// The flags of `run` that people are to know.
fn flags(command: &Command) -> Vec<&Arg> {
    let known = |arg: &&Arg| !arg.is_hide_set() && arg.get_env().is_some();
    command.get_arguments().filter(known).collect()
}

fn row(arg: &Arg) -> Vec<String> {
    let value =
        arg.get_value_names().into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let space = if arg.is_require_equals_set() { '=' } else { ' ' };
    let flag = format!("`--{}{space}{value}`", arg.get_long().unwrap());
    let variable = format!("`{}`", arg.get_env().unwrap().to_str().unwrap());
    let help = arg.get_long_help().or_else(|| arg.get_help()).unwrap().to_string();
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_str().unwrap()).collect();
    // A flag that has no value unless one is given says in its text what that means.
    let said =
        help.split_once(" [default: ").and_then(|(_, rest)| rest.split_once(']')).map(|(said, _)| said);
    let default = match said {
        Some(said) => said.to_owned(),
        None => format!("`{}`", defaults.join(",")),
    };
    let help = said.map_or(help.clone(), |said| help.replace(&format!(" [default: {said}]"), ""));
    let possible: Vec<String> = (arg.get_possible_values().iter())
        .filter(|value| !value.is_hide_set())
        .map(|value| {
            let help = value.get_help().map(|help| format!(": {help}")).unwrap_or_default();
            format!("`{}`{help}", value.get_name())
        })
        .collect();
    // Clap takes the full stop from a paragraph that stands alone.
    let paragraphs = help.split("\n\n").map(|text| format!("{}.", text.trim().trim_end_matches('.')));
    let meaning = paragraphs.chain((!possible.is_empty()).then(|| format!("{}.", possible.join("; "))));
    vec![flag, variable, default, meaning.collect::<Vec<_>>().join(" ")]
}

fn page() -> String {
    let command = cli::command();
    let rows: Vec<_> = flags(&command).into_iter().map(row).collect();
    let rest = command.get_after_long_help().unwrap().to_string();
    let rest = rest.replace("ENVIRONMENT\n", "").replace("EXAMPLES\n", "Examples:\n");
    format!(
        "{GENERATED}{INTRODUCTION}
## Flags of `run`, which is what happens without a command

{}
A duration is written as `300ms`, `3s`, `5m` or `1h30m`.

## AWS, Kubernetes, and examples

```text
{rest}
```

`cloudhsm-backup-operator crd` prints the CRD as YAML. It needs neither AWS nor a cluster.
",
        table(&["Flag", "Variable", "Default", "Meaning"], &rows),
    )
}

#[test]
fn the_page_about_flags_is_what_clap_says() {
    compare_or_write(PAGE, &page());
}

#[test]
fn every_flag_has_a_variable_named_after_it_and_stands_on_the_page() {
    let (command, page) = (cli::command(), page());
    let mut count = 0;
    for arg in command.get_arguments().filter(|arg| arg.get_long().is_some() && !arg.is_hide_set()) {
        let long = arg.get_long().unwrap();
        if ["help", "version"].contains(&long) {
            continue;
        }
        count += 1;
        let variable = format!("CLOUDHSM_BACKUP_OPERATOR_{}", long.to_uppercase().replace('-', "_"));
        assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(variable.as_str()), "--{long}");
        assert!(page.contains(&format!("| `--{long}")) && page.contains(&variable), "--{long}");
    }
    assert!(count >= 9, "the walk finds only {count} flags");
    assert!(!page.contains("confirm-after"), "what is for tests is not for people");
}
