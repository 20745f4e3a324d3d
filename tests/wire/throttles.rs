//! Answers by which AWS throttles: each is counted, whoever hears of it otherwise.

use std::sync::Arc;

use cloudhsm_backup_operator::aws::{Aws, SdkAws, Timeouts};
use emulator::{Fault, FaultKind};
use plan::effect::Change;
use plan::inventory::Query;

use crate::socket::Socket;
use crate::support::*;

#[tokio::test]
async fn every_answer_that_throttles_is_counted_with_a_code_or_without_one_and_no_other() {
    async fn throttles(endpoint: &str) -> u32 {
        let observed = Arc::new(Observed::default());
        let config = configuration(endpoint, access_key("AKIAEXAMPLE"));
        let aws = SdkAws::from_config(&config, Timeouts::default(), observed.clone());
        let listed = aws.describe(&region(REGION), &Query::All, None).await;
        let account = aws.account(&region(REGION)).await;
        assert!(listed.is_err() && account.is_err());
        observed.throttles()
    }
    let emulator = emulator();
    for operation in ["DescribeBackups", "GetCallerIdentity"] {
        emulator.fault(Fault::on(operation, FaultKind::Throttle));
    }
    assert_eq!(throttles(&emulator.url()).await, 6, "three attempts each");
    for (status, expected) in [("429 Too Many Requests", 2), ("400 Bad Request", 0)] {
        let socket = Socket::answering(status, "text/html", "<html>slow down</html>");
        assert_eq!(throttles(&socket.url()).await, expected, "{status}");
    }
}

#[tokio::test]
async fn a_change_that_aws_throttles_is_counted() {
    let (emulator, id) = emulator_with_backup();
    emulator.fault(Fault::on("DeleteBackup", FaultKind::Throttle));
    let observed = Arc::new(Observed::default());
    let config = configuration(&emulator.url(), access_key("AKIAEXAMPLE"));
    let aws = SdkAws::from_config(&config, Timeouts::default(), observed.clone());
    aws.mutate(&mutation(&id, Change::Delete), &permit()).await;
    assert_eq!(observed.throttles(), 1);
}
