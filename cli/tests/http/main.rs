//! The whole product over real HTTP, on the embedded DynamoDB.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

mod api;
mod audit;
mod bad_input;
mod binary;
mod bus;
mod capacity;
mod crash;
mod earning;
mod events;
mod gift_cards;
mod hierarchy;
mod jobs;
mod load;
mod local;
mod openapi;
mod queue;
mod scenarios;
mod schemas;
mod secrets;
mod support;
mod template;
mod worked_example;
