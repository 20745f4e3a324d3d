//! Rows: tags wanted, tags no longer wanted, tags released.

use std::collections::BTreeSet;

use super::{draft::Draft, subject::Subject};
use crate::{
    effect::Change,
    model::{Backup, BackupState, MAX_TAGS, Tags},
    reason::Reason,
};

/// The keys that the spec lists are set; those that it listed before and this resource applied are
/// removed; all others are left alone.
pub(super) fn decide(draft: &mut Draft<'_>, subject: &mut Subject<'_>, backup: &Backup) {
    let Some(wanted) = subject.tags else {
        if !draft.desired.suspend {
            subject.marks.managed_tag_keys.clear();
        }
        return;
    };
    if backup.state != BackupState::Ready {
        return;
    }
    let Some(observed) = &backup.tags else {
        return draft.find(
            Reason::UnknownState,
            format!("AWS does not report the tags of {}, so none is changed", subject.noun()),
        );
    };
    let surplus: BTreeSet<String> = (subject.marks.managed_tag_keys.iter())
        .filter(|key| !wanted.contains_key(*key) && observed.contains_key(*key))
        .cloned()
        .collect();
    // Every listed key counts as managed from now on, also one that had its value already:
    // on record before it is set, so that no crash leaves a tag that nobody remembers.
    if !draft.desired.suspend {
        let lost = subject
            .marks
            .managed_tag_keys
            .iter()
            .any(|key| !wanted.contains_key(key) && !observed.contains_key(key));
        if lost && may_show_late(draft, subject) {
            subject.marks.managed_tag_keys.extend(wanted.keys().cloned());
        } else {
            subject.marks.managed_tag_keys = wanted.keys().cloned().chain(surplus.iter().cloned()).collect();
        }
    }
    let missing: Tags = (wanted.iter())
        .filter(|(key, value)| observed.get(*key) != Some(value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let others = observed.keys().filter(|key| !wanted.contains_key(*key)).count();
    let room = MAX_TAGS.saturating_sub(wanted.len());
    if !missing.is_empty() && others <= room {
        draft.want(subject, Change::Tag(missing), |_| {});
    } else if !missing.is_empty() && others - surplus.len() > room {
        let message = format!(
            "{} tags wanted of {} and {} others already there are more than the {MAX_TAGS} that AWS allows; no tag is set",
            wanted.len(),
            subject.noun(),
            others - surplus.len(),
        );
        draft.find(Reason::TagLimit, message);
    }
    if !surplus.is_empty() {
        draft.want(subject, Change::Untag(surplus), |_| {});
    }
}

/// Whether tags that were asked for may still appear: then a key that is no longer wanted and is not there stays on
/// record, until a look that began well after the request does not show it.
fn may_show_late(draft: &mut Draft<'_>, subject: &Subject<'_>) -> bool {
    let key = subject.mutation(Change::Tag(Tags::new())).key();
    let Some(attempt) = draft.recent.attempt(&key).filter(|attempt| !attempt.changed_nothing()) else {
        return false;
    };
    let late = !draft.seen_since(subject, attempt.at.after(draft.settings.confirm_after));
    if late {
        draft.remember(&attempt.mutation);
    }
    late
}
