//! Row: an entry was removed from the list. Its copy is let go; only calls that may still take effect stay on record.

use super::{
    Draft,
    copy::{Copy, Recorded, made_under},
    others::Others,
    request,
};
use crate::decide::marks;

pub(super) fn decide(draft: &mut Draft<'_>, copy: &mut Copy<'_>) {
    request::settle(draft, copy);
    let others = Others::of(draft, copy);
    match copy.recorded(draft) {
        Recorded::There(seen) if copy.record.marks.are_open() => {
            let (backup, _) = &seen;
            let mut subject = copy.adopt(&seen, &others);
            marks::resolve(draft, &mut subject, &backup.state);
            marks::settle_restore(draft, &mut subject, backup);
            copy.record.marks = subject.marks;
        }
        Recorded::Deleted | Recorded::Absent(_) => copy.forget(),
        Recorded::There(_) | Recorded::Unseen | Recorded::Unsure(_) | Recorded::None => {}
    }
    if let Some(asked) = copy.record.request {
        let mut shown = others.live.iter().chain(&others.pending);
        // What appears belongs to nobody here; that it has appeared is all that counts.
        let appeared = shown.any(|(backup, _)| backup.copy_timestamp.is_some() && made_under(asked, backup));
        let failed = others.deleted.iter().any(|(backup, _)| request::has_failed(copy, asked, backup));
        if appeared || failed {
            copy.conclude(draft);
        } else {
            request::let_go(draft, copy);
        }
    }
}
