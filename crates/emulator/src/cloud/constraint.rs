//! The constraints of the service model, as its front end checks them before anything is looked up.
//! The patterns are quoted in the messages, as AWS does.

use super::error::ApiError;

const BACKUP_ID: &str = "backup-[2-7a-zA-Z]{11,16}";
const CLUSTER_ID: &str = "cluster-[2-7a-zA-Z]{11,16}";
const RESOURCE_ID: &str = "(?:cluster|backup)-[2-7a-zA-Z]{11,16}";
const REGION: &str = "[a-z]{2}(-(gov))?-(east|west|north|south|central){1,2}-\\d";
const ARN: &str = "arn:aws(-(us-gov))?:cloudhsm:\
                   ([a-z]{2}(-(gov|isob|iso))?-(east|west|north|south|central){1,2}-[0-9]{1}):[0-9]{12}:\
                   (backup/backup|cluster/cluster|hsm/hsm)-[2-7a-zA-Z]{11,16}";
const TAG: &str = "^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)$";

/// The most tags one request or one resource may hold.
pub(crate) const MAX_TAGS: usize = 50;

/// A `BackupId` member, required.
pub(crate) fn backup_id(member: &str, value: &str) -> Result<(), ApiError> {
    required(member, value)?;
    pattern(member, value, BACKUP_ID, is_id(value, "backup-"))
}

/// A `ClusterId` member, required.
pub(crate) fn cluster_id(member: &str, value: &str) -> Result<(), ApiError> {
    required(member, value)?;
    pattern(member, value, CLUSTER_ID, is_id(value, "cluster-"))
}

/// A `ResourceId` member, required: the id of a backup or a cluster, never an ARN.
pub(crate) fn resource_id(value: &str) -> Result<(), ApiError> {
    required("resourceId", value)?;
    let fits = is_id(value, "backup-") || is_id(value, "cluster-");
    pattern("resourceId", value, RESOURCE_ID, fits)
}

/// A region's name, required.
pub(crate) fn region(member: &str, value: &str) -> Result<(), ApiError> {
    required(member, value)?;
    pattern(member, value, REGION, is_region(value))
}

/// What an ARN of the service tells.
pub(crate) struct Arn<'a> {
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    /// With its prefix, which tells of what kind the resource is.
    pub(crate) id: &'a str,
}

/// A `ResourceArn` member. The model has it optional; no operation does anything without.
pub(crate) fn resource_arn(value: &str) -> Result<Arn<'_>, ApiError> {
    required("resourceArn", value)?;
    let arn = parse_arn(value);
    pattern("resourceArn", value, ARN, arn.is_some())?;
    arn.ok_or_else(|| missing("resourceArn"))
}

/// A number between two bounds.
pub(crate) fn within(member: &str, value: i32, low: i32, high: i32) -> Result<(), ApiError> {
    if value < low {
        return Err(unsatisfied(
            member,
            &value.to_string(),
            &format!("Member must have value greater than or equal to {low}"),
        ));
    }
    if value > high {
        return Err(unsatisfied(
            member,
            &value.to_string(),
            &format!("Member must have value less than or equal to {high}"),
        ));
    }
    Ok(())
}

/// A list that must have between one and `most` items.
pub(crate) fn list_size(member: &str, length: usize, most: usize) -> Result<(), ApiError> {
    if length == 0 {
        return Err(unsatisfied(member, "[]", "Member must have length greater than or equal to 1"));
    }
    if length > most {
        let rule = format!("Member must have length less than or equal to {most}");
        return Err(unsatisfied(member, &format!("a list of {length}"), &rule));
    }
    Ok(())
}

/// A text of at most `most` characters.
pub(crate) fn text_length(member: &str, value: &str, least: usize, most: usize) -> Result<(), ApiError> {
    let length = value.chars().count();
    if length < least {
        let rule = format!("Member must have length greater than or equal to {least}");
        return Err(unsatisfied(member, value, &rule));
    }
    if length > most {
        let rule = format!("Member must have length less than or equal to {most}");
        return Err(unsatisfied(member, value, &rule));
    }
    Ok(())
}

/// A tag's key: 1 to 128 characters of the tag alphabet.
pub(crate) fn tag_key(key: &str) -> Result<(), ApiError> {
    text_length("key", key, 1, 128)?;
    pattern("key", key, TAG, key.chars().all(is_tag_char))
}

/// A tag's value: up to 256 characters of the tag alphabet.
pub(crate) fn tag_value(value: &str) -> Result<(), ApiError> {
    text_length("value", value, 0, 256)?;
    pattern("value", value, TAG, value.chars().all(is_tag_char))
}

/// A required member that the request lacks.
pub(crate) fn missing(member: &str) -> ApiError {
    ApiError::invalid(format!(
        "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
         Member must not be null"
    ))
}

/// Whether a region's name fits the model's pattern.
pub(crate) fn is_region(name: &str) -> bool {
    fits_region(name, &["gov"])
}

/// The same with other words for partitions.
fn fits_region(name: &str, partitions: &[&str]) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let (country, direction, number) = match parts.as_slice() {
        [country, partition, direction, number] if partitions.contains(partition) => {
            (country, direction, number)
        }
        [country, direction, number] => (country, direction, number),
        _ => return false,
    };
    country.len() == 2
        && country.chars().all(|letter| letter.is_ascii_lowercase())
        && is_direction(direction)
        && number.len() == 1
        && number.chars().all(|digit| digit.is_ascii_digit())
}

/// The partition of a region, as far as the service's ARNs know partitions.
pub(crate) fn partition(region: &str) -> &'static str {
    if region.starts_with("us-gov-") { "aws-us-gov" } else { "aws" }
}

/// Whether a text is an AWS account's number.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|digit| digit.is_ascii_digit())
}

fn parse_arn(value: &str) -> Option<Arn<'_>> {
    let parts: Vec<&str> = value.split(':').collect();
    let ["arn", "aws" | "aws-us-gov", "cloudhsm", region, account, resource] = parts.as_slice() else {
        return None;
    };
    let (kind, id) = resource.split_once('/')?;
    let fits = ["backup", "cluster", "hsm"].contains(&kind)
        && is_id(id.strip_prefix(kind)?, "-")
        && fits_region(region, &["gov", "isob", "iso"])
        && is_account(account);
    fits.then_some(Arn { region, account, id })
}

fn is_direction(text: &str) -> bool {
    const POINTS: [&str; 5] = ["east", "west", "north", "south", "central"];
    POINTS
        .iter()
        .any(|first| text.strip_prefix(first).is_some_and(|rest| rest.is_empty() || POINTS.contains(&rest)))
}

fn is_id(value: &str, prefix: &str) -> bool {
    value.strip_prefix(prefix).is_some_and(|rest| {
        (11..=16).contains(&rest.len())
            && rest.chars().all(|c| c.is_ascii_alphabetic() || ('2'..='7').contains(&c))
    })
}

/// `\p{Z}` is whitespace without the control characters among it (tab, newline).
fn is_tag_char(c: char) -> bool {
    c.is_alphanumeric() || (c.is_whitespace() && !c.is_control()) || "_.:/=+-@".contains(c)
}

fn required(member: &str, value: &str) -> Result<(), ApiError> {
    if value.is_empty() { Err(missing(member)) } else { Ok(()) }
}

fn pattern(member: &str, value: &str, pattern: &str, fits: bool) -> Result<(), ApiError> {
    if fits {
        return Ok(());
    }
    let rule = format!("Member must satisfy regular expression pattern: {pattern}");
    Err(unsatisfied(member, value, &rule))
}

fn unsatisfied(member: &str, value: &str, rule: &str) -> ApiError {
    ApiError::invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backup_ids_follow_the_models_pattern() {
        for good in ["backup-6qjbcmkhcxm", "backup-ABCDEFGHIJKLMNOP"] {
            assert_eq!(backup_id("backupId", good), Ok(()), "{good}");
        }
        for bad in ["", "backup-", "backup-6qjbcmkhcx", "backup-0qjbcmkhcxm", "cluster-6qjbcmkhcxm"] {
            assert!(backup_id("backupId", bad).is_err(), "{bad}");
        }
        assert!(backup_id("backupId", "backup-abcdefghijklmnopq").is_err(), "17 characters");
    }

    #[test]
    fn arns_follow_the_models_pattern() {
        for good in [
            "arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-6qjbcmkhcxm",
            "arn:aws-us-gov:cloudhsm:us-gov-west-1:111122223333:backup/backup-6qjbcmkhcxm",
            "arn:aws:cloudhsm:us-iso-east-1:111122223333:cluster/cluster-6qjbcmkhcxm",
            "arn:aws:cloudhsm:eu-west-1:111122223333:hsm/hsm-6qjbcmkhcxm",
        ] {
            assert!(resource_arn(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "backup-6qjbcmkhcxm",
            "arn:aws:cloudhsm:eu-west-1:111122223333:backup/cluster-6qjbcmkhcxm",
            "arn:aws:cloudhsm:eu-west-1:1111:backup/backup-6qjbcmkhcxm",
            "arn:aws:cloudhsm:nowhere:111122223333:backup/backup-6qjbcmkhcxm",
            "arn:aws:s3:eu-west-1:111122223333:backup/backup-6qjbcmkhcxm",
            "arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-1",
        ] {
            assert!(resource_arn(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn regions_follow_the_models_pattern() {
        for good in ["eu-west-1", "us-gov-east-1", "ap-southeast-5", "il-central-1", "ap-northeast-3"] {
            assert!(is_region(good), "{good}");
        }
        for bad in
            ["us-iso-east-1", "eusc-de-east-1", "nonsense", "eu-west-10", "eu-west", "eu--1", "EU-west-1"]
        {
            assert!(!is_region(bad), "{bad}");
        }
    }

    #[test]
    fn tags_take_letters_of_every_script_and_no_control_characters() {
        assert_eq!(tag_key("größe :/=+-@_. 1"), Ok(()));
        assert_eq!(tag_value(""), Ok(()));
        for bad in ["", "tab\there", "semi;colon", "a\nb"] {
            assert!(tag_key(bad).is_err(), "{bad:?}");
        }
        assert!(tag_key(&"k".repeat(129)).is_err());
        assert!(tag_value(&"v".repeat(257)).is_err());
    }

    #[test]
    fn messages_name_the_member_and_quote_the_pattern() {
        let message = backup_id("backupId", "nonsense").unwrap_err().message;
        assert!(message.contains("'nonsense' at 'backupId'"), "{message}");
        assert!(message.contains(BACKUP_ID), "{message}");
    }
}
