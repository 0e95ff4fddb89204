//! The audit of a ledger: it finds nothing wrong with one that is sound, also while it is used, and
//! whatever was planted in one that is not.

mod command;
mod counterparts;
mod history;
mod part;
mod planted;
mod running;
