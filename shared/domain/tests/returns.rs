//! Random shopping in which everything comes back in the end, in any split and order: nothing of
//! what was earned is left, and no more is owed than was spent.
//!
//! `SCRIP_CASES=10000 cargo test -p scrip-domain --test returns --release` tries so many.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/forged.rs"]
mod forged;
#[path = "support/replayed.rs"]
mod replayed;
#[path = "support/sample.rs"]
mod sample;

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;
use scrip_domain::draft::Draft;
use scrip_domain::entry::{Decision, Detail, Entry, Line};
use scrip_domain::posting::PostingReason;
use scrip_domain::program::Program;
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine};
use scrip_domain::redeem::refund;
use scrip_domain::redeem::{self, Basket, BasketLine, PointsUse, Redemption, Uses, Wanted};
use scrip_domain::returns::{self, History, Return};
use scrip_domain::tier;
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;
use serde_json::json;

use cases::cases;
use sample::{appended, at, entry, minor, named, points, points_asset, program_of};

const START: &str = "2026-10-02T03:04:05.678Z";
const CASES_DEFAULT: u32 = 256;

/// Points that accrue after a day and expire, tier points, and levels that a few orders reach.
fn program(lasting: bool) -> Program {
    let expires = if lasting { json!(null) } else { json!({"after": "P3D"}) };
    program_of(
        "AUD",
        json!({
            "time_zone": "Australia/Melbourne",
            "points": [{"handle": "p", "name": "P", "kind": "reward", "accrue_after": "P1D",
                        "expires": expires, "rounding": "half_up",
                        "value": {"points": 100, "money": "1.00"}},
                       {"handle": "tier", "name": "T", "kind": "tier",
                        "expires": {"after": "P12M"}}],
            "rates": [{"handle": "base", "points": "p", "per": "1.00", "earns": "1.3"},
                      {"handle": "tier", "points": "tier", "per": "1.00", "earns": "1"}],
            "multipliers": [{"handle": "gold", "points": "p", "factor": "2",
                             "when": {"tier": ["gold"]}}],
            "tiers": {"points": "tier",
                      "levels": [{"handle": "member", "attain": 0, "maintain": 0},
                                 {"handle": "silver", "attain": 30, "maintain": 20},
                                 {"handle": "gold", "attain": 60, "maintain": 50}]},
        }),
    )
}

#[derive(Debug, Clone)]
enum Step {
    /// So many hours go by, in which the wallet is settled or not.
    Wait(u64, bool),
    /// Cents of each line, and how many of them promotional credit paid.
    Buy(Vec<u64>, u64),
    Spend(u64),
    /// A redemption is given back.
    Refund(Index),
    /// So many thousandths of what is left of a line of an order.
    Return(Index, Index, u64),
    /// Time goes by until so many milliseconds before the level is judged, if it ever is.
    Anniversary(i64),
    /// A level by hand.
    Assign(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let index = prop::arbitrary::any::<Index>;
    prop_oneof![
        2 => (0_u64..40, prop::arbitrary::any::<bool>())
            .prop_map(|(hours, settles)| Step::Wait(hours, settles)),
        4 => (prop::collection::vec(0_u64..4000, 1..4), 0_u64..500)
            .prop_map(|(lines, paid)| Step::Buy(lines, paid)),
        2 => (1_u64..80).prop_map(Step::Spend),
        1 => index().prop_map(Step::Refund),
        4 => (index(), index(), prop_oneof![1_u64..1000, Just(1000)])
            .prop_map(|(order, line, permille)| Step::Return(order, line, permille)),
    ]
}

/// The same in the course of years, in which levels are judged.
fn step_in_years() -> impl Strategy<Value = Step> {
    let settles = prop::arbitrary::any::<bool>;
    prop_oneof![
        4 => step(),
        1 => (0_u64..20_000, settles()).prop_map(|(hours, settles)| Step::Wait(hours, settles)),
        2 => (0_i64..=1).prop_map(Step::Anniversary),
        1 => prop::sample::select(&["member", "silver", "gold"][..]).prop_map(Step::Assign),
    ]
}

struct Shopper {
    program: Program,
    wallet: Wallet,
    now: Instant,
    entries: Vec<Entry>,
    /// What of each line of each order has not come back.
    left: Vec<Vec<u64>>,
    returns: usize,
    /// Redemptions that were not given back, and how many points each took.
    redeemed: Vec<(redeem::History, u64)>,
    spent: u64,
    /// What was given back again, too.
    ever_spent: u64,
}

impl Shopper {
    fn new(program: Program) -> Self {
        let (wallet, now) = (Wallet::default(), at(START));
        let (entries, left, redeemed) = (Vec::new(), Vec::new(), Vec::new());
        let (returns, spent, ever_spent) = (0, 0, 0);
        Self { program, wallet, now, entries, left, returns, redeemed, spent, ever_spent }
    }

    fn push(&mut self, line: Line) {
        let entry = entry(line, self.entries.len() as u64 + 1, self.now);
        replayed::assert_replays(&self.wallet, &entry);
        self.wallet = entry.line.wallet.clone();
        self.entries.push(entry);
    }

    /// Judged, as the store does before a decision.
    fn judged(&self) -> Wallet {
        let mut wallet = self.wallet.clone();
        while let Some(at) = tier::review_due(&wallet, self.now) {
            wallet = tier::judge(&wallet, &self.program, at);
        }
        wallet
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Wait(hours, settles) => {
                self.now = self.now.plus_seconds(hours * 3600).unwrap();
                if *settles {
                    let line = Draft::open(&self.judged(), self.now).close(Detail::Settlement);
                    self.push(line);
                }
            }
            Step::Buy(nets, paid) => self.buy(nets, *paid),
            Step::Spend(count) => self.spend(*count),
            Step::Refund(which) if !self.redeemed.is_empty() => {
                self.refund(which.index(self.redeemed.len()));
            }
            Step::Return(order, line, permille) if !self.left.is_empty() => {
                let order = order.index(self.left.len());
                let line = line.index(self.left[order].len());
                let count = (self.left[order][line] * permille).div_ceil(1000);
                self.give_back(order, line, count);
            }
            Step::Refund(_) | Step::Return(..) => {}
            Step::Anniversary(early) => {
                let review_at = self.judged().standing.and_then(|standing| standing.review_at);
                let then = review_at.and_then(|at| Instant::from_millis(at.millis() - early));
                self.now = self.now.max(then.unwrap_or(self.now));
            }
            Step::Assign(level) => {
                let (assignment, reason) = (named("a"), named("reason"));
                let assign =
                    tier::Assign { assignment, level: named(level), reason, actor: named("actor") };
                let decided = tier::decide(&self.judged(), &self.program, &assign, self.now);
                self.push(appended(decided.unwrap()));
            }
        }
        self.assert_sums();
    }

    fn buy(&mut self, nets: &[u64], paid: u64) {
        let lines = nets.iter().enumerate().map(|(index, net)| PurchaseLine {
            id: named(&index.to_string()),
            category: None,
            kind: LineKind::Product,
            net: minor(*net),
        });
        let purchase = Purchase {
            order: named(&self.left.len().to_string()),
            currency: self.program.currency,
            transacted_at: self.now,
            location: None,
            country: None,
            lines: lines.collect(),
            paid_by_promotional_credit: minor(paid.min(nets.iter().sum())),
            redemption: None,
        };
        let decided = purchase::decide(&self.judged(), &self.program, &purchase, None, self.now);
        self.push(appended(decided.unwrap()));
        self.left.push(nets.to_vec());
    }

    fn spend(&mut self, count: u64) {
        let wallet = Draft::open(&self.wallet, self.now).into_wallet();
        let count = count.min(wallet.available(&points_asset("p")).get());
        if count == 0 {
            return;
        }
        let uses = Uses {
            points: vec![PointsUse { points: named("p"), amount: Wanted::Exactly(points(count)) }],
            ..Uses::default()
        };
        let basket = Basket {
            currency: self.program.currency,
            lines: vec![BasketLine {
                id: named("1"),
                category: None,
                kind: LineKind::Product,
                amount: minor(10_000),
            }],
            uses,
        };
        let redemption = Redemption {
            redemption: named(&format!("r{}", self.entries.len())),
            basket,
            settlement: redeem::Settlement::AtOnce,
            expected_due: None,
        };
        let decided = redeem::decide(&self.judged(), &self.program, &redemption, self.now);
        self.push(appended(decided.unwrap()));
        let history = redeem::History::of(self.entries.last().unwrap()).unwrap();
        self.redeemed.push((history, count));
        self.spent += count;
        self.ever_spent += count;
    }

    fn refund(&mut self, which: usize) {
        let (history, count) = self.redeemed.remove(which);
        let part = refund::Part::Lines(vec![(named("1"), minor(10_000))]);
        let refund = refund::Refund { refund: named("back"), part };
        let when = (self.entries.len() as u64 + 1, self.now);
        let decided =
            refund::decide(&self.judged(), &self.program, Some(&history), &refund, when).unwrap();
        self.push(appended(decided));
        self.spent -= count;
    }

    fn give_back(&mut self, order: usize, line: usize, count: u64) {
        self.returns += 1;
        let request = Return {
            id: named(&self.returns.to_string()),
            returned_at: self.now,
            lines: vec![(named(&line.to_string()), minor(count))],
        };
        let mut histories = self.entries.iter().rev().filter_map(History::of);
        let is_its = |history: &History| history.purchased().order == named(&order.to_string());
        let history = histories.find(is_its);
        let (wallet, mut settled) = (self.judged(), BTreeMap::new());
        let line_decided = loop {
            let (program, history) = (&self.program, history.as_ref());
            let decided = returns::decide(&wallet, program, history, &request, &settled, self.now);
            match decided.unwrap() {
                Decision::NeedsSettled(instants) => {
                    settled.extend(instants.into_iter().map(|at| {
                        let line = self.entries.iter().find(|entry| at <= entry.recorded_at);
                        (at, line.map(|line| line.line.postings.clone()).unwrap_or_default())
                    }));
                }
                decided => break appended(decided),
            }
        };
        self.push(line_decided);
        self.left[order][line] -= count;
    }

    fn give_everything_back(&mut self, backwards: bool) {
        let mut lines: Vec<(usize, usize)> = (0..self.left.len())
            .flat_map(|order| (0..self.left[order].len()).map(move |line| (order, line)))
            .collect();
        if backwards {
            lines.reverse();
        }
        for (order, line) in lines {
            self.give_back(order, line, self.left[order][line]);
            self.assert_sums();
        }
    }

    fn debt(&self, definition: &str) -> u64 {
        self.wallet.points(&named(definition)).map_or(0, |holding| holding.debt.get())
    }

    /// The postings of each definition sum to what its lots have.
    fn assert_sums(&self) {
        for definition in ["p", "tier"] {
            let asset = points_asset(definition);
            let postings = self.entries.iter().flat_map(|entry| &entry.line.postings);
            let own = postings.filter(|posting| posting.asset == asset);
            let is_debt = |reason| reason == PostingReason::DebtIncurred;
            let (mut sum, mut owed) = (0, 0);
            for posting in own {
                sum += posting.amount.get();
                if is_debt(posting.reason) || posting.reason == PostingReason::DebtRepaid {
                    owed += posting.amount.get();
                }
            }
            let there = self.wallet.holding(&asset);
            let remaining: u64 = there
                .into_iter()
                .flat_map(|holding| &holding.lots)
                .map(|lot| lot.remaining.get())
                .sum();
            assert_eq!(sum, i64::try_from(remaining).unwrap(), "{definition}");
            assert_eq!(owed, i64::try_from(self.debt(definition)).unwrap(), "{definition}");
            for lot in there.into_iter().flat_map(|holding| &holding.lots) {
                assert!(lot.remaining <= lot.issued, "{lot:?}");
            }
        }
    }

    fn assert_nothing_is_left(&self) {
        for definition in ["p", "tier"] {
            let asset = points_asset(definition);
            let there = self.wallet.holding(&asset).into_iter().flat_map(|holding| &holding.lots);
            assert_eq!(there.map(|lot| lot.remaining.get()).sum::<u64>(), 0, "{definition}");
        }
        assert_eq!(self.debt("tier"), 0);
        let tiers = self.program.tiers.as_ref().unwrap();
        assert_eq!(tier::level(&self.wallet, tiers).unwrap().handle, named("member"));
        assert_eq!(self.wallet.standing, None);
    }
}

proptest! {
    #![proptest_config(cases(CASES_DEFAULT, "tests/returns.regressions"))]

    #[test]
    fn all_that_comes_back_leaves_what_was_spent_as_debt(
        steps in prop::collection::vec(step(), 1..25),
        backwards in prop::arbitrary::any::<bool>(),
    ) {
        let mut shopper = Shopper::new(program(true));
        for step in &steps {
            shopper.take(step);
        }
        shopper.give_everything_back(backwards);
        shopper.assert_nothing_is_left();
        prop_assert_eq!(shopper.debt("p"), shopper.spent);
    }

    #[test]
    fn what_expired_unspent_is_not_owed(
        steps in prop::collection::vec(step(), 1..25),
        backwards in prop::arbitrary::any::<bool>(),
    ) {
        let mut shopper = Shopper::new(program(false));
        for step in &steps {
            shopper.take(step);
        }
        shopper.give_everything_back(backwards);
        shopper.assert_nothing_is_left();
        // The share of each order is rounded down. What was given back counts: where the points of
        // another order had repaid what it left owed, it expired as nobody's.
        let rounded = shopper.left.len() as u64;
        prop_assert!(shopper.debt("p") <= shopper.ever_spent + rounded, "{}", shopper.debt("p"));
    }
}

/// Its own lot has nothing of an order any more when the rest of it comes back.
#[test]
fn rest_of_an_order_is_taken_from_elsewhere_when_its_lot_is_spent() {
    let mut shopper = Shopper::new(program(true));
    shopper.take(&Step::Buy(vec![21, 2028, 413], 396));
    shopper.give_back(0, 1, 2028);
    shopper.take(&Step::Wait(24, false));
    shopper.take(&Step::Spend(5));
    shopper.give_back(0, 0, 21);
    shopper.take(&Step::Buy(vec![64], 0));
    shopper.take(&Step::Buy(vec![386], 0));
    shopper.give_everything_back(false);
    shopper.assert_nothing_is_left();
}

/// The level beneath the one that an order reached had its anniversary before the order comes back.
#[test]
fn level_that_a_return_leaves_is_judged_late() {
    let mut shopper = Shopper::new(program(false));
    shopper.take(&Step::Buy(vec![3500], 0));
    let silver = shopper.wallet.standing.clone().unwrap();
    shopper.take(&Step::Wait(30 * 24, false));
    shopper.take(&Step::Buy(vec![3000], 0));
    shopper.now = silver.review_at.unwrap().plus_seconds(3600).unwrap();
    shopper.give_back(1, 0, 3000);
    let kept = shopper.wallet.standing.clone().unwrap();
    assert_eq!((kept.level, kept.since), (silver.level, shopper.now));
    forged::assert_no_forgery_is_believed(&shopper.entries);
}

/// DESIGN 5.4: a thousand orders, each returned in another split.
#[test]
fn thousand_cycles_of_buying_and_returning_net_zero() {
    let mut shopper = Shopper::new(program(false));
    for cycle in 0..1000_u64 {
        shopper.take(&Step::Wait(cycle % 7, cycle % 3 == 0));
        shopper.take(&Step::Buy(vec![cycle * 37 % 4001, cycle * 91 % 2003], cycle % 300));
        let order = shopper.left.len() - 1;
        let mut part = cycle % 23 + 1;
        while let Some(line) = shopper.left[order].iter().position(|left| *left > 0) {
            let count = shopper.left[order][line].min(part * 100);
            shopper.give_back(order, line, count);
            part = part * 5 % 89 + 1;
        }
        shopper.assert_nothing_is_left();
        assert_eq!(shopper.debt("p"), 0, "{cycle}");
        assert!(shopper.wallet.assets.is_empty(), "{:?}", shopper.wallet);
    }
}

proptest! {
    #![proptest_config(forged::config(cases(16, "tests/returns.regressions")))]

    #[test]
    fn no_forged_line_of_a_shopper_is_believed(
        steps in prop::collection::vec(step(), 1..25),
        is_lasting in prop::arbitrary::any::<bool>(),
    ) {
        let mut shopper = Shopper::new(program(is_lasting));
        for step in &steps {
            shopper.take(step);
        }
        forged::assert_no_forgery_is_believed(&shopper.entries);
    }

    #[test]
    fn no_forged_line_of_a_shopper_with_levels_is_believed(
        steps in prop::collection::vec(step_in_years(), 1..25),
    ) {
        let mut shopper = Shopper::new(program(false));
        for step in &steps {
            shopper.take(step);
        }
        forged::assert_no_forgery_is_believed(&shopper.entries);
    }
}
