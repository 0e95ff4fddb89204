//! Random histories of one gift card, its purchaser and somebody else: nothing is created or lost,
//! whatever happens in whatever order, and nothing stays due.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use scrip_domain::account::{AccountId, Accounts};
use scrip_domain::asset::Asset;
use scrip_domain::card::cancel::{self, Cancel};
use scrip_domain::card::claim::{self, Claim};
use scrip_domain::card::issue::{self, Issue};
use scrip_domain::card::spend::{self, Spend};
use scrip_domain::card::{CardEnded, CardKey, End, PinTerms, revert, void};
use scrip_domain::draft::Draft;
use scrip_domain::entry::{Decision, Detail, Entry, Line};
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::program::{Document, Program};
use scrip_domain::redeem::{
    self, Basket, BasketLine, CardUse, History, Redemption, Settlement, Uses, Wanted, capture,
    refund, release,
};
use scrip_domain::settlement;
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Job, Wallet};

#[path = "support/cases.rs"]
mod cases;
#[path = "support/forged.rs"]
mod forged;
#[path = "support/replayed.rs"]
mod replayed;

const NUMBER: &str = "6000000000000007";
const START: i64 = 1_795_230_245_000;

#[derive(Debug, Clone)]
enum Step {
    /// Spend by itself or in ann's or bob's basket, at once or held for an hour.
    Spend {
        who: Option<bool>,
        amount: u64,
        hold: bool,
    },
    /// Of one of the redemptions so far, by its place.
    Capture {
        which: usize,
        part: Option<u64>,
    },
    Release {
        which: usize,
    },
    Refund {
        which: usize,
        amount: u64,
    },
    Claim {
        by_ann: bool,
    },
    Cancel,
    Void,
    Revert,
    Settle {
        account: usize,
    },
    Wait {
        hours: i64,
    },
    /// Until something of an account is due, or a millisecond before.
    Due {
        account: usize,
        early: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let amount = || prop_oneof![1_u64..40, 1_u64..10_000];
    prop_oneof![
        4 => (prop::option::of(any::<bool>()), amount(), any::<bool>())
            .prop_map(|(who, amount, hold)| Step::Spend { who, amount, hold }),
        3 => (any::<usize>(), prop::option::of(amount()))
            .prop_map(|(which, part)| Step::Capture { which, part }),
        2 => any::<usize>().prop_map(|which| Step::Release { which }),
        4 => (any::<usize>(), amount()).prop_map(|(which, amount)| Step::Refund { which, amount }),
        1 => any::<bool>().prop_map(|by_ann| Step::Claim { by_ann }),
        1 => Just(Step::Cancel),
        1 => Just(Step::Void),
        2 => Just(Step::Revert),
        2 => (0..3_usize).prop_map(|account| Step::Settle { account }),
        3 => (0_i64..60).prop_map(|hours| Step::Wait { hours }),
        2 => (0..3_usize, 0_i64..=1).prop_map(|(account, early)| Step::Due { account, early }),
    ]
}

struct World {
    program: Program,
    now: Instant,
    entries: BTreeMap<AccountId, Vec<Entry>>,
    redemptions: Vec<(AccountId, String)>,
    refunds: usize,
}

fn card() -> AccountId {
    AccountId::Card(NUMBER.parse().unwrap())
}

fn member(name: &str) -> AccountId {
    AccountId::Member(name.parse().unwrap())
}

fn accounts() -> [AccountId; 3] {
    [card(), member("ann"), member("bob")]
}

impl World {
    fn new(revert: Option<i64>, expire: Option<i64>) -> Self {
        let document: Document =
            serde_json::from_str(include_str!("../programs/sample.json")).unwrap();
        let program = Program::from_document(&document).unwrap();
        let now = Instant::from_millis(START).unwrap();
        let mut world =
            Self { program, now, entries: BTreeMap::new(), redemptions: Vec::new(), refunds: 0 };
        let after = |quarters: Option<i64>| {
            let at = quarters.and_then(|it| Instant::from_millis(START + it * 900_000));
            at.or_else(|| Instant::from_millis(START + 87_600 * 3_600_000))
        };
        let issue = Issue {
            key: CardKey { purchaser: "ann".parse().unwrap(), card: "c".parse().unwrap() },
            definition: "standard".parse().unwrap(),
            amount: 10_000_u64.try_into().unwrap(),
            currency: None,
            revert_at: after(revert),
            expires_at: after(expire),
            pin: PinTerms { key: "1".parse().unwrap(), digits: 6 },
        };
        let decided = issue::decide(&Wallet::default(), &world.program, &issue, now);
        world.append(&card(), decided.unwrap());
        world
    }

    fn wallet(&self, account: &AccountId) -> Wallet {
        let newest = self.entries.get(account).and_then(|entries| entries.last());
        newest.map(|entry| entry.line.wallet.clone()).unwrap_or_default()
    }

    fn push(&mut self, account: &AccountId, line: Line) {
        let (number, recorded_at) = (self.number(account), self.now);
        let (account, by) = (account.clone(), "test".to_owned());
        let entry = Entry { account: account.clone(), number, recorded_at, by, program: 1, line };
        replayed::assert_replays(&self.wallet(&account), &entry);
        self.entries.entry(account).or_default().push(entry);
    }

    fn number(&self, account: &AccountId) -> u64 {
        self.entries.get(account).map_or(0, Vec::len) as u64 + 1
    }

    /// Whether anything was appended.
    fn append<T>(&mut self, asked: &AccountId, decided: Decision<T>) -> bool {
        match decided {
            Decision::Append(line) => self.push(asked, line),
            Decision::AppendAll(line, others) => {
                self.push(asked, line);
                for (account, line) in others {
                    self.push(&account, line);
                }
            }
            Decision::Unchanged(_) => return false,
            Decision::Needs(missing) => panic!("{missing:?} is there"),
            Decision::NeedsSettled(instants) => panic!("nothing is returned, {instants:?}"),
        }
        true
    }

    fn decide<T, R>(
        &mut self,
        asked: &AccountId,
        decide: impl FnOnce(Accounts<'_>, &Program, Instant) -> Result<Decision<T>, R>,
    ) -> bool {
        let others: BTreeMap<AccountId, Wallet> =
            accounts().map(|account| (account.clone(), self.wallet(&account))).into();
        let wallet = self.wallet(asked);
        let decided = decide(Accounts::new(asked, &wallet, &others), &self.program, self.now);
        decided.is_ok_and(|decided| self.append(asked, decided))
    }

    fn history(&self, account: &AccountId, id: &str) -> Option<History> {
        let entries = self.entries.get(account).into_iter().flatten().rev();
        entries.filter_map(History::of).find(|history| history.redemption().as_str() == id)
    }

    fn which(&self, which: usize) -> Option<(AccountId, Option<History>)> {
        let (account, id) = self.redemptions.get(which % self.redemptions.len().max(1))?;
        Some((account.clone(), self.history(account, id)))
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Spend { who, amount, hold } => self.spend(*who, *amount, *hold),
            Step::Capture { which, part } => {
                let Some((account, history)) = self.which(*which) else { return };
                let part = part.map_or(capture::Part::Full, |part| {
                    capture::Part::Amount(part.try_into().unwrap())
                });
                self.decide(&account, |accounts, _, now| {
                    capture::decide(accounts, history.as_ref(), &part, now)
                });
            }
            Step::Release { which } => {
                let Some((account, history)) = self.which(*which) else { return };
                self.decide(&account, |accounts, _, now| {
                    release::decide(accounts, history.as_ref(), now)
                });
            }
            Step::Refund { which, amount } => {
                let Some((account, history)) = self.which(*which) else { return };
                self.refunds += 1;
                let part = refund::Part::Amount((*amount).try_into().unwrap());
                let id = format!("r{}", self.refunds).parse().unwrap();
                let (refund, number) = (refund::Refund { refund: id, part }, self.number(&account));
                self.decide(&account, |accounts, program, now| {
                    refund::decide(accounts, program, history.as_ref(), &refund, (number, now))
                });
            }
            Step::Claim { by_ann } => {
                let name = if *by_ann { "ann" } else { "bob" };
                let claim =
                    Claim { member: name.parse().unwrap(), number: NUMBER.parse().unwrap() };
                self.decide(&member(name), |accounts, _, now| claim::decide(accounts, &claim, now));
            }
            Step::Cancel => {
                let cancel =
                    Cancel { number: NUMBER.parse().unwrap(), reason: "r".parse().unwrap() };
                self.decide(&member("ann"), |accounts, _, now| {
                    cancel::decide(accounts, &cancel, now)
                });
            }
            Step::Void => {
                let reason = "r".parse().unwrap();
                self.decide(&card(), |accounts, _, now| {
                    void::decide(accounts.wallet(), &reason, now)
                });
            }
            Step::Revert => {
                self.decide(&card(), |accounts, _, now| revert::decide(accounts, now));
            }
            Step::Settle { account } => {
                let account = &accounts()[*account];
                self.decide(account, |accounts, _, now| {
                    Ok::<_, ()>(settlement::decide(accounts.wallet(), now))
                });
            }
            Step::Wait { hours } => {
                self.now = Instant::from_millis(self.now.millis() + hours * 3_600_000).unwrap();
            }
            Step::Due { account, early } => {
                let wallet = self.wallet(&accounts()[*account]);
                let due = Draft::open(&wallet, self.now).into_wallet().next_due();
                let due = due.map(|due| Instant::from_millis(due.at.millis() - early).unwrap());
                self.now = self.now.max(due.unwrap_or(self.now));
            }
        }
    }

    fn spend(&mut self, who: Option<bool>, amount: u64, hold: bool) {
        let id = format!("s{}", self.redemptions.len());
        let settlement =
            if hold { Settlement::Held(Some("PT1H".parse().unwrap())) } else { Settlement::AtOnce };
        let (currency, redemption) = (self.program.currency, id.parse().unwrap());
        let amount = amount.try_into().unwrap();
        let account = who.map_or_else(card, |is_ann| member(if is_ann { "ann" } else { "bob" }));
        let is_done = if who.is_none() {
            let spend = Spend { redemption, currency, amount, settlement };
            self.decide(&account, |accounts, program, now| {
                spend::decide(accounts.wallet(), program, &spend, now)
            })
        } else {
            let line = BasketLine {
                id: "1".parse().unwrap(),
                kind: scrip_domain::purchase::LineKind::Product,
                category: None,
                amount,
            };
            let gift_cards = vec![CardUse { number: NUMBER.parse().unwrap(), amount: Wanted::Max }];
            let uses = Uses { gift_cards, ..Uses::default() };
            let basket = Basket { currency, lines: vec![line], uses };
            let request = Redemption { redemption, basket, settlement, expected_due: None };
            self.decide(&account, |accounts, program, now| {
                redeem::decide(accounts, program, &request, now)
            })
        };
        if is_done {
            self.redemptions.push((account, id));
        }
    }

    /// What was posted for these reasons, of any account, with its sign.
    fn posted(&self, reasons: &[PostingReason]) -> i64 {
        let postings = self.entries.values().flatten().flat_map(|entry| &entry.line.postings);
        let of = postings.filter(|posting| reasons.contains(&posting.reason));
        of.map(|posting| posting.amount.get()).sum()
    }

    fn assert_consistent(&self) {
        for account in accounts() {
            let wallet = self.wallet(&account);
            let mut sums: BTreeMap<&Asset, i64> = BTreeMap::new();
            let entries = self.entries.get(&account).into_iter().flatten();
            for posting in entries.flat_map(|entry| &entry.line.postings) {
                *sums.entry(&posting.asset).or_default() += posting.amount.get();
            }
            for (asset, sum) in sums {
                let held = wallet.held(asset).get();
                let lots = wallet.holding(asset).map_or(0, |holding| holding.remaining().get());
                assert_eq!(i64::try_from(held + lots).unwrap(), sum, "{account} {asset}");
            }
            // Carried in two steps it is as in one, and nothing is left to settle.
            let later =
                |hours: i64| Instant::from_millis(self.now.millis() + hours * 3_600_000).unwrap();
            let once = Draft::open(&wallet, later(80)).into_wallet();
            let twice = Draft::open(&wallet, later(31)).into_wallet();
            let twice = Draft::open(&twice, later(80)).into_wallet();
            assert_eq!(once, twice, "{account}");
            let due = once.next_due();
            assert!(due.is_none_or(|due| due.job == Job::Revert || later(80) < due.at), "{due:?}");
        }
        // Gift-card money that comes back is never forfeited, and what is held is nobody else's.
        for entry in self.entries.values().flatten() {
            let back = |posting: &&Posting| posting.reason == PostingReason::Reinstated;
            let mut back = entry.line.postings.iter().filter(back);
            assert!(back.all(|posting| !posting.is_forfeited()), "{:?}", entry.line.postings);
            if let Detail::CardEnd(CardEnded {
                end: End::Reverted | End::Claimed(_) | End::Cancelled,
                ..
            }) = &entry.line.detail
            {
                assert!(entry.line.wallet.holds.is_empty());
            }
        }
        // What leaves the card for somebody comes to them, and no more comes back than was spent.
        let moved = [PostingReason::TransferredOut, PostingReason::TransferredIn];
        assert_eq!(self.posted(&moved), 0);
        let spent = self.posted(&[PostingReason::Redeemed, PostingReason::Reinstated]);
        assert!(spent <= 0, "{spent}");
        assert_eq!(self.posted(&[PostingReason::Issued]), 10_000);
    }
}

#[test]
fn part_of_what_a_void_card_held_is_captured() {
    let spend = |amount, hold| Step::Spend { who: None, amount, hold };
    let capture = Step::Capture { which: 0, part: Some(1) };
    let steps = [spend(5, true), spend(1, false), spend(1, false), Step::Void, capture];
    assert_value_is_somewhere(None, None, &steps);
}

#[test]
fn what_was_spent_of_a_card_comes_back_at_its_expiry() {
    let spend = Step::Spend { who: None, amount: 656, hold: false };
    let steps = [spend, Step::Wait { hours: 49 }, Step::Refund { which: 0, amount: 1 }];
    assert_value_is_somewhere(None, Some(49 * 4), &steps);
}

#[test]
fn what_was_spent_of_a_card_comes_back_at_its_expiry_while_some_is_held() {
    let spend = |amount, hold| Step::Spend { who: None, amount, hold };
    let expiry = |early| Step::Due { account: 0, early };
    let refund = Step::Refund { which: 0, amount: 1 };
    let steps = [spend(656, false), expiry(1), spend(5, true), expiry(0), refund];
    assert_value_is_somewhere(None, Some(49 * 4), &steps);
}

/// It would have gone back to its purchaser before its expiry, had nothing been held.
#[test]
fn part_of_what_was_held_of_a_card_is_captured_after_its_expiry() {
    for who in [None, Some(true)] {
        let hold = Step::Spend { who, amount: 500, hold: true };
        let capture = Step::Capture { which: 0, part: Some(200) };
        let steps = [hold, Step::Due { account: 0, early: 0 }, capture];
        assert_value_is_somewhere(Some(1), Some(2), &steps);
    }
}

/// It lives on when something comes back, and so does what a member's redemption holds of it.
#[test]
fn what_is_held_of_a_card_is_captured_after_its_expiry_has_moved() {
    let spend = |amount, hold| Step::Spend { who: Some(false), amount, hold };
    let due = |early| Step::Due { account: 0, early };
    let refund = Step::Refund { which: 0, amount: 16 };
    let capture = Step::Capture { which: 1, part: None };
    let steps = [spend(600, false), due(1), spend(500, true), due(0), refund, capture];
    assert_value_is_somewhere(None, Some(49), &steps);
}

#[test]
fn what_was_spent_of_a_void_card_comes_back_after_its_expiry_while_some_is_held() {
    let spend = |amount, hold| Step::Spend { who: None, amount, hold };
    let due = |early| Step::Due { account: 0, early };
    let refund = Step::Refund { which: 0, amount: 1 };
    let steps = [spend(656, false), due(1), spend(5, true), Step::Void, due(1), refund];
    assert_value_is_somewhere(None, Some(49), &steps);
}

/// Nothing is left to be void then.
#[test]
fn card_that_is_voided_at_its_expiry_expires() {
    let steps = [Step::Due { account: 0, early: 0 }, Step::Void];
    assert_value_is_somewhere(None, Some(49), &steps);
}

fn assert_value_is_somewhere(revert: Option<i64>, expire: Option<i64>, steps: &[Step]) {
    let mut world = World::new(revert, expire);
    for step in steps {
        world.take(step);
        world.assert_consistent();
    }
}

/// When it reverts and when it expires, in quarters of an hour, and what is done.
fn history() -> impl Strategy<Value = (Option<i64>, Option<i64>, Vec<Step>)> {
    let end = || prop::option::of(1_i64..800);
    let soon =
        (1_i64..800, 0_i64..4).prop_map(|(revert, more)| (Some(revert), Some(revert + more)));
    let ends = prop_oneof![3 => (end(), end()), 1 => soon];
    let steps = prop::collection::vec(step(), 1..40);
    (ends, steps).prop_map(|((revert, expire), steps)| (revert, expire, steps))
}

proptest! {
    #![proptest_config(cases::cases(256, "tests/cards.regressions"))]

    #[test]
    fn value_of_a_card_is_somewhere_whatever_happens((revert, expire, steps) in history()) {
        assert_value_is_somewhere(revert, expire, &steps);
    }
}

proptest! {
    #![proptest_config(forged::config(cases::cases(16, "tests/cards.regressions")))]

    #[test]
    fn no_forged_line_of_a_card_is_believed((revert, expire, steps) in history()) {
        let mut world = World::new(revert, expire);
        for step in &steps {
            world.take(step);
        }
        for log in world.entries.values() {
            forged::assert_no_forgery_is_believed(log);
        }
    }
}
