//! The store against the embedded DynamoDB, over HTTP, through its public surface.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

mod attempts;
mod capacity;
mod damage;
mod held_up;
mod lag;
mod largest;
mod markers;
mod protocol;
mod reading;
mod support;
