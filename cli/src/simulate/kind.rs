//! Every route of the functions, how often callers use it, and what it may refuse with.

use serde_json::Value;

use crate::simulate::world::Function;

/// A route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Facts,
    Purchase,
    Return,
    Award,
    Adjustment,
    Assignment,
    Credit,
    Reward,
    Benefit,
    VoidCredit,
    VoidReward,
    VoidBenefit,
    ExtendCredit,
    ExtendReward,
    ExtendBenefit,
    Quote,
    Redemption,
    Capture,
    Release,
    Refund,
    OneRedemption,
    HeldRedemptions,
    Conversion,
    Transfer,
    TransferRefund,
    CardIssue,
    CardBalance,
    Claim,
    CardCancel,
    CardVoid,
    Spend,
    SpendCapture,
    SpendRelease,
    SpendRefund,
    OneCard,
    Cards,
    Balance,
    Past,
    Entries,
    Entry,
    Program,
    ProgramVersion,
    SetProgram,
}

use Kind::{
    Adjustment, Assignment, Award, Balance, Benefit, Capture, CardBalance, CardCancel, CardIssue,
    CardVoid, Cards, Claim, Conversion, Credit, Entries, Entry, ExtendBenefit, ExtendCredit,
    ExtendReward, Facts, HeldRedemptions, OneCard, OneRedemption, Past, Program, ProgramVersion,
    Purchase, Quote, Redemption, Refund, Release, Return, Reward, SetProgram, Spend, SpendCapture,
    SpendRefund, SpendRelease, Transfer, TransferRefund, VoidBenefit, VoidCredit, VoidReward,
};

/// Of how many requests each is one.
pub(crate) const WEIGHTS: [(u64, Kind); 43] = [
    (2, Facts),
    (14, Purchase),
    (8, Return),
    (8, Award),
    (4, Adjustment),
    (2, Assignment),
    (6, Credit),
    (5, Reward),
    (5, Benefit),
    (2, VoidCredit),
    (1, VoidReward),
    (1, VoidBenefit),
    (3, ExtendCredit),
    (3, ExtendReward),
    (4, ExtendBenefit),
    (3, Quote),
    (18, Redemption),
    (10, Capture),
    (4, Release),
    (9, Refund),
    (2, OneRedemption),
    (1, HeldRedemptions),
    (3, Conversion),
    (4, Transfer),
    (5, TransferRefund),
    (10, CardIssue),
    (2, CardBalance),
    (6, Claim),
    (3, CardCancel),
    (4, CardVoid),
    (8, Spend),
    (6, SpendCapture),
    (4, SpendRelease),
    (4, SpendRefund),
    (1, OneCard),
    (1, Cards),
    (3, Balance),
    (6, Past),
    (1, Entries),
    (1, Entry),
    (1, Program),
    (1, ProgramVersion),
    (1, SetProgram),
];

impl Kind {
    /// The route as API Gateway knows it.
    pub(crate) const fn route(self) -> &'static str {
        match self {
            Facts => "PUT /v1/members/{member}",
            Purchase => "PUT /v1/members/{member}/purchases/{order}",
            Return => "PUT /v1/members/{member}/purchases/{order}/returns/{return}",
            Award => "PUT /v1/members/{member}/awards/{award}",
            Adjustment => "PUT /v1/members/{member}/adjustments/{adjustment}",
            Assignment => "PUT /v1/members/{member}/tier-assignments/{assignment}",
            Credit => "PUT /v1/members/{member}/credits/{credit}",
            Reward => "PUT /v1/members/{member}/rewards/{reward}",
            Benefit => "PUT /v1/members/{member}/benefits/{benefit}",
            VoidCredit => "POST /v1/members/{member}/credits/{credit}/void",
            VoidReward => "POST /v1/members/{member}/rewards/{reward}/void",
            VoidBenefit => "POST /v1/members/{member}/benefits/{benefit}/void",
            ExtendCredit => "PUT /v1/members/{member}/credits/{credit}/extensions/{extension}",
            ExtendReward => "PUT /v1/members/{member}/rewards/{reward}/extensions/{extension}",
            ExtendBenefit => "PUT /v1/members/{member}/benefits/{benefit}/extensions/{extension}",
            Quote => "POST /v1/members/{member}/quotes",
            Redemption => "PUT /v1/members/{member}/redemptions/{redemption}",
            Capture => "POST /v1/members/{member}/redemptions/{redemption}/capture",
            Release => "POST /v1/members/{member}/redemptions/{redemption}/release",
            Refund => "PUT /v1/members/{member}/redemptions/{redemption}/refunds/{refund}",
            OneRedemption => "GET /v1/members/{member}/redemptions/{redemption}",
            HeldRedemptions => "GET /v1/members/{member}/redemptions",
            Conversion => "PUT /v1/members/{member}/conversions/{conversion}",
            Transfer => "PUT /v1/members/{member}/transfers/{transfer}",
            TransferRefund => "PUT /v1/members/{member}/transfers/{transfer}/refunds/{refund}",
            CardIssue => "PUT /v1/members/{member}/gift-cards/{card}",
            OneCard => "GET /v1/members/{member}/gift-cards/{card}",
            Cards => "GET /v1/members/{member}/gift-cards",
            CardCancel => "POST /v1/members/{member}/gift-cards/{card}/cancel",
            CardVoid => "POST /v1/members/{member}/gift-cards/{card}/void",
            CardBalance => "POST /v1/gift-cards/balance",
            Claim => "POST /v1/members/{member}/claims",
            Spend => "PUT /v1/gift-card-redemptions/{redemption}",
            SpendCapture => "POST /v1/gift-card-redemptions/{redemption}/capture",
            SpendRelease => "POST /v1/gift-card-redemptions/{redemption}/release",
            SpendRefund => "PUT /v1/gift-card-redemptions/{redemption}/refunds/{refund}",
            Balance | Past => "GET /v1/members/{member}",
            Entries => "GET /v1/members/{member}/entries",
            Entry => "GET /v1/members/{member}/entries/{entry}",
            Program => "GET /v1/program",
            ProgramVersion => "GET /v1/program/versions/{version}",
            SetProgram => "PUT /v1/program",
        }
    }

    /// The function that answers it.
    pub(crate) const fn function(self) -> Function {
        match self {
            Facts | Purchase | Return | Award | Adjustment | Assignment => Function::Earn,
            Credit | Reward | Benefit | VoidCredit | VoidReward | VoidBenefit | ExtendCredit
            | ExtendReward | ExtendBenefit => Function::Credit,
            Quote | Redemption | Capture | Release | Refund | OneRedemption | HeldRedemptions
            | Conversion | Transfer | TransferRefund => Function::Redeem,
            CardIssue | CardBalance | Claim | CardCancel | CardVoid | Spend | SpendCapture
            | SpendRelease | SpendRefund | OneCard | Cards => Function::GiftCard,
            Balance | Past | Entries | Entry => Function::Wallet,
            Program | ProgramVersion | SetProgram => Function::Program,
        }
    }

    /// Whether its path names what it does, once and for all.
    pub(crate) fn is_named(self) -> bool {
        self.route().starts_with("PUT ") && !matches!(self, Facts | SetProgram)
    }

    /// Whether it leaves a redemption as this, where it answers with the status of one.
    pub(crate) fn leaves(self, status: Option<&Value>) -> bool {
        let Some(status) = status.and_then(Value::as_str) else { return true };
        match self {
            Capture | SpendCapture => status == "captured",
            Release | SpendRelease => matches!(status, "released" | "lapsed"),
            _ => true,
        }
    }

    /// Whether 201 is an answer.
    pub(crate) fn may_create(self) -> bool {
        self.route().starts_with("PUT ") || self == Claim
    }

    /// The codes that it may be refused with, beside 503.
    pub(crate) const fn refusals(self) -> &'static [&'static str] {
        const REDEEM: &[&str] = &[
            "operation_conflict",
            "insufficient_value",
            "rule_refused",
            "gift_card_refused",
            "gift_card_not_active",
            "gift_card_held",
            "gift_card_locked",
            "limit_reached",
        ];
        match self {
            Facts | Assignment | Credit | Reward | Benefit | CardIssue => {
                &["operation_conflict", "limit_reached"]
            }
            Award => &["operation_conflict", "limit_reached", "invalid_request"],
            Purchase => &[
                "operation_conflict",
                "order_belongs_to_another_member",
                "redemption_still_held",
                "not_found",
                "rule_refused",
                "limit_reached",
            ],
            Return => &[
                "operation_conflict",
                "order_unknown",
                "order_belongs_to_another_member",
                "return_exceeds_order",
                "invalid_request",
                "rule_refused",
            ],
            Adjustment | Transfer | Conversion => {
                &["operation_conflict", "insufficient_value", "limit_reached", "rule_refused"]
            }
            TransferRefund => {
                &["operation_conflict", "not_found", "refund_exceeds_redemption", "rule_refused"]
            }
            VoidCredit | VoidReward | VoidBenefit => &["not_found", "operation_conflict"],
            ExtendCredit | ExtendReward | ExtendBenefit => {
                &["operation_conflict", "not_found", "rule_refused", "invalid_request"]
            }
            Quote | Redemption | Spend => REDEEM,
            Capture | SpendCapture => &[
                "not_found",
                "operation_conflict",
                "hold_not_active",
                "capture_exceeds_hold",
                "rule_refused",
            ],
            Release | SpendRelease => &["not_found", "hold_not_active"],
            Refund | SpendRefund => &[
                "operation_conflict",
                "not_found",
                "redemption_not_captured",
                "refund_exceeds_redemption",
                "rule_refused",
            ],
            CardBalance => &["gift_card_refused", "gift_card_locked"],
            Claim => {
                &["gift_card_refused", "gift_card_locked", "gift_card_not_active", "gift_card_held"]
            }
            CardCancel | CardVoid => {
                &["not_found", "gift_card_not_active", "gift_card_held", "rule_refused"]
            }
            OneRedemption | HeldRedemptions | OneCard | Cards | Balance | Past | Entries
            | Entry | ProgramVersion => &["not_found"],
            Program => &[],
            SetProgram => &["version_conflict"],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use scrip_edge::Function;

    use super::WEIGHTS;

    #[test]
    fn every_route_of_the_functions_is_used() {
        let routes = [
            scrip_earn::Earn::ROUTES,
            scrip_credit::Credit::ROUTES,
            scrip_redeem::Redeem::ROUTES,
            scrip_gift_card::GiftCard::ROUTES,
            scrip_wallet::Wallet::ROUTES,
            scrip_program::ProgramFunction::ROUTES,
        ];
        let routes: BTreeSet<&str> = routes.concat().iter().map(|route| route.key).collect();
        let used: BTreeSet<&str> = WEIGHTS.iter().map(|(_, kind)| kind.route()).collect();
        assert_eq!(used, routes);
    }
}
