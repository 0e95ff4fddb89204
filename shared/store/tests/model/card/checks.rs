//! What is checked, and what the checker finds in each mutant.

use super::{Ask, Cards, IN_TIME, KEPT, Mutant, ONE_END, ORDERED, UNTOUCHED};
use crate::{is_full, prove, refute};

fn cards(asks: &[Ask]) -> Cards {
    Cards { mutant: Mutant::None, asks: asks.to_vec(), is_first_behind: false }
}

#[test]
fn card_is_claimed_cancelled_reverted_or_spent_by_one_of_all_at_once() {
    use Ask::{Cancel, Claim, Revert, Rival, Spend, Void};
    let all: [&[Ask]; 4] = [
        &[Claim, Cancel, Revert],
        &[Claim, Spend, Revert],
        &[Cancel, Void, Spend],
        &[Rival, Revert, Cancel],
    ];
    for asks in all {
        prove(&format!("card, {asks:?}"), cards(asks));
        prove(
            &format!("card, the first behind, {asks:?}"),
            Cards { is_first_behind: true, ..cards(asks) },
        );
    }
    if is_full() {
        for asks in [&[Claim, Cancel, Revert, Spend], &[Rival, Claim, Revert, Void]] {
            prove(&format!("card, {asks:?}"), cards(asks));
        }
    }
}

#[test]
fn value_is_created_or_lost_when_card_and_wallet_are_two_puts() {
    for property in [KEPT, ONE_END] {
        let mutant = Cards { mutant: Mutant::Split, ..cards(&[Ask::Claim, Ask::Revert]) };
        refute(property, mutant);
    }
}

#[test]
fn value_is_created_or_lost_when_the_other_line_is_put_anyway() {
    for (property, asks) in [
        (KEPT, [Ask::Claim, Ask::Cancel]),
        (ONE_END, [Ask::Claim, Ask::Void]),
        (UNTOUCHED, [Ask::Spend, Ask::Cancel]),
    ] {
        refute(property, Cards { mutant: Mutant::OtherAnyway, ..cards(&asks) });
    }
}

#[test]
fn instant_goes_back_when_it_is_not_the_later_of_what_was_read() {
    let asks = [Ask::Rival, Ask::Revert];
    refute(ORDERED, Cards { mutant: Mutant::OwnClock, is_first_behind: true, ..cards(&asks) });
}

#[test]
fn card_is_claimed_too_late_when_nobody_looks_at_the_instant() {
    let asks = [Ask::Claim, Ask::Revert];
    refute(IN_TIME, Cards { mutant: Mutant::ClaimAnyTime, ..cards(&asks) });
}
