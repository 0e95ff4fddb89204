//! Two states, member by member.

use std::fmt::Debug;

use super::Misfit;
use super::lots::{is_same, order};
use crate::asset::Asset;
use crate::time::Instant;
use crate::wallet::{Holding, Lot, Wallet};

/// Where the printed state is not the replayed one, and where it is in no order. The order of lots
/// that nothing else tells apart is left open.
pub(super) fn differences(replayed: &Wallet, printed: &Wallet, now: Instant) -> Vec<Misfit> {
    let mut found = Differences(Vec::new());
    found.compare("facts", &replayed.facts, &printed.facts);
    found.compare("tier", &replayed.standing, &printed.standing);
    found.card(replayed, printed);
    let assets = replayed.assets.keys().chain(printed.assets.keys());
    let mut assets: Vec<&Asset> = assets.collect();
    assets.sort_unstable();
    assets.dedup();
    for asset in assets {
        found.holding(asset, replayed.assets.get(asset), printed.assets.get(asset));
    }
    found.holds(replayed, printed);
    for (asset, holding) in &printed.assets {
        if !holding.lots.is_sorted_by_key(order) {
            let member = format!("assets.{asset}.lots");
            let (replayed, printed) = ("soonest expiry first".to_owned(), "not so".to_owned());
            found.0.push(Misfit::State { member, replayed, printed });
        }
    }
    let is_past = |instant: Option<Instant>| instant.is_some_and(|instant| instant <= now);
    for lot in printed.assets.values().flat_map(|holding| &holding.lots) {
        if is_past(lot.accrue_at) {
            found.push(&format!("lot {}", name(lot)), &"accrued", &"pending");
        }
    }
    found.0
}

struct Differences(Vec<Misfit>);

impl Differences {
    fn compare<T: PartialEq + Debug>(&mut self, member: &str, replayed: &T, printed: &T) {
        if replayed != printed {
            self.push(member, replayed, printed);
        }
    }

    fn push(&mut self, member: &str, replayed: &impl Debug, printed: &impl Debug) {
        let (replayed, printed) = (format!("{replayed:?}"), format!("{printed:?}"));
        self.0.push(Misfit::State { member: member.to_owned(), replayed, printed });
    }

    fn card(&mut self, replayed: &Wallet, printed: &Wallet) {
        let (Some(card), Some(there)) = (&replayed.card, &printed.card) else {
            return self.compare("card", &replayed.card, &printed.card);
        };
        self.compare("card.key", &card.key, &there.key);
        self.compare("card.asset", &card.asset, &there.asset);
        self.compare("card.amount", &card.amount, &there.amount);
        self.compare("card.credit", &card.credit, &there.credit);
        self.compare("card.pin", &card.pin, &there.pin);
        self.compare("card.expires_at", &card.expires_at, &there.expires_at);
        self.compare("card.revert_at", &card.revert_at, &there.revert_at);
        self.compare("card.is_spent_from", &card.is_spent_from, &there.is_spent_from);
        self.compare("card.end", &card.end, &there.end);
    }

    fn holding(&mut self, asset: &Asset, replayed: Option<&Holding>, printed: Option<&Holding>) {
        let nothing = Holding::default();
        let replayed = replayed.unwrap_or(&nothing);
        if printed == Some(&nothing) {
            self.push(&format!("assets.{asset}"), &"left out", &nothing);
        }
        let printed = printed.unwrap_or(&nothing);
        self.compare(&format!("assets.{asset}.debt"), &replayed.debt, &printed.debt);
        let lot = |lot: &Lot| format!("assets.{asset}.lots[{}]", name(lot));
        for each in &replayed.lots {
            match printed.lots.iter().find(|there| is_same(each, there)) {
                Some(there) => self.lot(&lot(each), each, there),
                None => self.push(&lot(each), each, &"not there"),
            }
        }
        for there in &printed.lots {
            if !replayed.lots.iter().any(|each| is_same(each, there)) {
                self.push(&lot(there), &"not there", there);
            }
        }
        let is_twice = |(place, there): (usize, &Lot)| {
            printed.lots.iter().take(place).any(|other| is_same(other, there))
        };
        if printed.lots.iter().enumerate().any(is_twice) {
            self.push(&format!("assets.{asset}.lots"), &"each once", &"one twice");
        }
    }

    fn lot(&mut self, member: &str, lot: &Lot, there: &Lot) {
        if lot == there {
            return;
        }
        self.compare(&format!("{member}.issued"), &lot.issued, &there.issued);
        self.compare(&format!("{member}.remaining"), &lot.remaining, &there.remaining);
        self.compare(&format!("{member}.accrue_at"), &lot.accrue_at, &there.accrue_at);
        self.compare(&format!("{member}.expires_at"), &lot.expires_at, &there.expires_at);
        self.compare(&format!("{member}.is_grace"), &lot.is_grace, &there.is_grace);
        self.compare(&format!("{member}.identity"), &lot.identity, &there.identity);
    }

    fn holds(&mut self, replayed: &Wallet, printed: &Wallet) {
        for (place, hold) in replayed.holds.iter().enumerate() {
            let member = format!("holds[{}]", hold.redemption);
            match printed.holds.get(place) {
                Some(there) => self.compare(&member, hold, there),
                None => self.push(&member, hold, &"not there"),
            }
        }
        for there in printed.holds.iter().skip(replayed.holds.len()) {
            self.push(&format!("holds[{}]", there.redemption), &"not there", there);
        }
    }
}

/// What a lot is called: by its id, or points by their term.
fn name(lot: &Lot) -> String {
    let at =
        |instant: Option<Instant>| instant.map_or_else(|| "never".to_owned(), |at| at.to_string());
    if let Some(identity) = &lot.identity {
        return identity.id.to_string();
    }
    let pending = lot.accrue_at.map_or(String::new(), |it| format!("pending until {it}, "));
    let grace = if lot.is_grace { ", grace" } else { "" };
    format!("{pending}expires {}{grace}", at(lot.expires_at))
}
