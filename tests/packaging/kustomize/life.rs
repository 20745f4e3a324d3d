//! The one file on a cluster where nothing is there yet.

use crate::{
    helm::{life::plane, objects},
    support::{read, root},
};

#[test]
fn the_one_file_installs_in_one_go_also_a_second_time_and_goes_as_a_whole() {
    let plane = plane();
    let install = "deploy/install.yaml";
    let count = objects(&read(install)).len();
    let file = root().join(install).display().to_string();
    for _ in 0..2 {
        let said = plane.kubectl_ok(&["apply", "--server-side", "-f", &file]).unwrap();
        assert_eq!(said.lines().count(), count, "{said}");
    }
    let deployment = ["-n", "cloudhsm-backup-operator", "get", "deployment", "cloudhsm-backup-operator"];
    plane.kubectl_ok(&deployment).unwrap();
    plane.kubectl_ok(&["delete", "-f", &file, "--timeout=60s"]).unwrap();
    assert!(!plane.kubectl(&["get", "namespace", "cloudhsm-backup-operator"]).unwrap().status.success());
}
