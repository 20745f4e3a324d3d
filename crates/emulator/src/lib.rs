//! An emulator of the AWS CloudHSM V2 backup API.
//!
//! [`Cloud`] is the service as a state machine: all accounts and regions, a virtual clock, no I/O.
//! [`Emulator`] puts an HTTP server around it that the AWS SDK can talk to, with faults on demand and
//! a log of every call. It shares no type with any client: only the wire.

mod calls;
mod clock;
mod cloud;
pub mod duration;
mod emulator;
mod fault;
mod http;
mod service;

pub use calls::{By, Call};
pub use cloud::{
    ApiError, Backup, BackupPage, BackupState, Caller, Cloud, Cluster, ClusterIdOnCopies, ClusterPage,
    CopyBackupToRegion, DEFAULT_ACCOUNT, DeleteBackup, DeletePending, DeleteResourcePolicy, DescribeBackups,
    DescribeClusters, DestinationBackup, GetResourcePolicy, KnobChanges, Knobs, ListTags, Listing, MadeCopy,
    Mode, ModifyBackupAttributes, NeverExpiresOnCopies, Operation, PolicyWhenNone, PutResourcePolicy, Reply,
    ResourcePolicy, RestoreBackup, Seed, Source, Tag, TagPage, TagResource, Tags, TagsOnUnfinishedCopies,
    UntagResource,
};
pub use emulator::{Config, Emulator};
pub use fault::{Fault, FaultKind};
