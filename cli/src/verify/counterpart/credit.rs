//! What was on a gift card, as the credit that it becomes in a wallet.
//!
//! | comes by | so much | of | until |
//! |---|---|---|---|
//! | a claim, a revert, a cancel | what was left | the card's credit, in its currency | the card's expiry, even when that has passed |
//! | a refund before the card's expiry | what is given back | the same | the same |
//! | a refund from then on | the same | the same | the end of a grace, or for ever |
//!
//! How long a grace is only the program says, so any expiry after the refund will do.

use std::fmt;

use scrip_domain::amount::Minor;
use scrip_domain::asset::Asset;
use scrip_domain::card::Card;
use scrip_domain::entry::Entry;
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::time::Instant;

/// Value of a card that came into a wallet, or must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Credit {
    asset: Asset,
    /// In minor units.
    amount: i64,
    until: Term,
}

/// Until when credit of a card lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    /// Until this instant; `None`: for ever.
    Until(Option<Instant>),
    /// For the grace of what comes back after its expiry.
    Grace,
}

impl Credit {
    /// What so much of a card becomes when it is given to somebody. `None` of a card that is not
    /// money, which becomes nothing.
    pub(super) fn of(card: &Card, amount: Minor) -> Option<Self> {
        let asset = Asset::Credit(card.credit.clone(), card.currency()?);
        let (amount, until) = (amount.get().cast_signed(), Term::Until(card.expires_at));
        Some(Self { asset, amount, until })
    }

    /// What so much of a card becomes that is given back at `now`, to whom the rest of it went.
    pub(super) fn back(card: &Card, amount: Minor, now: Instant) -> Option<Self> {
        let own = Self::of(card, amount)?;
        let has_expired = card.expires_at.is_some_and(|expires_at| expires_at <= now);
        Some(if has_expired { Self { until: Term::Grace, ..own } } else { own })
    }

    /// What a line posts for a reason, in its order. Where `expected` is a grace, one is told from
    /// another expiry by its end, which is after the line.
    pub(super) fn posted(entry: &Entry, reason: PostingReason, expected: &[Self]) -> Vec<Self> {
        let own = entry.line.postings.iter().filter(|posting| posting.reason == reason);
        let credit = |(place, posting): (usize, &Posting)| {
            let may_be_late = expected.get(place).is_some_and(|it| it.until == Term::Grace);
            let is_live = posting.expires_at.is_none_or(|it| entry.recorded_at < it);
            let until =
                if may_be_late && is_live { Term::Grace } else { Term::Until(posting.expires_at) };
            Self { asset: posting.asset.clone(), amount: posting.amount.get(), until }
        };
        own.enumerate().map(credit).collect()
    }
}

/// Credits in words.
pub(super) fn say(credits: &[Credit]) -> String {
    if credits.is_empty() {
        return "no credit".to_owned();
    }
    credits.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

impl fmt::Display for Credit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asset, amount, until } = self;
        write!(f, "{amount} of {asset} ")?;
        match until {
            Term::Until(Some(expires_at)) => write!(f, "until {expires_at}"),
            Term::Until(None) => f.write_str("for ever"),
            Term::Grace => f.write_str("for a grace"),
        }
    }
}
