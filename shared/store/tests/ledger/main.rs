//! The store against the embedded DynamoDB, over HTTP, through its public surface.

mod capacity;
mod damage;
mod markers;
mod protocol;
mod reading;
mod support;
