//! Rows: copies. Not built yet: what the spec asks for is said to be outstanding.

use super::{Finding, draft::Draft};
use crate::reason::Reason;

/// Reports declared copies as not supported, and so not ready.
pub(super) fn report(draft: &mut Draft<'_>) {
    if draft.desired.copies.is_empty() {
        return;
    }
    let message = "copies are declared, and this version does not make copies yet; nothing is deleted while they are listed".to_owned();
    draft.copies_ready = Some(Finding { reason: Reason::CopiesNotSupported, message: message.clone() });
    draft.find(Reason::CopiesNotSupported, message);
}
