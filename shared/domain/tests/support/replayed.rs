//! Every line of a history, read a second time.
#![allow(dead_code, reason = "a history judges its levels or does not")]

use scrip_domain::entry::{Detail, Entry};
use scrip_domain::facts::Facts;
use scrip_domain::replay::{Misfit, Misposted, due_at, replay};
use scrip_domain::wallet::Wallet;

/// A line makes of the state before it what it prints. Tests also write lines of no facts that move
/// value; of those all else counts.
#[track_caller]
pub(crate) fn assert_replays(before: &Wallet, entry: &Entry) {
    assert_fits(before, entry, replay(before, entry).misfits);
}

/// The same, in a history in which nobody judges levels.
#[track_caller]
pub(crate) fn assert_replays_unjudged(before: &Wallet, entry: &Entry) {
    let mut misfits = replay(before, entry).misfits;
    misfits.retain(|it| !matches!(it, Misfit::Level { found, .. } if found == "not judged"));
    assert_fits(before, entry, misfits);
}

#[track_caller]
fn assert_fits(before: &Wallet, entry: &Entry, mut misfits: Vec<Misfit>) {
    let none = Detail::Facts { facts: Facts::default(), first: false };
    if entry.line.detail == none {
        misfits.retain(|misfit| match misfit {
            Misfit::Posting { why: Misposted::Reason, .. } => false,
            Misfit::Detail { member, .. } => *member != "first",
            Misfit::State { member, .. } => member != "facts",
            _ => true,
        });
    }
    let due = entry.line.wallet.next_due().map(|due| due.at);
    assert_eq!(due_at(&entry.line.wallet), due);
    assert_eq!(misfits, [], "before: {before:#?}\nline: {entry:#?}");
}
