//! Release: what a hold set aside goes back.

use thiserror::Error;

use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::time::Instant;
use crate::wallet::Wallet;

use super::{History, Released, Status};

/// Why nothing is released.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The member has no such redemption.
    #[error("the member has no such redemption")]
    UnknownRedemption,
    /// It was captured.
    #[error("the redemption is captured")]
    Captured,
}

/// Gives back what a hold set aside. Of a hold that was released or has lapsed it changes
/// nothing. What comes back past its expiry expires at once.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub fn decide(
    wallet: &Wallet,
    history: Option<&History>,
    now: Instant,
) -> Result<Decision<History>, Refusal> {
    let history = history.ok_or(Refusal::UnknownRedemption)?;
    let mut draft = Draft::open(wallet, now);
    match history.status(draft.wallet()) {
        Status::Held => {}
        Status::Captured => return Err(Refusal::Captured),
        Status::Released | Status::Lapsed => return Ok(Decision::Unchanged(history.clone())),
    }
    let redemption = history.redemption().clone();
    if let Some(hold) = draft.end_hold(&redemption) {
        draft.put_back(&hold.draws);
    }
    let plan = history.recorded_plan().undiscounted();
    Ok(Decision::Append(draft.close(Detail::Release(Released { redemption, plan }))))
}
