//! What the tests of this binary share: the folder of the project, one control plane, the tools.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use testbed::{ControlPlane, Options};

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program under test.
pub fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_cloudhsm-backup-operator"))
}

/// A file of the project.
pub fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}

/// The control plane of this test binary, bare: a test installs what it needs, under names of its own.
pub fn plane() -> &'static ControlPlane {
    static PLANE: OnceLock<ControlPlane> = OnceLock::new();
    PLANE.get_or_init(|| {
        ControlPlane::start(Options { controller_manager: true, ..Options::default() }).unwrap()
    })
}

/// The path of one of the tools that `hack/tools/provide` knows.
pub fn tool(name: &str) -> PathBuf {
    let provide = root().join("hack/tools/provide");
    let output = Command::new(&provide).arg(name).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{} {name} failed", provide.display());
    Path::new(String::from_utf8(output.stdout).unwrap().trim_end()).join(name)
}

/// What a command wrote to its stdout; its stderr is the message if it failed.
pub fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}
