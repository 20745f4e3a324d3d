//! Owns a running control plane: its processes, their start, their readiness and their end.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use crate::{
    assets::{self, Assets},
    audit::AuditLog,
    commands::{self, API_SERVER, CONTROLLER_MANAGER, ETCD, Files, KUBECTL, Ports},
    etcd,
    folder::Folder,
    kubeconfig,
    kubectl::{self, Kubectl},
    ports,
    process::{self, Process},
};

const READY_WITHIN: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);
const TRIES: u32 = 3;
const LOG_LINES: usize = 20;

/// What failed about a control plane.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its programs are not there.
    #[error(transparent)]
    Assets(#[from] assets::Error),
    /// A port, a folder or a file could not be had.
    #[error("prepare the control plane: {0}")]
    Prepare(#[from] io::Error),
    /// One of its processes could not be started or told something.
    #[error(transparent)]
    Process(#[from] process::Error),
    /// kubectl failed.
    #[error(transparent)]
    Kubectl(#[from] kubectl::Error),
    /// One of its processes ended by itself.
    #[error("{name} ended before the control plane was ready; the end of its log:\n{log}")]
    Ended {
        /// The process.
        name: String,
        /// The end of its log.
        log: String,
    },
    /// The API server was not ready in time.
    #[error("kube-apiserver was not ready within {} s; the end of its log:\n{log}", READY_WITHIN.as_secs())]
    NotReady {
        /// The end of its log.
        log: String,
    },
    /// The API server is stopped.
    #[error("kube-apiserver is stopped")]
    Stopped,
    /// It was started without [`Options::audit`].
    #[error("the control plane was started without an audit log")]
    NoAudit,
}

impl Error {
    /// Whether another process took a port between its choice and its use.
    fn port_was_taken(&self) -> bool {
        matches!(self, Self::Ended { log, .. } if log.contains("address already in use"))
    }
}

/// What a control plane is to have besides etcd and an API server.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// An audit log, for [`ControlPlane::audit_events`].
    pub audit: bool,
    /// kube-controller-manager: without it namespaces stay Terminating, dependents stay, and the
    /// roles `view`, `edit` and `admin` are empty.
    pub controller_manager: bool,
}

/// A control plane on loopback: RBAC, an admin, its data in a temporary folder. Gone when dropped.
///
/// # Caveats
/// No `ServiceAccount`, `ConfigMap` or other object is made in new namespaces: no controller does it.
#[derive(Debug)]
pub struct ControlPlane {
    // Dropped in this order: clients first, the folder last.
    controller_manager: Option<Process>,
    api_server: Option<Process>,
    etcd: Process,
    audit: Option<AuditLog>,
    kubectl: Kubectl,
    assets: Assets,
    ports: Ports,
    files: Files,
    _folder: Folder,
}

impl ControlPlane {
    /// Starts a control plane and waits until it is ready.
    ///
    /// # Caveats
    /// The first start on a machine may have to build the programs: see [`Assets::provide`].
    pub fn start(options: Options) -> Result<Self, Error> {
        let assets = Assets::provide()?;
        let mut tries = 1;
        loop {
            match Self::start_on_free_ports(options, &assets) {
                Err(err) if err.port_was_taken() && tries < TRIES => tries += 1,
                outcome => return outcome,
            }
        }
    }

    fn start_on_free_ports(options: Options, assets: &Assets) -> Result<Self, Error> {
        let [api_server, etcd, etcd_peer] = ports::free_ports()?;
        let ports = Ports { api_server, etcd, etcd_peer };
        let folder = Folder::new("control-plane-")?;
        let admin_token = format!("{:032x}", fastrand::u128(..));
        let files = Files::write(folder.path(), &admin_token)?;
        let kubeconfig = files.admin_kubeconfig();
        kubeconfig::write(&kubeconfig, &url(ports), &files.certificate_authority(), "admin", &admin_token)?;
        let mut control_plane = Self {
            controller_manager: None,
            api_server: None,
            etcd: Process::start(ETCD, commands::etcd(assets, &files, ports), &files.log(ETCD))?,
            audit: options.audit.then(|| AuditLog::in_folder(folder.path())).transpose()?,
            kubectl: Kubectl::new(assets.program(KUBECTL), kubeconfig, files.kubectl_cache()),
            assets: assets.clone(),
            ports,
            files,
            _folder: folder,
        };
        control_plane.start_api_server()?;
        if options.controller_manager {
            let command = commands::controller_manager(assets, &control_plane.files);
            control_plane.controller_manager = Some(control_plane.run(CONTROLLER_MANAGER, command)?);
        }
        Ok(control_plane)
    }

    /// Starts the API server after [`ControlPlane::stop_api_server`], on the same port with the
    /// same data and certificate, and waits until it is ready. Does nothing when it runs.
    pub fn start_api_server(&mut self) -> Result<(), Error> {
        if self.api_server.as_mut().is_some_and(Process::is_running) {
            return Ok(());
        }
        let command = commands::api_server(&self.assets, &self.files, self.ports, self.audit.as_ref());
        self.api_server = Some(self.run(API_SERVER, command)?);
        self.wait_until_ready()
    }

    /// Ends the API server at once, as a crash would: open watches break.
    pub fn stop_api_server(&mut self) {
        self.api_server = None;
    }

    /// Stops the API server's clock: connections stay open and nothing answers.
    pub fn freeze(&mut self) -> Result<(), Error> {
        self.signal_api_server("STOP")
    }

    /// Lets the API server go on after [`ControlPlane::freeze`].
    pub fn thaw(&mut self) -> Result<(), Error> {
        self.signal_api_server("CONT")
    }

    /// Makes etcd forget all revisions but the newest, which is a new one, and returns it.
    ///
    /// # Caveats
    /// A running API server goes on serving older ones from its memory. Done while it is stopped, every
    /// watch from before is told 410 Gone when it is back.
    pub fn compact_etcd(&self) -> Result<u64, Error> {
        Ok(etcd::compact(self.ports.etcd)?)
    }

    /// The API server's address.
    pub fn url(&self) -> String {
        url(self.ports)
    }

    /// The admin's kubeconfig (group system:masters).
    pub fn kubeconfig(&self) -> &Path {
        self.kubectl.kubeconfig()
    }

    /// Writes a kubeconfig for a `ServiceAccount` that exists, with a token for one day.
    pub fn kubeconfig_for(&self, namespace: &str, service_account: &str) -> Result<PathBuf, Error> {
        let token =
            self.kubectl_ok(&["create", "token", service_account, "-n", namespace, "--duration=24h"])?;
        let path = self.files.kubeconfig_of(namespace, service_account);
        let ca = self.files.certificate_authority();
        kubeconfig::write(&path, &self.url(), &ca, service_account, token.trim_end())?;
        Ok(path)
    }

    /// kubectl as the admin; as somebody else through [`Kubectl::with_kubeconfig`].
    pub fn as_admin(&self) -> &Kubectl {
        &self.kubectl
    }

    /// Runs kubectl as the admin and returns whatever came of it.
    pub fn kubectl(&self, args: &[&str]) -> Result<Output, Error> {
        Ok(self.kubectl.output(args)?)
    }

    /// Runs kubectl as the admin with `input` on its stdin and returns whatever came of it.
    pub fn kubectl_stdin(&self, args: &[&str], input: &str) -> Result<Output, Error> {
        Ok(self.kubectl.output_with_stdin(args, input)?)
    }

    /// Runs kubectl as the admin and returns its stdout, or its stderr as an error.
    pub fn kubectl_ok(&self, args: &[&str]) -> Result<String, Error> {
        Ok(self.kubectl.ok(args)?)
    }

    /// All finished requests so far (`audit.k8s.io/v1` events at level Metadata), oldest first.
    pub fn audit_events(&self) -> Result<Vec<serde_json::Value>, Error> {
        Ok(self.audit.as_ref().ok_or(Error::NoAudit)?.events()?)
    }

    fn run(&self, name: &str, command: Command) -> Result<Process, process::Error> {
        Process::start(name, command, &self.files.log(name))
    }

    fn signal_api_server(&mut self, signal: &str) -> Result<(), Error> {
        Ok(self.api_server.as_mut().ok_or(Error::Stopped)?.signal(signal)?)
    }

    fn wait_until_ready(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + READY_WITHIN;
        while !self.is_ready()? {
            let api_server = self.api_server.as_mut().ok_or(Error::Stopped)?;
            for process in [&mut self.etcd, &mut *api_server] {
                if !process.is_running() {
                    return Err(Error::Ended {
                        name: process.name().to_owned(),
                        log: process.log_tail(LOG_LINES),
                    });
                }
            }
            if Instant::now() > deadline {
                return Err(Error::NotReady { log: api_server.log_tail(LOG_LINES) });
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// The `default` namespace comes a moment after `/readyz`, and everybody counts on it.
    fn is_ready(&self) -> Result<bool, Error> {
        for path in ["/readyz", "/api/v1/namespaces/default"] {
            if !self.kubectl(&["get", "--raw", path, "--request-timeout=5s"])?.status.success() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn url(ports: Ports) -> String {
    format!("https://127.0.0.1:{}", ports.api_server)
}
