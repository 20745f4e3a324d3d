//! Owns the command lines of the control plane's programs and the files they read.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{assets::Assets, audit::AuditLog};

const SERVICE_ACCOUNT_KEY: &str = include_str!("../keys/service-account.key");

pub(crate) const ETCD: &str = "etcd";
pub(crate) const API_SERVER: &str = "kube-apiserver";
pub(crate) const CONTROLLER_MANAGER: &str = "kube-controller-manager";
pub(crate) const KUBECTL: &str = "kubectl";

/// The loopback ports of one control plane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) api_server: u16,
    pub(crate) etcd: u16,
    pub(crate) etcd_peer: u16,
}

/// Where one control plane keeps its files.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    folder: PathBuf,
}

impl Files {
    /// Writes the files that must be there before the API server starts.
    pub(crate) fn write(folder: &Path, admin_token: &str) -> io::Result<Self> {
        let files = Self { folder: folder.to_owned() };
        std::fs::write(files.service_account_key(), SERVICE_ACCOUNT_KEY)?;
        std::fs::write(files.tokens(), format!("{admin_token},admin,admin,system:masters\n"))?;
        Ok(files)
    }

    /// The API server makes its certificate itself, and appends the authority that signed it.
    pub(crate) fn certificate_authority(&self) -> PathBuf {
        self.certificates().join("apiserver.crt")
    }

    pub(crate) fn admin_kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    pub(crate) fn kubeconfig_of(&self, namespace: &str, service_account: &str) -> PathBuf {
        self.folder.join(format!("kubeconfig-{namespace}-{service_account}"))
    }

    pub(crate) fn kubectl_cache(&self) -> PathBuf {
        self.folder.join("kubectl-cache")
    }

    pub(crate) fn log(&self, program: &str) -> PathBuf {
        self.folder.join(format!("{program}.log"))
    }

    fn certificates(&self) -> PathBuf {
        self.folder.join("certificates")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("etcd")
    }

    fn service_account_key(&self) -> PathBuf {
        self.folder.join("service-account.key")
    }

    fn tokens(&self) -> PathBuf {
        self.folder.join("tokens.csv")
    }
}

pub(crate) fn etcd(assets: &Assets, files: &Files, ports: Ports) -> Command {
    let clients = format!("http://127.0.0.1:{}", ports.etcd);
    let peers = format!("http://127.0.0.1:{}", ports.etcd_peer);
    let mut command = Command::new(assets.program(ETCD));
    command
        .args(["--unsafe-no-fsync", "--log-level=warn"])
        .arg(format!("--data-dir={}", files.data().display()))
        .arg(format!("--listen-client-urls={clients}"))
        .arg(format!("--advertise-client-urls={clients}"))
        .arg(format!("--listen-peer-urls={peers}"))
        .arg(format!("--initial-advertise-peer-urls={peers}"))
        .arg(format!("--initial-cluster=default={peers}"));
    command
}

pub(crate) fn api_server(assets: &Assets, files: &Files, ports: Ports, audit: Option<&AuditLog>) -> Command {
    let key = files.service_account_key();
    let mut command = Command::new(assets.program(API_SERVER));
    command
        .arg(format!("--etcd-servers=http://127.0.0.1:{}", ports.etcd))
        .arg(format!("--secure-port={}", ports.api_server))
        .arg(format!("--cert-dir={}", files.certificates().display()))
        .arg(format!("--token-auth-file={}", files.tokens().display()))
        .arg(format!("--service-account-signing-key-file={}", key.display()))
        .arg(format!("--service-account-key-file={}", key.display()))
        .args([
            "--bind-address=127.0.0.1",
            // Needed where the machine has no default route; nobody needs the endpoints of `kubernetes`.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            "--authorization-mode=RBAC",
            // It waits for a `default` ServiceAccount, which no controller makes here.
            "--disable-admission-plugins=ServiceAccount",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
        ]);
    if let Some(audit) = audit {
        audit.add_flags(&mut command);
    }
    command
}

/// Only what deletes (contents of namespaces, dependents of owners) and what fills the roles
/// `view`, `edit` and `admin`, which are empty without it.
pub(crate) fn controller_manager(assets: &Assets, files: &Files) -> Command {
    let mut command = Command::new(assets.program(CONTROLLER_MANAGER));
    command.arg(format!("--kubeconfig={}", files.admin_kubeconfig().display())).args([
        // The last of them tells what the type check of an admission policy finds.
        "--controllers=namespace-controller,garbage-collector-controller,clusterrole-aggregation-controller,\
         validatingadmissionpolicy-status-controller",
        "--leader-elect=false",
        "--secure-port=0",
    ]);
    command
}
