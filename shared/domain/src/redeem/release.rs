//! Release: what a hold set aside goes back.

use thiserror::Error;

use crate::account::{Accounts, Drafts, Missing};
use crate::entry::{Decision, Detail};
use crate::time::Instant;

use super::{History, Released, Status, cards};

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
pub fn decide<'a>(
    accounts: impl Into<Accounts<'a>>,
    history: Option<&History>,
    now: Instant,
) -> Result<Decision<History>, Refusal> {
    let history = history.ok_or(Refusal::UnknownRedemption)?;
    let mut drafts = Drafts::open(accounts.into(), now);
    match history.status(drafts.own.wallet()) {
        Status::Held => {}
        Status::Captured => return Err(Refusal::Captured),
        Status::Released | Status::Lapsed => return Ok(Decision::Unchanged(history.clone())),
    }
    if let Err(Missing(missing)) = drafts.require(cards::accounts(history.recorded_plan())) {
        return Ok(Decision::Needs(missing));
    }
    let redemption = history.redemption().clone();
    if let Some(hold) = drafts.own.end_hold(None, &redemption) {
        drafts.own.put_back(&hold.draws);
    }
    let plan = history.recorded_plan().undiscounted();
    let parts = match cards::end(&mut drafts, history, &plan) {
        Ok(parts) => parts,
        Err(Missing(missing)) => return Ok(Decision::Needs(missing)),
    };
    Ok(drafts.close(Detail::Release(Released { redemption, plan }), parts))
}
