//! The reconcile annotation: a fresh look at AWS, now, though the next poll is an hour away.

use emulator::Seed;

use crate::support::{Bench, CLUSTER, REGION, Setup};

const REQUEST: &str = "cloudhsm-backup.dev/reconcile-requested-at";

#[test]
fn a_new_value_forces_a_look_at_once_and_is_mirrored_when_handled() {
    let bench = Bench::with(Setup { flags: vec!["--poll-interval=1h"], ..Setup::default() });
    let id = bench.aws.seed(Seed::ready(REGION, CLUSTER));
    bench.declare("owner", &id, "neverExpires: false");
    bench.declare("view", &id, "");
    bench.until_ready("owner", true, "InSync");
    bench.until_ready("view", true, "InSync");
    let looks = || bench.calls("DescribeBackups").len();
    let before = looks();
    bench.aws.set_never_expires(REGION, &id, true).unwrap();
    bench.kubectl(&["annotate", "hsmb", "owner", &format!("{REQUEST}=2026-11-21T10:00:00Z")]);
    let handled =
        |object: &serde_json::Value| object["status"]["lastHandledReconcileAt"] == "2026-11-21T10:00:00Z";
    bench.until("owner", "handled", handled);
    bench.until_backup(&id, "its flag back", |backup| backup.never_expires == Some(false));
    bench.until_ready("owner", true, "InSync");
    let asked = looks() - before;
    assert!((1..=3).contains(&asked), "one look, and one after the change: {asked}");
    // The same value again, or none, asks for nothing; it stays on record only while it is there.
    bench.aws.tag(REGION, &id, "by", "a-person").unwrap();
    let before = looks();
    bench.kubectl(&["annotate", "hsmb", "owner", "note=unrelated"]);
    bench.kubectl(&["annotate", "hsmb", "owner", &format!("{REQUEST}-")]);
    bench
        .until("owner", "no longer on record", |object| object["status"]["lastHandledReconcileAt"].is_null());
    assert_eq!(looks(), before);
    // A suspended one, and a view, look too.
    bench.patch("view", r#"{"spec": {"suspend": true}}"#);
    bench.kubectl(&["annotate", "hsmb", "view", &format!("{REQUEST}=now")]);
    bench.until("view", "the tag", |object| {
        object["status"]["lastHandledReconcileAt"] == "now" && object["status"]["tags"]["by"] == "a-person"
    });
}
