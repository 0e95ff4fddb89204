//! What is checked, and what the checker finds in each mutant.

use super::state::{Ask, Line, OPENING_SPENT, Request, UNIT};
use super::{Append, BACK_ONCE, CHAINED, KEPT, Mutant, ONCE, SEEN, TRUE};
use crate::{bound, is_full, prove, refute};

const SPEND: Request = Request { name: 1, fingerprint: 0, ask: Ask::Spend };
const ANOTHER: Request = Request { name: 2, ..SPEND };
const CONFLICTING: Request = Request { fingerprint: 1, ..SPEND };
const AWARD: Request = Request { name: 3, fingerprint: 0, ask: Ask::Award };
const REFUND: Request = Request { name: 4, fingerprint: 0, ask: Ask::Refund };
const OTHER_REFUND: Request = Request { name: 5, ..REFUND };
const PURCHASE: Request = Request { name: 6, fingerprint: 0, ask: Ask::Purchase };

/// Callers of a log that has one unit to spend.
fn callers(requests: &[Request]) -> Append {
    Append {
        mutant: Mutant::None,
        requests: requests.to_vec(),
        opening: vec![UNIT],
        sends_max: bound(1, 2),
        tries_max: 2,
        flight_max: bound(1, 2),
    }
}

/// Two refunds of a redemption that the log already has.
fn refunds() -> Append {
    let spent = Line { by: OPENING_SPENT, lapsing: 0, ..UNIT };
    Append { opening: vec![spent], ..callers(&[REFUND, OTHER_REFUND]) }
}

#[test]
fn operation_is_applied_once_and_answered_truly() {
    let two = Line { lapsing: 2, ..UNIT };
    for (name, model) in [
        ("the same twice", Append { opening: vec![two], ..callers(&[SPEND, SPEND]) }),
        ("two that want the same", callers(&[SPEND, ANOTHER])),
        ("two of one name", callers(&[SPEND, CONFLICTING])),
        ("the first of a log", Append { opening: Vec::new(), ..callers(&[AWARD, AWARD]) }),
        ("two refunds", refunds()),
        ("a purchase and its redemption", callers(&[SPEND, PURCHASE])),
        ("a spend and an award", Append { sends_max: 2, ..callers(&[SPEND, AWARD]) }),
    ] {
        prove(&format!("append, {name}"), model);
    }
    if is_full() {
        for requests in [[SPEND, SPEND, ANOTHER], [SPEND, ANOTHER, AWARD], [SPEND, PURCHASE, AWARD]]
        {
            let model = Append { sends_max: 1, ..callers(&requests) };
            prove(&format!("append, {requests:?}"), model);
        }
    }
}

#[test]
fn operation_is_applied_twice_when_the_reads_are_swapped() {
    let opening = vec![Line { lapsing: 2, ..UNIT }];
    refute(ONCE, Append { mutant: Mutant::ReadsSwapped, opening, ..callers(&[SPEND, SPEND]) });
}

#[test]
fn operation_is_applied_twice_when_the_line_in_the_place_of_a_put_is_not_looked_at() {
    let opening = vec![Line { lapsing: 2, ..UNIT }];
    refute(ONCE, Append { mutant: Mutant::FollowBlindly, opening, ..callers(&[SPEND, SPEND]) });
}

#[test]
fn line_is_lost_when_another_is_put_in_its_place() {
    refute(KEPT, Append { mutant: Mutant::PutAnyway, ..callers(&[SPEND, ANOTHER]) });
    let again = Append { sends_max: 2, ..callers(&[SPEND, AWARD]) };
    refute(CHAINED, Append { mutant: Mutant::PutAnyway, ..again });
}

#[test]
fn refund_gives_back_twice_when_it_is_decided_on_an_index_that_is_behind() {
    refute(BACK_ONCE, Append { mutant: Mutant::AboutEventually, ..refunds() });
}

#[test]
fn redemption_is_denied_when_what_was_not_seen_is_taken_for_absent() {
    refute(SEEN, Append { mutant: Mutant::RefuseUnseen, ..callers(&[SPEND, PURCHASE]) });
}

#[test]
fn written_line_is_denied_when_a_put_may_still_arrive() {
    for mutant in [Mutant::ForgetUnheard, Mutant::LookOnly, Mutant::Resend] {
        refute(TRUE, Append { mutant, ..callers(&[SPEND]) });
    }
}

#[test]
fn other_request_is_answered_when_its_fingerprint_is_not_compared() {
    refute(KEPT, Append { mutant: Mutant::AnyRequest, ..callers(&[SPEND, CONFLICTING]) });
}
