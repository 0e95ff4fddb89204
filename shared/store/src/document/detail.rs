//! What a line was asked for, as it is stored. Ids are not repeated here: the operation's name
//! has them.

mod card;
mod redemption;

use scrip_domain::account::AccountId;
use scrip_domain::adjustment::Adjusted;
use scrip_domain::amount::{Change, Minor, Points, Units};
use scrip_domain::asset::Asset;
use scrip_domain::award::Awarded;
use scrip_domain::conversion::Converted;
use scrip_domain::entry::{Detail, Operation};
use scrip_domain::facts::Facts;
use scrip_domain::id::{Handle, Label, LotId, Reason, TransferId};
use scrip_domain::issue::{Extended, Issued, Voided};
use scrip_domain::tier::Assigned;
use scrip_domain::transfer::{TransferRefunded, Transferred};
use scrip_domain::wallet::Wallet;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::from_item;

use super::plan::PlanDocument;
use super::purchase::{PurchaseDocument, ReturnDocument};
use super::state::{DrawDocument, StandingDocument};
use super::{Item, Millis, instant, is_false, is_zero, millis};
use crate::key;
use card::{CardEndDocument, CardPartDocument};
use redemption::{OpenedDocument, RefundDocument};

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

/// What the line's operation, postings and state say in full.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NothingDocument {}

impl DetailDocument {
    /// `wallet` is the state after the line.
    pub(super) fn from_detail(detail: &Detail, wallet: &Wallet) -> Self {
        match detail {
            Detail::Facts { facts, first } => {
                Self::Facts(FactsSetDocument { facts: facts.clone(), first: *first })
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
            Detail::Redemption(opened) => {
                Self::Redemption(OpenedDocument::from_opened(opened, wallet))
            }
            Detail::Capture(captured) => {
                Self::Capture(PlanDocument::from_plan(&captured.plan, &[]))
            }
            Detail::Release(released) => {
                Self::Release(PlanDocument::from_plan(&released.plan, &[]))
            }
            Detail::Refund(refunded) => Self::Refund(RefundDocument::from_refunded(refunded)),
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
            Detail::CardPart(part) => Self::CardPart(CardPartDocument::from_part(part)),
            Detail::CardEnd(ended) => Self::CardEnd(CardEndDocument::from_ended(ended)),
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
            (other, Some(named)) => return other.into_redemption_detail(named, wallet),
            _ => return Err(format!("kind and operation do not fit: {operation:?}")),
        })
    }
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
