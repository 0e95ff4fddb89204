//! What becomes of gift cards, as it is stored.

use scrip_domain::amount::Minor;
use scrip_domain::card::{
    Arrival, CardCredited, CardEnded, CardIssued, CardPart, CardStep, End, Spender,
};
use scrip_domain::entry::{CardMove, Detail, Operation};
use scrip_domain::id::{MemberId, Reason};
use scrip_domain::wallet::Wallet;
use serde::{Deserialize, Serialize};

use super::super::Millis;
use super::DetailDocument;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct CardPartDocument {
    n: Minor,
    /// When the hold lapses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct CardEndDocument {
    n: Minor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

impl CardPartDocument {
    pub(super) fn from_part(part: &CardPart) -> Self {
        let to = match part.step {
            CardStep::Held(lapses_at) => Some(Millis(lapses_at)),
            _ => None,
        };
        Self { n: part.amount, to }
    }
}

impl CardEndDocument {
    pub(super) fn from_ended(ended: &CardEnded) -> Self {
        Self { n: ended.amount, reason: ended.reason.clone() }
    }
}

impl DetailDocument {
    /// The detail of a line about a gift card.
    pub(super) fn into_card_detail(
        self,
        named: Operation,
        wallet: &Wallet,
    ) -> Result<Detail, String> {
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
