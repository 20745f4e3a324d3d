//! Ids, regions and accounts as types that only hold well-formed text.
//!
//! The AWS SDK checks none of these patterns and sends whatever it is given, so they are
//! checked here: once, where text enters.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A text that is not of the form that its type demands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: it must match {pattern}")]
pub struct Malformed {
    /// What it should have been.
    pub what: &'static str,
    /// The pattern that it misses.
    pub pattern: &'static str,
    /// The text itself.
    pub text: String,
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $what:literal, $pattern:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The form it must have, as a regular expression: the one that the CRD's schema carries.
            pub const PATTERN: &'static str = $pattern;

            /// Takes `text` when it has the right form.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                if $check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(Malformed { what: $what, pattern: $pattern, text: text.to_owned() })
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;
            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::parse(text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type!(
    /// The id of a backup, unique within its region.
    BackupId, "backup id", "^backup-[2-7a-zA-Z]{11,16}$", is_backup_id
);
text_type!(
    /// The id of a cluster.
    ClusterId, "cluster id", "^cluster-[2-7a-zA-Z]{11,16}$", is_cluster_id
);
text_type!(
    /// An AWS region, such as `eu-west-1`.
    Region, "region", "^[a-z]{2}(-gov)?-(east|west|north|south|central){1,2}-[0-9]$", is_region
);
text_type!(
    /// An AWS account.
    AccountId, "account id", "^[0-9]{12}$", is_account
);

fn is_backup_id(text: &str) -> bool {
    text.strip_prefix("backup-").is_some_and(is_resource_suffix)
}

fn is_cluster_id(text: &str) -> bool {
    text.strip_prefix("cluster-").is_some_and(is_resource_suffix)
}

fn is_resource_suffix(text: &str) -> bool {
    (11..=16).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphabetic() || (b'2'..=b'7').contains(&b))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let Some((area, rest)) = text.split_once('-') else { return false };
    let rest = rest.strip_prefix("gov-").unwrap_or(rest);
    let Some((direction, number)) = rest.rsplit_once('-') else { return false };
    area.len() == 2
        && area.bytes().all(|b| b.is_ascii_lowercase())
        && is_direction(direction)
        && number.len() == 1
        && number.bytes().all(|b| b.is_ascii_digit())
}

fn is_direction(text: &str) -> bool {
    let without_one = |text: &str| {
        ["east", "west", "north", "south", "central"]
            .into_iter()
            .find_map(|word| text.strip_prefix(word).map(str::to_owned))
    };
    match without_one(text) {
        Some(rest) if rest.is_empty() => true,
        Some(rest) => without_one(&rest).is_some_and(|rest| rest.is_empty()),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn real_regions_and_ids_are_accepted() {
        for region in ["eu-west-1", "us-gov-west-1", "ap-southeast-2", "ca-central-1", "me-central-1"] {
            assert!(Region::parse(region).is_ok(), "{region}");
        }
        assert!(BackupId::parse("backup-ro5c4er4aac").is_ok());
        assert!(ClusterId::parse("cluster-dygnwhmscg5").is_ok());
        assert!(AccountId::parse("111122223333").is_ok());
    }

    #[test]
    fn near_misses_are_refused() {
        for region in
            ["", "eu-west", "eu-west-10", "EU-west-1", "evil.com/", "us-east-1@x", "us-isob-east-1", "eu--1"]
        {
            assert!(Region::parse(region).is_err(), "{region}");
        }
        for id in [
            "backup-",
            "backup-ro5c4er4aa",
            "backup-ro5c4er4aa1",
            "backup-aaaaaaaaaaaaaaaaa",
            "cluster-dygnwhmscg5",
        ] {
            assert!(BackupId::parse(id).is_err(), "{id}");
        }
    }

    fn agrees(pattern: &str, text: &str, accepted: bool) {
        assert_eq!(
            Regex::new(pattern).unwrap().is_match(text),
            accepted,
            "{pattern} and the check differ on {text:?}"
        );
    }

    proptest! {
        /// The schema's pattern and the check in code are two forms of one rule.
        #[test]
        fn checks_and_patterns_agree(
            text in r"(backup-|cluster-|[a-z]{2}-(gov-)?)?[a-z2-9A-Z\n]{0,18}(east|west|north|south|central){0,3}(-[0-9])?",
            digits in "[0-9]{11,13}",
        ) {
            agrees(BackupId::PATTERN, &text, BackupId::parse(&text).is_ok());
            agrees(ClusterId::PATTERN, &text, ClusterId::parse(&text).is_ok());
            agrees(Region::PATTERN, &text, Region::parse(&text).is_ok());
            agrees(AccountId::PATTERN, &digits, AccountId::parse(&digits).is_ok());
        }
    }
}
