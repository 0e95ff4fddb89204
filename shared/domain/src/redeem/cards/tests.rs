use std::fmt::Debug;

use super::*;
use crate::account::Accounts;
use crate::card::claim::{self, Claim};
use crate::card::issue::{self, Issue};
use crate::card::spend::{self, NotSpendable};
use crate::card::{CardKey, End, PinTerms};
use crate::entry::{Decision, Line};
use crate::purchase::LineKind;
use crate::redeem::{
    self, Basket, BasketLine, CardUse, PlanRefusal, Redemption, Settlement, Uses, Wanted, capture,
    refund,
};
use crate::sample::{appended, at, entry, identity_lots, minor, named, postings, program};
use crate::wallet::Wallet;

const NOW: &str = "2026-11-21T03:04:05Z";
const EXPIRY: &str = "2026-12-01T00:00:00Z";

fn card() -> AccountId {
    AccountId::Card(named("6000000000000007"))
}

fn member(name: &str) -> AccountId {
    AccountId::Member(named(name))
}

type Wallets = BTreeMap<AccountId, Wallet>;

/// A card of 10.00 that ann bought, and wallets with nothing.
fn wallets() -> Wallets {
    let issue = Issue {
        key: CardKey { purchaser: named("ann"), card: named("c") },
        definition: named("standard"),
        amount: minor(1_000),
        currency: None,
        revert_at: None,
        expires_at: Some(at(EXPIRY)),
        pin: PinTerms { key: named("1"), digits: 6 },
    };
    let decided = issue::decide(&Wallet::default(), &program(), &issue, at(NOW));
    let card_of_ann = appended(decided.unwrap()).wallet;
    let members = ["ann", "bob", "eve"].map(|name| (member(name), Wallet::default()));
    Wallets::from(members).into_iter().chain([(card(), card_of_ann)]).collect()
}

/// Decides for an account among others, and returns its line and theirs.
#[track_caller]
fn decided<T: Debug, R: Debug>(
    wallets: &mut Wallets,
    asked: &AccountId,
    decide: impl FnOnce(Accounts<'_>) -> Result<Decision<T>, R>,
) -> (Line, BTreeMap<AccountId, Line>) {
    let decision = decide(Accounts::new(asked, &wallets[asked], wallets)).unwrap();
    let Decision::AppendAll(line, others) = decision else { panic!("{decision:?}") };
    let others: BTreeMap<AccountId, Line> = others.into_iter().collect();
    wallets.insert(asked.clone(), line.wallet.clone());
    wallets.extend(others.iter().map(|(account, line)| (account.clone(), line.wallet.clone())));
    (line, others)
}

/// Pays what it can of 30.00 in bob's basket with the cards.
#[track_caller]
fn redeemed(wallets: &mut Wallets, settlement: Settlement) -> (History, Line) {
    let line = BasketLine {
        id: named("1"),
        kind: LineKind::Product,
        category: None,
        amount: minor(3_000),
    };
    let cards = wallets.keys().filter_map(AccountId::card).cloned();
    let gift_cards = cards.map(|number| CardUse { number, amount: Wanted::Max }).collect();
    let uses = Uses { gift_cards, ..Uses::default() };
    let basket = Basket { currency: program().currency, lines: vec![line], uses };
    let request = Redemption { redemption: named("b"), basket, settlement, expected_due: None };
    let (line, mut others) = decided(wallets, &member("bob"), |accounts| {
        redeem::decide(accounts, &program(), &request, at(NOW))
    });
    (told(line), others.remove(&card()).unwrap())
}

/// The history of bob's redemption as this line tells it.
fn told(line: Line) -> History {
    let entry = crate::entry::Entry { account: member("bob"), ..entry(line, 7, at(NOW)) };
    History::of(&entry).unwrap()
}

#[track_caller]
fn refunded(
    wallets: &mut Wallets,
    history: &History,
    amount: u64,
    now: &str,
) -> (Line, BTreeMap<AccountId, Line>) {
    let part = refund::Part::Amount(minor(amount));
    let refund = refund::Refund { refund: named("r"), part };
    decided(wallets, &member("bob"), |accounts| {
        refund::decide(accounts, &program(), Some(history), &refund, (8, at(now)))
    })
}

#[track_caller]
fn check_part(line: &Line, step: CardStep, amount: u64, moved: &[&str]) {
    let (member, redemption, amount) = (named("bob"), named("b"), minor(amount));
    let part = CardPart { member, redemption, step, amount };
    assert_eq!(line.detail, Detail::CardPart(part));
    assert_eq!(postings(line), moved);
}

#[test]
fn card_in_a_basket_is_held_captured_in_part_and_given_back_to() {
    let mut wallets = wallets();
    let (history, held) = redeemed(&mut wallets, Settlement::Held(None));
    let lapses_at = at("2026-11-21T03:14:05Z");
    check_part(&held, CardStep::Held(lapses_at), 1_000, &[]);
    let part = capture::Part::Amount(minor(600));
    let (line, others) = decided(&mut wallets, &member("bob"), |accounts| {
        capture::decide(accounts, Some(&history), &part, at(NOW))
    });
    let spent = format!("gift_card:standard:AUD c redeemed -600 until {EXPIRY}");
    check_part(&others[&card()], CardStep::Captured, 600, &[&spent]);
    assert_eq!(others[&card()].wallet.holds, []);
    let (_, others) = refunded(&mut wallets, &told(line), 50, NOW);
    let back = format!("gift_card:standard:AUD c reinstated +50 until {EXPIRY}");
    check_part(&others[&card()], CardStep::Refunded(named("r")), 50, &[&back]);
}

/// 6.00 of the card captured in bob's basket, the rest of it claimed: in these wallets, and the
/// history of it.
#[track_caller]
fn claimed_since(claimant: &str) -> (Wallets, History) {
    let mut wallets = wallets();
    let (history, spent) = redeemed(&mut wallets, Settlement::Held(None));
    check_part(&spent, CardStep::Held(at("2026-11-21T03:14:05Z")), 1_000, &[]);
    let part = capture::Part::Amount(minor(600));
    let (line, _) = decided(&mut wallets, &member("bob"), |accounts| {
        capture::decide(accounts, Some(&history), &part, at(NOW))
    });
    let claim = Claim { member: named(claimant), number: named("6000000000000007") };
    let claimant = member(claimant);
    decided(&mut wallets, &claimant, |accounts| claim::decide(accounts, &claim, at(NOW)));
    (wallets, told(line))
}

/// What bob's line says that it gives back for cards.
#[track_caller]
fn given_back(line: &Line) -> Vec<u64> {
    let Detail::Refund(refunded) = &line.detail else { panic!("{:?}", line.detail) };
    refunded.cards.iter().map(|card| card.amount.get()).collect()
}

/// What bob's redemption took of a card that eve has claimed since goes to her.
#[track_caller]
fn check_given_to_the_claimant(now: &str, until: &str) {
    let (mut wallets, history) = claimed_since("eve");
    let (line, others) = refunded(&mut wallets, &history, 50, now);
    assert_eq!(given_back(&line), [50]);
    assert_eq!(others.keys().collect::<Vec<_>>(), [&member("eve")]);
    let eve = &others[&member("eve")];
    let back = format!("credit:gift:AUD gift:gift:AUD:{until} reinstated +50 until {until}");
    assert_eq!(postings(eve).last(), Some(&back));
    let last = identity_lots(&eve.wallet).pop().unwrap();
    assert!(last.ends_with(&format!("until {until}")), "{last}");
}

#[test]
fn money_for_a_card_that_one_claimed_oneself_is_posted_in_the_same_line() {
    let (wallets, history) = claimed_since("bob");
    let part = refund::Part::Amount(minor(50));
    let refund = refund::Refund { refund: named("r"), part };
    let bob = member("bob");
    let accounts = Accounts::new(&bob, &wallets[&bob], &wallets);
    let decided = refund::decide(accounts, &program(), Some(&history), &refund, (9, at(NOW)));
    let line = appended(decided.unwrap());
    assert_eq!(given_back(&line), [0; 0]);
    let back = format!("credit:gift:AUD gift:gift:AUD:{EXPIRY} reinstated +50 until {EXPIRY}");
    assert_eq!(postings(&line), [back]);
}

#[test]
fn money_for_a_claimed_card_lives_as_long_as_the_card_or_its_grace() {
    check_given_to_the_claimant("2026-11-30T23:59:59.999Z", EXPIRY);
    // Fourteen days and to the end of the day in Melbourne.
    check_given_to_the_claimant(EXPIRY, "2026-12-15T13:00:00Z");
}

/// A basket of 9.00 of which a card is to pay so much.
fn asked_to_pay(
    wallets: &Wallets,
    amount: Wanted<Minor>,
) -> Result<Decision<std::convert::Infallible>, redeem::Refusal> {
    let line =
        BasketLine { id: named("1"), kind: LineKind::Product, category: None, amount: minor(900) };
    let gift_cards = vec![CardUse { number: named("6000000000000007"), amount }];
    let uses = Uses { gift_cards, ..Uses::default() };
    let basket = Basket { currency: program().currency, lines: vec![line], uses };
    let (redemption, settlement) = (named("b"), Settlement::AtOnce);
    let request = Redemption { redemption, basket, settlement, expected_due: None };
    let bob = member("bob");
    let accounts = Accounts::new(&bob, &wallets[&bob], wallets);
    redeem::decide(accounts, &program(), &request, at(NOW))
}

/// A basket of 9.00 whose card of 10.00 pays `wanted` of it.
#[track_caller]
fn check_planned(wallets: &Wallets, wanted: u64, expected: Result<u64, PlanRefusal>) {
    let decided = asked_to_pay(wallets, Wanted::Exactly(minor(wanted)));
    let tendered = decided.map(|decision| match decision {
        Decision::AppendAll(line, _) => told(line).recorded_plan().tendered().get(),
        other => panic!("{other:?}"),
    });
    assert_eq!(tendered, expected.map_err(redeem::Refusal::Plan), "{wanted}");
}

#[test]
fn exact_amount_of_a_card_is_no_more_than_is_on_it_nor_than_is_due() {
    let full = wallets();
    check_planned(&full, 900, Ok(900));
    check_planned(&full, 901, Err(PlanRefusal::MoreThanDue { due: minor(900) }));
    let currency = program().currency;
    let beyond = |available| {
        let why = NotSpendable::Insufficient { available: minor(available), currency };
        Err(PlanRefusal::GiftCard { index: 0, why })
    };
    // What is not on it is refused before what is not due.
    check_planned(&full, 1_001, beyond(1_000));
    let part = capture::Part::Amount(minor(500));
    let mut left = wallets();
    let (history, _) = redeemed(&mut left, Settlement::Held(None));
    decided(&mut left, &member("bob"), |accounts| {
        capture::decide(accounts, Some(&history), &part, at(NOW))
    });
    check_planned(&left, 500, Ok(500));
    check_planned(&left, 501, beyond(500));
}

#[test]
fn card_that_was_not_read_is_asked_for() {
    let mut wallets = wallets();
    let second = AccountId::Card(named("6000000000000015"));
    wallets.insert(second.clone(), wallets[&card()].clone());
    let (history, _) = redeemed(&mut wallets, Settlement::Held(None));
    wallets.remove(&card());
    wallets.remove(&second);
    let bob = member("bob");
    let accounts = Accounts::new(&bob, &wallets[&bob], &wallets);
    let part = capture::Part::Full;
    let decided = capture::decide(accounts, Some(&history), &part, at(NOW));
    assert_eq!(decided, Ok(Decision::Needs(vec![card(), second])), "all at once");
    let asked = asked_to_pay(&wallets, Wanted::Max);
    assert_eq!(asked, Ok(Decision::Needs(vec![card()])));
}

#[test]
fn refund_asks_for_all_cards_at_once_and_then_for_all_who_have_their_value() {
    let mut wallets = wallets();
    let copy = wallets[&card()].clone();
    // Three cards of 10.00, of which ann claims two.
    let owners = [("01", Some("ann")), ("03", Some("ann")), ("07", None)];
    let cards = owners.map(|(last, _)| AccountId::Card(named(&format!("60000000000000{last}"))));
    wallets.extend(cards.clone().map(|card| (card, copy.clone())));
    let (history, _) = redeemed(&mut wallets, Settlement::AtOnce);
    for (card, (_, owner)) in cards.iter().zip(owners) {
        let card = wallets.get_mut(card).unwrap().card.as_mut().unwrap();
        card.end = owner.map(|owner| End::Claimed(named(owner)));
    }
    let (bob, part) = (member("bob"), refund::Part::Amount(minor(3_000)));
    let refund = refund::Refund { refund: named("r"), part };
    let mut read = Wallets::new();
    for wanted in [cards.to_vec(), vec![member("ann")]] {
        let accounts = Accounts::new(&bob, &wallets[&bob], &read);
        let decided = refund::decide(accounts, &program(), Some(&history), &refund, (8, at(NOW)));
        assert_eq!(decided, Ok(Decision::Needs(wanted.clone())));
        read.extend(wanted.into_iter().map(|account| (account.clone(), wallets[&account].clone())));
    }
    let accounts = Accounts::new(&bob, &wallets[&bob], &read);
    let decided = refund::decide(accounts, &program(), Some(&history), &refund, (8, at(NOW)));
    assert!(matches!(decided, Ok(Decision::AppendAll(..))), "{decided:?}");
}

/// A card spent by itself, and its history.
fn spent_alone(amount: u64, settlement: Settlement) -> (Wallet, History) {
    let (redemption, currency) = (named("d"), program().currency);
    let request = spend::Spend { redemption, currency, amount: minor(amount), settlement };
    let line = spend::decide(&wallets()[&card()], &program(), &request, at(NOW));
    told_of_the_card(appended(line.unwrap()), 2)
}

fn told_of_the_card(line: Line, number: u64) -> (Wallet, History) {
    let entry = crate::entry::Entry { account: card(), ..entry(line, number, at(NOW)) };
    (entry.line.wallet.clone(), History::of(&entry).unwrap())
}

fn refund_alone(
    (wallet, history): &(Wallet, History),
    part: refund::Part,
) -> Result<Decision<std::convert::Infallible>, refund::Refusal> {
    let refund = refund::Refund { refund: named("r"), part };
    let (account, none) = (card(), Wallets::new());
    let accounts = Accounts::new(&account, wallet, &none);
    refund::decide(accounts, &program(), Some(history), &refund, (4, at(NOW)))
}

#[test]
fn refund_of_what_was_spent_with_a_card_alone_goes_back_to_it() {
    let spent = spent_alone(600, Settlement::AtOnce);
    let line = appended(refund_alone(&spent, refund::Part::Amount(minor(50))).unwrap());
    let back = format!("gift_card:standard:AUD c reinstated +50 until {EXPIRY}");
    assert_eq!(postings(&line), [back]);
}

#[test]
fn refund_of_a_card_alone_is_of_no_more_than_was_captured() {
    let (wallet, history) = spent_alone(600, Settlement::Held(None));
    for captured in [600, 250, 0] {
        let part = capture::Part::Amount(minor(captured));
        let (account, none) = (card(), Wallets::new());
        let accounts = Accounts::new(&account, &wallet, &none);
        let line = capture::decide(accounts, Some(&history), &part, at(NOW)).unwrap();
        let left = told_of_the_card(appended(line), 3);
        assert_eq!(left.1.recorded_plan().tendered(), minor(captured));
        let beyond = refund_alone(&left, refund::Part::Amount(minor(captured + 1)));
        let refusal = refund::Refusal::ExceedsRedemption { left: minor(captured) };
        assert_eq!(beyond, Err(refusal));
    }
    let part = capture::Part::Amount(minor(601));
    let (account, none) = (card(), Wallets::new());
    let accounts = Accounts::new(&account, &wallet, &none);
    let beyond = capture::decide(accounts, Some(&history), &part, at(NOW));
    assert_eq!(beyond, Err(capture::Refusal::ExceedsHold { held: minor(600) }));
}
