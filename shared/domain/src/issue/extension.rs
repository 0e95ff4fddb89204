//! Extension: the expiry of a reward, benefit or credit is put off.

use std::convert::Infallible;

use thiserror::Error;

use crate::asset::{Asset, Kind};
use crate::draft::Draft;
use crate::entry::{Decision, Detail, Entry};
use crate::id::{ExtensionId, LotId, Reason};
use crate::program::Program;
use crate::time::Instant;
use crate::wallet::{Lot, Wallet};

use super::Extended;

/// A request to put an expiry off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Of this kind.
    pub kind: Kind,
    /// Its id.
    pub id: LotId,
    /// The caller's id.
    pub extension: ExtensionId,
    /// The new expiry.
    pub expires_at: Instant,
    /// Why.
    pub reason: Reason,
}

/// Why an expiry is not put off.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The member was never issued it.
    #[error("the member has no such {0}")]
    Unknown(Kind),
    /// It was spent, voided or has expired.
    #[error("the {0} is spent, voided or expired")]
    NothingLeft(Kind),
    /// It has no expiry to put off.
    #[error("the {0} never expires")]
    NeverExpires(Kind),
    /// Rewards of this definition are not extended, nor is one in its grace.
    #[error("rewards of this definition cannot be extended, nor any in its grace")]
    NotExtendable,
    /// A reward is extended once.
    #[error("the reward was extended before")]
    ExtendedBefore,
    /// It would not live longer.
    #[error("must be after {expires_at}, when it expires now")]
    NoLater {
        /// The expiry there is.
        expires_at: Instant,
    },
}

/// Puts off an expiry, before it comes: that of a reward once and if its definition allows it,
/// that of a benefit or credit always. `issued` is the newest line about it, if there is any.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    program: &Program,
    extension: &Extension,
    issued: Option<&Entry>,
    now: Instant,
) -> Result<Decision<Infallible>, Refusal> {
    let Extension { kind, id, expires_at, .. } = extension;
    let mut draft = Draft::open(wallet, now);
    let found = draft.wallet().lot(*kind, id);
    let (asset, lot) = found.ok_or(match issued {
        None => Refusal::Unknown(*kind),
        Some(_) => Refusal::NothingLeft(*kind),
    })?;
    let is_live = |lot: &Lot| {
        let set_aside = !draft.wallet().held_of(asset, id).is_zero();
        lot.expires_at.is_none_or(|expires_at| now < expires_at)
            && !lot.is_voided()
            && (set_aside || !lot.remaining.is_zero())
    };
    if !is_live(lot) {
        return Err(Refusal::NothingLeft(*kind));
    }
    let before = lot.expires_at.ok_or(Refusal::NeverExpires(*kind))?;
    require_extendable(program, asset, lot)?;
    if *expires_at <= before {
        return Err(Refusal::NoLater { expires_at: before });
    }
    let asset = asset.clone();
    draft.extend(*kind, id, *expires_at);
    let extended = Extended {
        kind: *kind,
        id: id.clone(),
        asset,
        extension: extension.extension.clone(),
        before,
        expires_at: *expires_at,
        reason: extension.reason.clone(),
    };
    Ok(Decision::Append(draft.close(Detail::Extension(extended))))
}

fn require_extendable(program: &Program, asset: &Asset, lot: &Lot) -> Result<(), Refusal> {
    let Asset::Reward(definition, _) = asset else {
        return Ok(());
    };
    let is_extendable = program.reward(definition).is_some_and(|reward| reward.is_extendable);
    if lot.is_grace || !is_extendable {
        return Err(Refusal::NotExtendable);
    }
    match &lot.identity {
        Some(identity) if identity.is_extended => Err(Refusal::ExtendedBefore),
        _ => Ok(()),
    }
}
