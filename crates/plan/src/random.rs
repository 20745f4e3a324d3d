//! How many random cases the property tests try.

use proptest::prelude::ProptestConfig;

/// So many cases, or, while mutants are tried one after the other (`make mutants`), one in this many: most mutants
/// fail at once, and those that live are tried again with all cases.
const QUICK: u32 = 25;

/// The configuration of a property test that tries so many cases.
#[expect(clippy::disallowed_methods, reason = "no test depends on it, but for how long it takes")]
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let share = if std::env::var_os("QUICK_CASES").is_some() { QUICK } else { 1 };
    ProptestConfig { cases: (cases / share).max(1), failure_persistence: None, ..ProptestConfig::default() }
}
