//! Writes `docs/performance/throughput.md`.

use std::path::Path;

use scrip_benches::throughput::page;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance");
    std::fs::write(docs.join("throughput.md"), page().await)?;
    Ok(())
}
