//! What callers ask for: a request of each kind, made from the seed, the step and what is known.
//!
//! Ids come from a window that moves on with the steps, so that most of them are used more than
//! once: an order comes twice, a capture finds its redemption, a refund its capture.

use scrip_domain::time::Instant;
use serde_json::{Value, json};

use crate::simulate::ask::Ask;
use crate::simulate::dice::Dice;
use crate::simulate::journal::{CardKnown, Journal};
use crate::simulate::kind::Kind;
use crate::simulate::plan::Step;

/// Steps for each member until the window moves on by one id.
const STEPS_OF_AN_ID: u64 = 8;
/// Ids in the window.
const WINDOW: u64 = 2;
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// Makes the request of one step.
pub(crate) struct Maker<'a> {
    pub(crate) seed: u64,
    pub(crate) members: u64,
    pub(crate) step: &'a Step,
    pub(crate) now: Instant,
    pub(crate) journal: &'a Journal,
    dice: Dice,
}

impl<'a> Maker<'a> {
    /// For the request of a step with this place in it.
    pub(crate) fn new(
        (seed, members): (u64, u64),
        (step, place): (&'a Step, u64),
        now: Instant,
        journal: &'a Journal,
    ) -> Self {
        let dice = Dice::of(&[seed, as_number(step.index), 1, place]);
        Self { seed, members, step, now, journal, dice }
    }

    /// The request; `None` when the caller does not know enough for it yet.
    pub(crate) fn ask(mut self, kind: Kind) -> Option<Ask> {
        let member = self.step.member;
        let mut ask = Ask {
            kind,
            member,
            step: self.step.index,
            path: vec![("member", name(member))],
            query: Vec::new(),
            headers: Vec::new(),
            body: Value::Null,
        };
        for (place, parameter) in parameters(kind).into_iter().enumerate() {
            let is_about = place == 0 && !(kind.is_named() && parameters(kind).len() == 1);
            let there = if is_about { self.there(kind, parameter) } else { None };
            let id = there.unwrap_or_else(|| self.id(kind, parameter));
            ask.path.push((parameter, id));
        }
        self.address(&mut ask)?;
        ask.body = self.body(&ask)?;
        Some(ask)
    }

    /// Mostly something that is there to be asked about, or to do something to.
    fn there(&mut self, kind: Kind, parameter: &str) -> Option<String> {
        let (path, _) = kind.route().split_once(&format!("{{{parameter}}}"))?;
        let (_, path) = path.split_once("/v1/")?;
        let path = path.replace("{member}", &name(self.step.member));
        let known = self.journal.operations.range(path.clone()..);
        let known = known.take_while(|(name, _)| name.starts_with(&path));
        let ids = known.filter(|(_, known)| known.acknowledged.is_some());
        let ids = ids.filter_map(|(name, _)| name.strip_prefix(&path));
        let ids: Vec<&str> = ids.filter(|id| !id.contains('/')).collect();
        let picked = self.dice.pick(&ids).map(|id| (*id).to_owned());
        picked.filter(|_| self.dice.percent(75))
    }

    /// An id in the window.
    fn id(&mut self, kind: Kind, parameter: &str) -> String {
        let letter = match (kind, parameter) {
            (
                Kind::Spend | Kind::SpendCapture | Kind::SpendRelease | Kind::SpendRefund,
                "redemption",
            ) => "d",
            (_, "redemption") => "b",
            (_, "refund" | "return" | "extension") => return self.dice.below(3).to_string(),
            (_, "entry") => return self.dice.between(1, 12).to_string(),
            (_, "version") => return self.dice.between(1, 3).to_string(),
            (_, other) => other.get(..1).unwrap_or("x"),
        };
        let moved = as_number(self.step.index)
            .checked_div(self.members.saturating_mul(STEPS_OF_AN_ID))
            .unwrap_or(0);
        let place = moved.saturating_sub(self.dice.below(WINDOW));
        let twig = self.dice.below(2);
        let owner = if letter == "o" && self.dice.percent(2) { 0 } else { self.step.member };
        format!("{letter}{owner}-{place}{}", if twig == 0 { "" } else { "b" })
    }

    /// Path, query and headers, where they are not only ids.
    fn address(&mut self, ask: &mut Ask) -> Option<()> {
        let is_about_a_member = ask.kind.route().contains("{member}");
        if !is_about_a_member {
            ask.path.retain(|(name, _)| *name != "member");
        }
        match ask.kind {
            Kind::Past => {
                let at = self.past()?;
                ask.query.push(("at", at.to_string()));
            }
            Kind::HeldRedemptions => ask.query.push(("status", "held".to_owned())),
            Kind::Entries => ask.query.push(("limit", self.dice.between(1, 100).to_string())),
            Kind::SetProgram => {
                let version = self.dice.between(1, 3);
                ask.headers.push(("if-match", format!("\"{version}\"")));
            }
            _ => {}
        }
        Some(())
    }

    /// An instant to look at a balance as of: one that was looked at before, one at which something
    /// happens by itself, before now or after it, or any.
    fn past(&mut self) -> Option<Instant> {
        let member = self.step.member;
        let millis = |at: Instant, by: i64| Instant::from_millis(at.millis().saturating_add(by));
        let back = self.dice.below(DAY_MILLIS.saturating_mul(20)).cast_signed();
        match self.dice.below(10) {
            0..4 => {
                let first = (member, Instant::EPOCH);
                let last = (member, self.now);
                let told: Vec<Instant> =
                    self.journal.past.range(first..=last).map(|((_, at), _)| *at).collect();
                self.dice.pick(&told).copied().or_else(|| millis(self.now, -back))
            }
            4..8 => {
                let all: Vec<Instant> = self.journal.instants.iter().copied().collect();
                let at = *self.dice.pick(&all)?;
                millis(at, self.dice.below(3).cast_signed().saturating_sub(1))
            }
            _ => millis(self.now, -back),
        }
    }

    fn body(&mut self, ask: &Ask) -> Option<Value> {
        // Of a name, so that it is the same whenever the name is used; but for what is known.
        let mut dice = Dice::named(self.seed, &ask.resource());
        let now = self.now;
        let later = |days: u64| later(now, days.saturating_mul(DAY_MILLIS));
        Some(match ask.kind {
            Kind::Facts => json!({"birth_month": self.dice.between(1, 12), "country": "AU",
                "time_zone": self.dice.pick(&["Australia/Melbourne", "Pacific/Auckland"])}),
            Kind::Purchase => purchase(&mut dice, now, ask),
            Kind::Return => returned(&mut dice, now),
            Kind::Award => award(&mut dice, now),
            Kind::Adjustment => {
                let amount = dice.below(1_500).cast_signed().saturating_sub(300);
                let amount = if amount == 0 { 1 } else { amount };
                json!({"points": "reward", "amount": amount, "reason": "by hand", "actor": "jo"})
            }
            Kind::Assignment => {
                json!({"level": dice.pick(&["silver", "member"]), "reason": "match",
                "actor": "jo"})
            }
            Kind::Credit => credit(&mut dice, later(dice_days(&mut self.dice))),
            Kind::Reward => json!({"reward": dice.pick(&["birthday", "points-reward"]),
                "amount": money(dice.between(100, 3_000))}),
            Kind::Benefit => json!({"benefit": dice.pick(&["ten-percent", "free-hem"])}),
            Kind::VoidCredit | Kind::VoidReward | Kind::VoidBenefit => {
                json!({"reason": "a mistake"})
            }
            Kind::ExtendCredit | Kind::ExtendReward | Kind::ExtendBenefit => {
                json!({"expires_at": later(dice.between(5, 40)), "reason": "goodwill"})
            }
            Kind::Quote | Kind::Redemption => self.basket(&mut dice),
            Kind::Capture => part(&mut self.dice, 60),
            Kind::Release => json!({}),
            Kind::Refund => part(&mut dice, 0),
            Kind::Conversion => json!({"points": "reward", "amount": 500}),
            Kind::Transfer => json!({"points": "reward", "amount": dice.between(1, 300),
                "to": "airline", "reference": "FF-1"}),
            Kind::TransferRefund => json!({"amount": dice.between(1, 150)}),
            Kind::CardIssue => {
                let amount = money(dice.between(1_000, 20_000));
                json!({"gift_card": dice.pick(&["standard", "standard", "dated"]), "amount": amount})
            }
            Kind::CardBalance | Kind::Claim => {
                let card = self.card()?;
                json!({"number": card.number, "pin": card.pin})
            }
            Kind::CardCancel | Kind::CardVoid => json!({"reason": "charged back"}),
            Kind::Spend => self.spend(&mut dice, ask)?,
            Kind::SpendCapture | Kind::SpendRelease | Kind::SpendRefund => {
                self.of_a_spend(&mut dice, ask)?
            }
            Kind::SetProgram => program(self.dice.between(8, 12)),
            Kind::OneRedemption
            | Kind::HeldRedemptions
            | Kind::OneCard
            | Kind::Cards
            | Kind::Balance
            | Kind::Past
            | Kind::Entries
            | Kind::Entry
            | Kind::Program
            | Kind::ProgramVersion => Value::Null,
        })
    }

    /// A card that somebody knows, mostly with its PIN.
    fn card(&mut self) -> Option<CardKnown> {
        let mut known: Vec<&CardKnown> = self.journal.cards.values().collect();
        // The later ones: the others are mostly gone.
        known.sort_by_key(|card| card.place);
        let from = known.len().saturating_sub(8);
        let card = self.dice.pick(known.get(from..)?).copied().cloned()?;
        let is_wrong = self.dice.percent(3);
        Some(if is_wrong { CardKnown { pin: "000001".to_owned(), ..card } } else { card })
    }

    fn basket(&mut self, dice: &mut Dice) -> Value {
        let lines = dice.between(1, 3);
        let line = |number: u64, dice: &mut Dice| {
            let kind = *dice
                .weighted(&[(8, "product"), (1, "shipping"), (1, "gift_card")])
                .unwrap_or(&"product");
            json!({"id": number.to_string(), "kind": kind, "quantity": 1,
                "amount": money(dice.between(100, 9_000))})
        };
        let lines: Vec<Value> = (1..=lines).map(|number| line(number, dice)).collect();
        let mut uses = serde_json::Map::new();
        if let Some(benefit) = self.there(Kind::VoidBenefit, "benefit") {
            uses.insert("benefits".to_owned(), json!([benefit]));
        }
        if dice.percent(40) {
            uses.insert("rewards".to_owned(), json!("max"));
        }
        if dice.percent(60) {
            let definition = *dice.pick(&["reward", "reward", "survey"]).unwrap_or(&"reward");
            let amount = if dice.percent(50) {
                json!("max")
            } else {
                json!(dice.between(1, 12).saturating_mul(100))
            };
            uses.insert("points".to_owned(), json!({"definition": definition, "amount": amount}));
        }
        if dice.percent(60) {
            let amount =
                if dice.percent(60) { "max".to_owned() } else { money(dice.between(100, 3_000)) };
            uses.insert("credits".to_owned(), json!(amount));
        }
        if dice.percent(30)
            && let Some(card) = self.card()
        {
            let amount =
                if dice.percent(60) { "max".to_owned() } else { money(dice.between(100, 3_000)) };
            uses.insert(
                "gift_cards".to_owned(),
                json!([{"number": card.number, "pin": card.pin, "amount": amount}]),
            );
        }
        let mut body = json!({"currency": "AUD", "lines": lines, "use": uses});
        if dice.percent(60) {
            let hold_for = *dice.pick(&["PT1M", "PT10M", "P1D", "P7D"]).unwrap_or(&"PT10M");
            set(&mut body, "hold", json!(true));
            set(&mut body, "hold_for", json!(hold_for));
        }
        body
    }

    fn spend(&mut self, dice: &mut Dice, ask: &Ask) -> Option<Value> {
        let known = ask.operation().and_then(|name| self.journal.spent.get(&name).cloned());
        let card = known.or_else(|| self.card())?;
        let mut body = json!({"number": card.number, "pin": card.pin,
            "amount": money(dice.between(100, 4_000)), "currency": "AUD"});
        if dice.percent(50) {
            set(&mut body, "hold", json!(true));
        }
        Some(body)
    }

    fn of_a_spend(&mut self, dice: &mut Dice, ask: &Ask) -> Option<Value> {
        let id = ask.path.iter().find(|(name, _)| *name == "redemption").map(|(_, id)| id)?;
        let card = self.journal.spent.get(&format!("gift-card-redemptions/{id}"))?;
        let mut body = json!({"number": card.number});
        match ask.kind {
            Kind::SpendRefund => set(&mut body, "amount", json!(money(dice.between(50, 2_500)))),
            Kind::SpendCapture if self.dice.percent(30) => {
                set(&mut body, "amount", json!(money(dice.between(50, 2_500))));
            }
            _ => {}
        }
        Some(body)
    }
}

/// The ids of a route, after that of the member.
fn parameters(kind: Kind) -> Vec<&'static str> {
    let parameters = kind.route().split('{').skip(1).filter_map(|rest| rest.split('}').next());
    parameters.filter(|name| *name != "member").collect()
}

/// What a member is called.
pub(crate) fn name(member: u64) -> String {
    format!("m{member}")
}

pub(crate) fn as_number(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

pub(crate) fn later(now: Instant, millis: u64) -> Instant {
    Instant::from_millis(now.millis().saturating_add(millis.cast_signed())).unwrap_or(now)
}

fn earlier(now: Instant, millis: u64) -> Instant {
    Instant::from_millis(now.millis().saturating_sub(millis.cast_signed())).unwrap_or(now)
}

fn dice_days(dice: &mut Dice) -> u64 {
    dice.between(1, 15)
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn set(body: &mut Value, name: &str, value: Value) {
    if let Some(body) = body.as_object_mut() {
        body.insert(name.to_owned(), value);
    }
}

/// Lines of an order: the same for its returns.
fn nets(order: &mut Dice) -> Vec<u64> {
    (0..order.between(1, 3)).map(|_| order.between(100, 20_000)).collect()
}

fn purchase(dice: &mut Dice, now: Instant, ask: &Ask) -> Value {
    let line = |(place, net): (usize, &u64)| json!({"id": place.to_string(), "quantity": 1, "net": money(*net)});
    let lines: Vec<Value> = nets(dice).iter().enumerate().map(line).collect();
    let before =
        *dice.pick(&[0, 0, 1_000, DAY_MILLIS, DAY_MILLIS.saturating_mul(25)]).unwrap_or(&0);
    let mut body =
        json!({"currency": "AUD", "transacted_at": earlier(now, before), "lines": lines});
    if dice.percent(20) {
        set(&mut body, "location", json!("outlet-01"));
    }
    let order = ask.path.iter().find(|(name, _)| *name == "order").map(|(_, id)| id);
    if let (true, Some(order)) = (dice.percent(15), order) {
        set(&mut body, "redemption", json!(order.replacen('o', "b", 1)));
    }
    body
}

fn returned(dice: &mut Dice, now: Instant) -> Value {
    let cents = dice.between(50, 9_000);
    let lines = json!([{"id": dice.below(2).to_string(), "net": money(cents)}]);
    json!({"returned_at": now, "lines": lines})
}

fn award(dice: &mut Dice, now: Instant) -> Value {
    let points = *dice.pick(&["survey", "reward"]).unwrap_or(&"survey");
    let mut body = json!({"points": points, "amount": dice.between(1, 800), "reason": "a survey"});
    if dice.percent(30) {
        let millis = dice.between(60_000, DAY_MILLIS.saturating_mul(6));
        set(&mut body, "expires_at", json!(later(now, millis)));
    }
    if dice.percent(20) {
        set(&mut body, "issued_at", json!(earlier(now, dice.below(DAY_MILLIS))));
    }
    body
}

fn credit(dice: &mut Dice, expires_at: Instant) -> Value {
    let credit = *dice.pick(&["store", "welcome"]).unwrap_or(&"store");
    let mut body =
        json!({"credit": credit, "amount": money(dice.between(100, 6_000)), "reason": "a return"});
    if dice.percent(40) {
        set(&mut body, "expires_at", json!(expires_at));
    }
    body
}

/// All of it, a part by amount, or a part by lines; all in so many of a hundred.
fn part(dice: &mut Dice, all_percent: u64) -> Value {
    if dice.percent(all_percent) {
        return json!({});
    }
    let amount = money(dice.between(50, 3_000));
    if dice.percent(50) {
        json!({"amount": amount})
    } else {
        json!({"lines": [{"id": "1", "amount": amount}]})
    }
}

/// The program with another base rate.
fn program(rate: u64) -> Value {
    let mut document: Value = serde_json::from_str(super::world::PROGRAM).unwrap_or_default();
    if let Some(earns) = document.pointer_mut("/rates/0/earns") {
        *earns = json!(rate.to_string());
    }
    document
}
