//! What a wallet holds, the naive way: lots are never merged, nothing is ever expired or accrued,
//! and every count is made afresh from all lots there ever were.

use std::collections::BTreeMap;

use scrip_domain::asset::Asset;
use scrip_domain::id::Handle;
use scrip_domain::program::{ClawbackPolicy, Program};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

/// Everything that was ever issued and held.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    lots: Vec<Lot>,
    holds: BTreeMap<usize, Hold>,
    debt: BTreeMap<Handle, u64>,
}

/// One issue.
#[derive(Debug)]
struct Lot {
    points: Handle,
    issued: u64,
    /// What is neither spent nor held; of an expired lot it says nothing.
    left: u64,
    accrue_at: Option<Instant>,
    expires_at: Option<Instant>,
}

#[derive(Debug)]
struct Hold {
    lapses_at: Instant,
    draws: Vec<Drawn>,
}

/// So many points of the lot at this place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn {
    lot: usize,
    count: u64,
}

/// What one definition comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) available: u64,
    pub(crate) pending: u64,
    pub(crate) held: u64,
    pub(crate) debt: u64,
}

/// A lot as a wallet should show it: accrual if it is ahead, expiry, issued, remaining.
pub(crate) type Shown = (Option<Instant>, Option<Instant>, u64, u64);

impl Lot {
    fn is_expired(&self, now: Instant) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    fn accrues(&self, now: Instant) -> Option<Instant> {
        self.accrue_at.filter(|accrue_at| now < *accrue_at)
    }

    fn is_available(&self, now: Instant) -> bool {
        self.accrues(now).is_none() && !self.is_expired(now)
    }
}

impl Reference {
    /// Lets holds lapse. Nothing else happens with time.
    pub(crate) fn lapse(&mut self, now: Instant) {
        let ended = |_: &usize, hold: &mut Hold| hold.lapses_at <= now;
        let mut ended: Vec<Hold> = self.holds.extract_if(.., ended).map(|(_, hold)| hold).collect();
        ended.sort_by_key(|hold| hold.lapses_at);
        for hold in ended {
            self.give_back(&hold.draws);
        }
    }

    /// What comes back repays debt first.
    fn give_back(&mut self, draws: &[Drawn]) {
        for drawn in draws {
            let lot = &mut self.lots[drawn.lot];
            let debt = self.debt.entry(lot.points.clone()).or_default();
            let repaid = drawn.count.min(*debt);
            *debt -= repaid;
            lot.left += drawn.count - repaid;
        }
    }

    pub(crate) fn counts(&self, points: &Handle, now: Instant) -> Counts {
        let of = |lot: &&Lot| lot.points == *points && !lot.is_expired(now);
        let sum = |pending: bool| {
            let lots = self.lots.iter().filter(of);
            let lots = lots.filter(|lot| lot.accrues(now).is_some() == pending);
            lots.map(|lot| lot.left).sum()
        };
        let held = self.holds.values().flat_map(|hold| &hold.draws);
        let held = held.filter(|drawn| self.lots[drawn.lot].points == *points);
        Counts {
            available: sum(false),
            pending: sum(true),
            held: held.map(|drawn| drawn.count).sum(),
            debt: self.debt.get(points).copied().unwrap_or(0),
        }
    }

    pub(crate) fn issue(
        &mut self,
        points: &Handle,
        count: u64,
        (accrue_at, expires_at): (Option<Instant>, Option<Instant>),
    ) {
        let debt = self.debt.entry(points.clone()).or_default();
        let repaid = count.min(*debt);
        *debt -= repaid;
        let kept = count - repaid;
        if kept > 0 {
            self.lots.push(Lot {
                points: points.clone(),
                issued: kept,
                left: kept,
                accrue_at,
                expires_at,
            });
        }
    }

    /// Draws available points, soonest expiry first; `None` when there are not enough.
    pub(crate) fn draw(
        &mut self,
        points: &Handle,
        wanted: u64,
        now: Instant,
    ) -> Option<Vec<Drawn>> {
        if self.counts(points, now).available < wanted {
            return None;
        }
        let mut places: Vec<usize> = (0..self.lots.len())
            .filter(|place| self.lots[*place].points == *points)
            .filter(|place| self.lots[*place].is_available(now))
            .collect();
        places.sort_by_key(|place| never_last(self.lots[*place].expires_at));
        Some(self.take(&places, wanted).0)
    }

    /// Takes up to `wanted` from these lots in turn, and says how many were missing.
    fn take(&mut self, places: &[usize], wanted: u64) -> (Vec<Drawn>, u64) {
        let mut missing = wanted;
        let mut drawn = Vec::new();
        for place in places {
            let count = missing.min(self.lots[*place].left);
            self.lots[*place].left -= count;
            missing -= count;
            if count > 0 {
                drawn.push(Drawn { lot: *place, count });
            }
        }
        (drawn, missing)
    }

    pub(crate) fn hold(&mut self, redemption: usize, lapses_at: Instant, draws: Vec<Drawn>) {
        self.holds.insert(redemption, Hold { lapses_at, draws });
    }

    pub(crate) fn is_held(&self, redemption: usize) -> bool {
        self.holds.contains_key(&redemption)
    }

    pub(crate) fn held_by(&self, redemption: usize, points: &Handle) -> u64 {
        let draws = self.holds[&redemption].draws.iter();
        let draws = draws.filter(|drawn| self.lots[drawn.lot].points == *points);
        draws.map(|drawn| drawn.count).sum()
    }

    /// Ends a hold: of each definition so many are spent, first drawn first, and the rest goes
    /// back.
    pub(crate) fn end_hold(&mut self, redemption: usize, mut spent: BTreeMap<Handle, u64>) {
        let hold = self.holds.remove(&redemption).unwrap();
        for drawn in hold.draws {
            let budget = spent.entry(self.lots[drawn.lot].points.clone()).or_default();
            let taken = drawn.count.min(*budget);
            *budget -= taken;
            let count = drawn.count - taken;
            self.give_back(&[Drawn { count, ..drawn }]);
        }
    }

    /// Whether it was taken back.
    pub(crate) fn claw_back(
        &mut self,
        points: &Handle,
        count: u64,
        policy: ClawbackPolicy,
        (accrue_at, expires_at): (Option<Instant>, Option<Instant>),
        now: Instant,
    ) -> bool {
        let Counts { available, pending, .. } = self.counts(points, now);
        if policy == ClawbackPolicy::Reject && available + pending < count {
            return false;
        }
        let accrues = accrue_at.filter(|accrue_at| now < *accrue_at);
        let mut places: Vec<usize> = (0..self.lots.len())
            .filter(|place| self.lots[*place].points == *points)
            .filter(|place| !self.lots[*place].is_expired(now))
            .collect();
        places.sort_by_key(|place| {
            let lot = &self.lots[*place];
            let own = lot.accrues(now) == accrues && lot.expires_at == expires_at;
            let expiry = never_last(lot.expires_at);
            (!own, lot.accrues(now).is_some(), expiry, lot.accrues(now))
        });
        let (_, missing) = self.take(&places, count);
        if policy == ClawbackPolicy::Debt {
            *self.debt.entry(points.clone()).or_default() += missing;
        }
        true
    }

    /// The lots of a definition, merged by what a wallet may tell apart.
    pub(crate) fn merged(&self, points: &Handle, now: Instant) -> Vec<Shown> {
        let mut merged: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for lot in self.lots.iter().filter(|lot| lot.points == *points) {
            let left = if lot.is_expired(now) {
                if !self.is_set_aside(lot) {
                    continue;
                }
                0
            } else {
                lot.left
            };
            let key = (never_last(lot.expires_at), lot.accrues(now));
            let (issued, remaining) = merged.entry(key).or_default();
            *issued += lot.issued;
            *remaining += left;
        }
        let merged = merged.into_iter();
        let shown = merged.map(|(((_, expires_at), accrues), (issued, remaining))| {
            (accrues, expires_at, issued, remaining)
        });
        shown.collect()
    }

    fn is_set_aside(&self, lot: &Lot) -> bool {
        let mut draws = self.holds.values().flat_map(|hold| &hold.draws);
        draws.any(|drawn| {
            let held = &self.lots[drawn.lot];
            held.points == lot.points && held.expires_at == lot.expires_at
        })
    }
}

/// Sorts `None`, which is never, after every instant.
fn never_last(expires_at: Option<Instant>) -> (bool, Option<Instant>) {
    (expires_at.is_none(), expires_at)
}

/// A wallet that was carried to `now` shows exactly what the reference has.
#[track_caller]
pub(crate) fn assert_agrees(
    wallet: &Wallet,
    reference: &Reference,
    program: &Program,
    now: Instant,
) {
    for points in program.points.iter().map(|definition| &definition.handle) {
        let holding = wallet.points(points).cloned().unwrap_or_default();
        let counts = Counts {
            available: holding.available().get(),
            pending: holding.pending().get(),
            held: wallet.held(&Asset::Points(points.clone())).get(),
            debt: holding.debt.get(),
        };
        assert_eq!(counts, reference.counts(points, now), "{points} at {now}");
        let lots = holding.lots.iter().map(|lot| {
            let (issued, remaining) = (lot.issued.get(), lot.remaining.get());
            (lot.accrue_at, lot.expires_at, issued, remaining)
        });
        let lots: Vec<Shown> = lots.collect();
        assert_eq!(lots, reference.merged(points, now), "{points} at {now}");
    }
}
