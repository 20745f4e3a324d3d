use std::collections::BTreeSet;

use super::*;

fn name(number: usize) -> ObjectName {
    ObjectName { namespace: "hsm".to_owned(), name: number.to_string() }
}

fn region(number: usize) -> Region {
    ["eu-west-1", "eu-central-1", "us-east-1"][number].parse().unwrap()
}

fn key(of: usize, letter: usize) -> BackupKey {
    let id = format!("backup-{}", ["a", "b", "c"][letter].repeat(11));
    BackupKey { region: region(of), id: id.parse().unwrap() }
}

fn until(hour: usize) -> Timestamp {
    format!("2026-11-28T{hour:02}:00:00Z").parse().unwrap()
}

fn stated(condition: &'static str, reason: &'static str) -> Stated {
    Stated { condition, status: "False", reason }
}

fn pending(key: BackupKey, until: Option<Timestamp>) -> Share {
    Share { pending: vec![Pending { key, until }], ..Share::default() }
}

/// A share of few possible parts, so that resources have many in common.
fn any_share(random: &mut fastrand::Rng) -> Share {
    let mut some = |most: usize| random.usize(..=most);
    let conditions = ["Ready", "Stalled"].into_iter().take(some(2));
    let reason = ["LastBackup", "InSync", "Gone"][some(2)];
    let (copies, pending) = (some(3), some(3));
    Share {
        stated: conditions.map(|condition| stated(condition, reason)).collect(),
        copies: (0..copies).map(|number| (region(number), some(1) == 1)).collect(),
        pending: (0..pending)
            .map(|number| Pending {
                key: key(number, some(2)),
                until: Some(until(some(3))).filter(|_| some(3) > 0),
            })
            .collect(),
    }
}

/// What is shown when every sum that is told is put in its place.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    stated: BTreeMap<Stated, usize>,
    copies: BTreeMap<Region, (usize, usize)>,
    pending: BTreeMap<Region, usize>,
    next: Option<Timestamp>,
}

impl Shown {
    fn take(&mut self, sums: Vec<Sum>) {
        for sum in sums {
            match sum {
                Sum::Stated { stated, resources } => {
                    self.stated.insert(stated, resources);
                    self.stated.retain(|_, count| *count > 0);
                }
                Sum::Copies { region, wanted, ready } => {
                    self.copies.insert(region, (wanted, ready));
                    self.copies.retain(|_, (wanted, _)| *wanted > 0);
                }
                Sum::Pending { region, backups } => {
                    self.pending.insert(region, backups);
                    self.pending.retain(|_, count| *count > 0);
                }
                Sum::NextPurge(next) => self.next = next,
            }
        }
    }

    /// All of it counted anew, without any of the code under test.
    fn counted<'a>(shares: impl Iterator<Item = &'a Share> + Clone) -> Self {
        let mut shown = Self::default();
        for stated in shares.clone().flat_map(|share| &share.stated) {
            *shown.stated.entry(*stated).or_default() += 1;
        }
        for (region, is_there) in shares.clone().flat_map(|share| &share.copies) {
            let (wanted, ready) = shown.copies.entry(region.clone()).or_default();
            *wanted += 1;
            *ready += usize::from(*is_there);
        }
        let pending = shares.flat_map(|share| &share.pending);
        let keys: BTreeSet<&BackupKey> = pending.clone().map(|pending| &pending.key).collect();
        for key in keys {
            *shown.pending.entry(key.region.clone()).or_default() += 1;
        }
        shown.next = pending.filter_map(|pending| pending.until).min();
        shown
    }
}

#[test]
fn after_any_changes_every_sum_is_as_if_counted_anew() {
    for seed in 0..200 {
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut tally, mut model, mut shown) = (Tally::default(), BTreeMap::new(), Shown::default());
        for step in 0..60 {
            let name = name(random.usize(..6));
            let told = if random.usize(..4) == 0 {
                model.remove(&name);
                tally.remove(&name)
            } else {
                let share = any_share(&mut random);
                model.insert(name.clone(), share.clone());
                tally.set(&name, share)
            };
            shown.take(told);
            assert_eq!(shown, Shown::counted(model.values()), "seed {seed}, step {step}");
        }
        for name in model.keys() {
            shown.take(tally.remove(name));
        }
        assert_eq!(shown, Shown::default(), "seed {seed}: nothing is left");
        assert_eq!(tally.sums, Sums::default(), "seed {seed}: nothing is left");
    }
}

#[test]
fn what_has_not_changed_is_not_told() {
    let mut tally = Tally::default();
    let share = Share { stated: vec![stated("Ready", "Gone")], ..Share::default() };
    assert_eq!(tally.set(&name(1), share.clone()).len(), 1);
    assert_eq!(tally.set(&name(1), share), []);
    assert_eq!(tally.remove(&name(2)), []);
}

#[test]
fn a_backup_that_two_resources_name_is_pending_once() {
    let mut tally = Tally::default();
    tally.set(&name(1), pending(key(0, 0), Some(until(2))));
    let told = tally.set(&name(2), pending(key(0, 0), None));
    let one = Sum::Pending { region: region(0), backups: 1 };
    assert_eq!(told, [one.clone(), Sum::NextPurge(Some(until(2)))]);
    assert_eq!(tally.remove(&name(1)), [one, Sum::NextPurge(None)]);
}

#[test]
fn the_next_purge_is_the_earliest_of_all() {
    let mut tally = Tally::default();
    tally.set(&name(1), pending(key(0, 0), Some(until(5))));
    let told = tally.set(&name(2), pending(key(1, 1), Some(until(3))));
    assert_eq!(told.last(), Some(&Sum::NextPurge(Some(until(3)))));
    assert_eq!(tally.remove(&name(2)).last(), Some(&Sum::NextPurge(Some(until(5)))));
}
