//! A request as it came over the wire, with only the headers that matter here.

/// An HTTP request whose body has been read.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) content_type: String,
    pub(crate) target: Option<String>,
    pub(crate) authorization: Option<String>,
    pub(crate) smithy_protocol: Option<String>,
    pub(crate) invocation_id: Option<String>,
    pub(crate) sdk_attempt: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// Whether a client speaks the protocol that the service model prefers and this emulator lacks.
    pub(super) fn is_cbor(&self) -> bool {
        self.path.starts_with("/service/")
            || self.content_type.contains("cbor")
            || self.smithy_protocol.as_deref().is_some_and(|name| name.contains("cbor"))
    }

    pub(super) fn is_form(&self) -> bool {
        self.content_type.starts_with("application/x-www-form-urlencoded")
    }

    pub(super) fn is_json(&self) -> bool {
        self.content_type.starts_with("application/x-amz-json-1.1")
    }

    /// A member of the body's form. Names of actions need no decoding.
    pub(super) fn form_member(&self, name: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body);
        body.split('&').find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
    }
}
