//! What the process remembers of what it sees, for later decisions.

use super::{Observed, copies::made_under};
use crate::{
    desired::Desired,
    effect::{Change, Mutation},
    inventory::{Search, Sight},
    ledger::{Ledger, Mark, Marks},
    model::{Backup, BackupKey, BackupState},
    recent::Recent,
    requests::{Open, Requests},
    settings::Settings,
    time::Moment,
};

/// Brings the memory up to date before a decision: marks of other processes, looks that showed no effect of a
/// call, recorded copies that are not listed any more, and searches that found none.
pub fn learn(
    (recent, requests): (&mut Recent, &mut Requests),
    desired: &Desired,
    ledger: &Ledger,
    observed: &Observed,
    settings: &Settings,
    now: Moment,
) {
    watch_deletion(recent, &desired.backup, &ledger.marks, &observed.primary, now);
    for (region, copy) in &observed.copies {
        let record = ledger.copies.get(region);
        if let (Some(record), Some(sight)) = (record, &copy.recorded)
            && let Some(id) = record.id.clone()
        {
            let key = BackupKey { region: region.clone(), id };
            watch_deletion(recent, &key, &record.marks, sight, now);
            match sight {
                Sight::Absent { began } => recent.missed(&key, *began),
                Sight::Present { .. } => recent.found(&key),
                Sight::Pending | Sight::Unclear(_) => {}
            }
        }
        // What was there before a request, or is gone, is not what it leads to.
        let led_to = |open: &Open, backup: &Backup| {
            backup.state != BackupState::Deleted && made_under(open.request, backup)
        };
        if let (Some(open), Search::Done { began }) = (&copy.open, &copy.search)
            && !copy.found.iter().any(|(backup, _)| led_to(open, backup))
        {
            requests.found_none(&desired.backup, region, *began, settings.settle_window);
        }
    }
}

fn watch_deletion(recent: &mut Recent, key: &BackupKey, marks: &Marks, sight: &Sight, now: Moment) {
    let deletion = Mutation { target: key.clone(), change: Change::Delete };
    if let Some(Mark { requested_at, .. }) = marks.deletion.filter(|mark| mark.is_open()) {
        recent.found_mark(deletion.clone(), requested_at, now);
    }
    if let Sight::Present { backup, began } = sight
        && backup.state == BackupState::Ready
    {
        recent.saw_unchanged(&deletion.key(), *began);
    }
}
