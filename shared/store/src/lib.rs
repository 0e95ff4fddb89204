//! The passbook in DynamoDB: the only crate that knows the table.
//!
//! [`Ledger`] reads accounts and appends lines. [`Ledger::apply`] is the exactly-once protocol:
//! newest line, then the operation's name, then decide, then one conditional put. The rules are
//! in `scrip-domain`; nothing here decides what a member may do.

mod append;
mod apply;
mod attempts;
mod audit;
mod canonical;
mod client;
mod document;
mod due;
mod error;
mod hour;
mod key;
mod ledger;
mod marker;
mod operation;
mod patience;
mod program;
mod purchased;
mod read;
mod table;
mod usage;

pub use attempts::Attempt;
pub use audit::{Bookmark, Found, Owner, RawLine, ScanPage, account_of_key, operation_name};
pub use client::client_config;
pub use document::line_of_item;
pub use due::{DueMarker, SetAside};
pub use error::StoreError;
pub use hour::Hour;
pub use ledger::{Clock, Ledger, Recorded};
pub use marker::SHARDS;
pub use operation::{ApplyError, Fingerprint, Outcome, Request, Situation};
pub use program::ProgramVersion;
pub use purchased::PurchasedCard;
pub use read::{AsOf, Page};
pub use table::{INDEX, create_table};
pub use usage::{Usage, halves};
