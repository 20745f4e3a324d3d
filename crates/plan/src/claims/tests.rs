use jiff::Timestamp;

use super::*;

fn name(name: &str) -> ObjectName {
    ObjectName { namespace: "hsm".to_owned(), name: name.to_owned() }
}

fn claim(created: i64) -> Claim {
    Claim {
        backup: BackupKey { region: "eu-west-1".parse().unwrap(), id: "backup-ro5c4er4aac".parse().unwrap() },
        copies: BTreeSet::new(),
        listed: BTreeSet::new(),
        regions: BTreeSet::new(),
        sought: BTreeSet::new(),
        created: Timestamp::from_second(created).unwrap(),
        acts: true,
        terminating: false,
        deletion_marked: BTreeSet::new(),
    }
}

fn yields(claims: &Claims, who: &str) -> Option<String> {
    claims.standing(&name(who), &BTreeSet::new()).yields_to.map(|other| other.name)
}

fn left(claims: &Claims, who: &str) -> Option<String> {
    claims.standing(&name(who), &BTreeSet::new()).left_to.map(|other| other.name)
}

#[test]
fn the_oldest_acts_and_the_name_breaks_a_tie() {
    let mut claims = Claims::default();
    claims.set(name("young"), claim(20));
    claims.set(name("old"), claim(10));
    claims.set(name("a-twin"), claim(10));
    assert_eq!(yields(&claims, "a-twin"), None);
    assert_eq!(yields(&claims, "old"), Some("a-twin".to_owned()));
    assert_eq!(yields(&claims, "young"), Some("a-twin".to_owned()));
}

#[test]
fn a_view_claims_nothing_and_yields_to_nobody() {
    let mut claims = Claims::default();
    claims.set(name("view"), Claim { acts: false, ..claim(1) });
    claims.set(name("owner"), claim(10));
    assert_eq!(yields(&claims, "owner"), None);
    assert_eq!(yields(&claims, "view"), None);
}

#[test]
fn a_finalizer_leaves_the_backup_to_whoever_keeps_it_however_young() {
    let mut claims = Claims::default();
    claims.set(name("leaving"), Claim { terminating: true, ..claim(1) });
    claims.set(name("staying"), claim(10));
    assert_eq!(left(&claims, "leaving"), Some("staying".to_owned()));
    assert_eq!(yields(&claims, "staying"), None);
}

#[test]
fn among_those_that_leave_the_oldest_deletes() {
    let mut claims = Claims::default();
    claims.set(name("first"), Claim { terminating: true, ..claim(1) });
    claims.set(name("second"), Claim { terminating: true, ..claim(2) });
    assert_eq!(left(&claims, "first"), None);
    assert_eq!(left(&claims, "second"), Some("first".to_owned()));
}

#[test]
fn whoever_shares_the_backup_is_woken_by_a_change_and_by_a_departure() {
    let mut claims = Claims::default();
    assert!(claims.set(name("a"), claim(1)).is_empty());
    assert_eq!(claims.set(name("b"), claim(2)), [name("a")].into());
    assert!(claims.set(name("b"), claim(2)).is_empty(), "a repetition wakes nobody");
    assert_eq!(claims.set(name("b"), Claim { acts: false, ..claim(2) }), [name("a")].into());
    assert_eq!(claims.remove(&name("a")), [name("b")].into());
    assert!(claims.remove(&name("a")).is_empty());
}

// Copies.

/// A backup of another region.
fn copy(letter: char) -> BackupKey {
    let id = format!("backup-{}", letter.to_string().repeat(11)).parse().unwrap();
    BackupKey { region: "eu-central-1".parse().unwrap(), id }
}

/// A resource that has this copy on record, in a region that it lists.
fn with_copy(created: i64, letter: char) -> Claim {
    let regions = BTreeSet::from([copy(letter).region]);
    let copies = [copy(letter)].into();
    Claim { copies, listed: regions.clone(), regions, ..claim(created) }
}

/// A resource that names the copy as its own backup.
fn naming(created: i64, letter: char) -> Claim {
    Claim { backup: copy(letter), ..claim(created) }
}

/// Who has the say over the copy instead of `who`.
fn claimed(claims: &Claims, who: &str, letter: char) -> Option<String> {
    let standing = claims.standing(&name(who), &[copy(letter)].into());
    standing.copies.get(&copy(letter)).map(|other| other.name.clone())
}

#[test]
fn a_primary_claim_beats_a_copy_claim_however_young() {
    let mut claims = Claims::default();
    claims.set(name("copier"), with_copy(1, 'a'));
    claims.set(name("owner"), naming(10, 'a'));
    claims.set(name("younger"), naming(20, 'a'));
    assert_eq!(claimed(&claims, "copier", 'a'), Some("owner".to_owned()));
    assert_eq!(claimed(&claims, "copier", 'b'), None);
    assert_eq!(yields(&claims, "owner"), None, "a copy claim takes nothing from it");
    claims.set(name("owner"), Claim { terminating: true, ..naming(10, 'a') });
    assert_eq!(claimed(&claims, "copier", 'a'), Some("younger".to_owned()));
}

#[test]
fn a_view_of_a_copy_claims_nothing_though_it_came_first() {
    let mut claims = Claims::default();
    claims.set(name("view"), Claim { acts: false, ..naming(1, 'a') });
    claims.set(name("copier"), with_copy(10, 'a'));
    assert_eq!(claimed(&claims, "copier", 'a'), None);
    claims.set(name("copier"), Claim { terminating: true, ..with_copy(10, 'a') });
    assert_eq!(claimed(&claims, "copier", 'a'), None);
}

#[test]
fn a_finalizer_leaves_a_copy_to_whoever_names_it_or_has_it_on_record() {
    for other in [naming(20, 'a'), Claim { backup: copy('z'), ..with_copy(20, 'a') }] {
        let mut claims = Claims::default();
        claims.set(name("leaving"), Claim { terminating: true, ..with_copy(1, 'a') });
        assert_eq!(claimed(&claims, "leaving", 'a'), None);
        claims.set(name("other"), other);
        assert_eq!(claimed(&claims, "leaving", 'a'), Some("other".to_owned()));
    }
}

#[test]
fn a_finalizer_leaves_its_backup_to_whoever_has_it_on_record_as_a_copy() {
    let mut claims = Claims::default();
    claims.set(name("leaving"), Claim { terminating: true, ..naming(1, 'a') });
    claims.set(name("copier"), with_copy(10, 'a'));
    assert_eq!(left(&claims, "leaving"), Some("copier".to_owned()));
}

#[test]
fn of_two_that_leave_the_older_one_deletes_the_copy() {
    let mut claims = Claims::default();
    claims.set(name("first"), Claim { terminating: true, ..with_copy(1, 'a') });
    claims.set(name("second"), Claim { terminating: true, ..with_copy(2, 'a') });
    assert_eq!(claimed(&claims, "first", 'a'), None);
    assert_eq!(claimed(&claims, "second", 'a'), Some("first".to_owned()));
}

/// A rename in Git: the old resource goes, with policy Delete, and the new one has recorded nothing yet.
#[test]
fn a_rename_leaves_the_backup_and_the_listed_copies() {
    let mut claims = Claims::default();
    claims.set(name("old"), Claim { terminating: true, ..with_copy(1, 'a') });
    let regions = BTreeSet::from([copy('a').region]);
    claims.set(name("new"), Claim { listed: regions.clone(), regions: regions.clone(), ..claim(10) });
    assert_eq!(left(&claims, "old"), Some("new".to_owned()));
    assert_eq!(claimed(&claims, "old", 'a'), Some("new".to_owned()));
    assert_eq!(claims.standing(&name("old"), &BTreeSet::new()).kept_regions, regions);
    assert_eq!((yields(&claims, "new"), claimed(&claims, "new", 'a')), (None, None));
    // A new one that does not list the region keeps the backup alone.
    claims.set(name("new"), claim(10));
    assert_eq!((left(&claims, "old"), claimed(&claims, "old", 'a')), (Some("new".to_owned()), None));
}

#[test]
fn the_one_that_yields_claims_only_its_primary() {
    let mut claims = Claims::default();
    claims.set(name("winner"), claim(1));
    claims.set(name("loser"), with_copy(2, 'a'));
    claims.set(name("leaving"), Claim { terminating: true, ..naming(3, 'a') });
    assert_eq!(left(&claims, "leaving"), None, "what it has on record is not its own any more");
    // Nor does its list keep anything when the backup's other resource leaves.
    claims.set(name("old"), Claim { terminating: true, ..with_copy(0, 'b') });
    assert_eq!(left(&claims, "old"), Some("winner".to_owned()));
    assert_eq!(claimed(&claims, "old", 'b'), None);
    assert_eq!(claims.standing(&name("old"), &BTreeSet::new()).kept_regions, BTreeSet::new());
}

#[test]
fn each_region_is_told_its_backups_the_sources_and_what_is_sought() {
    let mut claims = Claims::default();
    let listed = with_copy(1, 'a');
    let (there, source) = (copy('a').region, listed.backup.clone());
    claims.set(name("copier"), Claim { sought: [there.clone()].into(), ..listed });
    let named = claims.named();
    let at_home = &named[&source.region];
    assert_eq!((&at_home.backups, at_home.sources.len()), (&[source.id.clone()].into(), 0));
    let elsewhere = &named[&there];
    assert_eq!(elsewhere.backups, [copy('a').id].into());
    assert_eq!(elsewhere.sources, [source.clone()].into());
    assert_eq!(elsewhere.sought, [source].into());
    claims.remove(&name("copier"));
    assert!(claims.named().is_empty());
}

#[test]
fn every_resource_is_known_and_what_it_means_to_delete() {
    let mut claims = Claims::default();
    let marked = BTreeSet::from([copy('a'), claim(1).backup]);
    claims.set(name("deleting"), Claim { deletion_marked: marked.clone(), ..with_copy(1, 'a') });
    claims.set(name("view"), Claim { acts: false, ..claim(2) });
    let all: Vec<_> = claims.all().map(|(name, claim)| (name.name.as_str(), claim.acts)).collect();
    assert_eq!(all, [("deleting", true), ("view", false)]);
    assert_eq!(claims.marked_for_deletion(), marked);
    assert!(claims.knows(&name("view")) && !claims.knows(&name("stranger")));
}

#[test]
fn news_of_a_recorded_copy_and_of_the_copies_of_a_source_wake_their_resource() {
    let mut claims = Claims::default();
    let source = claim(1).backup;
    claims.set(name("copier"), with_copy(1, 'a'));
    claims.set(name("owner"), naming(2, 'b'));
    let concerned = |topic| claims.concerned_by(&copy('a').region, &topic);
    assert_eq!(concerned(Topic::Backup(copy('a').id)), [name("copier")].into());
    assert_eq!(concerned(Topic::Backup(copy('b').id)), [name("owner")].into());
    assert_eq!(concerned(Topic::CopiesOf(source)), [name("copier")].into());
    assert_eq!(concerned(Topic::Backup(copy('z').id)), BTreeSet::new());
}

#[test]
fn the_owner_of_a_copy_and_its_copier_wake_each_other() {
    let mut claims = Claims::default();
    claims.set(name("copier"), with_copy(1, 'a'));
    assert_eq!(claims.set(name("owner"), naming(2, 'a')), [name("copier")].into());
    assert_eq!(claims.set(name("copier"), claim(1)), [name("owner")].into());
    assert_eq!(claims.remove(&name("owner")), BTreeSet::new());
}
