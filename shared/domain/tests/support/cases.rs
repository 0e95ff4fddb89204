//! How many random cases a property is tried on, and where those that failed are kept.

use proptest::prelude::ProptestConfig;
use proptest::test_runner::FileFailurePersistence;

/// So many, or `SCRIP_CASES`. What failed is in `regressions` and tried first.
pub(crate) fn cases(default: u32, regressions: &'static str) -> ProptestConfig {
    let cases = std::env::var("SCRIP_CASES").map(|cases| cases.parse().unwrap());
    ProptestConfig {
        cases: cases.unwrap_or(default),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(regressions))),
        max_shrink_iters: 100_000,
        ..ProptestConfig::default()
    }
}
