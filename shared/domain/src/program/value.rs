//! Definitions of what is issued under an id of its own: rewards, benefits, credits; and what
//! points convert into.

use super::{CalendarUnit, Expiry};
use crate::amount::{Minor, Points, Units};
use crate::id::{Handle, Label};
use crate::purchase::LineKind;
use crate::rate::Rate;
use crate::time::Period;

/// Points into a reward (DESIGN 5.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The definition that pays.
    pub points: Handle,
    /// Points are converted in whole multiples of this.
    pub multiple: Points,
    /// The reward issued.
    pub reward: Handle,
    /// What it is worth per multiple.
    pub money: Minor,
}

/// A reward (DESIGN 5.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewardDefinition {
    /// Its handle.
    pub handle: Handle,
    /// When one expires, counted from its issue; `None`: never.
    pub expires: Option<Expiry>,
    /// Kinds of line it never touches. Gift cards it never touches anyway.
    pub excluded_kinds: Vec<LineKind>,
    /// Categories of line it never touches.
    pub excluded_categories: Vec<Label>,
    /// The least that eligible lines must come to, in the program's currency.
    pub minimum_spend: Option<Minor>,
    /// The largest share of the eligible lines that all of this definition together may pay.
    pub maximum_share: Option<Rate>,
    /// Whether one may be extended, once.
    pub is_extendable: bool,
    /// Nothing new is issued.
    pub retired: bool,
}

/// A benefit (DESIGN 5.8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BenefitDefinition {
    /// Its handle.
    pub handle: Handle,
    /// What a use does.
    pub effect: BenefitEffect,
    /// How often one can be used, unless it is issued otherwise.
    pub uses: Units,
    /// When one expires, counted from its issue; `None`: never.
    pub expires: Option<Expiry>,
    /// Nothing new is issued.
    pub retired: bool,
}

/// What a use of a benefit takes off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BenefitEffect {
    /// This fraction of the price, rounded half up.
    PercentOff(Rate),
    /// So much money, in the program's currency, or the whole price.
    AmountOff(Minor),
    /// Nothing: something is done for the member.
    Service,
}

/// A credit (DESIGN 5.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditDefinition {
    /// Its handle.
    pub handle: Handle,
    /// What it is for.
    pub kind: CreditKind,
    /// When one expires, counted from its issue; `None`: never.
    pub expires: Option<Expiry>,
    /// Nothing new is issued.
    pub retired: bool,
}

/// What a credit is for, in the order in which they are spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CreditKind {
    /// From marketing. What it pays earns no points; it pays for no gift card.
    Promotional,
    /// From a return: the member's money.
    Store,
    /// From a gift card: somebody's money.
    GiftCard,
}

/// A gift card on sale (DESIGN 5.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiftCardDefinition {
    /// Its handle.
    pub handle: Handle,
    /// The credit, of kind gift card, that one becomes when it is claimed or goes back.
    pub credit: Handle,
    /// The least it is sold for, in the program's currency.
    pub minimum: Minor,
    /// The most it is sold for, in the program's currency.
    pub maximum: Minor,
    /// From its issue until it goes back unclaimed, to the end of that day; `None`: never.
    pub revert_after: Option<Period>,
    /// From its issue until it expires, to the end of that day; `None`: never.
    pub expires_after: Option<Period>,
    /// Nothing new is issued.
    pub retired: bool,
}

/// How PINs are made and guarded (DESIGN 5.15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinRules {
    /// How many digits new ones have, 4 to 12.
    pub digits: u8,
    /// How many wrong ones lock a number for an hour, 1 to 20.
    pub attempts: u32,
}

/// Of a program without gift cards, so that an unknown number is answered as anywhere.
impl Default for PinRules {
    fn default() -> Self {
        Self { digits: 6, attempts: 5 }
    }
}

impl CreditKind {
    /// Every kind, in the order of the type.
    pub const ALL: [Self; 3] = [Self::Promotional, Self::Store, Self::GiftCard];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promotional => "promotional",
            Self::Store => "store",
            Self::GiftCard => "gift_card",
        }
    }

    /// The kind for which this is the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether it was paid for, so that an expiry in between does not take what a refund returns.
    pub fn is_never_forfeited(self) -> bool {
        match self {
            Self::Promotional => false,
            Self::Store | Self::GiftCard => true,
        }
    }
}

impl Expiry {
    /// So long, and to the end of that day.
    pub(crate) fn after(after: Period) -> Self {
        Self { after, round_up_to: CalendarUnit::Day }
    }
}
