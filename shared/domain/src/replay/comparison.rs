//! Two states, member by member.

use super::Misfit;
use super::card::waiting;
use super::lots::{is_same, order};
use crate::asset::Asset;
use crate::card::{Card, CardKey, PinTerms};
use crate::time::Instant;
use crate::wallet::{Hold, Holding, Lot, Standing, Wallet};

/// Where the printed state is not the replayed one, and where it is in no order or something in it is
/// overdue. The order of lots that nothing else tells apart is left open.
pub(super) fn differences(replayed: &Wallet, printed: &Wallet, now: Instant) -> Vec<Misfit> {
    let mut found = Differences(Vec::new());
    found.compare("facts", &replayed.facts, &printed.facts, |it| {
        it.as_ref().map_or_else(|| "none".to_owned(), |facts| format!("{facts:?}"))
    });
    found.compare("tier", &replayed.standing, &printed.standing, |it| level(it.as_ref()));
    found.card(replayed, printed);
    let assets = replayed.assets.keys().chain(printed.assets.keys());
    let mut assets: Vec<&Asset> = assets.collect();
    assets.sort_unstable();
    assets.dedup();
    for asset in assets {
        found.holding(asset, replayed.assets.get(asset), printed.assets.get(asset));
    }
    found.holds(replayed, printed);
    let is_waiting = waiting(printed).is_some();
    for (asset, holding) in &printed.assets {
        if !holding.lots.is_sorted_by_key(order) {
            found.push(&format!("assets.{asset}.lots"), "soonest expiry first", "not so");
        }
        let is_late = |lot: &&Lot| lot.accrue_at.is_some_and(|accrue_at| accrue_at <= now);
        for lot in holding.lots.iter().filter(is_late) {
            found.push(&called(asset, lot), "accrued", "pending");
        }
        let is_over = |lot: &&Lot| {
            let is_left = !lot.remaining.is_zero() && !is_waiting;
            is_left && lot.expires_at.is_some_and(|expires_at| expires_at <= now)
        };
        for lot in holding.lots.iter().filter(is_over) {
            found.push(&called(asset, lot), "expired", "there");
        }
    }
    found.0
}

struct Differences(Vec<Misfit>);

impl Differences {
    fn compare<T: PartialEq>(
        &mut self,
        member: &str,
        replayed: &T,
        printed: &T,
        say: impl Fn(&T) -> String,
    ) {
        if replayed != printed {
            self.push(member, &say(replayed), &say(printed));
        }
    }

    fn push(&mut self, member: &str, replayed: &str, printed: &str) {
        let (member, replayed) = (member.to_owned(), replayed.to_owned());
        self.0.push(Misfit::State { member, replayed, printed: printed.to_owned() });
    }

    fn card(&mut self, replayed: &Wallet, printed: &Wallet) {
        let (Some(card), Some(there)) = (&replayed.card, &printed.card) else {
            let say = |card: &Option<Card>| card.as_ref().map_or("none", |_| "a card").to_owned();
            return self.compare("card", &replayed.card, &printed.card, say);
        };
        let key = |key: &CardKey| format!("{} of {}", key.card, key.purchaser);
        self.compare("card.key", &card.key, &there.key, key);
        self.compare("card.asset", &card.asset, &there.asset, ToString::to_string);
        self.compare("card.amount", &card.amount, &there.amount, ToString::to_string);
        self.compare("card.credit", &card.credit, &there.credit, ToString::to_string);
        let pin = |pin: &PinTerms| format!("{} digits by key {}", pin.digits, pin.key);
        self.compare("card.pin", &card.pin, &there.pin, pin);
        self.compare("card.expires_at", &card.expires_at, &there.expires_at, when);
        self.compare("card.revert_at", &card.revert_at, &there.revert_at, when);
        let (is_spent, other) = (card.is_spent_from, there.is_spent_from);
        self.compare("card.is_spent_from", &is_spent, &other, ToString::to_string);
        self.compare("card.end", &card.end, &there.end, |end| format!("{end:?}"));
    }

    fn holding(&mut self, asset: &Asset, replayed: Option<&Holding>, printed: Option<&Holding>) {
        let nothing = Holding::default();
        let replayed = replayed.unwrap_or(&nothing);
        if printed == Some(&nothing) {
            self.push(&format!("assets.{asset}"), "left out", "empty");
        }
        let printed = printed.unwrap_or(&nothing);
        let member = format!("assets.{asset}.debt");
        self.compare(&member, &replayed.debt, &printed.debt, ToString::to_string);
        let amounts = |lot: &Lot| format!("{} left of {}", lot.remaining, lot.issued);
        for each in &replayed.lots {
            match printed.lots.iter().find(|there| is_same(each, there)) {
                Some(there) => self.lot(&called(asset, each), each, there),
                None => self.push(&called(asset, each), &amounts(each), "not there"),
            }
        }
        for (place, there) in printed.lots.iter().enumerate() {
            if !replayed.lots.iter().any(|each| is_same(each, there)) {
                self.push(&called(asset, there), "not there", &amounts(there));
            }
            if printed.lots.iter().take(place).any(|other| is_same(other, there)) {
                self.push(&called(asset, there), "there once", "there again");
            }
        }
    }

    fn lot(&mut self, member: &str, lot: &Lot, there: &Lot) {
        let name = |part: &str| format!("{member}.{part}");
        self.compare(&name("issued"), &lot.issued, &there.issued, ToString::to_string);
        self.compare(&name("remaining"), &lot.remaining, &there.remaining, ToString::to_string);
        self.compare(&name("accrue_at"), &lot.accrue_at, &there.accrue_at, when);
        self.compare(&name("expires_at"), &lot.expires_at, &there.expires_at, when);
        self.compare(&name("is_grace"), &lot.is_grace, &there.is_grace, ToString::to_string);
        let (Some(own), Some(other)) = (&lot.identity, &there.identity) else { return };
        self.compare(&name("issued_at"), &own.issued_at, &other.issued_at, ToString::to_string);
        let (extended, voided) = (name("is_extended"), name("is_voided"));
        self.compare(&extended, &own.is_extended, &other.is_extended, ToString::to_string);
        self.compare(&voided, &own.is_voided, &other.is_voided, ToString::to_string);
    }

    fn holds(&mut self, replayed: &Wallet, printed: &Wallet) {
        for (place, hold) in replayed.holds.iter().enumerate() {
            let member = format!("holds[{}]", hold.redemption);
            match printed.holds.get(place) {
                Some(there) => self.compare(&member, hold, there, held),
                None => self.push(&member, &held(hold), "not there"),
            }
        }
        for there in printed.holds.iter().skip(replayed.holds.len()) {
            self.push(&format!("holds[{}]", there.redemption), "not there", &held(there));
        }
    }
}

/// A level, and those beneath it to which a return may lead back.
pub(super) fn level(standing: Option<&Standing>) -> String {
    let Some(Standing { level: handle, since, review_at, reached }) = standing else {
        return "the lowest".to_owned();
    };
    let reached = reached.as_ref().map_or(String::new(), |reached| {
        let returned = if reached.is_returned { ", of which some came back" } else { "" };
        let before = level(reached.before.as_deref());
        format!(", reached by order {}{returned}, after {before}", reached.order)
    });
    format!("{handle} since {since}, judged {}{reached}", when(review_at))
}

fn held(hold: &Hold) -> String {
    let lots = hold.draws.iter().flat_map(|draw| draw.lots.iter().map(|lot| (&draw.asset, lot)));
    let lots = lots.map(|(asset, drawn)| {
        let id = drawn.id.as_ref().map_or(String::new(), |id| format!(" {id}"));
        format!("{} {asset}{id} expiring {}", drawn.amount, when(&drawn.expires_at))
    });
    let lots: Vec<String> = lots.collect();
    let of = hold.member.as_ref().map_or(String::new(), |member| format!(" of {member}"));
    format!("{}{of} until {}: {}", hold.redemption, hold.lapses_at, lots.join(", "))
}

fn called(asset: &Asset, lot: &Lot) -> String {
    format!("assets.{asset}.lots[{}]", name(lot))
}

/// What a lot is called: by its id, or points by their term.
fn name(lot: &Lot) -> String {
    if let Some(identity) = &lot.identity {
        return identity.id.to_string();
    }
    let pending = lot.accrue_at.map_or(String::new(), |it| format!("pending until {it}, "));
    let grace = if lot.is_grace { ", grace" } else { "" };
    format!("{pending}expires {}{grace}", when(&lot.expires_at))
}

#[expect(clippy::ref_option, reason = "called with a reference to a member")]
fn when(instant: &Option<Instant>) -> String {
    instant.map_or_else(|| "never".to_owned(), |at| at.to_string())
}
