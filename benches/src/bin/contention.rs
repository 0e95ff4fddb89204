//! Writes `docs/performance/contention.md` and its plot.

use std::path::Path;

use scrip_benches::contention::{LASTING, WRITERS, measure, page, plot};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut outcomes = Vec::new();
    for writers in WRITERS {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build()?;
        outcomes.push(runtime.block_on(measure(writers, LASTING)));
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance");
    std::fs::write(docs.join("contention.md"), page(&outcomes))?;
    plot(&outcomes, &docs.join("contention.svg"))?;
    Ok(())
}
