//! What scrip costs and how it grows, measured beside something to compare it with.
//!
//! | module | what it is |
//! |---|---|
//! | `chart` | figures as pictures |
//! | `till` | every function on one ledger in memory, and what a request cost |
//! | `operations` | the requests of API.md, as they are measured |
//! | `textbook` | two designs that a textbook would suggest, doing the same work on the same engine |
//! | `units` | read and write units of each operation, by lots |
//! | `growth` | the same, by lines of the log, and by members |
//! | `contention` | many writers of one wallet |
//! | `throughput` | many operations at once, beside bare puts |
#![allow(
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a measurement that panics has failed"
)]

mod chart;
pub mod contention;
pub mod growth;
mod operations;
mod textbook;
pub mod throughput;
mod till;
pub mod units;
