//! Writes `docs/performance/units.md` and its plot.

use std::path::Path;

use scrip_benches::units::{LOTS, measure, page, plot};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rows = runtime.block_on(measure(&LOTS));
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance");
    std::fs::write(docs.join("units.md"), page(&rows))?;
    plot(&rows, &docs.join("units.svg"))?;
    Ok(())
}
