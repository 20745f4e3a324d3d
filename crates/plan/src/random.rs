//! How many random cases the property tests try.

use proptest::prelude::ProptestConfig;

/// So many cases, or, while mutants are tried one after the other (`make mutants`), one in this many: most mutants
/// fail at once, and those that live are tried again with all cases.
const QUICK: u32 = 25;

/// The configuration of a property test that tries so many cases.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    // Asked of the compiler, since nothing here knows an environment.
    let share = if option_env!("QUICK_CASES").is_some() { QUICK } else { 1 };
    ProptestConfig { cases: (cases / share).max(1), failure_persistence: None, ..ProptestConfig::default() }
}
