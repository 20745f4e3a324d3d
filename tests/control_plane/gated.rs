//! A bench whose operator reaches the API server through a proxy, which can hold up what passes.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use emulator::{Fault, FaultKind, Listing};
use testbed::{Folder, Proxy, within};

use crate::{
    copying::{declare, request},
    shipped,
    support::{Bench, ELSEWHERE, Setup, plane},
};

/// A way to the API server through a gate.
pub struct Through {
    pub api: Proxy,
    /// Leads through the gate.
    pub kubeconfig: PathBuf,
    /// Holds it.
    folder: Folder,
}

/// The same as `kubeconfig`, through a gate.
pub fn through(kubeconfig: &Path) -> Through {
    let url = plane().url();
    let server = url.strip_prefix("https://").unwrap().parse().unwrap();
    let api = Proxy::start(server).unwrap();
    let folder = Folder::new("gated-").unwrap();
    let direct = std::fs::read_to_string(kubeconfig).unwrap();
    assert!(direct.contains(&url), "{url}");
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, direct.replace(&url, &format!("https://{}", api.address()))).unwrap();
    Through { api, kubeconfig, folder }
}

/// The bench, and the gate between its operator and the API server.
pub struct Gated {
    pub bench: Bench,
    pub api: Proxy,
    _folder: Folder,
}

impl Gated {
    /// A bench with these flags; its operator runs. The test itself goes past the proxy.
    pub fn new(flags: Vec<&'static str>) -> Self {
        let mut bench = Bench::with(Setup { flags, running: false });
        let Through { api, kubeconfig, folder } = through(&shipped::kubeconfig());
        bench.restart_with(|start| start.kubeconfig = kubeconfig);
        Self { bench, api, _folder: folder }
    }

    /// Ends the operator at once; what it said and nobody heard is lost with it.
    pub fn kill(&mut self) {
        self.bench.stop();
        self.api.cut();
    }

    /// Declares a backup with a copy and waits for the targeted search for one, the last look before the mark,
    /// whose answer takes a while. The status says by then all that it says before the mark.
    pub fn until_searched(&self, id: &str) {
        let Self { bench, .. } = self;
        // Long for a loaded machine, and short of the deadline of a look, after which it would be begun anew.
        let hang = FaultKind::Hang { seconds: 8.0, after_effect: false };
        let search = Fault::on("DescribeBackups", hang).listing(Listing::SourceBackupIds);
        bench.aws.fault(search.backup(id).region(ELSEWHERE).times(1));
        declare(bench, id, &[ELSEWHERE]);
        let struck = || {
            let looks = bench.calls("DescribeBackups").into_iter();
            // Searches for copies of others may go with it.
            looks.filter(|look| look.backup_ids.iter().any(|of| of == id)).any(|look| look.fault.is_some())
        };
        assert!(within(Duration::from_secs(45), struck), "{}", bench.log());
        let object = bench.until_ready(id, false, "CopyInProgress");
        assert!(request(&object).is_null(), "the mark comes after the search: {object:#}");
    }

    /// The same, and on to the mark: it is stored, and the operator does not learn that it is.
    pub fn hold_at_mark(&self, id: &str) {
        self.until_searched(id);
        self.api.hold_answers();
        self.bench.until(id, "its mark", |object| request(object)["requestedAt"].is_string());
    }
}
