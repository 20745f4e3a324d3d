//! Owns the kubeconfig files that the testbed hands out.

use std::{
    fs::File,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Writes a kubeconfig with one user who shows a token. Readable by its owner alone, as helm wants it.
pub(crate) fn write(path: &Path, server: &str, ca: &Path, user: &str, token: &str) -> io::Result<()> {
    let ca = ca.display();
    let text = format!(
        "apiVersion: v1
kind: Config
clusters:
- name: testbed
  cluster: {{server: '{server}', certificate-authority: '{ca}'}}
users:
- name: '{user}'
  user: {{token: '{token}'}}
contexts:
- name: testbed
  context: {{cluster: testbed, user: '{user}'}}
current-context: testbed
"
    );
    File::options().create(true).write(true).truncate(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}
