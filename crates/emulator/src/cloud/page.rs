//! Page tokens: opaque to the client, good for the query they were issued for and no other.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::error::ApiError;

/// What tells one query from another, the page and its size aside.
pub(crate) fn fingerprint(query: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    query.hash(&mut hasher);
    hasher.finish()
}

/// A token that continues the query at `position`.
pub(crate) fn issue(query: u64, position: &str) -> String {
    let plain = format!("{query:016x}{position}");
    plain.bytes().fold(String::new(), |token, byte| token + &format!("{:02x}", byte ^ MASK))
}

/// The position in a token of this query.
pub(crate) fn redeem(token: &str, query: u64) -> Result<String, ApiError> {
    let invalid = || ApiError::invalid("The NextToken is not valid for this request.");
    let plain = decode(token).ok_or_else(invalid)?;
    plain.strip_prefix(&format!("{query:016x}")).map(str::to_owned).ok_or_else(invalid)
}

/// Nothing secret: it only keeps anybody from reading a meaning into the digits.
const MASK: u8 = 0x5a;

fn decode(token: &str) -> Option<String> {
    if !token.is_ascii() || !token.len().is_multiple_of(2) {
        return None;
    }
    let bytes = (0..token.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(token.get(at..at + 2)?, 16).ok().map(|byte| byte ^ MASK))
        .collect::<Option<Vec<u8>>>()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{fingerprint, issue, redeem};

    #[test]
    fn a_token_is_good_for_its_own_query_only() {
        let (here, there) = (fingerprint("here"), fingerprint("there"));
        let token = issue(here, "1534461854640.backup-6qjbcmkhcxm");
        assert_eq!(redeem(&token, here).as_deref(), Ok("1534461854640.backup-6qjbcmkhcxm"));
        assert!(redeem(&token, there).is_err());
        assert!(token.len() <= 256);
    }

    #[test]
    fn nonsense_is_no_token() {
        for token in ["", "x", "zz", "deadbeef", "ß1", "p1"] {
            assert!(redeem(token, 1).is_err(), "{token}");
        }
    }
}
