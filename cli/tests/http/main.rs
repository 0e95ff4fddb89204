//! The whole product over real HTTP, on the embedded DynamoDB.

mod api;
mod bad_input;
mod binary;
mod earning;
mod events;
mod local;
mod scenarios;
mod support;
