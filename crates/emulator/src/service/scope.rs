//! The SigV4 credential scope: the only place where a request to an emulator names its region.
//! The signature itself is not verified.

use super::protocol::Protocol;
use crate::cloud::{ApiError, constraint};

/// What the `Authorization` header says about a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) access_key: String,
    pub(super) region: String,
    pub(super) service: String,
}

impl Scope {
    pub(super) fn parse(authorization: Option<&str>, protocol: Protocol) -> Result<Self, ApiError> {
        let header = authorization.ok_or_else(|| {
            protocol.authentication_error("MissingAuthenticationToken", "Missing Authentication Token")
        })?;
        let incomplete = |why: String| protocol.authentication_error("IncompleteSignature", &why);
        let parts = header
            .strip_prefix("AWS4-HMAC-SHA256")
            .ok_or_else(|| incomplete("Authorization is not of the scheme AWS4-HMAC-SHA256.".to_owned()))?;
        let part = |name: &str| {
            parts
                .split([',', ' '])
                .find_map(|part| part.trim().strip_prefix(name))
                .filter(|value| !value.is_empty())
                .ok_or_else(|| incomplete(format!("Authorization header requires '{name}' parameter.")))
        };
        let (credential, _, _) = (part("Credential=")?, part("SignedHeaders=")?, part("Signature=")?);
        match credential.split('/').collect::<Vec<_>>().as_slice() {
            [key, date, region, service, "aws4_request"]
                if !key.is_empty() && date.len() == 8 && constraint::is_region(region) =>
            {
                Ok(Self {
                    access_key: (*key).to_owned(),
                    region: (*region).to_owned(),
                    service: (*service).to_owned(),
                })
            }
            _ => Err(incomplete(format!(
                "Credential must have the form <access key>/<date>/<region>/<service>/aws4_request; \
                 it is '{credential}'."
            ))),
        }
    }
}

/// The access key that a header names, also one that is wrong in other ways; empty when there is none.
pub(super) fn access_key(authorization: Option<&str>) -> String {
    let credential = authorization.and_then(|header| header.split_once("Credential=")).map(|(_, rest)| rest);
    credential.and_then(|rest| rest.split('/').next()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Protocol, Scope};

    #[test]
    fn whoever_calls_is_told_apart_by_the_access_key() {
        assert_eq!(super::access_key(Some("AWS4-HMAC-SHA256 Credential=AKID/nonsense")), "AKID");
        assert_eq!(super::access_key(Some("Bearer x")), "");
        assert_eq!(super::access_key(None), "");
    }

    fn parse(header: &str) -> Result<Scope, String> {
        Scope::parse(Some(header), Protocol::Json).map_err(|error| error.code)
    }

    #[test]
    fn the_scope_names_key_region_and_service() {
        let header = "AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/cloudhsm/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=00";
        let scope = Scope {
            access_key: "AKID".to_owned(),
            region: "us-east-1".to_owned(),
            service: "cloudhsm".to_owned(),
        };
        assert_eq!(parse(header), Ok(scope));
        assert!(parse(&header.replace(", ", ",")).is_ok(), "botocore and others leave no space");
    }

    #[test]
    fn ill_formed_headers_are_incomplete_signatures() {
        for header in [
            "Bearer token",
            "AWS4-HMAC-SHA256 Credential=AKID/20261121/us-east-1/cloudhsm/aws4_request",
            "AWS4-HMAC-SHA256 Credential=AKID/us-east-1/cloudhsm, SignedHeaders=host, Signature=00",
            "AWS4-HMAC-SHA256 Credential=AKID/20261121/nowhere/cloudhsm/aws4_request, SignedHeaders=a, Signature=0",
        ] {
            assert_eq!(parse(header), Err("IncompleteSignatureException".to_owned()), "{header}");
        }
    }

    #[test]
    fn no_header_is_a_missing_token() {
        let code = |protocol| Scope::parse(None, protocol).unwrap_err().code;
        assert_eq!(code(Protocol::Json), "MissingAuthenticationTokenException");
        assert_eq!(code(Protocol::Query), "MissingAuthenticationToken");
    }
}
