//! The guards that every deletion passes (design §5.1).
//!
//! `deleted: true` and the finalizer alike lead here, one deletion at a time for the whole
//! account. Each guard is a question with its own file; [`crate::decide`] asks them in turn,
//! and [`confirm()`] asks the last ones once more right before the call.

mod breaker;
mod confirm;
mod last_backup;
mod never_expires;

pub use breaker::{Breaker, Room};
pub use confirm::{Unconfirmed, confirm};
pub use last_backup::{ALLOW_LAST_BACKUP, LastBackup, Survivor, Survivors, judge};
pub use never_expires::never_expires;
