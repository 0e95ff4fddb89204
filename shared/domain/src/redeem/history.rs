//! What has become of a redemption, as its newest line tells: like the log itself, every line of a
//! redemption says how it stands after it.

use crate::account::AccountId;
use crate::entry::{Detail, Entry};
use crate::id::{MemberId, RedemptionId};
use crate::time::Instant;
use crate::wallet::Wallet;

use super::plan::Plan;
use super::refund::Refunds;

/// A redemption by its newest line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    account: AccountId,
    redemption: RedemptionId,
    plan: Plan,
    refunds: Refunds,
    stage: Stage,
    entry: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Held { lapses_at: Instant },
    Captured,
    Released,
}

/// How a redemption stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Its value is set aside.
    Held,
    /// Its value is spent.
    Captured,
    /// Its value was given back on request.
    Released,
    /// Its value went back when its hold ran out.
    Lapsed,
}

impl Status {
    /// The word for it at the border.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Lapsed => "lapsed",
        }
    }
}

impl History {
    /// The history told by the newest line of a redemption; `None` for a line of anything else.
    pub fn of(entry: &Entry) -> Option<Self> {
        let (redemption, plan, stage) = match &entry.line.detail {
            Detail::Redemption(opened) => {
                let held = |lapses_at| Stage::Held { lapses_at };
                let stage = opened.lapses_at.map_or(Stage::Captured, held);
                (&opened.redemption, &opened.plan, stage)
            }
            Detail::Capture(captured) => (&captured.redemption, &captured.plan, Stage::Captured),
            Detail::Release(released) => (&released.redemption, &released.plan, Stage::Released),
            Detail::Refund(refunded) => (&refunded.redemption, &refunded.plan, Stage::Captured),
            _ => return None,
        };
        let refunds = match &entry.line.detail {
            Detail::Refund(refunded) => refunded.refunds.clone(),
            _ => Refunds::nothing(plan),
        };
        let (account, entry) = (entry.account.clone(), entry.number);
        let (redemption, plan) = (redemption.clone(), plan.clone());
        Some(Self { account, redemption, plan, refunds, stage, entry })
    }

    /// How it stands in a wallet that has been carried to the present.
    pub fn status(&self, wallet: &Wallet) -> Status {
        match self.stage {
            Stage::Captured => Status::Captured,
            Stage::Released => Status::Released,
            Stage::Held { .. } if wallet.hold(&self.redemption).is_some() => Status::Held,
            Stage::Held { .. } => Status::Lapsed,
        }
    }

    /// The plan as its newest line has it; of a hold, as it was held.
    pub fn recorded_plan(&self) -> &Plan {
        &self.plan
    }

    /// The plan as it stands: in full, in part, or at full price when its value went back.
    pub fn plan(&self, wallet: &Wallet) -> Plan {
        match self.status(wallet) {
            Status::Lapsed => self.plan.undiscounted(),
            Status::Held | Status::Captured | Status::Released => self.plan.clone(),
        }
    }

    /// What refunds have given back of it so far.
    pub fn refunds(&self) -> &Refunds {
        &self.refunds
    }

    /// Whose it is; `None` for one of a gift card alone.
    pub fn member(&self) -> Option<&MemberId> {
        self.account.member()
    }

    /// The redemption.
    pub fn redemption(&self) -> &RedemptionId {
        &self.redemption
    }

    /// The number of the line that says how it stands. A lapse has no line of its own, so it is
    /// the line of the redemption.
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// From when the hold no longer holds, while it does.
    pub fn lapses_at(&self, wallet: &Wallet) -> Option<Instant> {
        match self.stage {
            Stage::Held { lapses_at } if self.status(wallet) == Status::Held => Some(lapses_at),
            _ => None,
        }
    }
}
