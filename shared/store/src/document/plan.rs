//! The plan of a redemption and what refunds have given back of it, as they are stored.
//!
//! What the plan of a hold takes is in the state of the same line, and not repeated.

use scrip_domain::amount::Minor;
use scrip_domain::asset::Kind;
use scrip_domain::currency::Currency;
use scrip_domain::id::{CardNumber, LineId, LotId};
use scrip_domain::program::CreditKind;
use scrip_domain::redeem::{
    Back, Discount, LineBack, PassedOver, Plan, PlanLine, Refunds, Tender, Why,
};
use scrip_domain::wallet::Draw;
use serde::{Deserialize, Serialize};

use super::state::DrawDocument;
use super::{is_false, is_zero};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanDocument {
    currency: Currency,
    lines: Vec<LineDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    discounts: Vec<DiscountDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tenders: Vec<TenderDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unused: Vec<UnusedDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineDocument {
    id: LineId,
    amount: Minor,
    /// Whether it sells stored value.
    #[serde(default, skip_serializing_if = "is_false")]
    card: bool,
    /// Left out when all are zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shares: Vec<Minor>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountDocument {
    /// What it takes off, when what it takes is not money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    off: Option<Minor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    take: Option<DrawDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TenderDocument {
    kind: String,
    /// The gift card that it is taken from, when not from the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    card: Option<CardNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    take: Option<DrawDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnusedDocument {
    kind: String,
    id: LotId,
    why: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundsDocument {
    /// One for every line of the plan.
    lines: Vec<LineBackDocument>,
    /// Money given back without naming lines.
    #[serde(default, skip_serializing_if = "is_zero")]
    money: Minor,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBackDocument {
    #[serde(default, skip_serializing_if = "is_zero")]
    amount: Minor,
    /// Left out when all are zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shares: Vec<Minor>,
}

/// Nothing when all are zero: the plan says how many there are.
fn encode_shares(shares: &[Minor]) -> Vec<Minor> {
    if shares.iter().all(|share| share.is_zero()) { Vec::new() } else { shares.to_vec() }
}

fn decode_shares(shares: Vec<Minor>, discounts: usize) -> Result<Vec<Minor>, String> {
    match shares.len() {
        0 => Ok(vec![Minor::ZERO; discounts]),
        count if count == discounts => Ok(shares),
        count => Err(format!("{count} shares of {discounts} discounts")),
    }
}

impl PlanDocument {
    /// `held` is what the hold for it keeps after the line.
    pub(super) fn from_plan(plan: &Plan, held: &[Draw]) -> Self {
        let is_in_state = !held.is_empty() && plan.draws().eq(held);
        let take = |draw: &Draw| (!is_in_state).then(|| DrawDocument::from_draw(draw));
        let lines = plan.lines.iter().map(|line| LineDocument {
            id: line.id.clone(),
            amount: line.amount,
            card: line.is_gift_card,
            shares: encode_shares(&line.shares),
        });
        let discounts = plan.discounts.iter().map(|discount| DiscountDocument {
            off: discount.draw.asset.currency().is_none().then_some(discount.amount),
            take: take(&discount.draw),
        });
        let tenders = plan.tenders.iter().map(|tender| TenderDocument {
            kind: tender.kind.as_str().to_owned(),
            card: tender.card.clone(),
            take: match tender.card {
                None => take(&tender.draw),
                Some(_) => Some(DrawDocument::from_draw(&tender.draw)),
            },
        });
        let unused = plan.passed_over.iter().map(|passed| UnusedDocument {
            kind: passed.kind.as_str().to_owned(),
            id: passed.id.clone(),
            why: passed.why.as_str().to_owned(),
        });
        Self {
            currency: plan.currency,
            lines: lines.collect(),
            discounts: discounts.collect(),
            tenders: tenders.collect(),
            unused: unused.collect(),
        }
    }

    /// `held` is what the hold for it keeps after the line.
    pub(super) fn into_plan(self, held: &[Draw]) -> Result<Plan, String> {
        let count = self.discounts.len();
        let mut held = held.iter();
        let mut taken = |take: Option<DrawDocument>| {
            let draw = take.map(DrawDocument::into_draw).or_else(|| held.next().cloned());
            draw.ok_or_else(|| "what the plan takes is missing".to_owned())
        };
        let mut discounts = Vec::with_capacity(count);
        for discount in self.discounts {
            let draw = taken(discount.take)?;
            let amount = discount.off.unwrap_or_else(|| draw.amount().into());
            discounts.push(Discount { draw, amount });
        }
        let mut tenders = Vec::with_capacity(self.tenders.len());
        for tender in self.tenders {
            let kind = CreditKind::parse(&tender.kind);
            let kind = kind.ok_or_else(|| format!("unknown kind of credit `{}`", tender.kind))?;
            tenders.push(Tender { kind, card: tender.card, draw: taken(tender.take)? });
        }
        let lines = self.lines.into_iter().map(|line| {
            let shares = decode_shares(line.shares, count)?;
            Ok(PlanLine { id: line.id, is_gift_card: line.card, amount: line.amount, shares })
        });
        Ok(Plan {
            currency: self.currency,
            lines: lines.collect::<Result<_, String>>()?,
            discounts,
            tenders,
            passed_over: self
                .unused
                .into_iter()
                .map(UnusedDocument::into_passed_over)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl UnusedDocument {
    fn into_passed_over(self) -> Result<PassedOver, String> {
        let Self { kind, id, why } = self;
        let found = Kind::ALL.into_iter().find(|each| each.as_str() == kind);
        match (found, Why::parse(&why)) {
            (Some(kind), Some(why)) => Ok(PassedOver { kind, id, why }),
            _ => Err(format!("unknown kind `{kind}` or reason `{why}`")),
        }
    }
}

impl RefundsDocument {
    pub(super) fn from_refunds(refunds: &Refunds) -> Self {
        let lines = refunds.back.lines.iter().map(|line| LineBackDocument {
            amount: line.amount,
            shares: encode_shares(&line.shares),
        });
        Self { lines: lines.collect(), money: refunds.by_amount }
    }

    pub(super) fn into_refunds(self, plan: &Plan) -> Result<Refunds, String> {
        if self.lines.len() != plan.lines.len() {
            return Err(format!("{} refunds of {} lines", self.lines.len(), plan.lines.len()));
        }
        let lines = self.lines.into_iter().map(|line| {
            let shares = decode_shares(line.shares, plan.discounts.len())?;
            Ok(LineBack { amount: line.amount, shares })
        });
        let back = Back { lines: lines.collect::<Result<_, String>>()? };
        Ok(Refunds { back, by_amount: self.money })
    }
}
