//! Real parts for tests and the demo, run as child processes that end with the one that started
//! them: a Kubernetes control plane and the operator. Knows nothing of the operator's rules.
#![allow(clippy::disallowed_methods, reason = "tests run in real time")]

mod assets;
mod audit;
mod commands;
mod control_plane;
mod etcd;
mod folder;
mod generated;
mod http;
mod kubeconfig;
mod kubectl;
mod objects;
mod operator;
mod patience;
mod ports;
mod process;
mod proxy;
mod solo;
mod watchdog;

pub use assets::{Assets, Error as AssetsError};
pub use control_plane::{ControlPlane, Error, Options};
pub use folder::Folder;
pub use generated::expect_current;
pub use kubectl::{Error as KubectlError, Kubectl};
pub use objects::{condition, is_ready, manifest, message};
pub use operator::{Operator, Start};
pub use patience::within;
pub use ports::free_ports;
pub use process::{Error as ProcessError, Process};
pub use proxy::Proxy;
pub use solo::Solo;
