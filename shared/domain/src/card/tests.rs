use std::collections::BTreeMap;

use super::claim::{self, Claim};
use super::issue::{self, Issue, Refusal};
use super::spend::{self, NotSpendable};
use super::*;
use crate::account::{AccountId, Accounts};
use crate::asset::Kind;
use crate::draft::Draft;
use crate::entry::Decision;
use crate::id::CardNumber;
use crate::issue::void::{self, Void};
use crate::posting::PostingReason;
use crate::redeem::Settlement;
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

#[test]
fn card_is_refused_that_has_ended_when_it_is_sold() {
    let soon = at("2026-11-21T03:04:05.001Z");
    let decided = |issue: Issue| issue::decide(&Wallet::default(), &program(), &issue, at(NOW));
    for (instant, is_past) in [(at(NOW), true), (soon, false)] {
        let expires = decided(Issue { expires_at: Some(instant), ..request(1_000) }).err();
        assert_eq!(expires, is_past.then_some(Refusal::ExpiredAlready), "{instant}");
        let reverts = decided(Issue { revert_at: Some(instant), ..request(1_000) }).err();
        assert_eq!(reverts, is_past.then_some(Refusal::RevertedAlready), "{instant}");
    }
}

const NOON: &str = "2026-11-21T12:00:00Z";
const BEFORE_NOON: &str = "2026-11-21T11:59:59.999Z";

#[test]
fn card_reverts_at_its_instant_and_not_before() {
    let wallet = issued(&Issue { revert_at: Some(at(NOON)), ..request(1_000) });
    let card = AccountId::Card(named("6000000000000007"));
    let ann = BTreeMap::from([(AccountId::Member(named("ann")), Wallet::default())]);
    let decided = |now| revert::decide(Accounts::new(&card, &wallet, &ann), at(now)).unwrap();
    assert_eq!(decided(BEFORE_NOON), Decision::Unchanged(()));
    // One that expires first is settled.
    let expires = issued(&Issue { expires_at: Some(at(BEFORE_NOON)), ..request(1_000) });
    let settled = revert::decide(Accounts::new(&card, &expires, &ann), at(NOON)).unwrap();
    assert_eq!(appended(settled).detail, crate::entry::Detail::Settlement);
    let Decision::AppendAll(line, _) = decided(NOON) else { panic!("{:?}", decided(NOON)) };
    assert_eq!(line.wallet.card.unwrap().end, Some(End::Reverted));
}

/// Spends so much of a card, or holds it for two days.
fn spend(wallet: &Wallet, amount: u64, hold: bool, now: &str) -> Result<Wallet, spend::Refusal> {
    let settlement = if hold { Settlement::Held(Some(named("P2D"))) } else { Settlement::AtOnce };
    let (redemption, currency) = (named(&format!("r{amount}")), program().currency);
    let spend = spend::Spend { redemption, currency, amount: minor(amount), settlement };
    spend::decide(wallet, &program(), &spend, at(now)).map(|decision| appended(decision).wallet)
}

#[test]
fn spent_card_is_spent_and_not_expired_until_it_has() {
    let wallet = issued(&Issue { expires_at: Some(at(NOON)), ..request(1_000) });
    let spent = spend(&wallet, 1_000, false, NOW).unwrap();
    let card = spent.card.clone().unwrap();
    assert_eq!(status(&spent, &card, at(BEFORE_NOON)), CardStatus::Spent);
    assert_eq!(status(&spent, &card, at(NOON)), CardStatus::Expired);
}

#[test]
fn held_card_is_not_spent_from_its_reversal_on() {
    let wallet = issued(&Issue { revert_at: Some(at(NOON)), ..request(1_000) });
    let held = spend(&wallet, 400, true, NOW).unwrap();
    let card = held.card.clone().unwrap();
    let until = held_until(&held).unwrap();
    for (now, left) in [(BEFORE_NOON, 600), (NOON, 0)] {
        assert_eq!(status(&held, &card, at(now)), CardStatus::Active, "{now}");
        assert_eq!(spendable(&held, &card, at(now)), minor(left), "{now}");
    }
    assert!(spend(&held, 600, false, BEFORE_NOON).is_ok());
    let waits = Err(spend::Refusal::Card(NotSpendable::Held { until }));
    assert_eq!(spend(&held, 600, false, NOON), waits);
    // One that is wholly held waits, too.
    let held = spend(&wallet, 1_000, true, NOW).unwrap();
    assert_eq!(spend(&held, 1, false, BEFORE_NOON), waits);
}

#[test]
fn credit_received_is_what_came_in_and_not_what_expired_before() {
    let until = at(NOON);
    let dated = issued(&Issue { expires_at: Some(until), ..request(1_000) });
    let mut wallet = Wallet::default();
    claimed(&mut wallet, &dated);
    let (number, bob) = (named("6000000000000007"), AccountId::Member(named("bob")));
    let others = BTreeMap::from([(AccountId::Card(number), issued(&request(1_000)))]);
    let claim = Claim { member: named("bob"), number: named("6000000000000007") };
    let decided = claim::decide(Accounts::new(&bob, &wallet, &others), &claim, at(NOON));
    let Ok(Decision::AppendAll(line, _)) = decided else { panic!("{decided:?}") };
    assert_eq!(line.postings[0].reason, PostingReason::Expired);
    assert_eq!(*credit_received(&line).unwrap().id, named("gift:gift:AUD:never"));
}
