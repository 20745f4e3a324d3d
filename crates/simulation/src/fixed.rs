//! Workloads that are written out: one for each thing that people want. Every crash point and every single fault is
//! tried on each.

use std::{collections::BTreeMap, time::Duration};

use cloudhsm_backup_operator::api::{
    RECONCILE_REQUEST,
    spec::{CloudHsmBackupSpec, Copy, DeletionPolicy},
};

use crate::{
    schedule::named,
    weather::{Fault, ReadFault, Spell, Weather},
    workload::{Act, CLUSTERS, Edit, REGIONS, Workload, id},
};

const SECOND: Duration = Duration::from_secs(1);
const MAIN: &str = "main";
/// The number of the backup that is seeded beside the first one, of the same cluster.
const BESIDE: usize = 100;

fn spec() -> CloudHsmBackupSpec {
    CloudHsmBackupSpec {
        backup_id: id(0),
        region: REGIONS[0].to_owned(),
        account_id: None,
        never_expires: None,
        tags: None,
        copies: None,
        deleted: None,
        deletion_policy: Some(DeletionPolicy::Retain),
        suspend: None,
    }
}

fn with(change: impl FnOnce(&mut CloudHsmBackupSpec)) -> Act {
    let mut spec = spec();
    change(&mut spec);
    Act::Create(named(MAIN), Box::new(spec))
}

fn allow_last_backup() -> Act {
    let (name, value) = (plan::deletion::ALLOW_LAST_BACKUP, CLUSTERS[0]);
    Act::Annotate(named(MAIN), name.to_owned(), value.to_owned())
}

fn copy(region: &str) -> Copy {
    Copy { region: region.to_owned(), tags: None, deleted: None }
}

fn tags(value: &str) -> BTreeMap<String, String> {
    [("team".to_owned(), value.to_owned())].into()
}

fn edit(edit: Edit) -> Act {
    Act::Edit(named(MAIN), edit)
}

fn entry(deleted: Option<bool>) -> Edit {
    Edit::Copy(REGIONS[1].to_owned(), Some((deleted, None)))
}

/// The acts follow each other, far enough apart for each to be done with, whatever single thing goes wrong.
fn workload(acts: Vec<Act>) -> Workload {
    let acts =
        acts.into_iter().zip(0_u32..).map(|(act, number)| (SECOND + number * Duration::from_mins(35), act));
    Workload {
        seed: 7,
        // One more of the same cluster is seeded beside it.
        backups: vec![CLUSTERS[0]],
        acts: acts.collect(),
        weather: Weather::default(),
        processes: 1,
        elected: false,
        copies_hidden: Duration::ZERO,
        page: 50,
        max_deletions: 10,
        crash: None,
        slow_reads: Duration::ZERO,
    }
}

/// All of them, by name.
#[expect(clippy::too_many_lines, reason = "a list")]
pub fn all() -> Vec<(&'static str, Workload)> {
    let copies = |regions: &[&str]| regions.iter().map(|region| copy(region)).collect::<Vec<_>>();
    let wanted = || with(|spec| spec.copies = Some(copies(&REGIONS[1..2])));
    let bound = |spec: &mut CloudHsmBackupSpec| spec.deletion_policy = Some(DeletionPolicy::Delete);
    let mut all = vec![
        ("a view", vec![with(|_| ())]),
        ("kept", vec![with(|spec| spec.never_expires = Some(true))]),
        (
            "kept and let go",
            vec![with(|spec| spec.never_expires = Some(true)), edit(Edit::NeverExpires(Some(false)))],
        ),
        ("tagged", vec![with(|spec| spec.tags = Some(tags("a")))]),
        (
            "tagged otherwise",
            vec![with(|spec| spec.tags = Some(tags("a"))), edit(Edit::Tags(Some(tags("b"))))],
        ),
        (
            "tags taken off",
            vec![with(|spec| spec.tags = Some(tags("a"))), edit(Edit::Tags(Some(BTreeMap::new())))],
        ),
        ("tags released", vec![with(|spec| spec.tags = Some(tags("a"))), edit(Edit::Tags(None))]),
        ("a copy", vec![wanted()]),
        ("three copies", vec![with(|spec| spec.copies = Some(copies(&REGIONS[1..])))]),
        ("a copy deleted", vec![wanted(), edit(entry(Some(true)))]),
        ("a copy deleted and wanted again", vec![wanted(), edit(entry(Some(true))), edit(entry(None))]),
        ("a copy let go", vec![wanted(), edit(Edit::Copy(REGIONS[1].to_owned(), None))]),
        ("a copy that a person deletes", vec![wanted(), Act::PersonDeletes(0, Some(REGIONS[1].to_owned()))]),
        ("a copy made by hand", vec![Act::PersonCopies(0, REGIONS[1].to_owned()), wanted()]),
        (
            "a copy that is purged",
            vec![
                wanted(),
                Act::PersonDeletes(0, Some(REGIONS[1].to_owned())),
                Act::Purge(0, Some(REGIONS[1].to_owned())),
            ],
        ),
        ("deleted", vec![with(|spec| spec.deleted = Some(true))]),
        (
            "deleted and undone",
            vec![with(|spec| spec.deleted = Some(true)), edit(Edit::Deleted(Some(false)))],
        ),
        ("deleted and withdrawn", vec![with(|spec| spec.deleted = Some(true)), edit(Edit::Deleted(None))]),
        ("deleted and rescued", vec![with(|spec| spec.deleted = Some(true)), Act::PersonRestores(0, None)]),
        ("deleted and purged", vec![with(|spec| spec.deleted = Some(true)), Act::Purge(0, None)]),
        (
            "deleted after its copy is there",
            vec![with(|spec| {
                spec.copies = Some(copies(&REGIONS[1..2]));
                spec.deleted = Some(true);
            })],
        ),
        (
            "deleted by a person and kept",
            vec![with(|spec| spec.deleted = Some(false)), Act::PersonDeletes(0, None)],
        ),
        ("removed", vec![with(|spec| spec.tags = Some(tags("a"))), Act::Delete(named(MAIN))]),
        ("bound and removed", vec![with(bound), Act::Delete(named(MAIN))]),
        (
            "bound with a copy and removed",
            vec![
                with(|spec| {
                    bound(spec);
                    spec.copies = Some(copies(&REGIONS[1..2]));
                }),
                Act::Delete(named(MAIN)),
            ],
        ),
        (
            "bound and unbound",
            vec![with(bound), edit(Edit::Policy(DeletionPolicy::Retain)), Act::Delete(named(MAIN))],
        ),
        (
            "suspended",
            vec![
                with(|spec| {
                    spec.never_expires = Some(true);
                    spec.suspend = Some(true);
                }),
                edit(Edit::Suspend(None)),
            ],
        ),
        (
            "renamed",
            vec![
                wanted(),
                Act::Delete(named(MAIN)),
                Act::Create(
                    named("renamed"),
                    Box::new(CloudHsmBackupSpec { copies: Some(copies(&REGIONS[1..2])), ..spec() }),
                ),
            ],
        ),
        (
            "held as the last one, and allowed",
            vec![
                Act::PersonDeletes(BESIDE, None),
                with(|spec| spec.deleted = Some(true)),
                allow_last_backup(),
            ],
        ),
        (
            "removed, held as the last one, and allowed",
            vec![
                Act::PersonDeletes(BESIDE, None),
                with(bound),
                Act::Delete(named(MAIN)),
                allow_last_backup(),
            ],
        ),
        (
            "a copy by hand after one that was deleted and purged",
            vec![
                wanted(),
                edit(entry(Some(true))),
                Act::Purge(0, Some(REGIONS[1].to_owned())),
                Act::PersonCopies(0, REGIONS[1].to_owned()),
            ],
        ),
        (
            "claimed twice",
            vec![
                with(|spec| spec.never_expires = Some(true)),
                Act::Create(
                    named("other"),
                    Box::new(CloudHsmBackupSpec { never_expires: Some(false), ..spec() }),
                ),
            ],
        ),
        (
            // A copy gets its source's tags of the moment, so these have tags of their own: what comes first is up to
            // what goes wrong.
            "everything",
            vec![
                with(|spec| {
                    spec.never_expires = Some(false);
                    spec.tags = Some(tags("a"));
                    let mut wanted = copies(&REGIONS[1..3]);
                    for copy in &mut wanted {
                        copy.tags = Some(tags("b"));
                    }
                    spec.copies = Some(wanted);
                }),
                edit(Edit::Deleted(Some(true))),
            ],
        ),
    ];
    let mut all: Vec<_> = all.drain(..).map(|(name, acts)| (name, workload(acts))).collect();
    all.extend(particular(wanted()));
    all
}

/// Those in which more matters than the acts: how soon one follows the other, or how AWS answers.
fn particular(wanted: Act) -> [(&'static str, Workload); 4] {
    let minute = Duration::from_mins(1);
    let unreadable = Spell {
        from: 34 * minute,
        until: 45 * minute,
        region: None,
        odds: 1.0,
        fault: Fault::Read(ReadFault::Unreadable),
    };
    let ask = Act::Annotate(named(MAIN), RECONCILE_REQUEST.to_owned(), "once".to_owned());
    let deleted =
        |number| Box::new(CloudHsmBackupSpec { backup_id: id(number), deleted: Some(true), ..spec() });
    let found_again = vec![
        wanted.clone(),
        edit(entry(Some(true))),
        Act::Purge(0, Some(REGIONS[1].to_owned())),
        edit(entry(None)),
        Act::Wipe(named(MAIN)),
    ];
    [
        // The one that was purged is listed before it.
        ("a copy found again after one that was purged", Workload { page: 1, ..workload(found_again) }),
        (
            "a copy found again by a process that cannot read all entries",
            Workload {
                acts: vec![
                    (SECOND, wanted.clone()),
                    (35 * minute, Act::Wipe(named(MAIN))),
                    (35 * minute, Act::Restart),
                ],
                weather: Weather { spells: vec![unreadable], single: None },
                ..workload(Vec::new())
            },
        ),
        (
            "a copy that is asked about before it shows",
            Workload {
                acts: vec![(SECOND, wanted), (2 * minute, ask)],
                copies_hidden: 5 * minute,
                ..workload(Vec::new())
            },
        ),
        (
            // That what is taken back counts, and that one may be repeated before its window is over.
            "two deletions an hour",
            Workload {
                acts: vec![
                    (SECOND, with(|spec| spec.deleted = Some(true))),
                    (3 * minute, Act::Create(named("second"), deleted(1))),
                    (20 * minute, edit(Edit::Deleted(None))),
                    (20 * minute, Act::Edit(named("second"), Edit::Deleted(None))),
                    (30 * minute, Act::Create(named("third"), deleted(2))),
                ],
                backups: vec![CLUSTERS[0]; 3],
                max_deletions: 2,
                ..workload(Vec::new())
            },
        ),
    ]
}
