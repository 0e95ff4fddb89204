//! Void: what remains of a reward, benefit or credit is taken back.

use thiserror::Error;

use crate::amount::Units;
use crate::asset::{Asset, Kind};
use crate::draft::Draft;
use crate::entry::{Decision, Detail, Entry};
use crate::id::{LotId, Reason};
use crate::time::Instant;
use crate::wallet::Wallet;

use super::Voided;

/// A request to take value back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Void {
    /// Of this kind.
    pub kind: Kind,
    /// Its id.
    pub id: LotId,
    /// Why.
    pub reason: Reason,
}

/// Why nothing is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The member was never issued it.
    #[error("the member has no such {0}")]
    Unknown(Kind),
}

/// Takes back what remains, never what a hold has set aside: that follows when it is released. Of
/// what was spent or has expired nothing remains, and nothing is changed. `issued` is the newest
/// line about it, if there is any.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    void: &Void,
    issued: Option<&Entry>,
    now: Instant,
) -> Result<Decision<Voided>, Refusal> {
    let mut draft = Draft::open(wallet, now);
    let found = draft.wallet().lot(void.kind, &void.id);
    let found = found.map(|(asset, _)| asset.clone());
    let voided = |asset: Asset, amount: Units| Voided {
        kind: void.kind,
        id: void.id.clone(),
        asset,
        amount,
        reason: void.reason.clone(),
    };
    if let Some(asset) = found {
        let amount = draft.void(void.kind, &void.id).unwrap_or(Units::ZERO);
        return Ok(Decision::Append(draft.close(Detail::Void(voided(asset, amount)))));
    }
    let asset = match issued.map(|entry| &entry.line.detail) {
        Some(Detail::Issue(issued)) => &issued.asset,
        Some(Detail::Extension(extended)) => &extended.asset,
        _ => return Err(Refusal::Unknown(void.kind)),
    };
    Ok(Decision::Unchanged(voided(asset.clone(), Units::ZERO)))
}
