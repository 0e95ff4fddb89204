//! The notation of the worked baskets: reads a row, asks for a quote and for redemptions, and
//! writes the answer in the notation again.
//!
//! | word | says | example |
//! |---|---|---|
//! | `holds` | what was issued: kind, definition, amount (a benefit: uses); then, if need be, `as` which id (the definition without it), `since` when, `from` when it accrues, `until` when, `in` which currency | `reward plain 5.00 as r1 until 2026-07-01, points reward 500` |
//! | `buys` | the lines, in another currency than the program's if it says so; with their kind or category | `USD: 20.00, 3 x 9.95 books, 5.00 shipping` |
//! | `uses` | what to use, and what the quote left to pay | `benefits b1, b2; rewards r1=5.00, r2=max; points reward max; credits 20.00; expecting 4.00` |
//! | `off` | a discount: source, what it took, what that takes off, and of which line how much | `reward, 500 points: 5.00 = 3.00 + 2.00` |
//! | `pays` | a tender | `c1 (store): 20.00` |
//! | `due` | what is left to pay | `60.00` |
//! | `skips` | what was passed over, and why | `r1: minimum_spend` |
//! | `refused` | why there is no plan; what is left for a source to pay is left of the lines it may touch | `only 5.00 left for it to pay` |

use scrip_domain::amount::{Minor, Units};
use scrip_domain::asset::Asset;
use scrip_domain::award::{self, Award};
use scrip_domain::currency::Currency;
use scrip_domain::draft::Draft;
use scrip_domain::entry::{Detail, Line};
use scrip_domain::id::LotId;
use scrip_domain::issue::{self, Issue, Value};
use scrip_domain::posting::PostingReason;
use scrip_domain::program::{CreditKind, Program};
use scrip_domain::purchase::LineKind;
use scrip_domain::redeem::{
    self, Basket, BasketLine, Discount, MoneyUse, Plan, PlanRefusal, PointsUse, Redemption,
    Refusal, Settlement, Uses, Wanted,
};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Draw, Wallet};

use crate::sample::{appended, at, named, points, units};

/// When every basket is at the till.
const NOW: &str = "2026-06-15T00:00:00Z";
/// When what does not say otherwise was issued.
const ISSUED_ON: &str = "2026-06-01";
/// Baskets of more lines than this show equal neighbours together, as `20 x 0.01`.
const LINES_SHOWN_MAX: usize = 9;

/// A worked basket, read.
struct Row {
    wallet: Wallet,
    basket: Basket,
    expected_due: Option<Minor>,
    answer: Vec<String>,
}

/// The basket of `text` gives the answer of `text`: as a quote, redeemed at once, and held.
#[track_caller]
pub(crate) fn check(program: &Program, text: &str) {
    let row = read(program, text);
    let quoted = redeem::quote(&row.wallet, program, &row.basket, row.expected_due, at(NOW));
    let answer = match &quoted {
        Ok(plan) => shown_plan(program, plan),
        Err(refusal) => vec![format!("refused {}", shown_refusal(row.basket.currency, refusal))],
    };
    assert_eq!(in_order(answer), in_order(row.answer), "{text}");
    if let Ok(plan) = &quoted {
        assert_adds_up(plan, &row.basket);
    }
    for settlement in [Settlement::AtOnce, Settlement::Held(None)] {
        let redemption = Redemption {
            redemption: named("basket-77"),
            basket: row.basket.clone(),
            settlement,
            expected_due: row.expected_due,
        };
        match (&quoted, redeem::decide(&row.wallet, program, &redemption, at(NOW))) {
            (Ok(plan), Ok(decision)) => {
                assert_carried_out(&row.wallet, plan, &appended(decision), settlement);
            }
            (quoted, decided) => assert_eq!(quoted.as_ref().err(), decided.as_ref().err()),
        }
    }
}

/// The parts of a plan sum to their wholes, and stay where they may be.
#[track_caller]
fn assert_adds_up(plan: &Plan, basket: &Basket) {
    let asked: Vec<_> = basket.lines.iter().map(|line| (&line.id, line.amount)).collect();
    let planned: Vec<_> = plan.lines.iter().map(|line| (&line.id, line.amount)).collect();
    assert_eq!(planned, asked);
    assert_eq!(plan.currency, basket.currency);
    for (place, discount) in plan.discounts.iter().enumerate() {
        assert_eq!(sum(plan.lines.iter().map(|line| line.shares[place])), discount.amount);
    }
    for (line, asked) in plan.lines.iter().zip(&basket.lines) {
        assert_eq!(line.shares.len(), plan.discounts.len());
        let taken = sum(line.shares.iter().copied());
        assert_eq!(sum([line.net(), taken]), line.amount);
        assert!(asked.kind != LineKind::GiftCard || taken.is_zero());
    }
    let discounted = sum(plan.discounts.iter().map(|discount| discount.amount));
    let tendered = sum(plan.tenders.iter().map(|tender| tender.draw.amount().into()));
    assert_eq!(sum([discounted, tendered, plan.due()]), plan.subtotal());
    assert_eq!(sum([plan.net(), discounted]), plan.subtotal());
    let goods = plan.lines.iter().zip(&basket.lines);
    let goods = goods.filter(|(_, asked)| asked.kind != LineKind::GiftCard);
    let promotional = plan.tenders.iter().filter(|each| each.kind == CreditKind::Promotional);
    let promotional = sum(promotional.map(|tender| tender.draw.amount().into()));
    assert!(promotional <= sum(goods.map(|(line, _)| line.net())));
}

/// `line` carries out `plan`: what it takes is gone from `wallet`, or set aside.
#[track_caller]
fn assert_carried_out(wallet: &Wallet, plan: &Plan, line: &Line, settlement: Settlement) {
    let Detail::Redemption(opened) = &line.detail else { panic!("{:?}", line.detail) };
    assert_eq!(opened.plan, *plan);
    let is_held = settlement != Settlement::AtOnce;
    assert_eq!(opened.lapses_at.is_some(), is_held);
    let before = Draft::open(wallet, at(NOW)).into_wallet();
    for Draw { asset, .. } in plan.draws() {
        let of_asset = plan.draws().filter(|draw| draw.asset == *asset).map(Draw::amount);
        let taken = Units::checked_sum(of_asset).unwrap();
        let left = before.available(asset).checked_sub(taken).unwrap();
        let redeemed = line
            .postings
            .iter()
            .filter(|posting| posting.asset == *asset && posting.reason == PostingReason::Redeemed);
        let redeemed = Units::checked_sum(redeemed.map(|posting| posting.amount.magnitude()));
        assert_eq!(line.wallet.available(asset), left);
        assert_eq!(line.wallet.held(asset), if is_held { taken } else { Units::ZERO });
        assert_eq!(redeemed, Some(if is_held { Units::ZERO } else { taken }));
    }
}

/// What was passed over comes last; which of it first says nothing.
fn in_order(mut answer: Vec<String>) -> Vec<String> {
    let skips = |line: &String| line.starts_with("skips ").then(|| line.clone());
    answer.sort_by_key(skips);
    answer
}

fn sum(parts: impl IntoIterator<Item = Minor>) -> Minor {
    Minor::checked_sum(parts).unwrap()
}

#[track_caller]
fn read(program: &Program, text: &str) -> Row {
    let mut given = Vec::new();
    let mut basket = Basket { currency: program.currency, lines: vec![], uses: Uses::default() };
    let mut expected_due = None;
    let mut answer = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (word, rest) = line.trim().split_once(' ').unwrap();
        let rest = rest.trim();
        match word {
            "holds" => given.extend(rest.split(", ").map(|item| read_given(program, item))),
            "buys" => (basket.currency, basket.lines) = read_lines(program, rest),
            "uses" => {
                for clause in rest.split("; ") {
                    read_use(clause, basket.currency, &mut basket.uses, &mut expected_due);
                }
            }
            "off" | "pays" | "due" | "skips" | "refused" => answer.push(format!("{word} {rest}")),
            other => panic!("`{other}` is no word of the notation"),
        }
    }
    given.sort_by_key(|given| given.since);
    let wallet = given.iter().fold(Wallet::default(), |wallet, given| given.put(program, &wallet));
    Row { wallet, basket, expected_due, answer }
}

/// Value that was issued.
struct Given<'a> {
    kind: &'a str,
    definition: &'a str,
    amount: Option<&'a str>,
    id: &'a str,
    since: Instant,
    from: Option<Instant>,
    until: Option<Instant>,
    currency: Currency,
}

#[track_caller]
fn read_given<'a>(program: &Program, item: &'a str) -> Given<'a> {
    let mut words = item.split_whitespace().peekable();
    let (kind, definition) = (words.next().unwrap(), words.next().unwrap());
    let amount = words.next_if(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let mut given = Given {
        kind,
        definition,
        amount,
        id: definition,
        since: instant(ISSUED_ON),
        from: None,
        until: None,
        currency: program.currency,
    };
    while let Some(word) = words.next() {
        let said = words.next().unwrap();
        match word {
            "as" => given.id = said,
            "since" => given.since = instant(said),
            "from" => given.from = Some(instant(said)),
            "until" => given.until = Some(instant(said)),
            "in" => given.currency = Currency::parse(said).unwrap(),
            other => panic!("`{other}` says nothing about what is held"),
        }
    }
    given
}

/// An instant, or the start of a day.
#[track_caller]
fn instant(text: &str) -> Instant {
    if text.contains('T') { at(text) } else { at(&format!("{text}T00:00:00Z")) }
}

impl Given<'_> {
    #[track_caller]
    fn put(&self, program: &Program, wallet: &Wallet) -> Wallet {
        let handle = named(self.definition);
        let money = || self.currency.parse_amount(self.amount.unwrap()).unwrap();
        let value = match self.kind {
            "benefit" => {
                Value::Benefit(handle, self.amount.map(|uses| units(uses.parse().unwrap())))
            }
            "reward" => Value::Reward(handle, money(), Some(self.currency)),
            "credit" => Value::Credit(handle, money(), Some(self.currency)),
            "points" => return self.award(program, wallet),
            other => panic!("`{other}` is no kind of value"),
        };
        let issue = Issue { id: named(self.id), value, reason: None, expires_at: self.until };
        appended(issue::decide(wallet, program, &issue, self.since).unwrap()).wallet
    }

    #[track_caller]
    fn award(&self, program: &Program, wallet: &Wallet) -> Wallet {
        let award = Award {
            award: named(self.id),
            points: named(self.definition),
            amount: points(self.amount.unwrap().parse().unwrap()),
            reason: named("survey"),
            issued_at: None,
            accrue_at: self.from,
            expires_at: self.until,
        };
        appended(award::decide(wallet, program, &award, self.since).unwrap()).wallet
    }
}

#[track_caller]
fn read_lines(program: &Program, text: &str) -> (Currency, Vec<BasketLine>) {
    let (currency, text) = match text.split_once(": ") {
        Some((code, rest)) => (Currency::parse(code).unwrap(), rest),
        None => (program.currency, text),
    };
    let mut lines = Vec::new();
    for item in text.split(", ") {
        let (times, item) = item.split_once(" x ").unwrap_or(("1", item));
        let (amount, word) = match item.split_once(' ') {
            Some((amount, word)) => (amount, Some(word)),
            None => (item, None),
        };
        let kind = match word {
            Some("shipping") => LineKind::Shipping,
            Some("gift_card") => LineKind::GiftCard,
            _ => LineKind::Product,
        };
        let category = word.filter(|_| kind == LineKind::Product).map(named);
        let amount = currency.parse_amount(amount).unwrap();
        for _ in 0..times.parse().unwrap() {
            let id = named(&(lines.len() + 1).to_string());
            lines.push(BasketLine { id, kind, category: category.clone(), amount });
        }
    }
    (currency, lines)
}

#[track_caller]
fn read_use(clause: &str, currency: Currency, uses: &mut Uses, expected_due: &mut Option<Minor>) {
    let (what, rest) = clause.split_once(' ').unwrap();
    match what {
        "benefits" => uses.benefits = rest.split(", ").map(named).collect(),
        "rewards" => uses.rewards = read_money_use(rest, currency),
        "credits" => uses.credits = read_money_use(rest, currency),
        "points" => {
            let (definition, amount) = rest.split_once(' ').unwrap();
            let count = |text: &str| points(text.parse().unwrap());
            uses.points
                .push(PointsUse { points: named(definition), amount: wanted(amount, count) });
        }
        "expecting" => *expected_due = Some(currency.parse_amount(rest).unwrap()),
        other => panic!("`{other}` cannot be used"),
    }
}

#[track_caller]
fn read_money_use(text: &str, currency: Currency) -> MoneyUse {
    let money = |text: &str| currency.parse_amount(text).unwrap();
    let each = |item: &str| -> (LotId, Wanted<Minor>) {
        let (id, amount) = item.split_once('=').unwrap();
        (named(id), wanted(amount, money))
    };
    if text.contains('=') {
        MoneyUse::Each(text.split(", ").map(each).collect())
    } else {
        MoneyUse::All(wanted(text, money))
    }
}

fn wanted<T>(text: &str, exactly: impl Fn(&str) -> T) -> Wanted<T> {
    if text == "max" { Wanted::Max } else { Wanted::Exactly(exactly(text)) }
}

fn shown_plan(program: &Program, plan: &Plan) -> Vec<String> {
    let money = |amount| plan.currency.format_amount(amount);
    let discounts = plan.discounts.iter().enumerate().map(|(place, discount)| {
        let shares: Vec<String> = plan.lines.iter().map(|line| money(line.shares[place])).collect();
        let (took, amount) = (shown_source(discount), money(discount.amount));
        format!("off {took}: {amount} = {}", shown_shares(&shares))
    });
    let tenders = plan.tenders.iter().map(|tender| {
        let definition = program.credit(tender.draw.asset.definition()).unwrap();
        assert_eq!(definition.kind, tender.kind);
        let amount = money(tender.draw.amount().into());
        format!("pays {} ({}): {amount}", lot_id(&tender.draw), tender.kind.as_str())
    });
    let due = format!("due {}", money(plan.due()));
    let skips = plan.passed_over.iter();
    let skips = skips.map(|each| format!("skips {}: {}", each.id, each.why.as_str()));
    discounts.chain(tenders).chain([due]).chain(skips).collect()
}

/// A discount's source and what it took of it.
fn shown_source(discount: &Discount) -> String {
    let Discount { draw, amount } = discount;
    let took = draw.amount();
    match &draw.asset {
        Asset::Points(definition) => format!("{definition}, {took} points"),
        Asset::Benefit(_) => {
            assert_eq!(took, units(1));
            format!("{}, 1 use", lot_id(draw))
        }
        Asset::Reward(..) => {
            assert_eq!(took, (*amount).into());
            lot_id(draw).to_string()
        }
        Asset::Credit(..) | Asset::GiftCard(..) => panic!("tender is no discount"),
    }
}

fn lot_id(draw: &Draw) -> &LotId {
    match draw.lots.as_slice() {
        [drawn] => drawn.id.as_ref().unwrap(),
        lots => panic!("{lots:?}"),
    }
}

fn shown_shares(shares: &[String]) -> String {
    if shares.len() <= LINES_SHOWN_MAX {
        return shares.join(" + ");
    }
    let runs = shares.chunk_by(|a, b| a == b);
    let runs: Vec<String> = runs.map(|run| format!("{} x {}", run.len(), run[0])).collect();
    runs.join(" + ")
}

fn shown_refusal(currency: Currency, refusal: &Refusal) -> String {
    let money = |amount| currency.format_amount(amount);
    match refusal {
        Refusal::Plan(refusal) => shown_plan_refusal(currency, refusal),
        Refusal::PlanChanged { due } => format!("{} is due now", money(*due)),
        Refusal::HoldPeriod | Refusal::OutsideTheCalendar | Refusal::LimitReached(_) => {
            refusal.to_string()
        }
    }
}

fn shown_plan_refusal(currency: Currency, refusal: &PlanRefusal) -> String {
    let money = |amount| currency.format_amount(amount);
    match refusal {
        PlanRefusal::UnknownPoints(definition) => format!("no points {definition}"),
        PlanRefusal::UnknownDefinition(asset) => format!("no {asset}"),
        PlanRefusal::NotRedeemable(definition) => format!("{definition} points are no money"),
        PlanRefusal::OtherCurrency { program } => format!("worth {program} only"),
        PlanRefusal::LotInOtherCurrency { kind, id, currency } => {
            format!("{kind} {id} is {}", currency.unwrap())
        }
        PlanRefusal::NotAMultiple { step } => format!("multiples of {step} points only"),
        PlanRefusal::InsufficientValue { points, available } => {
            format!("only {available} {points} points")
        }
        PlanRefusal::InsufficientLot { kind, id, available, currency: None } => {
            format!("only {available} uses of {kind} {id}")
        }
        PlanRefusal::InsufficientLot { kind, id, available, currency: Some(of_lot) } => {
            assert_eq!(*of_lot, currency);
            format!("only {} of {kind} {id}", money((*available).into()))
        }
        PlanRefusal::InsufficientMoney { kind, available, currency: of_all } => {
            assert_eq!(*of_all, currency);
            format!("only {} of all {kind}s", money(*available))
        }
        PlanRefusal::AgainstRule { kind, why, most } => {
            format!("{}, {kind}s pay {} at most", why.as_str(), money(*most))
        }
        PlanRefusal::TakesNothingOff { id } => format!("{id} takes nothing off"),
        PlanRefusal::GiftCard { index, why } => format!("gift card {index}: {why}"),
        PlanRefusal::MoreThanDue { due } => format!("only {} left for it to pay", money(*due)),
        PlanRefusal::LimitReached(limit) => limit.to_string(),
    }
}
