//! From a document to a program, or to every fault in it.

mod reader;
mod value;

use super::{
    BaseRate, CalendarUnit, ClawbackPolicy, Conditions, Document, Expiry, ExpiryDocument,
    HOLD_MINUTES_MAX, HOLD_MINUTES_MIN, Level, Multiplier, PointsDefinition, PointsDocument,
    PointsKind, PointsValue, Program, Tiers, TiersDocument, ValueDocument, WhenDocument,
};
use crate::amount::Minor;
use crate::currency::Currency;
use crate::id::Handle;
use crate::rate::{Rate, Rounding};
use crate::time::{Instant, Period, Zone};

use reader::Checker;
pub use reader::Fault;

pub(super) fn program(document: &Document) -> Result<Program, Vec<Fault>> {
    let mut checker = Checker { document, faults: Vec::new() };
    match checker.program() {
        Some(program) if checker.faults.is_empty() => Ok(program),
        _ => Err(checker.faults),
    }
}

impl Checker<'_> {
    fn program(&mut self) -> Option<Program> {
        let document = self.document;
        let currency = self.read("currency", Currency::parse(&document.currency));
        let zone = self.read("time_zone", Zone::try_from(document.time_zone.clone()));
        // Nothing else can be judged without a currency to read amounts in.
        let currency = currency?;

        self.unique("points", document.points.iter().map(|each| &each.handle));
        let points = self.each("points", &document.points, |checker, field, each| {
            checker.points(field, each, currency)
        });
        self.unique("rates", document.rates.iter().map(|each| &each.handle));
        let rates = self.each("rates", &document.rates, |checker, field, each| {
            let earned = checker.earning_points(field, &each.points);
            let per = checker.money(&format!("{field}.per"), &each.per, currency);
            let earns = checker.read(&format!("{field}.earns"), Rate::parse(&each.earns));
            let rate =
                checker.positive(&format!("{field}.per"), per.and_then(|per| earns?.per(per)), per);
            if each.when.birth_month {
                checker.fault(format!("{field}.when.birth_month"), "is a condition of multipliers");
            }
            let handle = checker.handle(field, &each.handle);
            let when = checker.when(field, &each.when);
            Some(BaseRate {
                handle: handle?,
                when: when?,
                points: earned?,
                rate: rate?,
                priority: each.priority,
            })
        });
        self.unique("multipliers", document.multipliers.iter().map(|each| &each.handle));
        let multipliers =
            self.each("multipliers", &document.multipliers, |checker, field, each| {
                let points = checker.earning_points(field, &each.points);
                let factor = checker.read(&format!("{field}.factor"), Rate::parse(&each.factor));
                checker.handle(field, &each.handle);
                let when = checker.when(field, &each.when);
                Some(Multiplier { points: points?, when: when?, factor: factor? })
            });
        let multiplier_cap = document
            .multiplier_cap
            .as_ref()
            .and_then(|cap| self.read("multiplier_cap", Rate::parse(cap)));
        let tiers = document.tiers.as_ref().and_then(|tiers| self.tiers(tiers));
        let conversions = self.conversions(&document.conversions, currency);
        let rewards = self.rewards(&document.rewards, currency);
        let benefits = self.benefits(&document.benefits, currency);
        let credits = self.credits(&document.credits);
        let gift_cards = self.gift_cards(&document.gift_cards, currency);
        let pin =
            document.pin.as_ref().map_or(Some(super::PinRules::default()), |pin| self.pin(pin));
        let (hold_for, reinstate_grace) = self.redemption();
        let (zone, pin) = (zone?, pin?);
        Some(Program {
            currency,
            zone,
            points,
            rates,
            multipliers,
            multiplier_cap,
            tiers,
            conversions,
            rewards,
            benefits,
            credits,
            gift_cards,
            pin,
            hold_for,
            reinstate_grace,
        })
    }

    fn points(
        &mut self,
        field: &str,
        each: &PointsDocument,
        currency: Currency,
    ) -> Option<PointsDefinition> {
        let handle = self.handle(field, &each.handle);
        if each.name.is_empty() || each.name.chars().count() > crate::id::LABEL_CHARS_MAX {
            self.fault(format!("{field}.name"), crate::id::NotALabel);
        }
        let kinds = [
            ("reward", PointsKind::Reward),
            ("tier", PointsKind::Tier),
            ("action", PointsKind::Action),
        ];
        let kind = self.choice(&format!("{field}.kind"), &each.kind, &kinds);
        let accrue_after =
            self.period(&format!("{field}.accrue_after"), each.accrue_after.as_ref());
        let expires = each.expires.as_ref().and_then(|expires| self.expiry(field, expires));
        let roundings =
            [("down", Rounding::Down), ("half_up", Rounding::HalfUp), ("up", Rounding::Up)];
        let rounding = each.rounding.as_deref().unwrap_or("down");
        let rounding = self.choice(&format!("{field}.rounding"), rounding, &roundings);
        let value = each.value.as_ref().and_then(|value| self.value(field, value, currency));
        let policies = [
            ("debt", ClawbackPolicy::Debt),
            ("clamp", ClawbackPolicy::Clamp),
            ("reject", ClawbackPolicy::Reject),
        ];
        let clawback = each.clawback.as_deref().unwrap_or("debt");
        let clawback = self.choice(&format!("{field}.clawback"), clawback, &policies);
        if kind == Some(PointsKind::Tier) {
            if each.accrue_after.is_some() {
                self.fault(format!("{field}.accrue_after"), "tier points count at once");
            }
            if each.value.is_some() {
                self.fault(format!("{field}.value"), "tier points are never redeemed");
            }
        }
        Some(PointsDefinition {
            excluded_categories: self
                .texts(&format!("{field}.excluded_categories"), &each.excluded_categories),
            handle: handle?,
            kind: kind?,
            accrue_after: accrue_after?.unwrap_or(Period::ZERO),
            expires,
            rounding: rounding?,
            value,
            clawback: clawback?,
            retired: each.retired,
        })
    }

    fn expiry(&mut self, field: &str, each: &ExpiryDocument) -> Option<Expiry> {
        let field = format!("{field}.expires");
        let after = self.period(&format!("{field}.after"), Some(&each.after));
        let units = [("day", CalendarUnit::Day), ("month", CalendarUnit::Month)];
        let unit = each.round_up_to.as_deref().unwrap_or("day");
        let round_up_to = self.choice(&format!("{field}.round_up_to"), unit, &units);
        Some(Expiry { after: after??, round_up_to: round_up_to? })
    }

    fn value(
        &mut self,
        field: &str,
        each: &ValueDocument,
        currency: Currency,
    ) -> Option<PointsValue> {
        let money = self.money(&format!("{field}.value.money"), &each.money, currency);
        let points = self.count(&format!("{field}.value.points"), each.points);
        let (money, points) = (money?.get(), points?.get());
        if money == 0 || points == 0 {
            self.fault(format!("{field}.value"), "must be more than nothing on both sides");
            return None;
        }
        // The smallest count of points worth whole minor units.
        let shared = gcd(points, money);
        let smallest = points.checked_div(shared)?;
        let step = each.multiple.unwrap_or(smallest);
        if step == 0 || step.checked_rem(smallest)? != 0 {
            let detail = format!(
                "must be a multiple of {smallest}, the fewest points worth whole minor units"
            );
            self.fault(format!("{field}.value.multiple"), detail);
            return None;
        }
        let step_points = self.count(&format!("{field}.value.multiple"), step)?;
        let step_minor =
            u128::from(money).checked_mul(u128::from(step))?.checked_div(u128::from(points))?;
        let step_minor =
            u64::try_from(step_minor).ok().and_then(|minor| Minor::try_from(minor).ok());
        if step_minor.is_none() {
            self.fault(format!("{field}.value.multiple"), crate::amount::OutOfRange);
        }
        Some(PointsValue { step_points, step_minor: step_minor? })
    }

    /// A definition that spend can earn.
    fn earning_points(&mut self, field: &str, handle: &str) -> Option<Handle> {
        let field = format!("{field}.points");
        match self.document.points.iter().find(|definition| definition.handle == handle) {
            None => self.fault(field, format!("`{handle}` is not among `points`")),
            Some(definition) if definition.kind == "action" => {
                self.fault(field, "action points come from awards, not from spend");
            }
            Some(definition) if definition.retired => {
                self.fault(field, format!("`{handle}` is retired"));
            }
            Some(_) => return handle.parse().ok(),
        }
        None
    }

    fn when(&mut self, field: &str, each: &WhenDocument) -> Option<Conditions> {
        let field = format!("{field}.when");
        let from = self.optional(&format!("{field}.from"), each.from.as_ref());
        let until = self.optional(&format!("{field}.until"), each.until.as_ref());
        if let (Some(Some(from)), Some(Some(until))) = (from, until) {
            let (from, until): (Instant, Instant) = (from, until);
            if until <= from {
                self.fault(format!("{field}.until"), "must be after `from`");
            }
        }
        let levels: Vec<&str> = self
            .document
            .tiers
            .iter()
            .flat_map(|tiers| &tiers.levels)
            .map(|level| level.handle.as_str())
            .collect();
        for (index, tier) in each.tier.iter().enumerate() {
            if !levels.contains(&tier.as_str()) {
                self.fault(
                    format!("{field}.tier[{index}]"),
                    format!("`{tier}` is not among `tiers.levels`"),
                );
            }
        }
        Some(Conditions {
            location: self.texts(&format!("{field}.location"), &each.location),
            country: self.texts(&format!("{field}.country"), &each.country),
            category: self.texts(&format!("{field}.category"), &each.category),
            tier: self.texts(&format!("{field}.tier"), &each.tier),
            birth_month: each.birth_month,
            from: from?,
            until: until?,
        })
    }

    fn tiers(&mut self, each: &TiersDocument) -> Option<Tiers> {
        let kind = self.document.points.iter().find(|points| points.handle == each.points);
        if kind.is_none_or(|points| points.kind != "tier") {
            self.fault(
                "tiers.points",
                format!("`{}` is not a definition of kind \"tier\"", each.points),
            );
        }
        self.unique("tiers.levels", each.levels.iter().map(|level| &level.handle));
        if each.levels.first().is_none_or(|lowest| lowest.attain != 0 || lowest.maintain != 0) {
            self.fault("tiers.levels", "the lowest level must attain and maintain at 0");
        }
        for (index, (lower, upper)) in
            each.levels.iter().zip(each.levels.iter().skip(1)).enumerate()
        {
            if upper.attain <= lower.attain {
                let at = index.saturating_add(1);
                self.fault(
                    format!("tiers.levels[{at}].attain"),
                    format!("must be more than {}, where `{}` begins", lower.attain, lower.handle),
                );
            }
        }
        let levels = self.each("tiers.levels", &each.levels, |checker, field, level| {
            if level.maintain > level.attain {
                checker.fault(format!("{field}.maintain"), "must be no more than `attain`");
            }
            let attain = checker.count(&format!("{field}.attain"), level.attain);
            let maintain = checker.count(&format!("{field}.maintain"), level.maintain);
            let handle = checker.handle(field, &level.handle);
            Some(Level { handle: handle?, attain: attain?, maintain: maintain? })
        });
        Some(Tiers { points: each.points.parse().ok()?, levels })
    }
    /// How long holds and reinstated value last.
    fn redemption(&mut self) -> (Period, Period) {
        let (hold_for, grace) = (Period::minutes(10), Period::days(14));
        let Some(redemption) = &self.document.redemption else {
            return (hold_for, grace);
        };
        let field = "redemption.reinstate_grace";
        let grace = self.optional(field, redemption.reinstate_grace.as_ref());
        let grace = grace.flatten().unwrap_or(Period::days(14));
        let field = "redemption.hold_for";
        let hold_for = self.optional(field, redemption.hold_for.as_ref()).flatten();
        let hold_for = hold_for.unwrap_or(Period::minutes(10));
        if !is_hold_period(hold_for) {
            self.fault(field, "must be 1 minute to 7 days");
        }
        (hold_for, grace)
    }
}

/// Whether a hold may last this long: 1 minute to 7 days.
pub(crate) fn is_hold_period(period: Period) -> bool {
    // Judged on a calendar without changes of the clock.
    let utc = Zone::utc();
    let end = |period: Period| period.after(Instant::EPOCH, &utc);
    let range = end(Period::minutes(HOLD_MINUTES_MIN))..=end(Period::minutes(HOLD_MINUTES_MAX));
    end(period).is_some() && range.contains(&end(period))
}

fn gcd(a: u64, b: u64) -> u64 {
    match a.checked_rem(b) {
        None => a,
        Some(rest) => gcd(b, rest),
    }
}
