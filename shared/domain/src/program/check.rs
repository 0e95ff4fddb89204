//! From a document to a program, or to every fault in it.

use std::fmt::Display;
use std::str::FromStr;

use super::{
    BaseRate, BenefitDocument, CalendarUnit, ClawbackPolicy, Conditions, ConversionDocument,
    CreditDocument, Document, Expiry, ExpiryDocument, GiftCardDocument, HOLD_MINUTES_MAX,
    HOLD_MINUTES_MIN, Level, Multiplier, PinDocument, PointsDefinition, PointsDocument, PointsKind,
    PointsValue, Program, RewardDocument, Tiers, TiersDocument, ValueDocument, WhenDocument,
};
use crate::amount::{Minor, Points};
use crate::currency::Currency;
use crate::id::Handle;
use crate::rate::{Rate, Rounding};
use crate::time::{Instant, Period, Zone};

/// Digits of a PIN: fewer are guessed within the attempts, more are mistyped.
const PIN_DIGITS: std::ops::RangeInclusive<u64> = 4..=12;
/// Wrong PINs before a number is locked.
const PIN_ATTEMPTS: std::ops::RangeInclusive<u64> = 1..=20;

/// One thing in a document that does not make sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, such as `rates[1].points`.
    pub field: String,
    /// What is wrong, for a person to read.
    pub detail: String,
}

impl Fault {
    pub(super) fn new(field: impl Into<String>, detail: impl Display) -> Self {
        Self { field: field.into(), detail: detail.to_string() }
    }
}

/// Collects faults while the rest of the document is still read. A value that could not be read
/// is replaced by a stand-in that never leaves this file: with any fault there is no program.
struct Checker<'a> {
    document: &'a Document,
    faults: Vec<Fault>,
}

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
        self.conversions(&document.conversions, currency);
        self.rewards(&document.rewards, currency);
        self.benefits(&document.benefits, currency);
        self.credits(&document.credits);
        self.gift_cards(&document.gift_cards, currency);
        if let Some(pin) = &document.pin {
            self.pin(pin);
        }
        let hold_for = self.redemption();
        let zone = zone?;
        Some(Program {
            currency,
            zone,
            points,
            rates,
            multipliers,
            multiplier_cap,
            tiers,
            hold_for,
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

    fn conversions(&mut self, all: &[ConversionDocument], currency: Currency) {
        self.each("conversions", all, |checker, field, each| {
            let points = checker.document.points.iter().find(|points| points.handle == each.points);
            if points.is_none_or(|points| points.kind == "tier") {
                let detail = format!("`{}` is not a redeemable definition", each.points);
                checker.fault(format!("{field}.points"), detail);
            }
            if !checker.document.rewards.iter().any(|reward| reward.handle == each.reward) {
                checker.fault(
                    format!("{field}.reward"),
                    format!("`{}` is not among `rewards`", each.reward),
                );
            }
            if each.multiple == 0 {
                checker.fault(format!("{field}.multiple"), "must be more than 0");
            }
            checker.count(&format!("{field}.multiple"), each.multiple);
            let money = checker.money(&format!("{field}.money"), &each.money, currency);
            checker.positive(&format!("{field}.money"), money, money)
        });
    }

    fn rewards(&mut self, all: &[RewardDocument], currency: Currency) {
        self.unique("rewards", all.iter().map(|each| &each.handle));
        self.each("rewards", all, |checker, field, each| {
            checker.handle(field, &each.handle);
            checker.period(&format!("{field}.expires_after"), each.expires_after.as_ref());
            for (index, kind) in each.excludes.iter().enumerate() {
                let kinds = [("gift_card", ()), ("shipping", ())];
                checker.choice(&format!("{field}.excludes[{index}]"), kind, &kinds);
            }
            if let Some(minimum) = &each.minimum_spend {
                checker.money(&format!("{field}.minimum_spend"), minimum, currency);
            }
            if let Some(share) = &each.maximum_share {
                checker.fraction(&format!("{field}.maximum_share"), share, &Rate::one(), "1");
            }
            Some(())
        });
    }

    fn benefits(&mut self, all: &[BenefitDocument], currency: Currency) {
        self.unique("benefits", all.iter().map(|each| &each.handle));
        self.each("benefits", all, |checker, field, each| {
            checker.handle(field, &each.handle);
            checker.period(&format!("{field}.expires_after"), each.expires_after.as_ref());
            let forms = [each.percent_off.is_some(), each.amount_off.is_some(), each.service];
            if forms.into_iter().filter(|given| *given).count() != 1 {
                checker.fault(
                    field,
                    "must have exactly one of `percent_off`, `amount_off`, `service`",
                );
            }
            if let Some(percent) = &each.percent_off {
                let whole = Rate::parse("100").unwrap_or_else(|_| Rate::one());
                checker.fraction(&format!("{field}.percent_off"), percent, &whole, "100");
            }
            if let Some(amount) = &each.amount_off {
                let amount = checker.money(&format!("{field}.amount_off"), amount, currency);
                checker.positive(&format!("{field}.amount_off"), amount, amount);
            }
            if each.uses == Some(0) {
                checker.fault(format!("{field}.uses"), "must be more than 0");
            }
            checker.count(&format!("{field}.uses"), each.uses.unwrap_or(1))
        });
    }

    fn credits(&mut self, all: &[CreditDocument]) {
        self.unique("credits", all.iter().map(|each| &each.handle));
        self.each("credits", all, |checker, field, each| {
            checker.handle(field, &each.handle);
            checker.period(&format!("{field}.expires_after"), each.expires_after.as_ref());
            let kinds = [("store", ()), ("promotional", ()), ("gift_card", ())];
            checker.choice(&format!("{field}.kind"), &each.kind, &kinds)
        });
    }

    fn gift_cards(&mut self, all: &[GiftCardDocument], currency: Currency) {
        self.unique("gift_cards", all.iter().map(|each| &each.handle));
        self.each("gift_cards", all, |checker, field, each| {
            checker.handle(field, &each.handle);
            let credit =
                checker.document.credits.iter().find(|credit| credit.handle == each.credit);
            if credit.is_none_or(|credit| credit.kind != "gift_card") {
                let detail = format!("`{}` is not a credit of kind \"gift_card\"", each.credit);
                checker.fault(format!("{field}.credit"), detail);
            }
            let minimum = checker.money(&format!("{field}.minimum"), &each.minimum, currency);
            let maximum = checker.money(&format!("{field}.maximum"), &each.maximum, currency);
            checker.positive(&format!("{field}.minimum"), minimum, minimum);
            if minimum.is_some_and(|minimum| maximum.is_some_and(|maximum| maximum < minimum)) {
                checker.fault(format!("{field}.maximum"), "must be no less than `minimum`");
            }
            checker.period(&format!("{field}.revert_after"), each.revert_after.as_ref());
            checker.period(&format!("{field}.expires_after"), each.expires_after.as_ref())
        });
        if !all.is_empty() && self.document.pin.is_none() {
            self.fault("pin", "must be given where there are `gift_cards`");
        }
    }

    fn pin(&mut self, each: &PinDocument) {
        for (field, count, range) in
            [("pin.digits", each.digits, PIN_DIGITS), ("pin.attempts", each.attempts, PIN_ATTEMPTS)]
        {
            if !range.contains(&count) {
                self.fault(field, format!("must be {} to {}", range.start(), range.end()));
            }
        }
    }

    fn redemption(&mut self) -> Period {
        let default = Period::minutes(10);
        let Some(redemption) = &self.document.redemption else {
            return default;
        };
        if let Some(grace) = &redemption.reinstate_grace {
            let grace: Result<Period, _> = grace.parse();
            self.read("redemption.reinstate_grace", grace);
        }
        let Some(text) = &redemption.hold_for else {
            return default;
        };
        let hold_for = self.read("redemption.hold_for", text.parse::<Period>()).unwrap_or(default);
        if !is_hold_period(hold_for) {
            self.fault("redemption.hold_for", "must be 1 minute to 7 days");
        }
        hold_for
    }

    fn each<D, T>(
        &mut self,
        section: &str,
        all: &[D],
        mut read: impl FnMut(&mut Self, &str, &D) -> Option<T>,
    ) -> Vec<T> {
        let numbered = all.iter().enumerate();
        numbered
            .filter_map(|(index, each)| read(self, &format!("{section}[{index}]"), each))
            .collect()
    }

    fn unique<'d>(&mut self, section: &str, handles: impl Iterator<Item = &'d String>) {
        let mut seen = std::collections::BTreeSet::new();
        for (index, handle) in handles.enumerate() {
            if !seen.insert(handle) {
                self.fault(
                    format!("{section}[{index}].handle"),
                    format!("`{handle}` is there twice"),
                );
            }
        }
    }

    fn handle(&mut self, field: &str, text: &str) -> Option<Handle> {
        self.read(&format!("{field}.handle"), text.parse())
    }

    fn money(&mut self, field: &str, text: &str, currency: Currency) -> Option<Minor> {
        self.read(field, currency.parse_amount(text))
    }

    fn count(&mut self, field: &str, count: u64) -> Option<Points> {
        self.read(field, Points::try_from(count))
    }

    /// `value`, unless the amount it stands on is nothing.
    fn positive<T>(&mut self, field: &str, value: Option<T>, amount: Option<Minor>) -> Option<T> {
        if amount.is_some_and(Minor::is_zero) {
            self.fault(field, "must be more than nothing");
            return None;
        }
        value
    }

    /// A decimal above zero and up to `most`.
    fn fraction(&mut self, field: &str, text: &str, most: &Rate, most_text: &str) {
        let rate = self.read(field, Rate::parse(text));
        if rate.is_some_and(|rate| rate == Rate::zero() || *most < rate) {
            self.fault(field, format!("must be more than 0 and at most {most_text}"));
        }
    }

    /// A period longer than nothing. `Some(None)` when it is not given, `None` when it is wrong.
    #[expect(clippy::option_option, reason = "absent is a valid answer, wrong is none")]
    fn period(&mut self, field: &str, text: Option<&String>) -> Option<Option<Period>> {
        let period: Option<Option<Period>> = self.optional(field, text);
        if period.flatten().is_some_and(Period::is_zero) {
            self.fault(field, "must be longer than nothing");
            return None;
        }
        period
    }

    #[expect(clippy::option_option, reason = "absent is a valid answer, wrong is none")]
    fn optional<T: FromStr<Err: Display>>(
        &mut self,
        field: &str,
        text: Option<&String>,
    ) -> Option<Option<T>> {
        match text {
            None => Some(None),
            Some(text) => self.read(field, text.parse()).map(Some),
        }
    }

    fn texts<T: FromStr<Err: Display>>(&mut self, field: &str, all: &[String]) -> Vec<T> {
        self.each(field, all, |checker, field, text| checker.read(field, text.parse()))
    }

    fn choice<T: Copy>(&mut self, field: &str, text: &str, choices: &[(&str, T)]) -> Option<T> {
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<String> =
                choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            self.fault(field, format!("must be one of {}", names.join(", ")));
        }
        found.map(|(_, choice)| *choice)
    }

    fn read<T, E: Display>(&mut self, field: &str, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.fault(field, error)).ok()
    }

    fn fault(&mut self, field: impl Into<String>, detail: impl Display) {
        self.faults.push(Fault::new(field, detail));
    }
}

/// Whether a hold may last this long: 1 minute to 7 days.
pub(crate) fn is_hold_period(period: Period) -> bool {
    // Judged on a calendar without changes of the clock.
    let utc = Zone::utc();
    let end = |period: Period| period.after(Instant::EPOCH, utc);
    let range = end(Period::minutes(HOLD_MINUTES_MIN))..=end(Period::minutes(HOLD_MINUTES_MAX));
    end(period).is_some() && range.contains(&end(period))
}

fn gcd(a: u64, b: u64) -> u64 {
    match a.checked_rem(b) {
        None => a,
        Some(rest) => gcd(b, rest),
    }
}
