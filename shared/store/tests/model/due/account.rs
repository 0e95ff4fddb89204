//! The account that is swept, as far as time is concerned: `wallet.rs` and `draft/carry.rs` in small.

pub(super) type Tick = u8;
pub(super) type Hour = u8;

pub(super) const TICKS_PER_HOUR: u8 = 2;
/// A lot that never expires, beyond every tick.
pub(super) const NEVER: u8 = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Job {
    Expire,
    Revert,
}

/// The newest line of the account, as far as time is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Line {
    pub(super) number: u8,
    /// Bit `t`: a lot expires at `t`.
    pub(super) lots: u16,
    pub(super) held_until: Option<Tick>,
    pub(super) revert_at: Option<Tick>,
    pub(super) armed: Option<Hour>,
    /// Kept only where clocks differ: it tells states apart.
    pub(super) recorded_at: Tick,
}

impl Line {
    pub(super) fn soonest(self) -> Option<Tick> {
        (self.lots != 0).then(|| u8::try_from(self.lots.trailing_zeros()).unwrap())
    }

    /// `Wallet::reverts_at`.
    pub(super) fn reverts_at(self) -> Option<Tick> {
        let soonest = self.soonest()?;
        self.revert_at.filter(|at| self.held_until.is_none() && *at < soonest)
    }

    /// `Wallet::next_settlement`.
    pub(super) fn next_settlement(self) -> Option<Tick> {
        let kept = self.reverts_at().is_some();
        let lots = self.soonest().filter(|at| !kept && *at < NEVER);
        lots.into_iter().chain(self.held_until).min()
    }

    /// `Wallet::next_due`.
    pub(super) fn next_due(self) -> Option<(Tick, Job)> {
        let settles = self.next_settlement().map(|at| (at, Job::Expire));
        let reverts = self.reverts_at().map(|at| (at, Job::Revert));
        settles.into_iter().chain(reverts).min_by_key(|(at, _)| *at)
    }

    /// `Draft::carry`.
    pub(super) fn carried(mut self, now: Tick) -> Self {
        while let Some(due) = self.next_settlement().filter(|due| *due < now) {
            self.held_until = self.held_until.filter(|until| due < *until);
            if self.reverts_at().is_none() {
                self.lots &= u16::MAX.checked_shl(u32::from(due) + 1).unwrap_or(0);
            }
        }
        self
    }
}

/// What a writer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// The first line: a card that expires and goes back.
    Issue { expires_at: Tick, revert_at: Tick },
    /// A lot that expires.
    Add(Tick),
    /// Takes what expires soonest; a card is then never given back.
    Spend,
    /// Sets something aside.
    Hold(Tick),
}

pub(super) fn hour(tick: Tick) -> Hour {
    tick / TICKS_PER_HOUR
}

pub(super) fn bit(place: u8) -> u16 {
    1 << place
}

pub(super) fn each_bit(bits: u16) -> impl Iterator<Item = u8> {
    (0..16).filter(move |place| bits & bit(*place) != 0)
}
