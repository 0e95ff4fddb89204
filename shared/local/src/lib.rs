//! What a laptop has instead of AWS: a DynamoDB in the process, on loopback.
//!
//! The local stack and every test of the store and the functions run on it, through the ordinary
//! SDK client over HTTP. Nothing that is deployed depends on this crate.

mod direct;
mod embedded;
mod runtime;
mod sandbox;

pub use direct::{Direct, response};
pub use embedded::{Embedded, EmbeddedError, TABLE, builder_at, client_at};
pub use runtime::{
    Asked, Invoked, check_binary, check_binary_needs_a_table, check_sweep_binary,
    invoke_with_services,
};
pub use sandbox::{Answered, Sandbox};

/// The program that a local ledger starts with.
pub const SAMPLE_PROGRAM: &str = include_str!("../../domain/programs/sample.json");
