//! Settlement: what time alone did to an account is written down (DESIGN 5.17).
//!
//! Every decision and every read carries an account to its instant, so nothing depends on when this
//! is done; it is how what has expired leaves the books of an account that nobody else comes by.

use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::time::Instant;
use crate::wallet::Wallet;

/// Writes down what expired, lapsed or was judged by `now`, if anything was.
pub fn decide(wallet: &Wallet, now: Instant) -> Decision<()> {
    let draft = Draft::open(wallet, now);
    if draft.has_moved() {
        Decision::Append(draft.close(Detail::Settlement))
    } else {
        Decision::Unchanged(())
    }
}
