use std::collections::BTreeMap;

use super::claim::{self, Claim};
use super::issue::{self, Issue, Refusal};
use super::*;
use crate::account::{AccountId, Accounts};
use crate::asset::Kind;
use crate::entry::Decision;
use crate::id::CardNumber;
use crate::issue::void::{self, Void};
use crate::sample::{appended, at, minor, named, program};

const NOW: &str = "2026-11-21T03:04:05Z";

fn request(amount: u64) -> Issue {
    Issue {
        key: CardKey { purchaser: named("ann"), card: named("c") },
        definition: named("standard"),
        amount: minor(amount),
        currency: None,
        revert_at: None,
        expires_at: None,
        pin: PinTerms { key: named("1"), digits: 6 },
    }
}

fn issued(issue: &Issue) -> Wallet {
    let decided = issue::decide(&Wallet::default(), &program(), issue, at(NOW));
    appended(decided.unwrap()).wallet
}

#[test]
fn card_is_sold_within_the_bounds_of_its_definition() {
    let bounds = Refusal::Amount { minimum: minor(1_000), maximum: minor(50_000) };
    for (amount, refused) in
        [(999, Some(&bounds)), (1_000, None), (50_000, None), (50_001, Some(&bounds))]
    {
        let decided = issue::decide(&Wallet::default(), &program(), &request(amount), at(NOW));
        assert_eq!(decided.err().as_ref(), refused, "{amount}");
    }
    let taken = issue::decide(&issued(&request(1_000)), &program(), &request(1_000), at(NOW));
    assert_eq!(taken, Err(Refusal::NumberTaken));
}

#[test]
fn status_changes_at_the_instant_and_not_before() {
    let (noon, one) = (at("2026-11-21T12:00:00Z"), at("2026-11-21T13:00:00Z"));
    let before = at("2026-11-21T11:59:59.999Z");
    for (revert_at, expires_at, then) in [
        (Some(noon), Some(one), CardStatus::Reverted),
        (Some(noon), Some(noon), CardStatus::Expired),
        (Some(one), Some(noon), CardStatus::Expired),
    ] {
        let wallet = issued(&Issue { revert_at, expires_at, ..request(1_000) });
        for (now, expected) in [(before, CardStatus::Active), (noon, then)] {
            let wallet = Draft::open(&wallet, now).into_wallet();
            let card = wallet.card.clone().unwrap();
            assert_eq!(status(&wallet, &card, now), expected, "{revert_at:?} {expires_at:?}");
            let left = if expected == CardStatus::Active { 1_000 } else { 0 };
            assert_eq!(spendable(&wallet, &card, now), minor(left));
        }
    }
}

/// Claims a card into a wallet, and returns the id of the credit.
#[track_caller]
fn claimed(wallet: &mut Wallet, card: &Wallet) -> String {
    let number: CardNumber = named("6000000000000007");
    let bob = AccountId::Member(named("bob"));
    let others = BTreeMap::from([(AccountId::Card(number.clone()), card.clone())]);
    let claim = Claim { member: named("bob"), number };
    let decided = claim::decide(Accounts::new(&bob, wallet, &others), &claim, at(NOW));
    let Ok(Decision::AppendAll(line, _)) = decided else { panic!("{decided:?}") };
    let id = credit_received(&line).unwrap().id.to_string();
    *wallet = line.wallet;
    id
}

#[test]
fn credits_of_one_expiry_merge_unless_one_was_voided() {
    let mut wallet = Wallet::default();
    let card = issued(&request(1_000));
    let until = at("2027-01-01T00:00:00Z");
    let dated = issued(&Issue { expires_at: Some(until), ..request(1_000) });
    assert_eq!(claimed(&mut wallet, &card), "gift:gift:AUD:never");
    assert_eq!(claimed(&mut wallet, &card), "gift:gift:AUD:never");
    assert_eq!(claimed(&mut wallet, &dated), "gift:gift:AUD:2027-01-01T00:00:00Z");
    assert_eq!(wallet.lot_count(), 2);
    let id = named("gift:gift:AUD:never");
    let request = Void { kind: Kind::Credit, id, reason: named("fraud") };
    wallet = appended(void::decide(&wallet, &request, None, at(NOW)).unwrap()).wallet;
    assert_eq!(claimed(&mut wallet, &card), "gift:gift:AUD:never:2");
    assert_eq!(claimed(&mut wallet, &card), "gift:gift:AUD:never:2");
    let credit = wallet.assets.keys().next().unwrap();
    assert_eq!(Minor::from(wallet.available(credit)), minor(3_000));
}
