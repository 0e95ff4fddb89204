//! How many random cases a property is tried on, and where those that failed are kept.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;

/// So many, or `SCRIP_CASES`. What failed is in `regressions` and tried first. Under `SCRIP_MUTANTS`
/// the code is broken on purpose: that a case fails is all there is to know, and it is not kept.
pub(crate) fn cases(default: u32, regressions: &'static str) -> ProptestConfig {
    let cases = std::env::var("SCRIP_CASES").map(|cases| cases.parse().unwrap());
    let file = match std::env::var_os("SCRIP_MUTANTS") {
        None => FileFailurePersistence::Direct(regressions),
        Some(_) => FileFailurePersistence::Off,
    };
    ProptestConfig {
        cases: cases.unwrap_or(default),
        max_shrink_iters: if file == FileFailurePersistence::Off { 0 } else { 100_000 },
        failure_persistence: Some(Box::new(file)),
        ..ProptestConfig::default()
    }
}
