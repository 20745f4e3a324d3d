//! Owns what is done to etcd behind the API server's back, over its JSON gateway.

use std::io;

use serde_json::{Value, json};

use crate::http;

/// Base64 of `testbed`: outside of what an API server reads.
const KEY: &str = "dGVzdGJlZA==";

/// Makes one more revision and forgets all that came before it, so that whoever watches from an
/// earlier one is told that it is gone. Returns the revision that is left.
pub(crate) fn compact(port: u16) -> io::Result<u64> {
    let address = format!("127.0.0.1:{port}");
    let put = post(&address, "/v3/kv/put", &json!({ "key": KEY, "value": KEY }))?;
    let revision = put["header"]["revision"].as_str().and_then(|revision| revision.parse().ok());
    let revision = revision.ok_or_else(|| io::Error::other(format!("etcd tells no revision: {put}")))?;
    post(&address, "/v3/kv/compaction", &json!({ "revision": revision, "physical": true }))?;
    Ok(revision)
}

fn post(address: &str, path: &str, request: &Value) -> io::Result<Value> {
    let (status, body) = http::ask(address, "POST", path, &request.to_string())?;
    if status == 200 {
        Ok(serde_json::from_str(&body)?)
    } else {
        Err(io::Error::other(format!("etcd answers {status} to {path}: {body}")))
    }
}
