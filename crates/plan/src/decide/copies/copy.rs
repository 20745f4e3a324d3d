//! The copy in one region, in the making.

use super::{
    CopyRecord, CopyVerdict, Draft, Facts, Marks, Subject,
    others::{Others, Seen, is_surely_ours},
};
use crate::{
    decide::{CopyObserved, Notice},
    desired::DesiredCopy,
    effect::{Change, Mutation},
    inventory::{Search, Sight, Topic},
    ledger::{Request, Setback},
    model::{Backup, BackupId, BackupState, Region},
    reason::Reason,
    settings::Settings,
    time::{Moment, later},
};

/// What has become of the copy on record.
pub(super) enum Recorded {
    /// There is none on record.
    None,
    /// No look tells. What the status says stays.
    Unseen,
    /// It is there.
    There(Seen),
    /// It is there, and something is not known that a decision would need.
    Unsure(Seen),
    /// AWS calls it DELETED.
    Deleted,
    /// It is not listed any more: missing from a scan and from a later lookup that began then.
    Absent(Moment),
}

/// What is known of the copy in one region, and what the rows have come to so far.
pub(super) struct Copy<'a> {
    pub(super) region: Region,
    pub(super) wish: Option<&'a DesiredCopy>,
    pub(super) seen: &'a CopyObserved,
    pub(super) record: CopyRecord,
    pub(super) facts: Facts,
    pub(super) duplicates: Vec<BackupId>,
    /// What is to be said though nothing is outstanding.
    pub(super) note: Option<String>,
    /// It is READY.
    pub(super) ready: bool,
    /// How many findings there were before this region's.
    findings_before: usize,
}

impl<'a> Copy<'a> {
    /// The copy in `region`, with the open request that is known of it, whoever wrote it down.
    pub(super) fn of(draft: &mut Draft<'a>, region: Region) -> Self {
        let mut copy = Self::untouched(draft, region);
        match &copy.seen.open {
            // What is on record was found after all; another operator has taken note of that.
            Some(_) if copy.record.request.is_none() && copy.record.id.is_some() => {}
            Some(open) => {
                if copy.record.request.is_none() {
                    // The resource was made again, or its status wiped, or another one asked.
                    copy.record.attempts = open.attempts;
                    copy.record.last_failure.clone_from(&open.last_failure);
                }
                copy.record.request = Some(open.request);
            }
            // This process knows what became of it, and another writer brought it back.
            None => copy.record.request = None,
        }
        copy
    }

    /// The copy in `region` as it is on record.
    pub(super) fn untouched(draft: &mut Draft<'a>, region: Region) -> Self {
        let observed = draft.observed;
        let nothing = &NOTHING;
        let seen = observed.copies.get(&region).unwrap_or(nothing);
        let copy = Self {
            wish: draft.desired.copies.iter().find(|copy| copy.region == region),
            seen,
            record: draft.ledger.copies.get(&region).cloned().unwrap_or_default(),
            facts: Facts::Keep,
            duplicates: Vec::new(),
            note: None,
            ready: false,
            findings_before: draft.findings.len(),
            region,
        };
        if let Some(trouble) = &seen.trouble {
            draft.cannot_see(&copy.region, trouble);
        }
        copy
    }

    /// Whether the spec wants it to be there.
    pub(super) fn is_wanted(&self) -> bool {
        self.wish.is_some_and(|wish| !wish.deleted)
    }

    /// What has become of the copy on record.
    pub(super) fn recorded(&self, draft: &Draft<'_>) -> Recorded {
        if self.record.id.is_none() {
            return Recorded::None;
        }
        match &self.seen.recorded {
            None | Some(Sight::Pending | Sight::Unclear(_)) => Recorded::Unseen,
            Some(Sight::Absent { began }) => Recorded::Absent(*began),
            Some(Sight::Present { backup, began }) => {
                let seen = (backup.clone(), *began);
                match &backup.state {
                    BackupState::Deleted => Recorded::Deleted,
                    BackupState::Unknown(_) => Recorded::Unsure(seen),
                    _ if is_surely_ours(draft, backup) => Recorded::There(seen),
                    _ => Recorded::Unsure(seen),
                }
            }
        }
    }

    /// Takes `seen` for the copy of this region.
    pub(super) fn adopt(&mut self, seen: &Seen, others: &Others) -> Subject<'a> {
        let (backup, began) = seen;
        if self.record.id.as_ref() != Some(&backup.id) {
            // Marks are about one backup; keys that were asked for with the copy belong to this one.
            let asked_for = self.record.id.is_none();
            let keys = std::mem::take(&mut self.record.marks.managed_tag_keys);
            self.record.marks = Marks::default();
            if asked_for {
                self.record.marks.managed_tag_keys = keys;
            }
        }
        let since = if self.record.id.is_some() { self.seen.since } else { self.seen.search_since };
        self.record.id = Some(backup.id.clone());
        self.show(backup);
        self.duplicates = others.live_ids();
        self.duplicates.retain(|id| *id != backup.id);
        let marks = std::mem::take(&mut self.record.marks);
        let subject = Subject::copy(&self.region, backup.id.clone(), self.wish, marks);
        Subject { began: *began, since, ..subject }
    }

    /// Puts `backup` into the status.
    pub(super) fn show(&mut self, backup: &std::sync::Arc<Backup>) {
        self.record.state = Some(backup.state.clone());
        self.ready = backup.state == BackupState::Ready;
        self.facts = Facts::Seen(backup.clone());
    }

    /// The copy on record is gone for good.
    pub(super) fn gone(&mut self) {
        self.record.state = Some(BackupState::Deleted);
        self.facts = Facts::Gone;
    }

    /// Nothing is on record any more but attempts and failures.
    pub(super) fn forget(&mut self) {
        let CopyRecord { request, attempts, last_failure, .. } = std::mem::take(&mut self.record);
        self.record = CopyRecord { request, attempts, last_failure, ..CopyRecord::default() };
        self.facts = Facts::Keep;
    }

    /// Nothing new is known: it is what it was.
    pub(super) fn stay(&mut self) {
        self.ready = self.record.is_ready();
    }

    /// Puts what is seen of the copy on record, or of the one that would be adopted, into the status, and nothing else.
    pub(super) fn look_only(&mut self, draft: &Draft<'_>) {
        self.stay();
        let others = Others::of(draft, self);
        if self.record.id.is_none()
            && let Some((backup, _)) = others.live.first()
        {
            self.record.id = Some(backup.id.clone());
            return self.show(backup);
        }
        if let Some(Sight::Present { backup, .. }) = &self.seen.recorded
            && self.record.id.as_ref() == Some(&backup.id)
        {
            self.show(&backup.clone());
        }
    }

    /// The request for it that would be sent.
    pub(super) fn mutation(&self, draft: &Draft<'_>) -> Mutation {
        let tags = self.wish.and_then(|wish| wish.tags.clone());
        Mutation {
            target: draft.desired.backup.clone(),
            change: Change::Copy { to: self.region.clone(), tags },
        }
    }

    /// It is known what became of the open request.
    pub(super) fn conclude(&mut self, draft: &mut Draft<'_>) {
        if let Some(Request { requested_at, .. }) = self.record.request.take() {
            draft.concluded.push((self.region.clone(), requested_at));
        }
    }

    /// The request that is known of, if it may have led to `backup`, has come to its end.
    pub(super) fn conclude_for(&mut self, draft: &mut Draft<'_>, backup: &Backup) {
        let known = self.record.request.or(self.seen.open.as_ref().map(|open| open.request));
        if let Some(request) = known.filter(|request| made_under(*request, backup)) {
            self.record.request = None;
            draft.concluded.push((self.region.clone(), request.requested_at));
        }
    }

    /// An attempt to make it came to nothing.
    pub(super) fn set_back(&mut self, draft: &mut Draft<'_>, reason: Reason) {
        let again = self.record.last_failure.as_ref().is_some_and(|last| last.reason == reason);
        self.record.attempts = if again { self.record.attempts.saturating_add(1) } else { 1 };
        self.record.last_failure = Some(Setback { at: draft.now.wall, reason });
        // That is something that has happened in AWS, each time.
        if reason == Reason::CopyFailed {
            let message = format!("the copy to {} failed", self.region);
            draft.notices.push(Notice { region: Some(self.region.clone()), reason, message });
        }
    }

    /// Whether copies were searched for in a look that began at `at` or later; if not, such a look is ordered.
    pub(super) fn searched_since(&self, draft: &mut Draft<'_>, at: Moment) -> bool {
        let searched = matches!(self.seen.search, Search::Done { began } if began >= at);
        if !searched {
            draft.look(&self.region, Topic::CopiesOf(draft.desired.backup.clone()), at);
        }
        searched
    }

    /// The copy on record is there, and something about it keeps every row from acting.
    pub(super) fn show_unsure(&mut self, draft: &mut Draft<'_>, backup: &std::sync::Arc<Backup>) {
        self.show(backup);
        self.find_unsure(draft, backup);
    }

    /// Something keeps every other row from acting in this region.
    pub(super) fn find_unsure(&self, draft: &mut Draft<'_>, backup: &Backup) {
        let message = match &backup.state {
            BackupState::Unknown(name) => {
                format!(
                    "AWS reports {} in {} as a copy in the state {name:?}, which this version does not know",
                    backup.id, self.region
                )
            }
            _ => format!(
                "AWS reports {} in {} as a copy, but not of which region or account: it is left alone, and no copy is made meanwhile",
                backup.id, self.region
            ),
        };
        draft.find(Reason::UnknownState, message);
    }

    /// Nothing tells what has become of the copy on record, though something depends on it.
    pub(super) fn find_unseen(&self, draft: &mut Draft<'_>) {
        let deleted = matches!(self.record.state, Some(BackupState::PendingDeletion | BackupState::Deleted));
        let as_wanted = if self.is_wanted() { self.ready } else { deleted };
        match &self.seen.recorded {
            // That of the whole region is told already.
            _ if self.seen.trouble.is_some() => {}
            Some(Sight::Unclear(failure)) => draft.cannot_see(&self.region, failure),
            _ if as_wanted => {}
            _ => {
                let reason = if self.is_wanted() { Reason::CopyInProgress } else { Reason::Applying };
                draft.find(reason, format!("looking for the copy in {} that is on record", self.region));
            }
        }
    }

    /// The verdict on this region; none for one that is not listed and has nothing open.
    pub(super) fn finish(self, draft: &mut Draft<'_>) {
        // What was tried there still matters as long as nothing can be seen.
        if self.seen.trouble.is_some() {
            let here = |region: &Region| *region == self.region;
            let kept = draft
                .recent
                .keys()
                .filter(|key| here(&key.target.region) || key.destination.as_ref().is_some_and(here));
            draft.wanted.extend(kept.cloned());
        }
        if self.wish.is_none() && !self.record.is_open() {
            return;
        }
        if self.ready {
            draft.copies_there.insert(self.region.clone());
        }
        let found = draft.findings.get(self.findings_before..).unwrap_or_default();
        if let Some(first) = found.iter().min_by_key(|finding| finding.reason.stance()).cloned() {
            draft.copies_outstanding.insert(self.region.clone(), first);
        }
        let said = draft.findings.iter().skip(self.findings_before).map(|finding| finding.message.clone());
        // Where a copy is to be deleted, the finding says what more there is.
        let others = (self.is_wanted() && !self.duplicates.is_empty()).then(|| {
            let ids: Vec<&str> = self.duplicates.iter().map(BackupId::as_str).collect();
            format!("more copies of the backup are there, and are left alone: {}", ids.join(", "))
        });
        let message: Vec<String> = said.chain(self.note).chain(others).collect();
        draft.copies.push(CopyVerdict {
            region: self.region,
            facts: self.facts,
            record: self.record,
            duplicates: self.duplicates,
            message: (!message.is_empty()).then(|| message.join("; ")),
        });
    }
}

/// Whether `backup` may be what `request` led to: it was not copied before, as far as clocks tell.
pub(in crate::decide) fn made_under(request: Request, backup: &Backup) -> bool {
    backup.copy_timestamp.is_none_or(|made| later(made, Settings::CLOCK_SKEW) >= request.requested_at)
}

/// A region that is not observed: nothing is known of it.
static NOTHING: CopyObserved = CopyObserved {
    looked: false,
    recorded: None,
    found: Vec::new(),
    search: Search::Pending,
    trouble: None,
    since: Moment::ZERO,
    search_since: Moment::ZERO,
    open: None,
};
