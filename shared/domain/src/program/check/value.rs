//! Sections of the document for what is issued under an id of its own.

use super::reader::Checker;
use crate::amount::Units;
use crate::currency::Currency;
use crate::program::{
    BenefitDefinition, BenefitDocument, BenefitEffect, Conversion, ConversionDocument,
    CreditDefinition, CreditDocument, CreditKind, Expiry, GiftCardDefinition, GiftCardDocument,
    PinDocument, PinRules, RewardDefinition, RewardDocument,
};
use crate::purchase::LineKind;
use crate::rate::Rate;

/// Digits of a PIN: fewer are guessed within the attempts, more are mistyped.
const PIN_DIGITS: std::ops::RangeInclusive<u64> = 4..=12;
/// Wrong PINs before a number is locked.
const PIN_ATTEMPTS: std::ops::RangeInclusive<u64> = 1..=20;

impl Checker<'_> {
    pub(super) fn conversions(
        &mut self,
        all: &[ConversionDocument],
        currency: Currency,
    ) -> Vec<Conversion> {
        let pairs: Vec<_> = all.iter().map(|each| (&each.points, &each.reward)).collect();
        for (index, pair) in pairs.iter().enumerate() {
            if pairs.iter().take(index).any(|earlier| earlier == pair) {
                let detail = format!("`{}` into `{}` is there twice", pair.0, pair.1);
                self.fault(format!("conversions[{index}]"), detail);
            }
        }
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
            let multiple = checker.count(&format!("{field}.multiple"), each.multiple);
            let money = checker.money(&format!("{field}.money"), &each.money, currency);
            let money = checker.positive(&format!("{field}.money"), money, money);
            Some(Conversion {
                points: each.points.parse().ok()?,
                multiple: multiple?,
                reward: each.reward.parse().ok()?,
                money: money?,
            })
        })
    }

    pub(super) fn rewards(
        &mut self,
        all: &[RewardDocument],
        currency: Currency,
    ) -> Vec<RewardDefinition> {
        self.unique("rewards", all.iter().map(|each| &each.handle));
        self.each("rewards", all, |checker, field, each| {
            let handle = checker.handle(field, &each.handle);
            let expires = checker.expires_after(field, each.expires_after.as_ref());
            let kinds = [("gift_card", LineKind::GiftCard), ("shipping", LineKind::Shipping)];
            let excluded = format!("{field}.excludes");
            let excluded_kinds = checker.each(&excluded, &each.excludes, |checker, field, kind| {
                checker.choice(field, kind, &kinds)
            });
            let categories = format!("{field}.excluded_categories");
            let excluded_categories = checker.texts(&categories, &each.excluded_categories);
            let minimum_spend = each.minimum_spend.as_ref();
            let minimum_spend = minimum_spend.and_then(|minimum| {
                checker.money(&format!("{field}.minimum_spend"), minimum, currency)
            });
            let maximum_share = each.maximum_share.as_ref().and_then(|share| {
                checker.fraction(&format!("{field}.maximum_share"), share, &Rate::one(), "1")
            });
            Some(RewardDefinition {
                handle: handle?,
                expires: expires?,
                excluded_kinds,
                excluded_categories,
                minimum_spend,
                maximum_share,
                is_extendable: each.extendable,
                retired: each.retired,
            })
        })
    }

    pub(super) fn benefits(
        &mut self,
        all: &[BenefitDocument],
        currency: Currency,
    ) -> Vec<BenefitDefinition> {
        self.unique("benefits", all.iter().map(|each| &each.handle));
        self.each("benefits", all, |checker, field, each| {
            let handle = checker.handle(field, &each.handle);
            let expires = checker.expires_after(field, each.expires_after.as_ref());
            let effect = checker.effect(field, each, currency);
            let uses = each.uses.unwrap_or(1);
            if uses == 0 {
                checker.fault(format!("{field}.uses"), "must be more than 0");
            }
            let uses = checker.read(&format!("{field}.uses"), Units::try_from(uses));
            Some(BenefitDefinition {
                handle: handle?,
                effect: effect?,
                uses: uses?,
                expires: expires?,
                retired: each.retired,
            })
        })
    }

    fn effect(
        &mut self,
        field: &str,
        each: &BenefitDocument,
        currency: Currency,
    ) -> Option<BenefitEffect> {
        match (&each.percent_off, &each.amount_off, each.service) {
            (Some(percent), None, false) => {
                let (field, most) = (format!("{field}.percent_off"), Rate::integer(100));
                let percent = self.fraction(&field, percent, &most, "100")?;
                Some(BenefitEffect::PercentOff(percent.hundredths()))
            }
            (None, Some(amount), false) => {
                let field = format!("{field}.amount_off");
                let amount = self.money(&field, amount, currency);
                self.positive(&field, amount, amount).map(BenefitEffect::AmountOff)
            }
            (None, None, true) => Some(BenefitEffect::Service),
            _ => {
                let detail = "must have exactly one of `percent_off`, `amount_off`, `service`";
                self.fault(field, detail);
                None
            }
        }
    }

    pub(super) fn credits(&mut self, all: &[CreditDocument]) -> Vec<CreditDefinition> {
        self.unique("credits", all.iter().map(|each| &each.handle));
        self.each("credits", all, |checker, field, each| {
            let handle = checker.handle(field, &each.handle);
            let expires = checker.expires_after(field, each.expires_after.as_ref());
            let kinds = CreditKind::ALL.map(|kind| (kind.as_str(), kind));
            let kind = checker.choice(&format!("{field}.kind"), &each.kind, &kinds);
            Some(CreditDefinition {
                handle: handle?,
                kind: kind?,
                expires: expires?,
                retired: each.retired,
            })
        })
    }

    /// `Some(None)` when it never expires, `None` when what is given is wrong.
    #[expect(clippy::option_option, reason = "absent is a valid answer, wrong is none")]
    fn expires_after(&mut self, field: &str, text: Option<&String>) -> Option<Option<Expiry>> {
        let after = self.period(&format!("{field}.expires_after"), text)?;
        Some(after.map(Expiry::after))
    }

    pub(super) fn gift_cards(
        &mut self,
        all: &[GiftCardDocument],
        currency: Currency,
    ) -> Vec<GiftCardDefinition> {
        self.unique("gift_cards", all.iter().map(|each| &each.handle));
        if !all.is_empty() && self.document.pin.is_none() {
            self.fault("pin", "must be given where there are `gift_cards`");
        }
        self.each("gift_cards", all, |checker, field, each| {
            let handle = checker.handle(field, &each.handle);
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
            let mut period = |name: &str, text: &Option<String>| {
                checker.period(&format!("{field}.{name}"), text.as_ref())
            };
            let revert_after = period("revert_after", &each.revert_after);
            let expires_after = period("expires_after", &each.expires_after);
            Some(GiftCardDefinition {
                handle: handle?,
                credit: each.credit.parse().ok()?,
                minimum: minimum?,
                maximum: maximum?,
                revert_after: revert_after?,
                expires_after: expires_after?,
                retired: each.retired,
            })
        })
    }

    pub(super) fn pin(&mut self, each: &PinDocument) -> Option<PinRules> {
        let digits = self.in_range("pin.digits", each.digits, &PIN_DIGITS);
        let attempts = self.in_range("pin.attempts", each.attempts, &PIN_ATTEMPTS);
        Some(PinRules {
            digits: u8::try_from(digits?).ok()?,
            attempts: u32::try_from(attempts?).ok()?,
        })
    }

    fn in_range(
        &mut self,
        field: &str,
        count: u64,
        range: &std::ops::RangeInclusive<u64>,
    ) -> Option<u64> {
        if !range.contains(&count) {
            self.fault(field, format!("must be {} to {}", range.start(), range.end()));
            return None;
        }
        Some(count)
    }
}
