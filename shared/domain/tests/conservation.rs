//! Random histories of value of every kind: nothing is created or lost, whatever is issued, held,
//! captured, released, refunded, voided, extended, converted or transferred, and whenever somebody
//! looks.
//!
//! `SCRIP_CASES=10000 cargo test -p scrip-domain --test conservation --release` tries so many.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/forged.rs"]
mod forged;
#[path = "conservation/passbook.rs"]
mod passbook;
#[path = "support/replayed.rs"]
mod replayed;
#[path = "support/sample.rs"]
mod sample;
#[path = "conservation/step.rs"]
mod step;

use proptest::prelude::*;
use proptest::sample::Index;
use scrip_domain::amount::{Points, Units};
use scrip_domain::asset::Kind;
use scrip_domain::award::Awarded;
use scrip_domain::conversion::{self, Conversion};
use scrip_domain::draft::{Draft, Insufficient, OwnLot};
use scrip_domain::entry::{Decision, Detail, Entry, Line};
use scrip_domain::facts::Facts;
use scrip_domain::id::LotId;
use scrip_domain::issue::extension::{self, Extension};
use scrip_domain::issue::void::{self, Void};
use scrip_domain::issue::{self, Value};
use scrip_domain::posting::PostingReason;
use scrip_domain::program::{ClawbackPolicy, Program};
use scrip_domain::purchase::LineKind;
use scrip_domain::redeem::{
    self, Basket, BasketLine, History, MoneyUse, PointsUse, Redemption, Settlement, Status, Uses,
    Wanted, capture, refund, release,
};
use scrip_domain::time::{Instant, Period};
use scrip_domain::transfer::{self, Transfer};
use scrip_domain::wallet::Wallet;
use serde_json::json;

use cases::cases;
use forged::assert_no_forgery_is_believed;
use passbook::{Paid, Passbook};
use sample::{at, entry, minor, named, points, points_asset, program_of, units};
use step::{Money, Part, Redeem, Step, Wait};

/// Two days before clocks go forward in Melbourne.
const START: &str = "2026-10-02T03:04:05.678Z";
const GRACE: &str = "P2D";
const CASES_DEFAULT: u32 = 96;
const FORGED_CASES_DEFAULT: u32 = 8;
const LINES: [&str; 4] = ["a", "card", "post", "b"];

/// What comes back past its expiry lives so much longer.
fn program(grace: &str) -> Program {
    program_of(
        "AUD",
        json!({
            "time_zone": "Australia/Melbourne",
            "points": [{"handle": "p", "name": "P", "kind": "reward",
                        "value": {"points": 7, "money": "0.10"}}],
            "conversions": [{"points": "p", "multiple": 100, "reward": "plain", "money": "1.50"}],
            "rewards": [{"handle": "plain", "extendable": true},
                        {"handle": "half", "excludes": ["shipping"], "minimum_spend": "5.00",
                         "maximum_share": "0.5"}],
            "benefits": [{"handle": "percent", "percent_off": "12.5"},
                         {"handle": "amount", "amount_off": "3.33"},
                         {"handle": "hem", "service": true}],
            "credits": [{"handle": "promo", "kind": "promotional"},
                        {"handle": "store", "kind": "store"}],
            "redemption": {"reinstate_grace": grace},
        }),
    )
}

/// A redemption by its newest line, and what it took and gave back.
struct Redeemed {
    history: History,
    paid: Paid,
}

/// The same history in two passbooks, one of which is also settled at moments in between.
struct World {
    program: Program,
    now: Instant,
    rarely: Passbook,
    often: Passbook,
    issued: Vec<(Kind, LotId)>,
    redemptions: Vec<Redeemed>,
    transfers: Vec<Entry>,
    operations: u64,
}

fn bare(draft: Draft) -> Line {
    draft.close(Detail::Facts { facts: Facts::default(), first: false })
}

impl World {
    fn new(grace: &str) -> Self {
        Self {
            program: program(grace),
            now: at(START),
            rarely: Passbook::default(),
            often: Passbook::default(),
            issued: Vec::new(),
            redemptions: Vec::new(),
            transfers: Vec::new(),
            operations: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        self.operations += 1;
        match step {
            Step::Wait(wait) => self.wait(wait),
            Step::Issue(issue) => self.issue(issue),
            Step::Give(count, life) => self.give(*count, *life),
            Step::ClawBack(count) => self.claw_back(*count),
            Step::Redeem(redeem) => self.redeem(redeem),
            Step::Capture(which, part) => self.capture(*which, part),
            Step::Release(which) => self.release(*which),
            Step::Refund(which, part) => self.refund_some(*which, part),
            Step::Void(which) => self.void(*which),
            Step::Extend(which, millis) => self.extend(*which, *millis),
            Step::Convert(count) => self.convert(*count),
            Step::Transfer(count) => self.transfer(*count),
            Step::TransferRefund(_, _) if self.transfers.is_empty() => {}
            Step::TransferRefund(which, count) => {
                self.refund_transfer(which.index(self.transfers.len()), *count);
            }
        }
        self.assert_consistent();
    }

    fn wait(&mut self, wait: &Wait) {
        let settled = Draft::open(&self.rarely.wallet, self.now).into_wallet();
        let (millis, stops) = match wait {
            Wait::Millis(millis, stops) => (self.now.millis() + i64::from(*millis), stops),
            Wait::Due(early, stops) => {
                (settled.next_due().map_or(0, |due| due.at.millis()) - early, stops)
            }
        };
        let then = Instant::from_millis(millis).unwrap().max(self.now);
        let span = then.millis() - self.now.millis();
        let mut stops = stops.clone();
        stops.sort_unstable();
        for permille in stops {
            let stop = self.now.millis() + span * i64::from(permille) / 1000;
            let stop = Instant::from_millis(stop).unwrap();
            let draft = Draft::open(&self.often.wallet, stop);
            self.often.append(&draft.close(Detail::Settlement), stop);
        }
        self.now = then;
    }

    /// Decides the same in both passbooks. A refusal leaves both as they were.
    fn decide<T: PartialEq + std::fmt::Debug, E: PartialEq + std::fmt::Debug>(
        &mut self,
        decide: impl Fn(&Wallet, &Program, (u64, Instant)) -> Result<Decision<T>, E>,
    ) -> Result<Option<Entry>, E> {
        let here = (self.operations, self.now);
        let rarely = decide(&self.rarely.wallet, &self.program, here);
        let often = decide(&self.often.wallet, &self.program, here);
        match (rarely, often) {
            (Ok(Decision::Append(line)), Ok(Decision::Append(other))) => {
                assert_eq!(line.detail, other.detail);
                for each in [&line, &other] {
                    let implied = each.detail.implied_postings(self.now);
                    assert!(each.postings.ends_with(&implied), "{each:?}");
                }
                self.rarely.append(&line, self.now);
                self.often.append(&other, self.now);
                Ok(Some(entry(line, self.operations, self.now)))
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

    fn ahead(&self, millis: u32) -> Instant {
        Instant::from_millis(self.now.millis() + i64::from(millis)).unwrap()
    }

    fn issue(&mut self, issue: &step::Issue) {
        let id: LotId = named(&format!("{}-{}", issue.definition, self.operations));
        let definition = named(issue.definition);
        let value = match issue.kind {
            Kind::Benefit => Value::Benefit(definition, Some(units(issue.amount))),
            Kind::Reward => Value::Reward(definition, minor(issue.amount), None),
            Kind::Credit => Value::Credit(definition, minor(issue.amount), None),
        };
        let expires_at = issue.life.map(|life| self.ahead(life));
        let request = issue::Issue { id: id.clone(), value, reason: None, expires_at };
        let decided =
            self.decide(|wallet, program, (_, now)| issue::decide(wallet, program, &request, now));
        decided.unwrap();
        self.issued.push((issue.kind, id));
    }

    fn give(&mut self, count: u64, life: Option<u32>) {
        let expires_at = life.map(|life| self.ahead(life));
        let decided = self.decide(|wallet, _, (_, now)| {
            let mut draft = Draft::open(wallet, now);
            let reason = PostingReason::Issued;
            draft.issue(&named("p"), points(count), reason, None, expires_at)?;
            let detail = Awarded { award: named("a"), reason: named("reason") };
            let awarded = draft.close(Detail::Award(detail));
            Ok::<_, scrip_domain::limit::LimitReached>(Decision::<()>::Append(awarded))
        });
        decided.unwrap();
    }

    fn claw_back(&mut self, count: u64) {
        let policy = ClawbackPolicy::Debt;
        let decided = self.decide(|wallet, _, (_, now)| {
            let mut draft = Draft::open(wallet, now);
            let own = OwnLot { count: Points::ZERO, accrue_at: None, expires_at: None };
            draft.claw_back(&named("p"), points(count), policy, own)?;
            Ok::<_, Insufficient>(Decision::<()>::Append(bare(draft)))
        });
        decided.unwrap();
    }

    /// One of a kind of which something is left, or else the one that was issued first.
    fn one_of(&self, kind: Kind, which: Index) -> Option<LotId> {
        let wallet = Draft::open(&self.rarely.wallet, self.now).into_wallet();
        let left = wallet.lots_of(kind).filter(|(_, lot)| !lot.remaining.is_zero());
        let mut ids: Vec<LotId> = left.filter_map(|(_, lot)| lot.id().cloned()).collect();
        ids.extend(self.issued.iter().find(|(of, _)| *of == kind).map(|(_, id)| id.clone()));
        (!ids.is_empty()).then(|| which.get(&ids).clone())
    }

    /// A redemption with this status, or else any, if there is one.
    fn redemption(&self, which: Index, status: Status) -> Option<usize> {
        let wallet = Draft::open(&self.rarely.wallet, self.now).into_wallet();
        let of = |place: &usize| self.redemptions[*place].history.status(&wallet) == status;
        let mut places: Vec<usize> = (0..self.redemptions.len()).filter(of).collect();
        places.extend((0..self.redemptions.len()).next());
        (!places.is_empty()).then(|| *which.get(&places))
    }

    fn money_use(&self, kind: Kind, money: &Money) -> MoneyUse {
        match money {
            Money::Nothing => MoneyUse::Nothing,
            Money::Max => MoneyUse::All(Wanted::Max),
            Money::Exactly(amount) => MoneyUse::All(Wanted::Exactly(minor(*amount))),
            Money::Each(each) => {
                let mut named: Vec<(LotId, Wanted<_>)> = Vec::new();
                for (which, amount) in each {
                    let Some(id) = self.one_of(kind, *which) else { continue };
                    if named.iter().all(|(other, _)| *other != id) {
                        let amount =
                            amount.map_or(Wanted::Max, |amount| Wanted::Exactly(minor(amount)));
                        named.push((id, amount));
                    }
                }
                MoneyUse::Each(named)
            }
        }
    }

    fn basket(&self, redeem: &Redeem) -> Basket {
        let lines = LINES.iter().zip(redeem.prices).map(|(id, amount)| BasketLine {
            id: named(id),
            kind: match *id {
                "card" => LineKind::GiftCard,
                "post" => LineKind::Shipping,
                _ => LineKind::Product,
            },
            category: None,
            amount: minor(amount),
        });
        let benefits = redeem.benefits.iter();
        let benefits = benefits.filter_map(|which| self.one_of(Kind::Benefit, *which));
        let amount: Option<Wanted<Points>> = match redeem.points {
            step::Points::Nothing => None,
            step::Points::Max => Some(Wanted::Max),
            step::Points::Steps(count) => Some(Wanted::Exactly(points(count * 7))),
        };
        let points = amount.into_iter().map(|amount| PointsUse { points: named("p"), amount });
        let uses = Uses {
            benefits: benefits.collect(),
            rewards: self.money_use(Kind::Reward, &redeem.rewards),
            points: points.collect(),
            credits: self.money_use(Kind::Credit, &redeem.credits),
            gift_cards: Vec::new(),
        };
        Basket { currency: self.program.currency, lines: lines.collect(), uses }
    }

    fn redeem(&mut self, redeem: &Redeem) {
        let basket = self.basket(redeem);
        let settlement = match redeem.hold_minutes {
            Some(minutes) => Settlement::Held(Some(named(&format!("PT{minutes}M")))),
            None => Settlement::AtOnce,
        };
        let quoted = redeem::quote(&self.rarely.wallet, &self.program, &basket, None, self.now);
        let redemption = named(&format!("redemption-{}", self.operations));
        let request = Redemption { redemption, basket, settlement, expected_due: None };
        let decided =
            self.decide(|wallet, program, (_, now)| redeem::decide(wallet, program, &request, now));
        let opened = match decided {
            Err(refusal) => return assert_eq!(quoted, Err(refusal)),
            Ok(opened) => opened.unwrap(),
        };
        let history = History::of(&opened).unwrap();
        assert_eq!(Ok(history.recorded_plan()), quoted.as_ref());
        let mut paid = Paid::default();
        paid.take(&opened.line);
        if redeem.hold_minutes.is_some() {
            paid.assert_nothing();
        } else {
            paid.assert_took(history.recorded_plan());
        }
        self.redemptions.push(Redeemed { history, paid });
    }

    fn capture(&mut self, which: Index, part: &Part) {
        let Some(place) = self.redemption(which, Status::Held) else { return };
        let history = self.redemptions[place].history.clone();
        let held = history.recorded_plan().clone();
        let part = match part {
            Part::Full => capture::Part::Full,
            Part::Permille(permille) => {
                capture::Part::Amount(minor(of(held.tendered().get(), *permille)))
            }
            Part::Lines(permilles) => {
                let lines = held.lines.iter().zip(permilles);
                let lines = lines.map(|(line, permille)| {
                    (line.id.clone(), minor(of(line.amount.get(), *permille)))
                });
                capture::Part::Lines(lines.collect())
            }
        };
        let decided =
            self.decide(|wallet, _, (_, now)| capture::decide(wallet, Some(&history), &part, now));
        let Ok(Some(captured)) = decided else { return };
        let newest = History::of(&captured).unwrap();
        let plan = newest.recorded_plan();
        assert!(plan.net() <= held.net() || part != capture::Part::Full);
        assert!(plan.tendered() <= plan.net());
        let mut paid = Paid::default();
        paid.take(&captured.line);
        paid.assert_took(plan);
        if part == capture::Part::Full {
            assert_eq!(plan.draws().collect::<Vec<_>>(), held.draws().collect::<Vec<_>>());
        }
        self.redemptions[place] = Redeemed { history: newest, paid };
    }

    fn release(&mut self, which: Index) {
        let Some(place) = self.redemption(which, Status::Held) else { return };
        let history = self.redemptions[place].history.clone();
        let decided =
            self.decide(|wallet, _, (_, now)| release::decide(wallet, Some(&history), now));
        let Ok(Some(released)) = decided else { return };
        let mut paid = Paid::default();
        paid.take(&released.line);
        paid.assert_nothing();
        self.redemptions[place].history = History::of(&released).unwrap();
    }

    fn refund_some(&mut self, which: Index, part: &Part) {
        let Some(place) = self.redemption(which, Status::Captured) else { return };
        let plan = self.redemptions[place].history.recorded_plan();
        let part = match part {
            Part::Full => self.rest_by_lines(place),
            Part::Permille(permille) => {
                refund::Part::Amount(minor(of(plan.net().get(), *permille / 2).max(1)))
            }
            Part::Lines(permilles) => {
                let lines = plan.lines.iter().zip(permilles);
                let lines = lines.map(|(line, permille)| {
                    (line.id.clone(), minor(of(line.amount.get(), *permille / 4)))
                });
                refund::Part::Lines(lines.filter(|(_, amount)| !amount.is_zero()).collect())
            }
        };
        self.refund(place, part);
    }

    /// What is left of the lines of a redemption.
    fn rest_by_lines(&self, place: usize) -> refund::Part {
        let history = &self.redemptions[place].history;
        let back = &history.refunds().back.lines;
        let lines = history.recorded_plan().lines.iter().zip(back);
        let lines = lines
            .map(|(line, back)| (line.id.clone(), line.amount.checked_sub(back.amount).unwrap()));
        refund::Part::Lines(lines.filter(|(_, amount)| !amount.is_zero()).collect())
    }

    /// Whether it was given back.
    fn refund(&mut self, place: usize, part: refund::Part) -> bool {
        let history = self.redemptions[place].history.clone();
        let before = history.refunds().money();
        let request = refund::Refund { refund: named("r"), part };
        let decided = self.decide(|wallet, program, here| {
            refund::decide(wallet, program, Some(&history), &request, here)
        });
        let Ok(refunded) = decided else { return false };
        let refunded = refunded.unwrap();
        let newest = History::of(&refunded).unwrap();
        let Detail::Refund(detail) = &refunded.line.detail else { panic!("no refund") };
        let (plan, money) = (newest.recorded_plan(), newest.refunds().money());
        assert_eq!(plan, history.recorded_plan());
        assert!(before <= money && money <= plan.net(), "more money than was captured");
        self.assert_where_it_went(&refunded);
        let paid = &mut self.redemptions[place].paid;
        paid.take(&refunded.line);
        paid.assert_never_gave_more();
        paid.external += detail.external.get();
        // What was paid back is all tender, then money at the till.
        assert_eq!(paid.credits_back() + paid.external, money.get());
        assert!(paid.external == 0 || paid.credits_back() == plan.tendered().get());
        self.redemptions[place].history = newest;
        true
    }

    /// What was given back under an id of its own is a grace lot or replaces a voided one; the rest
    /// went to where it came from, or came past its expiry and went at once.
    fn assert_where_it_went(&self, refunded: &Entry) {
        let line = &refunded.line;
        for posting in &line.postings {
            let (PostingReason::Reinstated, Some(id)) = (posting.reason, &posting.id) else {
                continue;
            };
            let is_over = posting.expires_at.is_some_and(|expires_at| expires_at <= self.now);
            let number = format!("entry:{}", refunded.number);
            let is_fresh = *id.as_str() == number || id.as_str().starts_with(&(number + ":"));
            let lot = line.wallet.lot(posting.asset.kind().unwrap(), id).map(|(_, lot)| lot);
            assert_eq!(lot.is_none_or(|lot| lot.remaining.is_zero()), is_over, "{posting:?}");
            let is_ours = self.issued.iter().any(|(_, issued)| issued == id);
            assert!(!(is_fresh && is_ours), "{posting:?}");
            let Some(lot) = lot.filter(|_| is_fresh && !is_over) else { continue };
            let grace = named::<Period>(GRACE).after(self.now, &self.program.zone).unwrap();
            let grace = self.program.zone.end_of_day(grace);
            assert!(!lot.is_grace || lot.expires_at == grace, "{posting:?}");
        }
    }

    fn void(&mut self, which: Index) {
        let Some((kind, id)) = self.any(which) else { return };
        let request = Void { kind, id: id.clone(), reason: named("reason") };
        let settled = Draft::open(&self.rarely.wallet, self.now).into_wallet();
        let remaining = settled.lot(kind, &id).map(|(_, lot)| lot.remaining);
        let decided = self.decide(|wallet, _, (_, now)| void::decide(wallet, &request, None, now));
        let Some(remaining) = remaining else {
            return assert_eq!(decided, Err(void::Refusal::Unknown(kind)));
        };
        let voided = decided.unwrap().unwrap();
        let Detail::Void(detail) = &voided.line.detail else { panic!("no void") };
        assert_eq!(detail.amount, remaining);
        let lot = voided.line.wallet.lot(kind, &id).map(|(_, lot)| lot.remaining);
        assert!(lot.is_none_or(Units::is_zero));
    }

    fn extend(&mut self, which: Index, millis: u32) {
        let Some((kind, id)) = self.any(which) else { return };
        let settled = Draft::open(&self.rarely.wallet, self.now).into_wallet();
        let expiry = settled.lot(kind, &id).and_then(|(_, lot)| lot.expires_at);
        let from = expiry.unwrap_or(self.now).millis();
        let expires_at = Instant::from_millis(from + i64::from(millis)).unwrap();
        let (extension, reason) = (named("x"), named("reason"));
        let request = Extension { kind, id, extension, expires_at, reason };
        let decided = self.decide(|wallet, program, (_, now)| {
            extension::decide(wallet, program, &request, None, now)
        });
        if let Ok(Some(extended)) = decided {
            assert_eq!(expiry, Some(self.now).max(expiry));
            let (_, lot) = extended.line.wallet.lot(kind, &request.id).unwrap();
            assert_eq!(lot.expires_at, Some(expires_at));
        }
    }

    /// Anything that was ever issued.
    fn any(&self, which: Index) -> Option<(Kind, LotId)> {
        (!self.issued.is_empty()).then(|| which.get(&self.issued).clone())
    }

    fn convert(&mut self, count: u64) {
        let (conversion, reward) = (named("c"), None);
        let request = Conversion { conversion, points: named("p"), amount: points(count), reward };
        let decided = self
            .decide(|wallet, program, here| conversion::decide(wallet, program, &request, here));
        if let Ok(Some(converted)) = decided {
            let Detail::Conversion(detail) = converted.line.detail else { panic!("none") };
            assert_eq!(detail.money.get(), count / 100 * 150);
            self.issued.push((Kind::Reward, detail.id));
        }
    }

    fn transfer(&mut self, count: u64) {
        let request = Transfer {
            transfer: named("t"),
            points: named("p"),
            amount: points(count),
            to: named("airline"),
            reference: named("FF-1"),
        };
        let decided = self
            .decide(|wallet, program, (_, now)| transfer::decide(wallet, program, &request, now));
        self.transfers.extend(decided.ok().flatten());
    }

    fn refund_transfer(&mut self, place: usize, count: u64) {
        let newest = self.transfers[place].clone();
        let request = transfer::refund::Refund { refund: named("r"), amount: points(count) };
        let decided = self.decide(|wallet, program, here| {
            transfer::refund::decide(wallet, program, &request, Some(&newest), here)
        });
        if let Ok(Some(refunded)) = decided {
            let Detail::TransferRefund(detail) = &refunded.line.detail else { panic!("none") };
            assert!(u64::from(detail.refunded) <= detail.transferred.draw.amount().get());
            self.transfers[place] = refunded;
        }
    }

    fn assert_consistent(&self) {
        let expired = self.rarely.postings.iter();
        let mut expired = expired.filter(|posting| posting.reason == PostingReason::Expired);
        assert!(expired.all(|posting| posting.expires_at <= Some(posting.at)));
        let rarely = Draft::open(&self.rarely.wallet, self.now).into_wallet();
        let often = Draft::open(&self.often.wallet, self.now).into_wallet();
        assert_eq!(rarely, often, "settling in between made a difference");
        self.rarely.assert_adds_up();
        self.often.assert_adds_up();
        assert!(rarely.next_due().is_none_or(|due| self.now < due.at));
        for lot in rarely.assets.values().flat_map(|holding| &holding.lots) {
            let is_over = lot.is_voided() || lot.expires_at.is_some_and(|at| at <= self.now);
            assert!(lot.remaining.is_zero() || !is_over, "{lot:?}");
            assert!(lot.remaining <= lot.issued, "{lot:?}");
        }
    }

    /// Everything is given back, and then the redemptions have taken nothing; long after it, both
    /// passbooks have the same postings.
    fn finish(mut self) {
        for place in 0..self.redemptions.len() {
            self.operations += 1;
            let settled = Draft::open(&self.rarely.wallet, self.now).into_wallet();
            let redeemed = &self.redemptions[place];
            if redeemed.history.status(&settled) != Status::Captured {
                redeemed.paid.assert_nothing();
                continue;
            }
            let (history, by_amount) =
                (redeemed.history.clone(), redeemed.history.refunds().by_amount);
            if by_amount.is_zero() {
                let rest = self.rest_by_lines(place);
                assert!(self.refund(place, rest));
                let paid = &self.redemptions[place].paid;
                paid.assert_gave_all_back();
                assert_eq!(paid.external, history.recorded_plan().due().get());
            } else {
                let plan = history.recorded_plan();
                let left = plan.net().checked_sub(history.refunds().money()).unwrap();
                let rest = refund::Part::Amount(left);
                assert!(left.is_zero() || self.refund(place, rest));
                let paid = &self.redemptions[place].paid;
                assert_eq!(paid.credits_back(), plan.tendered().get());
                assert_eq!(paid.external, plan.due().get());
            }
            let more = refund::Part::Amount(minor(1));
            assert!(!self.refund(place, more));
            self.assert_consistent();
        }
        self.now = at("2030-01-01T00:00:00Z");
        for passbook in [&mut self.rarely, &mut self.often] {
            let draft = Draft::open(&passbook.wallet, self.now);
            passbook.append(&draft.close(Detail::Settlement), self.now);
        }
        self.assert_consistent();
        assert_eq!(self.rarely.postings, self.often.postings);
        let points = points_asset("p");
        assert!(self.rarely.wallet.assets.iter().all(|(asset, holding)| {
            *asset == points || holding.lots.iter().all(|lot| lot.expires_at.is_none())
        }));
    }
}

/// Points in their grace and others, which expire at the same instant: a hold of each lapses later,
/// both at once.
#[test]
fn what_comes_back_to_two_lots_at_once_expires_of_each() {
    let mut world = World::new(GRACE);
    world.take(&Step::Give(35, Some(1000)));
    world.take(&redeem(Money::Nothing, 5, None));
    world.take(&Step::Wait(Wait::Millis(2000, Vec::new())));
    let all = world.rest_by_lines(0);
    assert!(world.refund(0, all));
    let early = 5 * 60 * 1000;
    world.take(&Step::Wait(Wait::Due(early, Vec::new())));
    world.take(&redeem(Money::Nothing, 5, Some(10)));
    world.take(&Step::Give(70, Some(early.try_into().unwrap())));
    world.take(&redeem(Money::Nothing, 10, Some(10)));
    let lots = &world.rarely.wallet.points(&named("p")).unwrap().lots;
    let terms: Vec<_> = lots.iter().map(|lot| (lot.expires_at, lot.is_grace)).collect();
    assert_eq!(terms, [(terms[0].0, false), (terms[0].0, true)]);
    assert_eq!(world.rarely.wallet.holds.len(), 2);
    world.take(&Step::Wait(Wait::Due(0, Vec::new())));
    world.take(&Step::Give(1, None));
    let postings = &world.rarely.entries.last().unwrap().line.postings;
    let amounts: Vec<i64> = postings.iter().map(|posting| posting.amount.get()).collect();
    assert_eq!(amounts, [-70, -35, 1]);
}

#[test]
fn nothing_is_taken_once_it_has_expired() {
    let mut world = World::new(GRACE);
    world.take(&Step::Give(100, Some(1000)));
    world.take(&Step::Transfer(100));
    world.take(&Step::Give(35, Some(2000)));
    world.take(&redeem(Money::Nothing, 5, Some(10)));
    assert_eq!((world.redemptions.len(), world.transfers.len()), (1, 1));
    assert_no_forgery_is_believed(&world.rarely.entries);
}

/// Points in their grace are spent, or transferred with others, and come back when it has ended.
#[test]
fn what_comes_back_to_a_grace_that_has_ended_goes_uncounted() {
    let mut world = World::new(GRACE);
    world.take(&Step::Give(100, Some(1000)));
    world.take(&redeem(Money::Nothing, 14, None));
    world.take(&Step::Wait(Wait::Millis(2000, Vec::new())));
    let all = world.rest_by_lines(0);
    assert!(world.refund(0, all));
    world.take(&redeem(Money::Nothing, 7, None));
    world.take(&Step::Give(30, None));
    world.take(&Step::Transfer(60));
    world.take(&Step::Wait(Wait::Millis(4 * 24 * 60 * 60 * 1000, Vec::new())));
    let all = world.rest_by_lines(1);
    assert!(world.refund(1, all));
    world.refund_transfer(0, 60);
    let counted = world.rarely.postings.iter().filter_map(|posting| posting.lot_issued);
    assert_eq!(counted.map(Units::get).collect::<Vec<_>>(), [100]);
    assert_no_forgery_is_believed(&world.rarely.entries);
}

/// One hold of a voided reward lapses at the instant at which another is released.
#[test]
fn what_comes_back_to_a_voided_lot_is_voided_each_time() {
    let mut world = World::new(GRACE);
    let issue = step::Issue { kind: Kind::Reward, definition: "plain", amount: 100, life: None };
    world.take(&Step::Issue(issue));
    world.take(&redeem(Money::Exactly(30), 0, Some(10)));
    world.take(&redeem(Money::Exactly(20), 0, Some(20)));
    let (kind, id) = world.issued[0].clone();
    let request = Void { kind, id, reason: named("reason") };
    let voided = world.decide(|wallet, _, (_, now)| void::decide(wallet, &request, None, now));
    voided.unwrap();
    world.take(&Step::Wait(Wait::Due(0, Vec::new())));
    let history = world.redemptions[1].history.clone();
    let decided = world.decide(|wallet, _, (_, now)| release::decide(wallet, Some(&history), now));
    let postings = decided.unwrap().unwrap().line.postings;
    let amounts: Vec<i64> = postings.iter().map(|posting| posting.amount.get()).collect();
    assert_eq!(amounts, [-30, -20]);
}

fn redeem(rewards: Money, steps: u64, hold_minutes: Option<u32>) -> Step {
    Step::Redeem(Redeem {
        prices: [1000, 0, 0, 0],
        benefits: Vec::new(),
        rewards,
        points: step::Points::Steps(steps),
        credits: Money::Nothing,
        hold_minutes,
    })
}

fn of(whole: u64, permille: u16) -> u64 {
    whole * u64::from(permille) / 1000
}

proptest! {
    #![proptest_config(cases(CASES_DEFAULT, "tests/conservation.regressions"))]

    #[test]
    fn nothing_is_created_or_lost_in_any_history(
        first in prop::collection::vec(step::something(), 3..10),
        steps in prop::collection::vec(step::any(), 1..50),
        grace in prop::sample::select(&["P0D", GRACE][..]),
    ) {
        let mut world = World::new(grace);
        for step in first.iter().chain(&steps) {
            world.take(step);
        }
        world.finish();
    }
}

proptest! {
    #![proptest_config(forged::config(cases(FORGED_CASES_DEFAULT, "tests/conservation.regressions")))]

    #[test]
    fn no_forged_line_of_any_history_is_believed(
        first in prop::collection::vec(step::something(), 3..10),
        steps in prop::collection::vec(step::any(), 1..50),
        grace in prop::sample::select(&["P0D", GRACE][..]),
    ) {
        let mut world = World::new(grace);
        for step in first.iter().chain(&steps) {
            world.take(step);
        }
        assert_no_forgery_is_believed(&world.rarely.entries);
        assert_no_forgery_is_believed(&world.often.entries);
    }
}
