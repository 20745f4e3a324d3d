//! What is wrong with listings: the status says it, nothing is changed, others go on, and it heals.

use emulator::{Fault, FaultKind, Seed};
use serde_json::Value;

use crate::support::{Bench, CLUSTER, ELSEWHERE, REGION, Setup, assert_stance, message};

/// Who is struck by a fault, and who is not.
struct Scene {
    bench: Bench,
    /// The backup of resource `struck`, in [`REGION`].
    struck: String,
    /// The backup of resource `neighbour`, in the same region.
    neighbour: String,
    /// The backup of resource `elsewhere`.
    elsewhere: String,
}

impl Scene {
    /// Three resources in sync.
    fn new() -> Self {
        let bench = Bench::new();
        let seed = |region| bench.aws.seed(Seed::ready(region, CLUSTER));
        let (struck, neighbour, elsewhere) = (seed(REGION), seed(REGION), seed(ELSEWHERE));
        let scene = Self { bench, struck, neighbour, elsewhere };
        scene.want("");
        for name in ["struck", "neighbour", "elsewhere"] {
            scene.bench.until_ready(name, true, "InSync");
        }
        scene
    }

    /// Wants this of all three.
    fn want(&self, more: &str) {
        self.bench.declare("struck", &self.struck, more);
        self.bench.declare("neighbour", &self.neighbour, more);
        self.bench.apply("elsewhere", &format!("backupId: {}\nregion: {ELSEWHERE}\n{more}", self.elsewhere));
    }

    /// What was changed, or tried to be, about a backup.
    fn mutations_of(&self, backup: &str) -> usize {
        let reads = ["DescribeBackups", "GetCallerIdentity"];
        let calls = self.bench.aws.calls();
        let of = |ids: &[String]| ids.iter().any(|id| id == backup);
        calls.iter().filter(|call| !reads.contains(&call.operation.as_str()) && of(&call.backup_ids)).count()
    }

    /// While `fault` strikes, something is wanted of all three. Returns the resource that is struck.
    fn strike(&self, fault: FaultKind, reason: &str, stance: &str) -> Value {
        self.bench.aws.fault(Fault::on("DescribeBackups", fault).region(REGION));
        self.want("neverExpires: true\ntags: {team: payments}");
        self.bench.until_ready("elsewhere", true, "InSync");
        let object = self.bench.until_ready("struck", false, reason);
        assert_stance(&object, stance);
        self.bench.meanwhile(4);
        assert_eq!(self.mutations_of(&self.struck), 0, "{:?}", self.bench.mutations());
        assert_eq!(self.mutations_of(&self.elsewhere), 2);
        object
    }

    /// The fault is over.
    fn heal(&self) {
        self.bench.aws.clear_faults();
        for name in ["struck", "neighbour", "elsewhere"] {
            self.bench.until_ready(name, true, "InSync");
        }
        assert_eq!((self.mutations_of(&self.struck), self.mutations_of(&self.neighbour)), (2, 2));
    }

    /// A fault of a whole region: nothing is changed in it, and what was known of it stays.
    fn strike_region(&self, fault: FaultKind, reason: &str, words: &str) {
        let before = self.bench.object("struck");
        let object = self.strike(fault, reason, "Reconciling");
        for word in [REGION, words] {
            assert!(message(&object, "Ready").contains(word), "{word} in {object:#}");
        }
        for fact in ["backupState", "backupArn", "tags"] {
            assert_eq!(object["status"][fact], before["status"][fact]);
        }
        assert_eq!(self.mutations_of(&self.neighbour), 0);
        self.heal();
    }
}

#[test]
fn a_listing_that_breaks_off_changes_nothing_in_its_region() {
    Scene::new().strike_region(FaultKind::PartialListing, "AwsError", "CloudHsmInternalFailureException");
}

#[test]
fn a_listing_that_goes_in_circles_changes_nothing_in_its_region() {
    Scene::new().strike_region(FaultKind::RepeatedToken, "ListingIncomplete", "repeats a page token");
}

#[test]
fn a_denied_listing_names_the_permission_that_is_lacking() {
    let denied = FaultKind::error("CloudHsmAccessDeniedException");
    Scene::new().strike_region(denied, "AccessDenied", "cloudhsm:DescribeBackups");
}

#[test]
fn expired_credentials_in_one_region_stop_no_other() {
    Scene::new().strike_region(
        FaultKind::error("ExpiredTokenException"),
        "AccessDenied",
        "ExpiredTokenException",
    );
}

#[test]
fn a_throttled_region_waits() {
    Scene::new().strike_region(FaultKind::Throttle, "Throttled", "ThrottlingException");
}

#[test]
fn a_region_whose_connections_break_changes_nothing() {
    Scene::new().strike_region(FaultKind::Drop, "AwsError", "connection was lost");
}

#[test]
fn an_answer_that_is_cut_short_or_no_json_changes_nothing() {
    let scene = Scene::new();
    scene.bench.aws.fault(Fault::on("DescribeBackups", FaultKind::TruncatedBody).region(REGION).times(6));
    scene.strike_region(FaultKind::GarbageBody, "AwsError", "could not be read");
}

#[test]
fn an_entry_without_an_id_makes_the_listing_incomplete() {
    let scene = Scene::new();
    let (ids, field) = (Some(vec![scene.struck.clone()]), "BackupId".to_owned());
    let fault = FaultKind::MissingField { backup_ids: ids, field };
    // The neighbour may go on: a lookup of it alone is whole.
    let object = scene.strike(fault, "ListingIncomplete", "Reconciling");
    assert!(message(&object, "Ready").contains("without a proper id"), "{object:#}");
    scene.heal();
}

#[test]
fn a_backup_in_an_unknown_state_is_shown_and_not_touched_and_its_neighbour_goes_on() {
    let scene = Scene::new();
    let (backup_ids, state) = (Some(vec![scene.struck.clone()]), "FROZEN".to_owned());
    let object = scene.strike(FaultKind::UnknownState { backup_ids, state }, "UnknownState", "Reconciling");
    assert_eq!(object["status"]["backupState"], "FROZEN");
    assert!(message(&object, "Ready").contains("FROZEN"), "{object:#}");
    scene.bench.until_ready("neighbour", true, "InSync");
    scene.bench.declare("struck", &scene.struck, "deleted: true");
    scene.bench.until_ready("struck", false, "UnknownState");
    scene.bench.meanwhile(3);
    assert_eq!(scene.mutations_of(&scene.struck), 0);
    scene.bench.declare("struck", &scene.struck, "neverExpires: true\ntags: {team: payments}");
    scene.heal();
}

#[test]
fn a_backup_without_a_state_is_not_touched() {
    let scene = Scene::new();
    let (ids, field) = (Some(vec![scene.struck.clone()]), "BackupState".to_owned());
    scene.strike(FaultKind::MissingField { backup_ids: ids, field }, "UnknownState", "Reconciling");
    scene.bench.until_ready("neighbour", true, "InSync");
    scene.heal();
}

#[test]
fn a_backup_that_all_looks_miss_is_gone_until_it_is_seen_again() {
    let scene = Scene::new();
    let object =
        scene.strike(FaultKind::MissingItem { backup_ids: vec![scene.struck.clone()] }, "Gone", "Stalled");
    assert_eq!(object["status"]["backupState"], "DELETED");
    scene.bench.until_ready("neighbour", true, "InSync");
    scene.heal();
}

#[test]
fn a_backup_that_one_listing_misses_is_not_gone() {
    let scene = Scene::new();
    let before = scene.bench.object("struck");
    let missing = FaultKind::MissingItem { backup_ids: vec![scene.struck.clone()] };
    scene.bench.aws.fault(Fault::on("DescribeBackups", missing).region(REGION).times(1));
    // Twice a listing and a look of its own; nothing is written, so nothing was concluded.
    scene.bench.meanwhile(6);
    assert_eq!(scene.bench.object("struck")["metadata"], before["metadata"]);
}

#[test]
fn a_listing_without_anything_is_doubted() {
    let mut scene = Scene::new();
    let third = scene.bench.aws.seed(Seed::ready(REGION, CLUSTER));
    scene.bench.declare("third", &third, "");
    scene.bench.until_ready("third", true, "InSync");
    let names = ["struck", "neighbour", "third"];
    let before = names.map(|name| scene.bench.object(name)["metadata"].clone());
    scene.bench.aws.fault(Fault::on("DescribeBackups", FaultKind::EverythingMissing).region(REGION).times(1));
    scene.bench.meanwhile(6);
    assert_eq!(names.map(|name| scene.bench.object(name)["metadata"].clone()), before);
    let (_, metrics) = scene.bench.operator().get("/metrics").unwrap();
    let counted = format!("cloudhsm_backup_operator_inventory_disappearances_total{{region=\"{REGION}\"}} 1");
    assert!(metrics.contains(&counted), "{metrics}");
    // However long it lasts, nothing is changed, and afterwards all is as before.
    scene.bench.aws.fault(Fault::on("DescribeBackups", FaultKind::EverythingMissing).region(REGION));
    scene.bench.declare("third", &third, "deleted: true");
    scene.bench.meanwhile(6);
    assert_eq!(scene.bench.mutations(), [""; 0]);
    scene.bench.declare("third", &third, "");
    scene.bench.aws.clear_faults();
    for name in names {
        scene.bench.until_ready(name, true, "InSync");
    }
    assert_eq!(scene.bench.mutations(), [""; 0]);
}

#[test]
fn pages_without_backups_are_followed_and_strangers_on_a_page_ignored() {
    let bench = Bench::with(Setup { running: false, ..Setup::default() });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::EmptyPage).times(3));
    bench.declare("main", &id, "neverExpires: true");
    let mut bench = bench;
    bench.run();
    bench.until_ready("main", true, "InSync");
    let first: Vec<bool> =
        bench.calls("DescribeBackups").iter().take(4).map(|call| call.page_token).collect();
    assert_eq!(first, [false, true, true, true], "one listing of four pages");
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::ExtraItem));
    bench.declare("main", &id, "neverExpires: false");
    bench.until_ready("main", true, "InSync");
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"; 2]);
}

#[test]
fn a_backup_that_is_not_there_is_not_found_and_the_message_helps() {
    let bench = Bench::new();
    let id = bench.aws.seed(Seed::ready(ELSEWHERE, CLUSTER));
    bench.apply("right", &format!("backupId: {id}\nregion: {ELSEWHERE}"));
    bench.until_ready("right", true, "InSync");
    bench.declare("wrong", &id, "neverExpires: true\ntags: {team: payments}\ndeleted: false");
    let object = bench.until_ready("wrong", false, "NotFound");
    assert_stance(&object, "Stalled");
    assert!(object["status"]["backupState"].is_null(), "never seen");
    for words in [id.as_str(), REGION, "eu-central-1 has a backup of this id, READY", "shares"] {
        assert!(message(&object, "Ready").contains(words), "{words} in {object:#}");
    }
    // The other answer that AWS may give to an unknown id; a known one asked for with it does not suffer.
    bench.aws.knobs(|knobs| knobs.unknown_id_is_an_error = true);
    let known = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("unknown", "backup-nnnnnnnnnnn", "neverExpires: true");
    bench.declare("known", &known, "neverExpires: true");
    bench.until_ready("unknown", false, "NotFound");
    bench.until_ready("known", true, "InSync");
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"]);
    // It may come to be.
    bench.aws.seed(Seed::ready(REGION, CLUSTER).id(id.clone()));
    bench.until_ready("wrong", true, "InSync");
}

#[test]
fn without_an_arn_nothing_is_changed_where_an_account_is_demanded() {
    let bench = Bench::with(Setup { running: false, ..Setup::default() });
    let ids = [0, 1, 2].map(|_| bench.aws.seed(Seed::ready(REGION, CLUSTER)));
    let field = "BackupArn".to_owned();
    bench.aws.fault(Fault::on("DescribeBackups", FaultKind::MissingField { backup_ids: None, field }));
    let account = emulator::DEFAULT_ACCOUNT;
    bench.declare("demanding", &ids[0], &format!("accountId: \"{account}\"\nneverExpires: true"));
    bench.declare("easy", &ids[1], "neverExpires: true");
    bench.declare("elsewhere", &ids[2], "accountId: \"999988887777\"\nneverExpires: true");
    let mut bench = bench;
    bench.run();
    bench.until_ready("easy", true, "InSync");
    let object = bench.until_ready("demanding", false, "AccountUnknown");
    assert_stance(&object, "Reconciling");
    bench.meanwhile(3);
    assert_eq!(bench.mutations(), ["ModifyBackupAttributes"]);
    bench.aws.clear_faults();
    bench.until_ready("demanding", true, "InSync");
    let object = bench.until_ready("elsewhere", false, "AccountMismatch");
    assert_stance(&object, "Stalled");
    bench.meanwhile(3);
    assert_eq!(bench.mutations().len(), 2);
}
