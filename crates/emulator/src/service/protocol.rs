//! The two wire protocols: JSON 1.1 of CloudHSM, and the query protocol of STS.

use serde_json::{Number, Value, json};

use crate::cloud::{
    ApiError, Backup, BackupPage, Cluster, ClusterPage, DestinationBackup, Reply, ResourcePolicy,
};
use jiff::Timestamp;

/// How a request and its answer are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// `application/x-amz-json-1.1`.
    Json,
    /// Forms in, XML out.
    Query,
}

impl Protocol {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Query => "text/xml",
        }
    }

    /// An error about the signature; its name ends in `Exception` in JSON only.
    pub(super) fn authentication_error(self, name: &str, message: &str) -> ApiError {
        let suffix = match self {
            Self::Json => "Exception",
            Self::Query => "",
        };
        ApiError::new(format!("{name}{suffix}"), 400, message)
    }

    /// The body of an error.
    pub(super) fn error(self, error: &ApiError, request_id: &str) -> Vec<u8> {
        let ApiError { code, message, status } = error;
        match self {
            Self::Json => json!({"__type": code, "Message": message}).to_string().into_bytes(),
            Self::Query => {
                let kind = if *status < 500 { "Sender" } else { "Receiver" };
                format!(
                    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    \
                     <Type>{kind}</Type>\n    <Code>{}</Code>\n    <Message>{}</Message>\n  </Error>\n  \
                     <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n",
                    escape(code),
                    escape(message)
                )
                .into_bytes()
            }
        }
    }
}

/// The XML answer of `GetCallerIdentity`.
pub(super) fn identity(account: &str, access_key: &str, request_id: &str) -> Vec<u8> {
    format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  \
         <GetCallerIdentityResult>\n    <Arn>arn:aws:iam::{account}:user/emulator</Arn>\n    \
         <UserId>{}</UserId>\n    <Account>{account}</Account>\n  </GetCallerIdentityResult>\n  \
         <ResponseMetadata>\n    <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n\
         </GetCallerIdentityResponse>\n",
        escape(access_key)
    )
    .into_bytes()
}

/// The JSON answer of an operation; `None`: an empty body.
pub(crate) fn reply(reply: &Reply) -> Option<Value> {
    let object = match reply {
        Reply::Backups(BackupPage { backups, next_token }) => {
            let backups: Vec<Value> = backups.iter().map(backup).collect();
            vec![
                ("Backups", Some(json!(backups))),
                ("NextToken", next_token.as_ref().map(|token| json!(token))),
            ]
        }
        Reply::Backup(changed) => vec![("Backup", Some(backup(changed)))],
        Reply::Destination(destination) => vec![("DestinationBackup", Some(destination_backup(destination)))],
        Reply::Tags(page) => {
            let tags = page.tags.iter().map(|(key, value)| tag(key, value)).collect();
            vec![
                ("TagList", Some(Value::Array(tags))),
                ("NextToken", page.next_token.as_ref().map(|token| json!(token))),
            ]
        }
        Reply::Policy(ResourcePolicy { resource_arn, policy }) => vec![
            ("ResourceArn", resource_arn.as_ref().map(|arn| json!(arn))),
            ("Policy", policy.as_ref().map(|policy| json!(policy))),
        ],
        Reply::Clusters(ClusterPage { clusters, next_token }) => vec![
            ("Clusters", Some(clusters.iter().map(cluster).collect())),
            ("NextToken", next_token.as_ref().map(|token| json!(token))),
        ],
        Reply::Nothing => return None,
    };
    Some(members(object))
}

fn backup(backup: &Backup) -> Value {
    let source = backup.source.as_ref();
    members(vec![
        ("BackupId", Some(json!(backup.id))),
        ("BackupArn", Some(json!(backup.arn))),
        ("BackupState", Some(json!(backup.state))),
        ("ClusterId", backup.cluster_id.as_ref().map(|id| json!(id))),
        ("CreateTimestamp", seconds(backup.create_timestamp)),
        ("CopyTimestamp", backup.copy_timestamp.and_then(seconds)),
        ("NeverExpires", backup.never_expires.map(Value::Bool)),
        ("SourceRegion", source.map(|source| json!(source.region))),
        ("SourceBackup", source.map(|source| json!(source.backup_id))),
        ("SourceCluster", source.and_then(|source| source.cluster_id.as_ref()).map(|id| json!(id))),
        ("DeleteTimestamp", backup.delete_timestamp.and_then(seconds)),
        ("TagList", Some(backup.tags.iter().map(|(key, value)| tag(key, value)).collect())),
        ("HsmType", Some(json!(backup.hsm_type))),
        ("Mode", Some(json!(backup.mode))),
    ])
}

/// A cluster with what backups care about; everything else that AWS tells is optional too.
fn cluster(cluster: &Cluster) -> Value {
    let retention = |days: u32| json!({"Type": "DAYS", "Value": days.to_string()});
    members(vec![
        ("BackupPolicy", Some(json!("DEFAULT"))),
        ("BackupRetentionPolicy", cluster.retention_days.map(retention)),
        ("ClusterId", Some(json!(cluster.cluster_id))),
        ("Hsms", Some(json!([]))),
        ("HsmType", Some(json!(cluster.hsm_type.as_deref().unwrap_or("hsm1.medium")))),
        ("State", Some(json!(cluster.state()))),
        ("VpcId", cluster.vpc_id.as_ref().map(|id| json!(id))),
        ("TagList", Some(cluster.tags.iter().map(|(key, value)| tag(key, value)).collect())),
        ("Mode", Some(json!(cluster.mode.unwrap_or_default()))),
    ])
}

fn destination_backup(destination: &DestinationBackup) -> Value {
    members(vec![
        ("CreateTimestamp", seconds(destination.create_timestamp)),
        ("SourceRegion", Some(json!(destination.source_region))),
        ("SourceBackup", Some(json!(destination.source_backup))),
        ("SourceCluster", destination.source_cluster.as_ref().map(|id| json!(id))),
    ])
}

fn tag(key: &str, value: &str) -> Value {
    json!({"Key": key, "Value": value})
}

fn members(members: Vec<(&str, Option<Value>)>) -> Value {
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// Epoch seconds with a fraction of milliseconds, by way of text: no float arithmetic rounds it.
fn seconds(at: Timestamp) -> Option<Value> {
    let (whole, fraction) = (at.as_millisecond().div_euclid(1000), at.as_millisecond().rem_euclid(1000));
    if whole < 0 {
        // A seed that no AWS ever had; how it is rounded matters to nobody.
        let seconds = at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64();
        return Number::from_f64(seconds).map(Value::Number);
    }
    format!("{whole}.{fraction:03}").parse().ok().and_then(Number::from_f64).map(Value::Number)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn timestamps_are_seconds_with_milliseconds() {
        let at = "2018-08-16T23:24:14.640Z".parse().unwrap();
        assert_eq!(seconds(at).unwrap().to_string(), "1534461854.64");
    }
}
