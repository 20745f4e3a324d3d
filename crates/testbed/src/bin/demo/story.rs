//! The acts: seen, kept and tagged, copied, adopted, deleted, undeleted, held, let go.

use std::error::Error;

use emulator::BackupState;

use crate::{
    scene::{AWAY, HOME, NAMESPACE, Scene, example},
    show::{self, Show},
};

type Told = Result<(), Box<dyn Error>>;

const WIDE: [&str; 4] = ["get", "hsmb", "-o", "wide"];

/// Tells the whole story.
pub fn tell(scene: &Scene, show: &mut Show) -> Told {
    see(scene, show)?;
    keep(scene, show)?;
    copy(scene, show)?;
    adopt(scene, show)?;
    delete(scene, show)?;
    revert(scene, show)?;
    hold(scene, show)?;
    bind(scene, show)?;
    let_go(scene, show)
}

fn see(scene: &Scene, show: &mut Show) -> Told {
    show.act("See", "Views name a backup and ask for nothing. The status shows what AWS says.");
    let before = scene.aws.backups(HOME);
    scene.apply_example("observe.yaml")?;
    for (name, reason) in [
        ("payments-tuesday", "InSync"),
        ("payments-today", "CreateInProgress"),
        ("payments-copy", "InSync"),
        ("ledger-being-deleted", "PendingDeletion"),
    ] {
        show.check(&format!("{name} is seen: {reason}"), scene.until(name, reason)?);
    }
    scene.kubectl(&WIDE)?;
    show.check("AWS is as it was: a view changes nothing", scene.aws.backups(HOME) == before);
    Ok(())
}

fn keep(scene: &Scene, show: &mut Show) -> Told {
    show.act("Keep and tag", "neverExpires and tags are made so in AWS, and kept so.");
    scene.apply_example("keep.yaml")?;
    show.check("payments-monday is in sync", scene.until("payments-monday", "InSync")?);
    scene.kubectl(&["get", "hsmb", "payments-monday"])?;
    let backup = scene.backup(HOME, "backup-monday23456")?;
    show.check("AWS: NeverExpires is true", backup.never_expires == Some(true));
    show.check("AWS: tag team is payments", backup.tags.get("team").map(String::as_str) == Some("payments"));
    Ok(())
}

fn copy(scene: &Scene, show: &mut Show) -> Told {
    show.act(
        "Copy for disaster recovery",
        "A listed copy is asked for once, and watched on its way: column COPIES. The answer of AWS is lost here, and no second copy is made.",
    );
    scene.lose_the_answer_to_the_next_copy();
    scene.apply_example("disaster-recovery.yaml")?;
    show.check("the copy is on its way", scene.until("payments-friday", "CopyInProgress")?);
    scene.kubectl(&["get", "hsmb", "payments-friday"])?;
    show.check("the copy is there", scene.until("payments-friday", "InSync")?);
    scene.kubectl(&["get", "hsmb", "payments-friday"])?;
    let copies = scene.aws.copies_made(HOME, "backup-friday23456", AWAY);
    show.check("AWS: one copy was made", copies.len() == 1);
    let copy = copies.first().ok_or("no copy was made")?;
    show.act("A person deletes the copy", "It is wanted, so it is restored; no new one is made.");
    show::command(&format!("aws cloudhsmv2 delete-backup --region {AWAY} --backup-id {copy}"));
    scene.aws.delete_backup(AWAY, copy)?;
    let back = scene.until_backup(AWAY, copy, |backup| backup.state == BackupState::Ready)?;
    show.check("AWS: the copy is READY again", back);
    show.check("payments-friday is in sync", scene.until("payments-friday", "InSync")?);
    let still = scene.aws.copies_made(HOME, "backup-friday23456", AWAY).len();
    show.check("AWS: still one copy", still == 1);
    Ok(())
}

fn adopt(scene: &Scene, show: &mut Show) -> Told {
    show.act("Adopt", "Somebody copied this backup by hand, days ago. Listing its region adopts that copy.");
    let patch = format!("{{\"spec\":{{\"copies\":[{{\"region\":\"{AWAY}\"}}]}}}}");
    scene.kubectl(&["patch", "hsmb", "payments-monday", "--type=merge", "-p", &patch])?;
    show.check("payments-monday is in sync", scene.until("payments-monday", "InSync")?);
    let copies = "jsonpath={range .status.copies[*]}{.region}{' '}{.backupId}{' '}{.backupState}{'\\n'}{end}";
    scene.kubectl(&["get", "hsmb", "payments-monday", "-o", copies])?;
    let made = scene.aws.copies_made(HOME, "backup-monday23456", AWAY);
    show.check("AWS: no copy was made", made.is_empty());
    Ok(())
}

fn delete(scene: &Scene, show: &mut Show) -> Told {
    show.act("Delete", "deleted: true deletes the backup, once, and says until when that can be undone.");
    scene.apply_example("retire.yaml")?;
    show.check(
        "payments-retired is deleted, as wanted",
        scene.until("payments-retired", "DeletionScheduled")?,
    );
    scene.kubectl(&["get", "hsmb", "payments-retired"])?;
    let backup = scene.backup(HOME, "backup-retired2345")?;
    show.check("AWS: PENDING_DELETION", backup.state == BackupState::PendingDeletion);
    Ok(())
}

fn revert(scene: &Scene, show: &mut Show) -> Told {
    show.act(
        "Undelete",
        "git revert takes `deleted: true` out of the manifest; the operator restores what it deleted.",
    );
    let manifest = example("retire.yaml")?;
    let reverted: Vec<&str> = manifest.lines().filter(|line| line.trim() != "deleted: true").collect();
    show::command(&format!("git revert HEAD && kubectl -n {NAMESPACE} apply -f examples/retire.yaml"));
    scene.apply(&reverted.join("\n"))?;
    show.check("payments-retired is in sync", scene.until("payments-retired", "InSync")?);
    scene.kubectl(&["get", "hsmb", "payments-retired"])?;
    let backup = scene.backup(HOME, "backup-retired2345")?;
    show.check("AWS: READY again", backup.state == BackupState::Ready && backup.delete_timestamp.is_none());
    Ok(())
}

fn hold(scene: &Scene, show: &mut Show) -> Told {
    show.act("A guard", "The last READY backup of a cluster is not deleted by accident.");
    scene.apply_example("last-backup.yaml")?;
    show.check("ledger-last is held", scene.until("ledger-last", "LastBackup")?);
    let message = "jsonpath={.status.conditions[?(@.type=='Ready')].message}{'\\n'}";
    scene.kubectl(&["get", "hsmb", "ledger-last", "-o", message])?;
    show.check("AWS: still READY", scene.backup(AWAY, "backup-ledgerlast2")?.state == BackupState::Ready);
    Ok(())
}

fn bind(scene: &Scene, show: &mut Show) -> Told {
    show.act(
        "Bound to the resource",
        "With deletionPolicy: Delete, deleting the resource deletes the backup first.",
    );
    scene.apply_example("bound-to-the-resource.yaml")?;
    show.check("payments-scratch is in sync", scene.until("payments-scratch", "InSync")?);
    scene.kubectl(&["delete", "hsmb", "payments-scratch"])?;
    let backup = scene.backup(HOME, "backup-scratch2345")?;
    show.check("AWS: PENDING_DELETION", backup.state == BackupState::PendingDeletion);
    Ok(())
}

fn let_go(scene: &Scene, show: &mut Show) -> Told {
    show.act("Let go", "Deleting any other resource deletes nothing in AWS.");
    scene.kubectl(&["delete", "hsmb", "payments-monday", "payments-retired"])?;
    for id in ["backup-monday23456", "backup-retired2345"] {
        show.check(&format!("AWS: {id} is READY"), scene.backup(HOME, id)?.state == BackupState::Ready);
    }
    show.check(
        "payments-today, which AWS was still making, is in sync",
        scene.until("payments-today", "InSync")?,
    );
    show.act("What happened", "Every change in AWS is an Event with backup, region and AWS request id.");
    let columns = "custom-columns=RESOURCE:.involvedObject.name,REASON:.reason,MESSAGE:.message";
    scene.kubectl(&["get", "events", "--sort-by=.metadata.creationTimestamp", "-o", columns])?;
    scene.kubectl(&WIDE)
}
