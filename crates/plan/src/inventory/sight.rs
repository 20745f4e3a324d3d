//! What looks have shown so far: of one backup, or of the copies of one.

use std::sync::Arc;

use crate::{error::Failure, model::Backup, time::Moment};

/// What is known of one backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// No look that is recent enough has ended yet.
    Pending,
    /// Looking failed.
    Unclear(Failure),
    /// It is not there: missing from a scan and from a later lookup.
    Absent {
        /// When that lookup began.
        began: Moment,
    },
    /// It is there.
    Present {
        /// As the look showed it.
        backup: Arc<Backup>,
        /// When the look began.
        began: Moment,
    },
}

/// How the search for the copies of one backup in a region stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// No search that is recent enough has ended yet.
    Pending,
    /// Looking failed.
    Unclear(Failure),
    /// A scan, and a later lookup of the copies, were answered in full. Copies that are not known now are not there.
    Done {
        /// When that lookup began.
        began: Moment,
    },
}
