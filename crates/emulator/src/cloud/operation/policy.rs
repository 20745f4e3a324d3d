//! `GetResourcePolicy`, `PutResourcePolicy` and `DeleteResourcePolicy`, of backups. A policy here lets
//! nobody see anything: consumers see what RAM shares, and a policy's share has to be promoted for that.

use serde::Deserialize;
use serde_json::Value;

use super::super::{ApiError, Backup, BackupState, Caller, Cloud, PolicyWhenNone, constraint};
use super::or_default;

/// Request of `GetResourcePolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetResourcePolicy {
    /// The ARN of a backup. Optional in the model, needed in fact.
    #[serde(default, deserialize_with = "or_default")]
    pub resource_arn: String,
}

/// Request of `PutResourcePolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutResourcePolicy {
    /// The ARN of a backup.
    #[serde(default, deserialize_with = "or_default")]
    pub resource_arn: String,
    /// JSON of 1 to 20,000 characters; takes the place of what there was.
    #[serde(default)]
    pub policy: Option<String>,
}

/// Request of `DeleteResourcePolicy`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteResourcePolicy {
    /// The ARN of a backup.
    #[serde(default, deserialize_with = "or_default")]
    pub resource_arn: String,
}

/// Answer of the three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourcePolicy {
    /// The backup's; not of `GetResourcePolicy`.
    pub resource_arn: Option<String>,
    /// The policy that there is, or with `DeleteResourcePolicy` was.
    pub policy: Option<String>,
}

impl Cloud {
    /// The policy of a READY backup.
    pub fn get_resource_policy(
        &self,
        caller: &Caller,
        request: &GetResourcePolicy,
    ) -> Result<ResourcePolicy, ApiError> {
        let backup = self.policed(caller, &request.resource_arn)?;
        check_state(backup, self.knobs.allow_undocumented_states)?;
        Ok(ResourcePolicy { resource_arn: None, policy: self.policy_of(backup)? })
    }

    /// Gives a READY backup a policy, in the form in which AWS keeps it.
    pub fn put_resource_policy(
        &mut self,
        caller: &Caller,
        request: &PutResourcePolicy,
    ) -> Result<ResourcePolicy, ApiError> {
        constraint::resource_arn(&request.resource_arn)?;
        let text = request.policy.as_deref().ok_or_else(|| constraint::missing("policy"))?;
        constraint::text_length("policy", text, 1, 20_000)?;
        let policy = serde_json::from_str(text).ok().filter(Value::is_object);
        let policy = policy.ok_or_else(|| ApiError::invalid("The policy is not a JSON object."))?;
        let backup = self.policed(caller, &request.resource_arn)?;
        check_state(backup, false)?;
        let (id, policy) = (backup.id.clone(), normal(policy, constraint::partition(&caller.region)));
        self.change_own(caller, &id, |backup| backup.policy = Some(policy.to_string()))?;
        Ok(ResourcePolicy {
            resource_arn: Some(request.resource_arn.clone()),
            policy: Some(policy.to_string()),
        })
    }

    /// Takes the policy of a backup away, and with it every share, and answers what it was.
    pub fn delete_resource_policy(
        &mut self,
        caller: &Caller,
        request: &DeleteResourcePolicy,
    ) -> Result<ResourcePolicy, ApiError> {
        let backup = self.policed(caller, &request.resource_arn)?;
        check_state(backup, self.knobs.allow_undocumented_states)?;
        let (id, policy) = (backup.id.clone(), self.policy_of(backup)?);
        self.change_own(caller, &id, Backup::unshare)?;
        Ok(ResourcePolicy { resource_arn: Some(request.resource_arn.clone()), policy })
    }

    /// The caller's own backup with this ARN.
    fn policed(&self, caller: &Caller, arn: &str) -> Result<&Backup, ApiError> {
        let arn = constraint::resource_arn(arn)?;
        if !arn.id.starts_with("backup-") {
            return Err(ApiError::invalid("Only backups have resource policies."));
        }
        // Whoever asks in another region, or names another account, finds nothing of its own there.
        let own = arn.region == caller.region && arn.account == caller.account;
        match self.own(caller, arn.id) {
            Ok(_) if !own => Err(ApiError::not_found(arn.id)),
            found => found,
        }
    }

    fn policy_of(&self, backup: &Backup) -> Result<Option<String>, ApiError> {
        match (&backup.policy, self.knobs.policy_when_none) {
            (Some(policy), _) => Ok(Some(policy.clone())),
            (None, PolicyWhenNone::EmptyObject) => Ok(Some("{}".to_owned())),
            (None, PolicyWhenNone::EmptyText) => Ok(Some(String::new())),
            (None, PolicyWhenNone::Null) => Ok(None),
            (None, PolicyWhenNone::NotFound) => Err(ApiError::not_found(&backup.arn)),
        }
    }
}

fn check_state(backup: &Backup, lenient: bool) -> Result<(), ApiError> {
    if backup.state == BackupState::Ready || lenient {
        return Ok(());
    }
    let message = format!("Backup {} cannot be shared in the state {}.", backup.id, backup.state);
    Err(ApiError::invalid(message))
}

/// A policy as AWS gives it back: an account is its root's ARN, a list of one text the text.
fn normal(mut policy: Value, partition: &str) -> Value {
    let statements = match policy.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.as_mut_slice(),
        Some(statement) => std::slice::from_mut(statement),
        None => &mut [],
    };
    for member in statements.iter_mut().filter_map(Value::as_object_mut).flat_map(|one| one.values_mut()) {
        unwrap_single(member);
        for principal in member.as_object_mut().into_iter().flat_map(|map| map.values_mut()) {
            unwrap_single(principal);
        }
    }
    for principals in statements.iter_mut().filter_map(|one| one.get_mut("Principal")?.get_mut("AWS")) {
        let principals = match principals {
            Value::Array(principals) => principals.as_mut_slice(),
            principal => std::slice::from_mut(principal),
        };
        for principal in principals {
            if let Some(account) = principal.as_str().filter(|text| constraint::is_account(text)) {
                *principal = Value::String(format!("arn:{partition}:iam::{account}:root"));
            }
        }
    }
    policy
}

fn unwrap_single(value: &mut Value) {
    if let Some([Value::String(text)]) = value.as_array().map(Vec::as_slice) {
        *value = Value::String(text.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::normal;

    #[test]
    fn a_policy_is_kept_in_the_form_that_aws_gives_back() {
        let given = json!({"Statement": [{
            "Effect": "Allow",
            "Action": ["cloudhsm:CreateCluster"],
            "Principal": {"AWS": ["444455556666"]},
            "Resource": ["one", "two"],
        }]});
        let kept = json!({"Statement": [{
            "Effect": "Allow",
            "Action": "cloudhsm:CreateCluster",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Resource": ["one", "two"],
        }]});
        assert_eq!(normal(given, "aws"), kept);
        assert_eq!(normal(kept.clone(), "aws"), kept, "what is read can be written");
        let single = json!({"Statement": {"Principal": {"AWS": ["444455556666", "777788889999"]}}});
        let roots = ["arn:aws-us-gov:iam::444455556666:root", "arn:aws-us-gov:iam::777788889999:root"];
        assert_eq!(normal(single, "aws-us-gov"), json!({"Statement": {"Principal": {"AWS": roots}}}));
    }
}
