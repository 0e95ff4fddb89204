//! Writes `docs/performance/growth.md` and its plot.

use std::path::Path;

use scrip_benches::growth::{LINES, MEMBERS, of_log, of_members, page, plot};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut logs, mut members) = (Vec::new(), Vec::new());
    runtime.block_on(async {
        for lines in LINES {
            logs.push((lines, of_log(lines).await));
        }
        for count in MEMBERS {
            members.push((count, of_members(count).await));
        }
    });
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance");
    std::fs::write(docs.join("growth.md"), page(&logs, &members))?;
    plot(&logs, &members, &docs.join("growth.svg"))?;
    Ok(())
}
