//! Sections that nothing is decided by yet: checked, so that a program that is accepted makes sense
//! as a whole.

use super::reader::Checker;
use crate::currency::Currency;
use crate::program::{
    BenefitDocument, ConversionDocument, CreditDocument, GiftCardDocument, PinDocument,
    RewardDocument,
};
use crate::rate::Rate;

/// Digits of a PIN: fewer are guessed within the attempts, more are mistyped.
const PIN_DIGITS: std::ops::RangeInclusive<u64> = 4..=12;
/// Wrong PINs before a number is locked.
const PIN_ATTEMPTS: std::ops::RangeInclusive<u64> = 1..=20;
impl Checker<'_> {
    pub(super) fn conversions(&mut self, all: &[ConversionDocument], currency: Currency) {
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

    pub(super) fn rewards(&mut self, all: &[RewardDocument], currency: Currency) {
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

    pub(super) fn benefits(&mut self, all: &[BenefitDocument], currency: Currency) {
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

    pub(super) fn credits(&mut self, all: &[CreditDocument]) {
        self.unique("credits", all.iter().map(|each| &each.handle));
        self.each("credits", all, |checker, field, each| {
            checker.handle(field, &each.handle);
            checker.period(&format!("{field}.expires_after"), each.expires_after.as_ref());
            let kinds = [("store", ()), ("promotional", ()), ("gift_card", ())];
            checker.choice(&format!("{field}.kind"), &each.kind, &kinds)
        });
    }

    pub(super) fn gift_cards(&mut self, all: &[GiftCardDocument], currency: Currency) {
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

    pub(super) fn pin(&mut self, each: &PinDocument) {
        for (field, count, range) in
            [("pin.digits", each.digits, PIN_DIGITS), ("pin.attempts", each.attempts, PIN_ATTEMPTS)]
        {
            if !range.contains(&count) {
                self.fault(field, format!("must be {} to {}", range.start(), range.end()));
            }
        }
    }
}
