//! The plan of a redemption: what lowers the price of which line by how much, and what then pays.
//!
//! A quote is this plan; a redemption is the same plan made real. The order is Benefits → Rewards →
//! Points as money off → Credits → Gift cards by number and PIN → payment due (DESIGN 5.10). The
//! first three are discounts: they lower prices, and with them the tax base of each line. The rest
//! is tender: it pays a price and never changes it.

mod back;

use crate::amount::Minor;
use crate::asset::Kind;
use crate::currency::Currency;
use crate::id::{CardNumber, LineId, LotId};
use crate::program::CreditKind;
use crate::wallet::Draw;

pub use back::{Back, LineBack};

/// The most discounts of a plan. A checkout uses a handful. Every line has a share of every
/// discount, and a refund says of each how much went back: with 200 lines that is at most 80 KB of
/// DynamoDB's 400 KB.
pub const DISCOUNTS_MAX: usize = 20;
/// The most tenders of a plan: with the longest ids some 25 KB. No more than this many are named as
/// passed over.
pub const TENDERS_MAX: usize = 100;

/// What lowers the price of which line by how much, and what then pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The currency of its amounts.
    pub currency: Currency,
    /// In the order of the basket.
    pub lines: Vec<PlanLine>,
    /// In the order they apply.
    pub discounts: Vec<Discount>,
    /// In the order they pay.
    pub tenders: Vec<Tender>,
    /// What was to be used as far as possible, and could not be used at all; the first
    /// [`TENDERS_MAX`].
    pub passed_over: Vec<PassedOver>,
}

/// A line of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanLine {
    /// The line's id.
    pub id: LineId,
    /// Whether it sells stored value, which no discount and no promotional credit touches.
    pub is_gift_card: bool,
    /// Its price before discounts.
    pub amount: Minor,
    /// Its share of each discount, in their order. They sum to no more than `amount`.
    pub shares: Vec<Minor>,
}

/// Value used to lower prices: a use of a benefit, a reward, or points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discount {
    /// What it takes.
    pub draw: Draw,
    /// What it takes off; the sum of the lines' shares.
    pub amount: Minor,
}

/// Value used to pay: a credit, or a gift card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tender {
    /// What the credit is for.
    pub kind: CreditKind,
    /// The gift card that it takes it from; `None`: the account itself.
    pub card: Option<CardNumber>,
    /// What it takes.
    pub draw: Draw,
}

/// A reward or credit that was not used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: LotId,
    /// Why not.
    pub why: Why,
}

/// Why a reward or credit is not used, or not further. That nothing is due is no reason to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing of it is available.
    NotAvailable,
    /// It is in another currency than the basket.
    Currency,
    /// What is left to pay is for lines that it does not apply to.
    NothingEligible,
    /// The lines that it applies to come to less than its definition asks for.
    MinimumSpend,
    /// Its definition takes no larger share.
    MaximumShare,
    /// No more is left to pay.
    NothingDue,
    /// The plan has [`DISCOUNTS_MAX`] or [`TENDERS_MAX`] already.
    Limit,
}

impl Why {
    /// Every reason, in the order of the type.
    pub const ALL: [Self; 7] = [
        Self::NotAvailable,
        Self::Currency,
        Self::NothingEligible,
        Self::MinimumSpend,
        Self::MaximumShare,
        Self::NothingDue,
        Self::Limit,
    ];

    /// The word for it, at the border and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAvailable => "not_available",
            Self::Currency => "currency",
            Self::NothingEligible => "nothing_eligible",
            Self::MinimumSpend => "minimum_spend",
            Self::MaximumShare => "maximum_share",
            Self::NothingDue => "nothing_due",
            Self::Limit => "limit",
        }
    }

    /// The reason for which this is the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == word)
    }
}

/// The sum of amounts of one plan, which its subtotal bounds; planning has checked the subtotal.
pub(super) fn sum(parts: impl Iterator<Item = Minor>) -> Minor {
    Minor::checked_sum(parts).unwrap_or(Minor::MAX)
}

/// What is left of `whole` after `taken`, which is no more.
pub(super) fn less(whole: Minor, taken: Minor) -> Minor {
    whole.checked_sub(taken).unwrap_or(Minor::ZERO)
}

impl PlanLine {
    /// All that is taken off.
    pub fn discount(&self) -> Minor {
        sum(self.shares.iter().copied())
    }

    /// The price after discounts: the tax base.
    pub fn net(&self) -> Minor {
        less(self.amount, self.discount())
    }

    /// Its share of the discount at this place.
    pub(super) fn share(&self, place: usize) -> Minor {
        self.shares.get(place).copied().unwrap_or(Minor::ZERO)
    }
}

impl Tender {
    /// What it pays.
    pub fn amount(&self) -> Minor {
        self.draw.amount().into()
    }
}

impl Plan {
    /// The sum of the lines before discounts.
    pub fn subtotal(&self) -> Minor {
        sum(self.lines.iter().map(|line| line.amount))
    }

    /// The sum of the lines after discounts.
    pub fn net(&self) -> Minor {
        sum(self.lines.iter().map(PlanLine::net))
    }

    /// What is paid with stored value.
    pub fn tendered(&self) -> Minor {
        sum(self.tenders.iter().map(Tender::amount))
    }

    /// What remains to be paid by other means.
    pub fn due(&self) -> Minor {
        less(self.net(), self.tendered())
    }

    /// What promotional credit pays.
    pub fn promotional(&self) -> Minor {
        let promotional = |tender: &&Tender| tender.kind == CreditKind::Promotional;
        sum(self.tenders.iter().filter(promotional).map(Tender::amount))
    }

    /// Everything it takes of the account itself, in the order it is drawn.
    pub fn draws(&self) -> impl Iterator<Item = &Draw> {
        let discounts = self.discounts.iter().map(|discount| &discount.draw);
        let own = self.tenders.iter().filter(|tender| tender.card.is_none());
        discounts.chain(own.map(|tender| &tender.draw))
    }

    /// What it takes of gift cards, in the order they pay.
    pub fn card_draws(&self) -> impl Iterator<Item = (&CardNumber, &Draw)> {
        self.tenders.iter().filter_map(|tender| Some((tender.card.as_ref()?, &tender.draw)))
    }

    /// What it takes of one gift card.
    pub(super) fn card_draw(&self, number: &CardNumber) -> Option<&Draw> {
        self.card_draws().find(|(each, _)| *each == number).map(|(_, draw)| draw)
    }

    /// The basket at full price, as it stands when nothing is used after all.
    #[must_use]
    pub fn undiscounted(&self) -> Self {
        let lines = self.lines.iter().map(|line| PlanLine { shares: Vec::new(), ..line.clone() });
        let lines = lines.collect();
        Self { lines, ..self.bare() }
    }

    /// The same currency, and nothing else.
    fn bare(&self) -> Self {
        Self {
            currency: self.currency,
            lines: Vec::new(),
            discounts: Vec::new(),
            tenders: Vec::new(),
            passed_over: Vec::new(),
        }
    }

    /// How much more a tender of this kind may pay: what is due, and of promotional credit no
    /// more than the lines that are not gift cards.
    pub(super) fn room_for(&self, kind: CreditKind) -> Minor {
        let due = self.due();
        if kind != CreditKind::Promotional {
            return due;
        }
        let open = self.lines.iter().filter(|line| !line.is_gift_card).map(PlanLine::net);
        due.min(less(sum(open), self.promotional()))
    }

    /// The plan with no more tender than `most`, nor more than there is to pay: the first pays,
    /// the last is released first.
    #[must_use]
    pub(super) fn with_tender_up_to(self, most: Minor) -> Self {
        let mut plan = Self { tenders: Vec::new(), ..self };
        let mut left = most;
        for tender in self.tenders {
            let pays = tender.amount().min(left).min(plan.room_for(tender.kind));
            left = less(left, pays);
            let (draw, _) = tender.draw.split(pays.into());
            if !pays.is_zero() {
                plan.tenders.push(Tender { draw, ..tender });
            }
        }
        plan
    }

    /// What the plan keeps when this much of its lines goes back: of each line the rest, with the
    /// rest of its discounts; of the tender no more than that comes to. Lines that are wholly back
    /// are left out.
    #[must_use]
    pub(super) fn without(&self, back: &Back) -> Self {
        let mut kept = Self { tenders: self.tenders.clone(), ..self.bare() };
        let mut places = Vec::new();
        for (place, discount) in self.discounts.iter().enumerate() {
            let (_, units) = discount.draw.amount().take_up_to(back.units(self, place));
            if !units.is_zero() {
                let (draw, _) = discount.draw.split(units);
                let amount = less(discount.amount, back.share(place));
                kept.discounts.push(Discount { draw, amount });
                places.push(place);
            }
        }
        for (line, back) in self.lines.iter().zip(&back.lines) {
            let shares = places.iter().map(|place| less(line.share(*place), back.share(*place)));
            let amount = less(line.amount, back.amount);
            if !amount.is_zero() {
                kept.lines.push(PlanLine { amount, shares: shares.collect(), ..line.clone() });
            }
        }
        kept.with_tender_up_to(Minor::MAX)
    }
}
