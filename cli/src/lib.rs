//! The `scrip` command: the whole product on one machine.

mod capacity;
mod clock;
mod control;
mod gateway;
pub mod jobs;
pub mod keys;
pub mod load;
pub mod local;
mod queue;
pub mod rebuild;
pub mod simulate;
mod stream;
mod sweeps;
pub mod verify;
