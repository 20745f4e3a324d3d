//! The flags of `cloudhsm-emulator`, and what `--help` teaches.

use std::net::SocketAddr;

use clap::Parser;
use emulator::{Config, DEFAULT_ACCOUNT};
use jiff::Timestamp;

const LONG_ABOUT: &str = "\
An emulator of the backup part of AWS CloudHSM V2, for trying and testing an operator without an AWS account.

It speaks AWS JSON 1.1 for DescribeBackups, DeleteBackup, RestoreBackup, ModifyBackupAttributes, \
CopyBackupToRegion, TagResource, UntagResource, ListTags, GetResourcePolicy, PutResourcePolicy, \
DeleteResourcePolicy and DescribeClusters, and answers GetCallerIdentity of STS. One URL serves all regions: \
the region is read from the request's signature, which is not verified. Nothing is kept \
when it stops.";

const EXAMPLES: &str = r#"EXAMPLE
  cloudhsm-emulator --listen 127.0.0.1:4810
  export URL=http://127.0.0.1:4810
  export AWS_ENDPOINT_URL_CLOUDHSM_V2=$URL AWS_ENDPOINT_URL_STS=$URL
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=eu-west-1
  aws cloudhsmv2 describe-backups

ADMIN INTERFACE (JSON, no signature; errors are {"error": "..."}, status 400 or 404)
  A cluster whose backups expire after 30 days, and a backup of it:
    curl $URL/_admin/seed -d '{
      "clusters": [{"region": "eu-west-1", "clusterId": "cluster-aaaaaaaaaaa",
                    "retentionDays": 30}],
      "backups": [{"region": "eu-west-1", "clusterId": "cluster-aaaaaaaaaaa",
                   "age": "3d", "tags": {"team": "pki"}}]}'
  Only the region is required. Clusters also take account, deleted, hsmType, mode, vpcId; backups also take account, backupId, state, createTimestamp,
  neverExpires, source {region, backupId, clusterId}, copyTimestamp, deleteTimestamp,
  readyAfter, hsmType, mode, sharedFrom.
  Look, let time pass:
    curl $URL/_admin/backups?region=eu-west-1
    curl $URL/_admin/clock
    curl $URL/_admin/advance -d '{"duration": "7d"}'
  Step in behind the scenes: hide a backup from all requests, show it again, make a
  CREATE_IN_PROGRESS one READY, make any DELETED, remove one without a trace:
    curl $URL/_admin/hide \
      -d '{"region": "eu-west-1", "backupId": "backup-aaaaaaaaaaa"}'
    and in the same way /_admin/show, /_admin/finish, /_admin/purge, /_admin/remove
  Act as a person would, out of band (no fault strikes it; logged as by "admin"):
    curl $URL/_admin/touch -d '{"operation": "DeleteBackup", "region": "eu-west-1",
      "request": {"BackupId": "backup-aaaaaaaaaaa"}}'
  See what clients asked for:
    curl $URL/_admin/calls              (-X DELETE forgets)
    curl $URL/_admin/listings           how often by region and way of choosing
    curl $URL/_admin/copies             every copy ever made, whatever became of it
  Choose how questions are answered that the AWS documentation leaves open:
    curl $URL/_admin/knobs              (-X DELETE resets)
    curl -X PUT $URL/_admin/knobs -d '{"copyReadyAfter": "10m", "failCopies": true}'

FAULTS
    curl $URL/_admin/faults \
      -d '{"operation": "DeleteBackup", "times": 1, "kind": "acceptThenDrop"}'
    curl $URL/_admin/faults             (-X DELETE ends all)
    curl $URL/_admin/faults -d '{"operation": "CopyBackupToRegion", "times": 1,
      "destination": "eu-central-1", "kind": "knobs", "set": {"failCopies": true}}'
  Which calls: operation (default *), region, backupId (named by the request), destination (of
  CopyBackupToRegion), listing (all, backupIds, sourceBackupIds or other: how DescribeBackups
  chooses), skip (default 0), times (default: all). The oldest fault that matches strikes; knobs
  go together with it. What happens, by kind:
    error {code, status=400, message}   refuses the call
    throttle                            refuses it with ThrottlingException
    drop                                closes the connection; nothing was done
    acceptThenDrop                      does it, then closes the connection without an answer
    acceptThenError {code, status=500}  does it, then answers an error
    hang {seconds, afterEffect=false}   answers late
    truncatedBody                       does it, then closes the connection in mid-answer
    garbageBody                         does it, then answers 200 without JSON
    knobs {set}                         does it under other knobs
  and of DescribeBackups only (copiesOf, a backup's id, narrows those marked * to its copies):
    missingItem {backupIds}             leaves backups out
    everythingMissing *                 lists nothing
    shrunkenListing {keep}              lists only so many, as if these were all
    emptyPage                           an empty page with a token that starts anew
    unknownState {state, backupIds} *   a state that does not exist
    missingField {field, backupIds} *   a member less
    repeatedToken                       each page has the token it was asked with
    partialListing                      half a listing with a token, and 500 for that token
    extraItem                           a backup that does not match the filter
    staleReads                          every backup as it was before its last change"#;

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "cloudhsm-emulator", version, long_about = LONG_ABOUT, after_long_help = EXAMPLES)]
#[command(about = "An emulator of the backup part of AWS CloudHSM V2")]
pub(crate) struct Cli {
    /// Address and port; port 0 takes a free one. There is no authentication: stay on the loopback
    /// interface unless the network is your own
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4810")]
    listen: SocketAddr,

    /// The account of access keys that --access-key does not name
    #[arg(long, value_name = "ACCOUNT", default_value = DEFAULT_ACCOUNT, value_parser = account)]
    account: String,

    /// The account of an access key; may be given more than once
    #[arg(long = "access-key", value_name = "KEY=ACCOUNT", value_parser = access_key)]
    access_keys: Vec<(String, String)>,

    /// Where the virtual clock starts [default: now]
    #[arg(long, value_name = "TIMESTAMP")]
    start_time: Option<Timestamp>,

    /// Let the virtual clock move by /_admin/advance only
    #[arg(long)]
    frozen_clock: bool,

    /// What backup ids are drawn from: the same number and the same calls give the same ids
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    id_seed: u64,
}

impl Cli {
    /// What was asked for.
    pub(crate) fn config(self) -> Config {
        Config {
            listen: self.listen,
            default_account: self.account,
            accounts: self.access_keys.into_iter().collect(),
            id_seed: self.id_seed,
            start_time: self.start_time,
            frozen_clock: self.frozen_clock,
            ..Config::default()
        }
    }
}

fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account has twelve digits".to_owned())
    }
}

fn access_key(text: &str) -> Result<(String, String), String> {
    let (key, of) = text.split_once('=').ok_or("give KEY=ACCOUNT")?;
    if key.is_empty() {
        return Err("the key is empty".to_owned());
    }
    Ok((key.to_owned(), account(of)?))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::Cli;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn it_stays_on_the_loopback_interface_unless_told_otherwise() {
        let config = Cli::parse_from(["cloudhsm-emulator"]).config();
        assert!(config.listen.ip().is_loopback());
    }

    #[test]
    fn access_keys_map_to_accounts_of_twelve_digits() {
        let parse = |value: &str| Cli::try_parse_from(["cloudhsm-emulator", "--access-key", value]);
        let config = parse("AKIDTWO=444455556666").unwrap().config();
        assert_eq!(config.accounts.get("AKIDTWO").map(String::as_str), Some("444455556666"));
        for wrong in ["AKIDTWO", "AKIDTWO=4444", "=444455556666"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn help_names_every_fault() {
        let help = Cli::command().render_long_help().to_string();
        for kind in [
            "error",
            "throttle",
            "drop",
            "acceptThenDrop",
            "acceptThenError",
            "hang",
            "truncatedBody",
            "garbageBody",
            "missingItem",
            "everythingMissing",
            "emptyPage",
            "unknownState",
            "missingField",
            "repeatedToken",
            "partialListing",
            "extraItem",
            "staleReads",
            "shrunkenListing",
            "knobs",
        ] {
            assert!(help.lines().any(|line| line.trim_start().split(' ').next() == Some(kind)), "{kind}");
        }
    }
}
