//! The program as a retailer writes it: plain texts and numbers, not yet checked.

use serde::{Deserialize, Serialize};

/// A list that a document may leave out.
type List<T> = Vec<T>;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Declares structs whose optional members are left out when they say nothing, so that the same
/// document always has the same text.
macro_rules! documents {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$required_doc:meta])* $required:ident: $required_type:ty,)*
        ;
        $($(#[$optional_doc:meta])* $optional:ident: $optional_type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$required_doc])* pub $required: $required_type,)*
            $(
                $(#[$optional_doc])*
                #[serde(default, skip_serializing_if = "is_default")]
                pub $optional: $optional_type,
            )*
        }
    )*};
}

documents! {
    /// The whole configuration of a deployment (API.md, "Program").
    Document {
        /// ISO 4217 code. Every money amount of the document is in this currency.
        currency: String,
        /// IANA name of the zone whose calendar expiry follows.
        time_zone: String,
        ;
        /// What can be earned.
        points: List<PointsDocument>,
        /// Base rates: one wins per definition and line.
        rates: List<RateDocument>,
        /// Multipliers: all that match compose.
        multipliers: List<MultiplierDocument>,
        /// The most that all multipliers together may multiply by; a decimal.
        multiplier_cap: Option<String>,
        /// Status levels.
        tiers: Option<TiersDocument>,
        /// Points into rewards.
        conversions: List<ConversionDocument>,
        /// Dated money-off discounts.
        rewards: List<RewardDocument>,
        /// Entitlements.
        benefits: List<BenefitDocument>,
        /// Stored value.
        credits: List<CreditDocument>,
        /// Gift cards on sale.
        gift_cards: List<GiftCardDocument>,
        /// PINs of all gift cards.
        pin: Option<PinDocument>,
        /// Particulars of redemptions.
        redemption: Option<RedemptionDocument>,
    }

    /// A points definition (DESIGN 5.1).
    PointsDocument {
        /// Its handle.
        handle: String,
        /// What members call it.
        name: String,
        /// `reward`, `tier` or `action`.
        kind: String,
        ;
        /// Period from the purchase until the points can be spent.
        accrue_after: Option<String>,
        /// When they expire; never without it.
        expires: Option<ExpiryDocument>,
        /// `down` (default), `half_up` or `up`.
        rounding: Option<String>,
        /// What they are worth as money off; not redeemable without it.
        value: Option<ValueDocument>,
        /// Categories of lines that earn none.
        excluded_categories: List<String>,
        /// What a return does beyond the balance: `debt` (default), `clamp` or `reject`.
        clawback: Option<String>,
        /// Kept for the members who hold some; nothing new is issued.
        retired: bool,
    }

    /// When points expire.
    ExpiryDocument {
        /// Period from their accrual.
        after: String,
        ;
        /// `day` (default) or `month`: the end of it, in the program's zone.
        round_up_to: Option<String>,
    }

    /// What points are worth.
    ValueDocument {
        /// So many points …
        points: u64,
        /// … are worth this much money.
        money: String,
        ;
        /// Points are redeemed in multiples of this; the smallest count worth whole minor units
        /// without it.
        multiple: Option<u64>,
    }

    /// A base rate.
    RateDocument {
        /// Its handle.
        handle: String,
        /// The definition it earns.
        points: String,
        /// For so much spend …
        per: String,
        /// … so many points; a decimal.
        earns: String,
        ;
        /// When it applies; always without it.
        when: WhenDocument,
        /// The higher wins among equally specific ones.
        priority: i32,
    }

    /// A multiplier.
    MultiplierDocument {
        /// Its handle.
        handle: String,
        /// The definition it multiplies.
        points: String,
        /// By how much; a decimal.
        factor: String,
        ;
        /// When it applies; always without it.
        when: WhenDocument,
    }

    /// Conditions: all that are given must hold; of a list, any one.
    #[derive(Default)]
    WhenDocument {
        ;
        /// From this instant on.
        from: Option<String>,
        /// Before this instant.
        until: Option<String>,
        /// Of the purchase.
        location: List<String>,
        /// Of the purchase, or else of the member.
        country: List<String>,
        /// Of the line.
        category: List<String>,
        /// Level of the member before the purchase.
        tier: List<String>,
        /// In the month of the member's birthday, by the time of the purchase in their own zone.
        birth_month: bool,
    }

    /// Status levels (DESIGN 5.6).
    TiersDocument {
        /// The definition of kind `tier` whose unexpired points decide.
        points: String,
        /// From the lowest, which attains at 0, upwards.
        levels: List<LevelDocument>,
        ;
    }

    /// A level.
    LevelDocument {
        /// Its handle.
        handle: String,
        /// Points in the window that reach it.
        attain: u64,
        /// Points in the window that keep it at the anniversary.
        maintain: u64,
        ;
    }

    /// Points into a reward (DESIGN 5.5).
    ConversionDocument {
        /// The definition that pays.
        points: String,
        /// Points for one reward.
        multiple: u64,
        /// The reward issued.
        reward: String,
        /// What one reward is worth.
        money: String,
        ;
    }

    /// A reward (DESIGN 5.7).
    RewardDocument {
        /// Its handle.
        handle: String,
        ;
        /// Period from issue.
        expires_after: Option<String>,
        /// Kinds of line it never touches: `gift_card`, `shipping`.
        excludes: List<String>,
        /// Categories of line it never touches.
        excluded_categories: List<String>,
        /// The least that the eligible lines must come to.
        minimum_spend: Option<String>,
        /// The largest share of the eligible lines it may pay; a decimal up to 1.
        maximum_share: Option<String>,
        /// Whether it may be extended once.
        extendable: bool,
        /// Kept for the members who hold some.
        retired: bool,
    }

    /// A benefit (DESIGN 5.8): exactly one of `percent_off`, `amount_off` and `service`.
    BenefitDocument {
        /// Its handle.
        handle: String,
        ;
        /// Percent; a decimal up to 100.
        percent_off: Option<String>,
        /// Money.
        amount_off: Option<String>,
        /// A use at 0.00.
        service: bool,
        /// How often; once without it.
        uses: Option<u64>,
        /// Period from issue.
        expires_after: Option<String>,
        /// Kept for the members who hold some.
        retired: bool,
    }

    /// A credit (DESIGN 5.9).
    CreditDocument {
        /// Its handle.
        handle: String,
        /// `store`, `promotional` or `gift_card`.
        kind: String,
        ;
        /// Period from issue.
        expires_after: Option<String>,
        /// Kept for the members who hold some.
        retired: bool,
    }

    /// A gift card on sale (DESIGN 5.13).
    GiftCardDocument {
        /// Its handle.
        handle: String,
        /// The credit, of kind `gift_card`, that a claimed card becomes.
        credit: String,
        /// The least it is sold for.
        minimum: String,
        /// The most it is sold for.
        maximum: String,
        ;
        /// Period from sale until an unclaimed card goes back to its purchaser.
        revert_after: Option<String>,
        /// Period from sale.
        expires_after: Option<String>,
        /// No longer sold.
        retired: bool,
    }

    /// PINs (DESIGN 5.15).
    PinDocument {
        /// How many digits.
        digits: u64,
        /// How many wrong ones lock a number.
        attempts: u64,
        ;
    }

    /// Redemptions (DESIGN 5.11, 5.12).
    RedemptionDocument {
        ;
        /// How long a hold lasts unless the caller says: 1 minute to 7 days, `PT10M` without it.
        hold_for: Option<String>,
        /// How long value lives that a refund brings back after its expiry: `P14D` without it.
        reinstate_grace: Option<String>,
    }
}
