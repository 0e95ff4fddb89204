//! What a line was asked for, as it is stored. Ids are not repeated here: the operation's name
//! has them.

use scrip_domain::account::AccountId;
use scrip_domain::adjustment::Adjusted;
use scrip_domain::amount::{Change, Minor, Points, Units};
use scrip_domain::asset::Asset;
use scrip_domain::award::Awarded;
use scrip_domain::card::{
    Arrival, CardCredited, CardEnded, CardIssued, CardPart, CardStep, End, Spender,
};
use scrip_domain::conversion::Converted;
use scrip_domain::entry::{CardMove, Detail, Operation};
use scrip_domain::facts::Facts;
use scrip_domain::id::{
    CardNumber, Handle, Label, LotId, MemberId, Reason, RedemptionId, TransferId,
};
use scrip_domain::issue::{Extended, Issued, Voided};
use scrip_domain::redeem::{Captured, CardRefunded, Opened, Refunded, Released};
use scrip_domain::tier::Assigned;
use scrip_domain::transfer::{TransferRefunded, Transferred};
use scrip_domain::wallet::{Draw, Wallet};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::plan::{PlanDocument, RefundsDocument};
use super::purchase::{PurchaseDocument, ReturnDocument};
use super::state::{DrawDocument, StandingDocument};
use super::{Item, Millis, instant, is_false, is_zero, millis};
use crate::key;

/// One shape per kind; the kind itself is an attribute of the line.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum DetailDocument {
    Facts(FactsSetDocument),
    Purchase(PurchaseDocument),
    Return(ReturnDocument),
    Award(AwardDocument),
    Adjustment(AdjustmentDocument),
    TierAssignment(AssignmentDocument),
    Redemption(OpenedDocument),
    Capture(PlanDocument),
    Release(PlanDocument),
    Refund(RefundDocument),
    Issue(IssueDocument),
    Void(VoidDocument),
    Extension(ExtensionDocument),
    Conversion(ConversionDocument),
    Transfer(TransferDocument),
    TransferRefund(TransferRefundDocument),
    CardIssue(NothingDocument),
    CardPart(CardPartDocument),
    CardEnd(CardEndDocument),
    CardCredit(NothingDocument),
    Settlement(NothingDocument),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FactsSetDocument {
    facts: Facts,
    #[serde(default, skip_serializing_if = "is_false")]
    first: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AwardDocument {
    reason: Reason,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AdjustmentDocument {
    points: Handle,
    n: Change,
    reason: Reason,
    actor: Reason,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AssignmentDocument {
    level: Handle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<StandingDocument>,
    reason: Reason,
    actor: Reason,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenedDocument {
    plan: PlanDocument,
    /// When the hold lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundDocument {
    plan: PlanDocument,
    back: RefundsDocument,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cards: Vec<CardRefundDocument>,
    #[serde(default, skip_serializing_if = "is_zero")]
    external: Minor,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardRefundDocument {
    card: CardNumber,
    n: Minor,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssueDocument {
    asset: Asset,
    n: Units,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoidDocument {
    asset: Asset,
    #[serde(default, skip_serializing_if = "is_zero")]
    n: Units,
    reason: Reason,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtensionDocument {
    asset: Asset,
    before: Millis,
    to: Millis,
    reason: Reason,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversionDocument {
    points: Handle,
    n: Points,
    /// The reward.
    asset: Asset,
    id: LotId,
    money: Minor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferDocument {
    programme: Label,
    reference: Label,
    take: DrawDocument,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransferRefundDocument {
    n: Points,
    /// Given back in all.
    total: Points,
    transfer: TransferDocument,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardPartDocument {
    n: Minor,
    /// When the hold lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CardEndDocument {
    n: Minor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

/// What the line's operation, postings and state say in full.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NothingDocument {}

impl DetailDocument {
    /// `wallet` is the state after the line.
    pub(super) fn from_detail(detail: &Detail, wallet: &Wallet) -> Self {
        match detail {
            Detail::Facts { facts, first } => {
                Self::Facts(FactsSetDocument { facts: *facts, first: *first })
            }
            Detail::Purchase(purchased) => {
                Self::Purchase(PurchaseDocument::from_purchased(purchased))
            }
            Detail::Return(returned) => Self::Return(ReturnDocument::from_returned(returned)),
            Detail::Award(awarded) => Self::Award(AwardDocument { reason: awarded.reason.clone() }),
            Detail::Adjustment(adjusted) => Self::Adjustment(AdjustmentDocument {
                points: adjusted.points.clone(),
                n: adjusted.amount,
                reason: adjusted.reason.clone(),
                actor: adjusted.actor.clone(),
            }),
            Detail::TierAssignment(assigned) => Self::TierAssignment(AssignmentDocument {
                level: assigned.level.clone(),
                before: assigned.before.as_ref().map(StandingDocument::from_standing),
                reason: assigned.reason.clone(),
                actor: assigned.actor.clone(),
            }),
            Detail::Redemption(opened) => Self::Redemption(OpenedDocument {
                plan: PlanDocument::from_plan(&opened.plan, held(wallet, &opened.redemption)),
                to: millis(opened.lapses_at),
            }),
            Detail::Capture(captured) => {
                Self::Capture(PlanDocument::from_plan(&captured.plan, &[]))
            }
            Detail::Release(released) => {
                Self::Release(PlanDocument::from_plan(&released.plan, &[]))
            }
            Detail::Refund(refunded) => Self::Refund(RefundDocument {
                plan: PlanDocument::from_plan(&refunded.plan, &[]),
                back: RefundsDocument::from_refunds(&refunded.refunds),
                cards: refunded
                    .cards
                    .iter()
                    .map(|card| CardRefundDocument { card: card.number.clone(), n: card.amount })
                    .collect(),
                external: refunded.external,
            }),
            Detail::Issue(issued) => Self::Issue(IssueDocument {
                asset: issued.asset.clone(),
                n: issued.amount,
                to: millis(issued.expires_at),
                reason: issued.reason.clone(),
            }),
            Detail::Void(voided) => Self::Void(VoidDocument {
                asset: voided.asset.clone(),
                n: voided.amount,
                reason: voided.reason.clone(),
            }),
            Detail::Extension(extended) => Self::Extension(ExtensionDocument {
                asset: extended.asset.clone(),
                before: Millis(extended.before),
                to: Millis(extended.expires_at),
                reason: extended.reason.clone(),
            }),
            Detail::Conversion(converted) => Self::Conversion(ConversionDocument {
                points: converted.points.clone(),
                n: converted.amount,
                asset: converted.asset.clone(),
                id: converted.id.clone(),
                money: converted.money,
                to: millis(converted.expires_at),
            }),
            Detail::Transfer(transferred) => Self::Transfer(encode_transfer(transferred)),
            Detail::TransferRefund(refunded) => Self::TransferRefund(TransferRefundDocument {
                n: refunded.amount,
                total: refunded.refunded,
                transfer: encode_transfer(&refunded.transferred),
            }),
            Detail::CardIssue(_) => Self::CardIssue(NothingDocument {}),
            Detail::CardPart(part) => {
                let to = match part.step {
                    CardStep::Held(lapses_at) => Some(Millis(lapses_at)),
                    _ => None,
                };
                Self::CardPart(CardPartDocument { n: part.amount, to })
            }
            Detail::CardEnd(ended) => {
                Self::CardEnd(CardEndDocument { n: ended.amount, reason: ended.reason.clone() })
            }
            Detail::CardCredit(_) => Self::CardCredit(NothingDocument {}),
            Detail::Settlement => Self::Settlement(NothingDocument {}),
        }
    }

    pub(super) fn read(kind: &str, item: Item) -> Result<Self, String> {
        Ok(match kind {
            "facts" => Self::Facts(parse(item)?),
            "purchase" => Self::Purchase(parse(item)?),
            "return" => Self::Return(parse(item)?),
            "award" => Self::Award(parse(item)?),
            "adjustment" => Self::Adjustment(parse(item)?),
            "tier_assignment" => Self::TierAssignment(parse(item)?),
            "redemption" => Self::Redemption(parse(item)?),
            "capture" => Self::Capture(parse(item)?),
            "release" => Self::Release(parse(item)?),
            "refund" => Self::Refund(parse(item)?),
            "issue" => Self::Issue(parse(item)?),
            "void" => Self::Void(parse(item)?),
            "extension" => Self::Extension(parse(item)?),
            "conversion" => Self::Conversion(parse(item)?),
            "transfer" => Self::Transfer(parse(item)?),
            "transfer_refund" => Self::TransferRefund(parse(item)?),
            "gift_card_issue" => Self::CardIssue(parse(item)?),
            "gift_card_redemption"
            | "gift_card_capture"
            | "gift_card_release"
            | "gift_card_refund" => Self::CardPart(parse(item)?),
            "gift_card_claim" | "gift_card_revert" | "gift_card_cancel" | "gift_card_void" => {
                Self::CardEnd(parse(item)?)
            }
            "gift_card_credit" => Self::CardCredit(parse(item)?),
            "settlement" => Self::Settlement(parse(item)?),
            _ => return Err(format!("unknown kind `{kind}`")),
        })
    }

    /// The detail, with its id from the operation's name. `wallet` is the state after the line.
    pub(super) fn into_detail(
        self,
        (account, operation): (&AccountId, Option<&str>),
        wallet: &Wallet,
    ) -> Result<Detail, String> {
        let named = operation.and_then(|name| key::parse_operation(account, name));
        Ok(match (self, named) {
            (Self::Facts(set), None) => Detail::Facts { facts: set.facts, first: set.first },
            (Self::Purchase(document), Some(Operation::Purchase(order))) => {
                Detail::Purchase(document.into_purchased(order)?)
            }
            (Self::Return(document), Some(Operation::Return(order, id))) => {
                Detail::Return(document.into_returned(order, id)?)
            }
            (Self::Award(document), Some(Operation::Award(award))) => {
                Detail::Award(Awarded { award, reason: document.reason })
            }
            (Self::Adjustment(document), Some(Operation::Adjustment(adjustment))) => {
                Detail::Adjustment(Adjusted {
                    adjustment,
                    points: document.points,
                    amount: document.n,
                    reason: document.reason,
                    actor: document.actor,
                })
            }
            (Self::TierAssignment(document), Some(Operation::TierAssignment(assignment))) => {
                Detail::TierAssignment(Assigned {
                    assignment,
                    level: document.level,
                    before: document.before.map(StandingDocument::into_standing),
                    reason: document.reason,
                    actor: document.actor,
                })
            }
            (Self::Redemption(document), Some(Operation::Redemption(redemption))) => {
                let plan = document.plan.into_plan(held(wallet, &redemption))?;
                let lapses_at = instant(document.to);
                Detail::Redemption(Opened { redemption, plan, lapses_at })
            }
            (Self::Capture(plan), Some(Operation::Capture(redemption))) => {
                Detail::Capture(Captured { redemption, plan: plan.into_plan(&[])? })
            }
            (Self::Release(plan), Some(Operation::Release(redemption))) => {
                Detail::Release(Released { redemption, plan: plan.into_plan(&[])? })
            }
            (Self::Refund(document), Some(Operation::Refund(redemption, refund))) => {
                let plan = document.plan.into_plan(&[])?;
                let refunds = document.back.into_refunds(&plan)?;
                let cards = document.cards.into_iter();
                let cards =
                    cards.map(|it| CardRefunded { number: it.card, amount: it.n }).collect();
                let external = document.external;
                Detail::Refund(Refunded { redemption, refund, plan, refunds, cards, external })
            }
            (Self::Issue(document), Some(Operation::Issue(_, id))) => Detail::Issue(Issued {
                id,
                asset: document.asset,
                amount: document.n,
                expires_at: instant(document.to),
                reason: document.reason,
            }),
            (Self::Void(document), Some(Operation::Void(kind, id))) => Detail::Void(Voided {
                kind,
                id,
                asset: document.asset,
                amount: document.n,
                reason: document.reason,
            }),
            (Self::Extension(document), Some(Operation::Extension(kind, id, extension))) => {
                Detail::Extension(Extended {
                    kind,
                    id,
                    asset: document.asset,
                    extension,
                    before: document.before.0,
                    expires_at: document.to.0,
                    reason: document.reason,
                })
            }
            (Self::Conversion(document), Some(Operation::Conversion(conversion))) => {
                Detail::Conversion(Converted {
                    conversion,
                    points: document.points,
                    amount: document.n,
                    id: document.id,
                    asset: document.asset,
                    money: document.money,
                    expires_at: instant(document.to),
                })
            }
            (Self::Transfer(document), Some(Operation::Transfer(transfer))) => {
                Detail::Transfer(decode_transfer(document, transfer))
            }
            (Self::TransferRefund(document), Some(Operation::TransferRefund(transfer, refund))) => {
                Detail::TransferRefund(TransferRefunded {
                    refund,
                    amount: document.n,
                    transferred: decode_transfer(document.transfer, transfer),
                    refunded: document.total,
                })
            }
            (Self::Settlement(_), None) => Detail::Settlement,
            (of_card, Some(named)) => return of_card.into_card_detail(named, wallet),
            _ => return Err(format!("kind and operation do not fit: {operation:?}")),
        })
    }

    /// The same of what becomes of gift cards.
    fn into_card_detail(self, named: Operation, wallet: &Wallet) -> Result<Detail, String> {
        Ok(match (self, named) {
            (Self::CardIssue(_), Operation::CardIssue(key)) => {
                Detail::CardIssue(CardIssued { key })
            }
            (Self::CardPart(document), Operation::Of(Spender::Member(member), it)) => {
                Detail::CardPart(decode_part(&document, member, *it)?)
            }
            (Self::CardEnd(document), Operation::CardMove(by, it)) => {
                let card = wallet.card.as_ref().ok_or("the state has no card")?;
                let end = match (it, by) {
                    (CardMove::Claim, Some(member)) => End::Claimed(member),
                    (CardMove::Revert, None) => End::Reverted,
                    (CardMove::Cancel, Some(_)) => End::Cancelled,
                    (CardMove::Void, Some(_)) => End::Voided,
                    _ => return Err("nobody, or somebody, did this".to_owned()),
                };
                Detail::CardEnd(CardEnded {
                    purchaser: card.key.purchaser.clone(),
                    end,
                    amount: document.n,
                    reason: document.reason,
                })
            }
            (Self::CardCredit(_), Operation::CardCredit(key, it)) => {
                let arrival = match it {
                    CardMove::Claim => Arrival::Claimed(key),
                    CardMove::Revert => Arrival::Reverted(key),
                    CardMove::Cancel => Arrival::Cancelled(key),
                    CardMove::Void => return Err("a void card comes to nobody".to_owned()),
                };
                Detail::CardCredit(CardCredited { arrival })
            }
            (Self::CardCredit(_), Operation::Of(spender, it)) => {
                let Operation::Refund(redemption, refund) = *it else {
                    return Err("a credit is not of a refund".to_owned());
                };
                let arrival = Arrival::Refunded { spender, redemption, refund };
                Detail::CardCredit(CardCredited { arrival })
            }
            (_, named) => return Err(format!("kind and operation do not fit: {named:?}")),
        })
    }
}

fn decode_part(
    document: &CardPartDocument,
    member: MemberId,
    operation: Operation,
) -> Result<CardPart, String> {
    let (redemption, step) = match (operation, document.to) {
        (Operation::Redemption(id), None) => (id, CardStep::Spent),
        (Operation::Redemption(id), Some(lapses_at)) => (id, CardStep::Held(lapses_at.0)),
        (Operation::Capture(id), None) => (id, CardStep::Captured),
        (Operation::Release(id), None) => (id, CardStep::Released),
        (Operation::Refund(id, refund), None) => (id, CardStep::Refunded(refund)),
        (operation, _) => return Err(format!("no part of a redemption: {operation:?}")),
    };
    Ok(CardPart { member, redemption, step, amount: document.n })
}

/// What a hold keeps for a redemption.
fn held<'a>(wallet: &'a Wallet, redemption: &RedemptionId) -> &'a [Draw] {
    wallet.hold(redemption).map_or(&[], |hold| hold.draws.as_slice())
}

fn parse<T: DeserializeOwned>(item: Item) -> Result<T, String> {
    from_item(item).map_err(|error: serde_dynamo::Error| format!("detail: {error}"))
}

fn encode_transfer(transferred: &Transferred) -> TransferDocument {
    TransferDocument {
        programme: transferred.to.clone(),
        reference: transferred.reference.clone(),
        take: DrawDocument::from_draw(&transferred.draw),
    }
}

fn decode_transfer(document: TransferDocument, transfer: TransferId) -> Transferred {
    Transferred {
        transfer,
        to: document.programme,
        reference: document.reference,
        draw: document.take.into_draw(),
    }
}
