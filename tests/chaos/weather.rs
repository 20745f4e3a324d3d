//! Everything that the emulator knows how to do wrong, and every question that AWS leaves open.

use std::{collections::BTreeSet, time::Duration};

use emulator::{ClusterIdOnCopies, DeletePending, Fault, FaultKind, Knobs, NeverExpiresOnCopies};
use fastrand::Rng;
use testbed::within;

use crate::{
    role::Role,
    world::{PATIENCE, World},
};

const CHANGES: [&str; 7] = [
    "CopyBackupToRegion",
    "CopyBackupToRegion",
    "DeleteBackup",
    "RestoreBackup",
    "ModifyBackupAttributes",
    "TagResource",
    "UntagResource",
];

/// One fault of each kind.
fn kinds(rng: &mut Rng, ids: &[String]) -> Vec<FaultKind> {
    let some =
        |rng: &mut Rng| rng.choose_multiple(ids, 1 + ids.len() / 4).into_iter().cloned().collect::<Vec<_>>();
    let (code, status) = *rng
        .choice(&[
            ("CloudHsmAccessDeniedException", 400),
            ("CloudHsmInvalidRequestException", 400),
            ("CloudHsmResourceNotFoundException", 400),
            ("CloudHsmServiceException", 400),
            ("ExpiredTokenException", 400),
            ("SomethingNewException", 400),
            ("CloudHsmInternalFailureException", 500),
            ("ServiceUnavailable", 503),
        ])
        .unwrap();
    let fields = [
        "BackupArn",
        "BackupId",
        "BackupState",
        "ClusterId",
        "CopyTimestamp",
        "CreateTimestamp",
        "DeleteTimestamp",
        "NeverExpires",
        "SourceBackup",
        "SourceRegion",
        "TagList",
    ];
    vec![
        FaultKind::Error { code: code.to_owned(), status, message: None },
        FaultKind::Throttle,
        FaultKind::Drop,
        FaultKind::AcceptThenDrop,
        // A refusal that AWS has carried out all the same nobody could make sense of.
        FaultKind::accept_then_error(),
        FaultKind::Hang { seconds: 0.5 + 2.0 * rng.f64(), after_effect: rng.bool() },
        FaultKind::TruncatedBody,
        FaultKind::GarbageBody,
        FaultKind::MissingItem { backup_ids: some(rng) },
        FaultKind::EverythingMissing,
        FaultKind::EmptyPage,
        FaultKind::UnknownState { backup_ids: rng.bool().then(|| some(rng)), state: "HALF_READY".to_owned() },
        FaultKind::MissingField {
            backup_ids: rng.bool().then(|| some(rng)),
            field: (*rng.choice(&fields).unwrap()).to_owned(),
        },
        FaultKind::RepeatedToken,
        FaultKind::PartialListing,
        FaultKind::ExtraItem,
        FaultKind::StaleReads,
        FaultKind::ShrunkenListing { keep: rng.usize(..4) },
        FaultKind::knobs(|knobs| knobs.page_limit = 1),
    ]
}

/// What a fault of this kind may strike. A kind that is new to the emulator does not compile here until it is drawn above.
fn strikes(kind: &FaultKind, rng: &mut Rng) -> &'static str {
    match kind {
        FaultKind::MissingItem { .. }
        | FaultKind::EverythingMissing
        | FaultKind::EmptyPage
        | FaultKind::UnknownState { .. }
        | FaultKind::MissingField { .. }
        | FaultKind::RepeatedToken
        | FaultKind::PartialListing
        | FaultKind::ExtraItem
        | FaultKind::StaleReads
        | FaultKind::ShrunkenListing { .. } => "DescribeBackups",
        FaultKind::Error { .. }
        | FaultKind::Throttle
        | FaultKind::Drop
        | FaultKind::AcceptThenDrop
        | FaultKind::AcceptThenError { .. }
        | FaultKind::Hang { .. }
        | FaultKind::TruncatedBody
        | FaultKind::GarbageBody
        | FaultKind::Knobs { .. } => {
            if rng.u8(..4) == 0 {
                "*"
            } else {
                rng.choice(CHANGES).unwrap_or("*")
            }
        }
    }
}

/// Some more faults, and other answers to open questions.
pub fn change(world: &mut World) {
    let ids: Vec<String> = world.resources.iter().map(|resource| resource.id.clone()).collect();
    let (mut kinds, most) = (kinds(&mut world.rng, &ids), world.rng.usize(2..6));
    world.rng.shuffle(&mut kinds);
    let mut names = Vec::new();
    for kind in kinds.into_iter().take(most) {
        let operation = strikes(&kind, &mut world.rng);
        names.push(format!("{} on {operation}", kind.name()));
        let mut fault = Fault::on(operation, kind).skip(world.rng.u32(..3)).times(world.rng.u32(1..4));
        if world.rng.bool() {
            fault.region = world.rng.choice(World::regions().collect::<Vec<_>>()).map(str::to_owned);
        }
        world.solo.aws.fault(fault);
    }
    let knobs = knobs(&mut world.rng);
    world.solo.aws.knobs(|all| *all = knobs);
    world.say(&names.join(", "));
}

/// Answers to every open question. What AWS hides or lies about for longer than the settle window is beyond
/// what is promised, so hidden copies are shown soon ([`show`]) and listings lag by a second at most.
fn knobs(rng: &mut Rng) -> Knobs {
    let mut upto = |milliseconds: u64| Duration::from_millis(rng.u64(..=milliseconds));
    let mut knobs = Knobs {
        create_ready_after: upto(5000),
        copy_ready_after: upto(3000),
        copy_visible_after: upto(3000),
        copy_tags_visible_after: upto(3000),
        stale_reads_for: upto(1000),
        ..usual()
    };
    knobs.unknown_id_is_an_error = rng.bool();
    knobs.reject_unknown_filters = rng.bool();
    knobs.hide_copies = rng.u8(..4) == 0;
    knobs.reject_second_copy = rng.bool();
    knobs.hide_tags_until_copied = rng.bool();
    knobs.copy_of_copy_names_original = rng.bool();
    knobs.allow_undocumented_states = rng.bool();
    knobs.multi_value_states_bug = rng.bool();
    knobs.deleted_clusters_expire = rng.bool();
    knobs.page_limit = rng.usize(1..=50);
    knobs.cluster_id_on_copies = rng.choice([ClusterIdOnCopies::Absent, ClusterIdOnCopies::Source]).unwrap();
    knobs.never_expires_on_copies = rng
        .choice([NeverExpiresOnCopies::False, NeverExpiresOnCopies::Inherited, NeverExpiresOnCopies::Absent])
        .unwrap();
    knobs.delete_pending =
        rng.choice([DeletePending::Reject, DeletePending::Noop, DeletePending::Reset]).unwrap();
    knobs
}

/// Nothing goes wrong. Failed copies stay listed, or nobody could tell that they failed.
fn usual() -> Knobs {
    Knobs {
        copy_ready_after: Duration::from_secs(1),
        list_deleted_for: Duration::from_hours(1),
        ..Knobs::default()
    }
}

/// Ends the hiding of all copies.
pub fn show(world: &World) {
    for region in World::regions() {
        for backup in world.solo.aws.backups(region) {
            world.solo.aws.show(region, &backup.id);
        }
    }
}

/// Ends all that goes wrong, but for the copies that are to fail.
pub fn clear(world: &World) {
    let aws = &world.solo.aws;
    aws.clear_faults();
    aws.knobs(|knobs| *knobs = usual());
    show(world);
    for resource in world.resources.iter().filter(|resource| resource.role == Role::CopyFails) {
        let fails = FaultKind::knobs(|knobs| knobs.fail_copies = true);
        aws.fault(Fault::on("CopyBackupToRegion", fails).backup(&resource.id));
    }
}

/// Lets every kind of fault that has struck nothing so far strike something.
pub fn make_up(world: &mut World) {
    clear(world);
    let struck: BTreeSet<String> = world.solo.aws.calls().into_iter().filter_map(|call| call.fault).collect();
    for kind in kinds(&mut world.rng, &[]) {
        let name = kind.name();
        if struck.contains(name) {
            continue;
        }
        world.say(&format!("{name} strikes for the first time"));
        world.solo.aws.fault(Fault::on("*", kind).times(1));
        let strikes = || world.solo.aws.calls().iter().any(|call| call.fault.as_deref() == Some(name));
        assert!(within(PATIENCE, strikes), "{name} strikes nothing");
    }
}
