//! Random histories: what the rules make of them agrees with a reference that is too naive to be
//! wrong, adds up to what was posted, and does not depend on when somebody looked.
//!
//! `SCRIP_CASES=10000 cargo test -p scrip-domain --test model --release` tries so many.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "support/cases.rs"]
mod cases;
#[path = "model/reference.rs"]
mod reference;
#[path = "support/replayed.rs"]
mod replayed;
#[path = "support/sample.rs"]
mod sample;
#[path = "model/step.rs"]
mod step;

use std::collections::BTreeMap;

use proptest::prelude::*;
use scrip_domain::account::AccountId;
use scrip_domain::adjustment::{self, Adjustment};
use scrip_domain::amount::{Change, Minor};
use scrip_domain::asset::Asset;
use scrip_domain::award::{self, Award};
use scrip_domain::draft::{Draft, OwnLot};
use scrip_domain::entry::{Decision, Detail, Entry, Line};
use scrip_domain::facts::{self, BirthMonth, Facts};
use scrip_domain::id::{Handle, RedemptionId};
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::program::{PointsKind, Program};
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine};
use scrip_domain::redeem::{
    self, Basket, BasketLine, History, Plan, PointsUse, Redemption, Settlement, Uses, Wanted,
    capture, release,
};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{LOTS_MAX, Wallet};
use serde_json::json;

use cases::cases;
use reference::{Drawn, Reference, assert_agrees};
use sample::{at, minor, named, points, program_of};
use step::{Back, Buy, Definition, Give, Spend, Step, Taken, Wait};

/// When histories begin: two days before clocks go forward in Melbourne.
const START: &str = "2026-10-02T03:04:05.678Z";
/// Tier points that reach the upper level.
const ATTAIN: u64 = 40;
const CASES_DEFAULT: u32 = 64;

fn program() -> Program {
    program_of(
        "AUD",
        json!({
            "time_zone": "Australia/Melbourne",
            "points": [
                {"handle": "spend", "name": "Spend", "kind": "reward", "accrue_after": "P2D",
                 "expires": {"after": "P5D"}, "value": {"points": 100, "money": "1.00"}},
                {"handle": "coarse", "name": "Coarse", "kind": "action",
                 "value": {"points": 3, "money": "1.00"}},
                {"handle": "tier", "name": "Tier", "kind": "tier", "expires": {"after": "P10D"}}],
            "rates": [
                {"handle": "base", "points": "spend", "per": "1.00", "earns": "1"},
                {"handle": "double", "points": "spend", "per": "1.00", "earns": "2",
                 "when": {"category": ["double"]}},
                {"handle": "tier", "points": "tier", "per": "1.00", "earns": "1"}],
            "multipliers": [{"handle": "birthday", "points": "spend", "factor": "2",
                             "when": {"birth_month": true}}],
            "tiers": {"points": "tier", "levels": [
                {"handle": "member", "attain": 0, "maintain": 0},
                {"handle": "silver", "attain": ATTAIN, "maintain": 10}]},
        }),
    )
}

/// A log: the state after its last line and everything that was posted.
#[derive(Debug, Clone, Default)]
struct Log {
    wallet: Wallet,
    postings: Vec<Posting>,
    lapsed: Vec<RedemptionId>,
}

impl Log {
    #[track_caller]
    fn append(&mut self, line: &Line, at: Instant) {
        let entry = sample::entry(line.clone(), 1, at);
        replayed::assert_replays_unjudged(&self.wallet, &entry);
        self.wallet = line.wallet.clone();
        self.postings.extend(line.postings.iter().cloned());
        self.lapsed.extend(line.lapsed.iter().cloned());
    }

    /// A sweep: what is due is posted, and nothing else.
    fn settle(&mut self, now: Instant) {
        let line = bare(Draft::open(&self.wallet, now));
        self.append(&line, now);
    }

    /// The postings of a definition sum to its lots and holds, those of debt to its debt, and
    /// neither was ever below zero.
    #[track_caller]
    fn assert_adds_up(&self, points: &Handle) {
        let asset = Asset::Points(points.clone());
        let (mut sum, mut debt) = (0_i64, 0_i64);
        for posting in self.postings.iter().filter(|each| each.asset == asset) {
            let amount = posting.amount.get();
            sum += amount;
            if let PostingReason::DebtIncurred | PostingReason::DebtRepaid = posting.reason {
                debt += amount;
            }
            let positive = match posting.reason {
                PostingReason::Issued
                | PostingReason::Reinstated
                | PostingReason::ConvertedIn
                | PostingReason::TransferredIn
                | PostingReason::DebtIncurred => Some(true),
                PostingReason::Redeemed
                | PostingReason::Expired
                | PostingReason::Voided
                | PostingReason::Reversed
                | PostingReason::ConvertedOut
                | PostingReason::TransferredOut
                | PostingReason::DebtRepaid => Some(false),
                PostingReason::Adjusted => None,
            };
            assert_ne!(amount, 0, "{posting:?}");
            assert!(positive.is_none_or(|positive| positive == (amount > 0)), "{posting:?}");
            assert!(debt >= 0, "{posting:?}");
        }
        let holding = self.wallet.points(points).cloned().unwrap_or_default();
        let stands = holding.remaining().get() + self.wallet.held(&asset).get();
        assert_eq!(sum, i64::try_from(stands).unwrap(), "{points}");
        assert_eq!(debt, i64::try_from(holding.debt.get()).unwrap(), "{points}");
    }
}

/// A line that asks for nothing that shows in a wallet.
fn bare(draft: Draft) -> Line {
    draft.close(Detail::Facts { facts: Facts::default(), first: false })
}

/// When value that was issued accrues and expires.
type Term = (Option<Instant>, Option<Instant>);

/// How a redemption was last left, but for its lapse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Held,
    Captured,
    Released,
}

/// The same history in two logs, one of which is also settled at moments in between.
struct World {
    program: Program,
    now: Instant,
    rarely: Log,
    often: Log,
    reference: Reference,
    is_silver: bool,
    birth_month: Option<u32>,
    issued: Vec<(Handle, u64, Term)>,
    redemptions: Vec<(History, Left)>,
    operations: usize,
}

impl World {
    fn new() -> Self {
        Self {
            program: program(),
            now: at(START),
            rarely: Log::default(),
            often: Log::default(),
            reference: Reference::default(),
            is_silver: false,
            birth_month: None,
            issued: Vec::new(),
            redemptions: Vec::new(),
            operations: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        self.operations += 1;
        match step {
            Step::Wait(wait) => self.wait(wait),
            Step::BirthMonth(month) => self.facts(*month),
            Step::Buy(buy) => self.buy(buy),
            Step::Give(give) => self.give(give),
            Step::Adjust(definition, amount) => self.adjust(*definition, *amount),
            Step::Spend(spend) => self.spend(spend),
            Step::Capture(which, taken) => self.capture(*which, *taken),
            Step::Release(which) => self.release(*which),
            Step::ClawBack(back) => self.claw_back(back),
        }
        self.assert_consistent();
    }

    fn wait(&mut self, wait: &Wait) {
        let settled = Draft::open(&self.rarely.wallet, self.now).into_wallet();
        let lots = settled.assets.values().flat_map(|holding| &holding.lots);
        let millis = match wait {
            Wait::Millis(millis, _) => self.now.millis() + i64::from(*millis),
            Wait::Due(early, _) => settled.next_due().map_or(0, |due| due.at.millis()) - early,
            Wait::Accrual(early, _) => {
                let next = lots.filter_map(|lot| lot.accrue_at).min();
                next.map_or(0, Instant::millis) - early
            }
        };
        let then = Instant::from_millis(millis).unwrap().max(self.now);
        let span = then.millis() - self.now.millis();
        let (Wait::Millis(_, stops) | Wait::Due(_, stops) | Wait::Accrual(_, stops)) = wait;
        let mut stops = stops.clone();
        stops.sort_unstable();
        for permille in stops {
            let stop = self.now.millis() + span * i64::from(permille) / 1000;
            self.often.settle(Instant::from_millis(stop).unwrap());
        }
        self.now = then;
        self.reference.lapse(then);
    }

    /// Decides the same in both logs. A refusal leaves both as they were.
    fn decide<T: PartialEq + std::fmt::Debug, E: PartialEq + std::fmt::Debug>(
        &mut self,
        decide: impl Fn(&Wallet, &Program, Instant) -> Result<Decision<T>, E>,
    ) -> Result<Option<Line>, E> {
        let rarely = decide(&self.rarely.wallet, &self.program, self.now);
        let often = decide(&self.often.wallet, &self.program, self.now);
        match (rarely, often) {
            (Ok(Decision::Append(line)), Ok(Decision::Append(other))) => {
                assert_eq!(line.detail, other.detail);
                self.rarely.append(&line, self.now);
                self.often.append(&other, self.now);
                Ok(Some(line))
            }
            (Ok(Decision::Unchanged(stands)), Ok(Decision::Unchanged(other))) => {
                assert_eq!(stands, other);
                Ok(None)
            }
            (Err(refusal), Err(other)) => {
                assert_eq!(refusal, other);
                Err(refusal)
            }
            other => panic!("{other:?}"),
        }
    }

    fn facts(&mut self, month: u32) {
        let facts =
            Facts { birth_month: Some(BirthMonth::try_from(month).unwrap()), ..Facts::default() };
        let appended = self.decide(|wallet, _, now| facts::decide(wallet, &facts, now)).unwrap();
        assert_eq!(appended.is_none(), self.birth_month == Some(month));
        self.birth_month = Some(month);
    }

    fn issue(&mut self, points: &Handle, count: u64, term: Term) {
        if count > 0 {
            self.reference.issue(points, count, term);
            self.issued.push((points.clone(), count, term));
        }
    }

    fn reach(&mut self) {
        let window = self.reference.counts(&named("tier"), self.now).available;
        self.is_silver |= ATTAIN <= window;
    }

    /// The definition's own term for points that were earned or given at an instant.
    fn term(&self, points: &Handle, from: Instant, accrue_at: Option<Instant>) -> Term {
        let definition = self.program.points(points).unwrap();
        let zone = &self.program.zone;
        let own = definition.accrue_after.after(from, zone).unwrap();
        let accrue_at = accrue_at.unwrap_or(own);
        let expires_at = definition.expires.map(|expiry| expiry.of(accrue_at, zone).unwrap());
        let accrues = definition.kind != PointsKind::Tier;
        (accrues.then_some(accrue_at), expires_at)
    }

    fn buy(&mut self, buy: &Buy) {
        let transacted_at = self.now.millis() - i64::from(buy.late_millis);
        let transacted_at = Instant::from_millis(transacted_at).unwrap();
        let line = |(place, (net, double)): (usize, &(u64, bool))| PurchaseLine {
            id: named(&place.to_string()),
            category: double.then(|| named("double")),
            kind: LineKind::Product,
            net: minor(*net),
        };
        let purchase = Purchase {
            order: named(&format!("order-{}", self.operations)),
            currency: self.program.currency,
            transacted_at,
            location: None,
            country: None,
            lines: buy.lines.iter().enumerate().map(line).collect(),
            paid_by_promotional_credit: Minor::ZERO,
            redemption: None,
        };
        let decided = self
            .decide(|wallet, program, now| purchase::decide(wallet, program, &purchase, None, now));
        decided.unwrap();
        let month = self.program.zone.month(transacted_at);
        let birthday = if self.birth_month == Some(month) { 2 } else { 1 };
        let rated = buy.lines.iter();
        let rated: u64 = rated.map(|(net, double)| net * (1 + u64::from(*double))).sum();
        let spent: u64 = buy.lines.iter().map(|(net, _)| net).sum();
        for (points, count) in [("spend", rated * birthday / 100), ("tier", spent / 100)] {
            let points: Handle = named(points);
            let term = self.term(&points, transacted_at, None);
            self.issue(&points, count, term);
        }
        self.reach();
    }

    fn give(&mut self, give: &Give) {
        let definition = give.definition.handle();
        let ahead = |millis: u32| Instant::from_millis(self.now.millis() + i64::from(millis));
        let is_tier = give.definition == Definition::Tier;
        let accrue_at = give.accrue_in.filter(|_| !is_tier);
        let accrue_at = accrue_at.map(|millis| ahead(millis).unwrap());
        let own = self.term(&definition, self.now, accrue_at);
        let life = give.life.map(|life| {
            let from = own.0.unwrap_or(self.now).millis();
            Instant::from_millis(from + i64::from(life)).unwrap()
        });
        let award = Award {
            award: named(&format!("award-{}", self.operations)),
            points: definition.clone(),
            amount: points(give.count),
            reason: named("reason"),
            issued_at: None,
            accrue_at,
            expires_at: life,
        };
        let decided =
            self.decide(|wallet, program, now| award::decide(wallet, program, &award, now));
        if give.life == Some(0) {
            let accrue_at = own.0.unwrap_or(self.now);
            let refusal = award::Refusal::ExpiresBeforeAccrual { accrue_at };
            assert_eq!(decided, Err(refusal));
            return;
        }
        decided.unwrap();
        self.issue(&definition, give.count, (own.0, life.or(own.1)));
        self.reach();
    }

    fn adjust(&mut self, definition: Definition, amount: i64) {
        let definition = definition.handle();
        let adjustment = Adjustment {
            adjustment: named(&format!("adjustment-{}", self.operations)),
            points: definition.clone(),
            amount: Change::try_from(amount).unwrap(),
            reason: named("reason"),
            actor: named("actor"),
        };
        let decided = self
            .decide(|wallet, program, now| adjustment::decide(wallet, program, &adjustment, now));
        if amount < 0 {
            let available = points(self.reference.counts(&definition, self.now).available);
            let drawn = self.reference.draw(&definition, amount.unsigned_abs(), self.now);
            let refusal = adjustment::Refusal::InsufficientValue { available };
            assert_eq!(decided.err(), drawn.is_none().then_some(refusal));
        } else {
            decided.unwrap();
            let (accrue_at, expires_at) = self.term(&definition, self.now, Some(self.now));
            self.issue(&definition, amount.unsigned_abs(), (accrue_at, expires_at));
            self.reach();
        }
    }

    fn spend(&mut self, spend: &Spend) {
        let line = |id: &str, kind, amount| BasketLine {
            id: named(id),
            kind,
            category: None,
            amount: minor(amount),
        };
        let uses = spend.uses.iter().map(|(definition, count)| PointsUse {
            points: definition.handle(),
            amount: count.map_or(Wanted::Max, |count| Wanted::Exactly(points(count))),
        });
        let basket = Basket {
            currency: self.program.currency,
            lines: vec![
                line("a", LineKind::Product, spend.prices.0),
                line("card", LineKind::GiftCard, 500),
                line("b", LineKind::Shipping, spend.prices.1),
            ],
            uses: Uses { points: uses.collect(), ..Uses::default() },
        };
        let id: RedemptionId = named(&format!("redemption-{}", self.operations));
        let lapses_at = spend
            .hold_minutes
            .map(|minutes| self.now.plus_seconds(u64::from(minutes) * 60).unwrap());
        let redemption = Redemption {
            redemption: id,
            basket,
            settlement: match spend.hold_minutes {
                Some(minutes) => Settlement::Held(Some(named(&format!("PT{minutes}M")))),
                None => Settlement::AtOnce,
            },
            expected_due: None,
        };
        let quoted =
            redeem::quote(&self.rarely.wallet, &self.program, &redemption.basket, None, self.now);
        let decided =
            self.decide(|wallet, program, now| redeem::decide(wallet, program, &redemption, now));
        let Some((drawn, due)) = self.planned(spend) else {
            assert_eq!(decided, Err(quoted.unwrap_err()));
            return;
        };
        let line = decided.unwrap().unwrap();
        let history = self.history(line);
        assert_eq!(Ok(history.recorded_plan()), quoted.as_ref());
        assert_eq!(quoted.unwrap().due().get(), due);
        let place = self.redemptions.len();
        let left = match lapses_at {
            Some(lapses_at) => {
                self.reference.hold(place, lapses_at, drawn);
                Left::Held
            }
            None => Left::Captured,
        };
        self.redemptions.push((history, left));
    }

    /// What a redemption draws and leaves to pay; `None` when it is to be refused, and then
    /// nothing is drawn.
    fn planned(&mut self, spend: &Spend) -> Option<(Vec<Drawn>, u64)> {
        let mut open = spend.prices.0 + spend.prices.1;
        let mut counts = Vec::new();
        for (definition, wanted) in &spend.uses {
            let handle = definition.handle();
            let (step_points, step_minor) = definition.step();
            let available = self.reference.counts(&handle, self.now).available;
            let most = (available / step_points).min(open / step_minor) * step_points;
            let count = wanted.unwrap_or(most);
            let worth = count / step_points * step_minor;
            if count % step_points != 0 || available < count || open < worth {
                return None;
            }
            open -= worth;
            counts.push((handle, count));
        }
        let drawn = counts
            .into_iter()
            .flat_map(|(handle, count)| self.reference.draw(&handle, count, self.now).unwrap());
        Some((drawn.collect(), open + 500))
    }

    fn history(&self, line: Line) -> History {
        let entry = Entry {
            account: AccountId::Member(named("alice")),
            number: u64::try_from(self.operations).unwrap(),
            recorded_at: self.now,
            by: "till".to_owned(),
            program: 1,
            line,
        };
        History::of(&entry).unwrap()
    }

    fn capture(&mut self, which: prop::sample::Index, taken: Taken) {
        if self.redemptions.is_empty() {
            return;
        }
        let place = which.index(self.redemptions.len());
        let (history, left) = self.redemptions[place].clone();
        let part = match taken {
            Taken::Full => capture::Part::Full,
            Taken::Permille(permille) => {
                let lines =
                    history.recorded_plan().lines.iter().filter(|line| line.id.as_str() != "b");
                let lines = lines.map(|line| {
                    let amount = line.amount.get() * u64::from(permille) / 1000;
                    (line.id.clone(), minor(amount))
                });
                capture::Part::Lines(lines.collect())
            }
        };
        let decided =
            self.decide(|wallet, _, now| capture::decide(wallet, Some(&history), &part, now));
        if !self.reference.is_held(place) {
            let harmless = left == Left::Captured && part == capture::Part::Full;
            assert_eq!(decided.is_ok(), harmless);
            assert!(decided.ok().flatten().is_none());
            return;
        }
        let newest = self.history(decided.unwrap().unwrap());
        let plan = newest.recorded_plan();
        let spent = self.spent(place, history.recorded_plan(), plan, taken == Taken::Full);
        self.reference.end_hold(place, spent);
        self.redemptions[place] = (newest, Left::Captured);
    }

    /// How many of each definition a capture spends: no more than was held, and of a full one all.
    fn spent(&self, place: usize, held: &Plan, plan: &Plan, full: bool) -> BTreeMap<Handle, u64> {
        assert!(plan.subtotal() <= held.subtotal());
        let mut spent = BTreeMap::new();
        let mut kept = plan.discounts.iter().peekable();
        for before in &held.discounts {
            let points = before.draw.asset.definition();
            let was_held = self.reference.held_by(place, points);
            assert_eq!(before.draw.amount().get(), was_held);
            // What is wholly given back is left out.
            let discount = kept.next_if(|discount| discount.draw.asset == before.draw.asset);
            let count = discount.map_or(0, |discount| discount.draw.amount().get());
            assert!(discount.is_none_or(|discount| discount.amount <= before.amount));
            assert!(if full { count == was_held } else { count <= was_held });
            spent.insert(points.clone(), count);
        }
        assert!(kept.next().is_none());
        spent
    }

    fn release(&mut self, which: prop::sample::Index) {
        if self.redemptions.is_empty() {
            return;
        }
        let place = which.index(self.redemptions.len());
        let (history, left) = self.redemptions[place].clone();
        let decided = self.decide(|wallet, _, now| release::decide(wallet, Some(&history), now));
        if self.reference.is_held(place) {
            let newest = self.history(decided.unwrap().unwrap());
            self.reference.end_hold(place, BTreeMap::new());
            self.redemptions[place] = (newest, Left::Released);
        } else if left == Left::Captured {
            assert_eq!(decided, Err(release::Refusal::Captured));
        } else {
            assert_eq!(decided, Ok(None));
        }
    }

    fn claw_back(&mut self, back: &Back) {
        if self.issued.is_empty() {
            return;
        }
        let (handle, count, term) = self.issued[back.which.index(self.issued.len())].clone();
        let count = (count * u64::from(back.permille)).div_ceil(1000);
        let there = self.reference.counts(&handle, self.now);
        let policy = back.policy();
        let decided = self.decide(|wallet, _, now| {
            let mut draft = Draft::open(wallet, now);
            let own = OwnLot { count: points(0), accrue_at: term.0, expires_at: term.1 };
            draft.claw_back(&handle, points(count), policy, own)?;
            Ok::<_, scrip_domain::draft::Insufficient>(Decision::<()>::Append(bare(draft)))
        });
        let taken = self.reference.claw_back(&handle, count, policy, term, self.now);
        match decided {
            Ok(_) => assert!(taken),
            Err(insufficient) => {
                assert!(!taken);
                assert_eq!(insufficient.available.get(), there.available + there.pending);
            }
        }
    }

    fn assert_consistent(&self) {
        let rarely = Draft::open(&self.rarely.wallet, self.now).into_wallet();
        let often = Draft::open(&self.often.wallet, self.now).into_wallet();
        assert_eq!(rarely, often, "settling in between made a difference");
        assert_agrees(&rarely, &self.reference, &self.program, self.now);
        assert_eq!(rarely.standing.is_some(), self.is_silver);
        for definition in &self.program.points {
            self.rarely.assert_adds_up(&definition.handle);
            self.often.assert_adds_up(&definition.handle);
        }
        assert!(rarely.lot_count() <= self.issued.len().min(LOTS_MAX));
        // Levels are judged apart.
        let rarely_due = Wallet { standing: None, ..rarely.clone() }.next_due();
        assert!(rarely_due.is_none_or(|due| self.now < due.at));
    }

    /// Long after the last step both logs have posted the same movements in the same order.
    fn finish(mut self) {
        self.now = at("2030-01-01T00:00:00Z");
        self.reference.lapse(self.now);
        self.rarely.settle(self.now);
        self.often.settle(self.now);
        self.assert_consistent();
        assert_eq!(self.rarely.postings, self.often.postings);
        assert_eq!(self.rarely.lapsed, self.often.lapsed);
    }
}

proptest! {
    #![proptest_config(cases(CASES_DEFAULT, "tests/model.regressions"))]

    #[test]
    fn wallet_agrees_with_the_reference_after_every_step(
        steps in prop::collection::vec(step::any(), 1..80),
    ) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        world.finish();
    }
}
