//! All regions of one account.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Action, Core, Input, Listing, Search, Sight};
use crate::{
    error::Failure,
    model::{AccountId, Backup, BackupKey, BackupState, ClusterId, Region},
    settings::Settings,
    time::Moment,
};

/// What is known of an AWS account: one [`Core`] for each region that some resource names.
#[derive(Clone, Debug)]
pub struct World {
    settings: Settings,
    account: Option<AccountId>,
    unidentified: Option<Failure>,
    regions: BTreeMap<Region, Core>,
}

impl World {
    /// Nothing is known yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, account: None, unidentified: None, regions: BTreeMap::new() }
    }

    /// Takes an input about `region` and says what to do there.
    pub fn on(&mut self, region: &Region, input: Input, now: Moment, jitter: f64) -> Vec<Action> {
        let scanned = matches!(&input, Input::Scanned(Ok(_)));
        let account_changed = match &input {
            Input::Scanned(Ok(listing)) | Input::LookedUp(Ok(listing)) => self.learn_account(listing),
            _ => false,
        };
        let core = self.regions.entry(region.clone()).or_insert_with(|| Core::new(&self.settings));
        let mut actions = core.on(input, now, jitter);
        if account_changed {
            actions.push(Action::AccountChanged);
        }
        if scanned && self.account.is_none() {
            actions.push(Action::Identify);
        }
        actions
    }

    /// Any listed ARN tells the account. Returns whether that is news.
    fn learn_account(&mut self, listing: &Listing) -> bool {
        let told = listing.backups.iter().find_map(Backup::account);
        let news = told.is_some() && told != self.account;
        if news {
            (self.account, self.unidentified) = (told, None);
        }
        news
    }

    /// GetCallerIdentity has told the account, or why it cannot.
    pub fn identified(&mut self, result: Result<AccountId, Failure>) {
        match result {
            Ok(account) => (self.account, self.unidentified) = (Some(account), None),
            Err(failure) => self.unidentified = Some(failure),
        }
    }

    /// Forgets `region`: no resource names it any more.
    pub fn forget(&mut self, region: &Region) {
        self.regions.remove(region);
    }

    /// The account of the credentials, once known.
    pub fn account(&self) -> Option<&AccountId> {
        self.account.as_ref()
    }

    /// The inventory of `region`.
    pub fn region(&self, region: &Region) -> Option<&Core> {
        self.regions.get(region)
    }

    /// The regions that are looked at.
    pub fn regions(&self) -> impl Iterator<Item = (&Region, &Core)> {
        self.regions.iter()
    }

    /// What is known of a backup from looks that began at `since` or later.
    ///
    /// While the account is not known nothing is absent: the credentials may be those of another account.
    pub fn sight(&self, key: &BackupKey, since: Moment) -> Sight {
        match self.regions.get(&key.region).map(|core| core.sight(&key.id, since)) {
            Some(Sight::Absent { .. }) if self.account.is_none() => {
                self.unidentified.clone().map_or(Sight::Pending, Sight::Unclear)
            }
            Some(sight) => sight,
            None => Sight::Pending,
        }
    }

    /// The known backups in `region` that are, or may be, copies of `source`, in whatever state, with the begin
    /// of the last look at each.
    pub fn copies(&self, region: &Region, source: &BackupKey) -> Vec<(Arc<Backup>, Moment)> {
        self.regions.get(region).map(|core| core.copies(source)).unwrap_or_default()
    }

    /// Whether copies of `source` in `region` were searched for by looks that began at `since` or later.
    ///
    /// While the account is not known no search is done, as nothing is absent.
    pub fn search(&self, region: &Region, source: &BackupKey, since: Moment) -> Search {
        match self.regions.get(region).map(|core| core.search(source, since)) {
            Some(Search::Done { .. }) if self.account.is_none() => {
                self.unidentified.clone().map_or(Search::Pending, Search::Unclear)
            }
            Some(search) => search,
            None => Search::Pending,
        }
    }

    /// Why `region` cannot be seen, if so.
    pub fn trouble(&self, region: &Region) -> Option<&Failure> {
        self.regions.get(region).and_then(Core::trouble)
    }

    /// Whether every region has been scanned once, or at least tried.
    pub fn looked_everywhere_once(&self) -> bool {
        self.regions.values().all(Core::looked_once)
    }

    /// Where else the same id is known, and in which state: for the message when it is not found.
    pub fn elsewhere(&self, key: &BackupKey) -> Vec<(Region, BackupState)> {
        (self.regions.iter())
            .filter(|(region, _)| **region != key.region)
            .filter_map(|(region, core)| Some((region.clone(), core.snapshot.get(&key.id)?.state.clone())))
            .collect()
    }

    /// The other READY backups with the keys of `cluster`, newest look first, without those in `except`.
    pub fn survivors(&self, cluster: &ClusterId, except: &BTreeSet<BackupKey>) -> Vec<(BackupKey, Moment)> {
        let mut survivors: Vec<_> = self
            .all()
            .filter(|(_, backup, _)| backup.state == BackupState::Ready && backup.cluster() == Some(cluster))
            .map(|(region, backup, seen)| (BackupKey { region: region.clone(), id: backup.id.clone() }, seen))
            .filter(|(key, _)| !except.contains(key))
            .collect();
        survivors.sort_by_key(|(_, seen)| std::cmp::Reverse(*seen));
        survivors
    }

    /// Every known backup with its region and when it was last seen.
    pub fn all(&self) -> impl Iterator<Item = (&Region, &Arc<Backup>, Moment)> {
        self.regions.iter().flat_map(|(region, core)| {
            core.snapshot.backups().map(move |(backup, seen)| (region, backup, seen))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        error::ErrorClass,
        inventory::{Listing, Names, Topic},
        model::Source,
    };

    const CLUSTER: &str = "cluster-dygnwhmscg5";
    const HOME: &str = "us-east-1";

    fn at(seconds: u64) -> Moment {
        Moment::from_start(Duration::from_secs(seconds))
    }

    fn region(name: &str) -> Region {
        name.parse().unwrap()
    }

    fn key(region: &str, letter: char) -> BackupKey {
        let id = format!("backup-{}", letter.to_string().repeat(11)).parse().unwrap();
        BackupKey { region: region.parse().unwrap(), id }
    }

    fn backup(letter: char) -> Backup {
        let mut backup = Backup::new(key("eu-west-1", letter).id, BackupState::Ready);
        backup.cluster_id = Some(CLUSTER.parse().unwrap());
        backup
    }

    /// Names 'a', and 'a' of another region for its copies.
    fn naming(name: &str) -> Input {
        Input::Named(Names {
            backups: [key(name, 'a').id].into(),
            sources: [key(HOME, 'a')].into(),
            ..Names::default()
        })
    }

    /// Feeds a complete scan, begun at `begin`, that shows `backups`, of which 'a' is named.
    fn scan(world: &mut World, name: &str, backups: Vec<Backup>, begin: u64) -> Vec<Action> {
        let mut actions = world.on(&region(name), naming(name), at(begin), 0.5);
        actions.extend(world.on(
            &region(name),
            Input::Scanned(Ok(Listing { backups, complete: true })),
            at(begin + 1),
            0.5,
        ));
        actions
    }

    fn look_up_nothing(world: &mut World, name: &str, now: u64) {
        world.on(
            &region(name),
            Input::LookedUp(Ok(Listing { backups: Vec::new(), complete: true })),
            at(now),
            0.5,
        );
    }

    #[test]
    fn the_account_is_learned_from_any_arn() {
        let mut world = World::new(Settings::default());
        let mut owned = backup('b');
        owned.arn = Some("arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-bbbbbbbbbbb".into());
        let actions = scan(&mut world, "eu-west-1", vec![backup('a'), owned], 0);
        assert_eq!(world.account().map(AccountId::as_str), Some("111122223333"));
        assert!(!actions.contains(&Action::Identify));
    }

    #[test]
    fn nothing_is_absent_until_the_account_is_known() {
        let mut world = World::new(Settings::default());
        let actions = scan(&mut world, "eu-west-1", Vec::new(), 0);
        assert!(actions.contains(&Action::Identify), "no listing tells it");
        look_up_nothing(&mut world, "eu-west-1", 3);
        assert_eq!(world.sight(&key("eu-west-1", 'a'), at(0)), Sight::Pending);
        let denied = Failure::new(ErrorClass::AccessDenied, "AccessDenied");
        world.identified(Err(denied.clone()));
        assert_eq!(world.sight(&key("eu-west-1", 'a'), at(0)), Sight::Unclear(denied), "and why not is said");
        world.identified(Ok("111122223333".parse().unwrap()));
        assert!(matches!(world.sight(&key("eu-west-1", 'a'), at(0)), Sight::Absent { .. }));
    }

    #[test]
    fn no_search_is_done_until_the_account_is_known() {
        let mut world = World::new(Settings::default());
        let (there, source) = (region("eu-west-1"), key(HOME, 'a'));
        assert_eq!(world.search(&there, &source, at(0)), Search::Pending, "the region is not looked at");
        let mut copy = backup('b');
        copy.source =
            Some(Source { region: Some(region(HOME)), backup: Some(source.id.clone()), cluster: None });
        scan(&mut world, "eu-west-1", vec![backup('a'), copy], 0);
        let ask = Input::Ask { topic: Topic::CopiesOf(source.clone()), since: at(2) };
        world.on(&there, ask, at(2), 0.5);
        look_up_nothing(&mut world, "eu-west-1", 3);
        assert_eq!(world.search(&there, &source, at(0)), Search::Pending);
        let denied = Failure::new(ErrorClass::AccessDenied, "AccessDenied");
        world.identified(Err(denied.clone()));
        assert_eq!(world.search(&there, &source, at(0)), Search::Unclear(denied), "and why not is said");
        world.identified(Ok("111122223333".parse().unwrap()));
        assert_eq!(world.search(&there, &source, at(0)), Search::Done { began: at(2) });
        let copies: Vec<_> =
            world.copies(&there, &source).into_iter().map(|(copy, _)| copy.id.clone()).collect();
        assert_eq!(copies, [key("eu-west-1", 'b').id]);
        assert_eq!(world.copies(&region("eu-central-1"), &source), [], "they are copies in that region only");
    }

    #[test]
    fn what_is_there_is_there_whoever_owns_it() {
        let mut world = World::new(Settings::default());
        scan(&mut world, "eu-west-1", vec![backup('a')], 0);
        assert!(matches!(world.sight(&key("eu-west-1", 'a'), at(0)), Sight::Present { .. }));
    }

    #[test]
    fn an_id_means_nothing_without_its_region() {
        let mut world = World::new(Settings::default());
        scan(&mut world, "eu-west-1", vec![backup('a')], 0);
        assert_eq!(world.sight(&key("eu-central-1", 'a'), at(0)), Sight::Pending);
        assert_eq!(world.elsewhere(&key("eu-central-1", 'a')), [(region("eu-west-1"), BackupState::Ready)]);
        assert_eq!(world.elsewhere(&key("eu-west-1", 'a')), []);
    }

    #[test]
    fn survivors_are_the_other_ready_backups_of_the_cluster_in_all_regions() {
        let mut world = World::new(Settings::default());
        let mut pending = backup('b');
        pending.state = BackupState::PendingDeletion;
        let mut foreign = backup('c');
        foreign.cluster_id = Some("cluster-aaaaaaaaaaa".parse().unwrap());
        let mut copy = backup('d');
        copy.cluster_id = None;
        copy.source = Some(Source { cluster: Some(CLUSTER.parse().unwrap()), ..Source::default() });
        scan(&mut world, "eu-west-1", vec![backup('a'), pending, foreign, backup('e')], 0);
        scan(&mut world, "eu-central-1", vec![copy], 10);
        let except = [key("eu-west-1", 'a'), key("eu-west-1", 'f')].into();
        let survivors = world.survivors(&CLUSTER.parse().unwrap(), &except);
        assert_eq!(
            survivors,
            [(key("eu-central-1", 'd'), at(10)), (key("eu-west-1", 'e'), at(0))],
            "newest look first"
        );
    }

    #[test]
    fn a_survivor_is_left_out_only_in_its_own_region() {
        let mut world = World::new(Settings::default());
        scan(&mut world, "eu-west-1", vec![backup('e')], 0);
        let except = [key("eu-central-1", 'e')].into();
        assert_eq!(world.survivors(&CLUSTER.parse().unwrap(), &except).len(), 1);
    }

    #[test]
    fn everywhere_was_looked_once_when_every_region_was_tried() {
        let mut world = World::new(Settings::default());
        scan(&mut world, "eu-west-1", Vec::new(), 0);
        assert!(world.looked_everywhere_once());
        world.on(&region("eu-central-1"), naming("eu-central-1"), at(2), 0.5);
        assert!(!world.looked_everywhere_once());
        let failed = Input::Scanned(Err(Failure::new(ErrorClass::Unreachable, "Failed")));
        world.on(&region("eu-central-1"), failed, at(3), 0.5);
        assert!(world.looked_everywhere_once());
        assert!(
            world.trouble(&region("eu-central-1")).is_some() && world.trouble(&region("eu-west-1")).is_none()
        );
    }

    #[test]
    fn a_region_that_is_forgotten_is_known_no_more() {
        let mut world = World::new(Settings::default());
        scan(&mut world, "eu-west-1", vec![backup('a')], 0);
        world.forget(&region("eu-west-1"));
        assert_eq!(world.sight(&key("eu-west-1", 'a'), at(0)), Sight::Pending);
        assert_eq!(world.all().count(), 0);
    }

    #[test]
    fn every_region_that_is_named_is_there_and_an_account_is_news_once() {
        let mut world = World::new(Settings::default());
        let mut told = backup('a');
        told.arn = Some("arn:aws:cloudhsm:eu-west-1:111122223333:backup/backup-aaaaaaaaaaa".into());
        assert!(scan(&mut world, "eu-west-1", vec![told.clone()], 1).contains(&Action::AccountChanged));
        assert!(!scan(&mut world, "eu-west-1", vec![told], 9).contains(&Action::AccountChanged));
        assert!(!scan(&mut world, "us-west-2", vec![backup('b')], 9).contains(&Action::AccountChanged));
        assert!(world.account().is_some(), "what tells nothing takes nothing away");
        let regions: Vec<_> = world.regions().map(|(region, _)| region.clone()).collect();
        assert_eq!(regions, [region("eu-west-1"), region("us-west-2")]);
    }
}
