//! One lot while a line is read.

use crate::amount::Units;
use crate::posting::Posting;
use crate::time::Instant;
use crate::wallet::{Drawn, Lot};

/// What is known of a lot.
pub(super) struct Slot {
    pub(super) lot: Lot,
    /// The least that was ever put in.
    pub(super) least: Units,
    /// A refund made it anew, so the line does not say what else it is.
    pub(super) is_anew: bool,
    /// When value last came into it, since the line before.
    pub(super) since: Option<Instant>,
}

impl Slot {
    /// Puts in what had come in before. Of what returns took elsewhere meanwhile it may be more than
    /// was ever put in: then that much was.
    pub(super) fn put_back(&mut self, amount: Units, since: Option<Instant>) {
        self.since = self.since.max(since);
        self.lot.remaining = both(self.lot.remaining, amount);
        self.lot.issued = self.lot.issued.max(self.lot.remaining);
        self.least = self.least.max(self.lot.remaining);
    }

    /// The lot; what the line does not say of it is taken from the printed one, within bounds.
    pub(super) fn completed(self, printed: &[Lot], now: Instant) -> Lot {
        let Self { mut lot, least, is_anew, .. } = self;
        let there = printed.iter().find(|each| is_same(each, &lot));
        let issued = there.map_or(least, |there| there.issued);
        lot.issued = issued.max(least).min(lot.issued);
        if let (true, Some(there)) = (is_anew, there) {
            lot.is_grace = there.is_grace;
            if let (Some(identity), Some(there)) = (&mut lot.identity, &there.identity) {
                identity.is_extended = there.is_extended;
                identity.issued_at = there.issued_at.min(now);
            }
        }
        lot
    }
}

/// Whether a posting that takes out of a lot says the term of it.
pub(super) fn has_term(slot: &Slot, posting: &Posting) -> bool {
    (slot.lot.accrue_at, slot.lot.expires_at) == (posting.accrue_at, posting.expires_at)
}

/// Whether both are one lot.
pub(in crate::replay) fn is_same(lot: &Lot, other: &Lot) -> bool {
    match (&lot.identity, &other.identity) {
        (Some(identity), Some(other)) => identity.id == other.id,
        (None, None) => {
            (lot.accrue_at, lot.expires_at, lot.is_grace)
                == (other.accrue_at, other.expires_at, other.is_grace)
        }
        _ => false,
    }
}

/// Whether value was drawn from this lot.
pub(super) fn gave(lot: &Lot, drawn: &Drawn) -> bool {
    match (&lot.identity, &drawn.id) {
        (Some(identity), Some(id)) => identity.id == *id,
        (None, None) => {
            (lot.accrue_at, lot.expires_at, lot.is_grace)
                == (None, drawn.expires_at, drawn.is_grace)
        }
        _ => false,
    }
}

/// Whether a lot that no hold has part of is printed. Points are until their expiry, unless nothing
/// was ever put in; what has an identity only while something is left, or it was changed. What is
/// left past an expiry was not written off, and shows.
pub(super) fn stays(lot: &Lot, now: Instant) -> bool {
    let is_live = lot.expires_at.is_none_or(|expires_at| now < expires_at);
    let is_empty = lot.remaining.is_zero();
    let is_wanted = match &lot.identity {
        None => !lot.issued.is_zero(),
        Some(identity) => identity.is_voided || identity.is_extended,
    };
    !is_empty || (is_live && is_wanted)
}

/// The order of lots: soonest expiry first, never-expiring last; accrued before pending, those in
/// their grace later, the older first.
pub(in crate::replay) fn order(lot: &Lot) -> impl Ord + use<> {
    let issued_at = lot.identity.as_ref().map(|identity| identity.issued_at);
    (lot.expires_at.is_none(), lot.expires_at, lot.accrue_at, lot.is_grace, issued_at)
}

pub(super) fn both(some: Units, more: Units) -> Units {
    // A count beyond the most is no printed one, so it shows.
    some.checked_add(more).unwrap_or(Units::MAX)
}

pub(super) fn less(some: Units, fewer: Units) -> Units {
    some.checked_sub(fewer).unwrap_or(Units::ZERO)
}
