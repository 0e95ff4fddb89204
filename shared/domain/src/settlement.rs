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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::posting::PostingReason;
    use crate::sample::{at, named, points};
    use crate::tier::Review;
    use crate::wallet::{Hold, Wallet};

    const DUE: &str = "2026-11-21T03:04:05Z";
    const BEFORE: &str = "2026-11-21T03:04:04.999Z";

    /// Each of these alone is written down, once.
    #[track_caller]
    fn check(wallet: &Wallet, now: &str, is_appended: bool) {
        match decide(wallet, at(now)) {
            Decision::Append(line) => {
                assert!(is_appended, "{line:?}");
                assert_eq!(line.detail, Detail::Settlement);
                assert_eq!(decide(&line.wallet, at(now)), Decision::Unchanged(()));
            }
            other => assert!(!is_appended, "{other:?}"),
        }
    }

    #[test]
    fn settlement_writes_what_expired_lapsed_or_was_judged_and_nothing_else() {
        let mut draft = Draft::open(&Wallet::default(), at("2026-01-01T00:00:00Z"));
        let expires_at = Some(at(DUE));
        draft.issue(&named("p"), points(5), PostingReason::Issued, None, expires_at).unwrap();
        let expires = draft.into_wallet();
        let (redemption, lapses_at) = (named("r"), at(DUE));
        let hold = Hold { member: None, redemption, lapses_at, draws: Vec::new() };
        let lapses = Wallet { holds: vec![hold], ..Wallet::default() };
        for wallet in [expires, lapses] {
            check(&wallet, BEFORE, false);
            check(&wallet, DUE, true);
        }
        let review = Review { at: at(DUE), before: named("silver"), after: None };
        check(&Wallet { reviewed: vec![review], ..Wallet::default() }, DUE, true);
        check(&Wallet::default(), DUE, false);
    }
}
