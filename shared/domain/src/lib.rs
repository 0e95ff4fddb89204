//! The rules of scrip: what is earned, held, spent and expires.
//!
//! Everything here is a pure function of its arguments. There is no I/O, no clock, no randomness
//! and no AWS: a decision is given the wallet, the program, the request and `now`, and returns the
//! line to append or the reason why not. The wallet it is given may be from the past; every
//! decision first carries it to `now` ([`draft::Draft::open`]).
//!
//! Amounts are whole points and minor units ([`amount`]), rates are exact fractions ([`rate`]),
//! time is half-open ([`time`]).
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

#[cfg(test)]
extern crate self as scrip_domain;

pub mod account;
pub mod adjustment;
pub mod allocation;
pub mod amount;
pub mod asset;
pub mod award;
pub mod card;
pub mod conversion;
pub mod currency;
pub mod draft;
pub mod entry;
pub mod facts;
pub mod id;
pub mod issue;
pub mod limit;
pub mod posting;
pub mod program;
pub mod purchase;
pub mod rate;
pub mod redeem;
pub mod replay;
pub mod returns;
#[cfg(test)]
#[path = "../tests/support/sample.rs"]
mod sample;
pub mod settlement;
pub mod tier;
pub mod time;
pub mod transfer;
pub mod wallet;
