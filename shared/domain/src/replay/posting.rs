//! What one posting moves, and whether it can.

use std::cmp::Ordering;

use super::lots::Incoming;
use super::{Misposted, Reading, agreement};
use crate::amount::Units;
use crate::asset::Asset;
use crate::card::{CardStep, End};
use crate::entry::Detail;
use crate::posting::{Posting, PostingReason};

/// Why value goes with time or by the retailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// By its expiry, or when it comes back after it.
    Expiry,
    /// Its lot was voided before, and it comes back.
    Voided,
    /// By this line.
    Voiding,
}

impl Reading<'_> {
    /// Moves what a posting moves. Beside it are the ones before and after it, and whether what it takes
    /// is of a lot in its grace, where the line says so.
    pub(super) fn post(
        &mut self,
        posting: &Posting,
        (previous, next): (Option<&Posting>, Option<&Posting>),
        grace: Option<bool>,
    ) -> Result<(), Misposted> {
        require_sign(posting)?;
        require_form(posting)?;
        let follows = |reason| next.filter(|it| it.reason == reason && is_of_one(it, posting));
        match posting.reason {
            PostingReason::Expired | PostingReason::Voided => {
                let ending = self.ending(posting);
                if (posting.reason == PostingReason::Voided) == (ending == Ending::Expiry) {
                    return Err(Misposted::Void);
                }
                let is_early = posting.expires_at.is_none_or(|it| posting.at < it);
                if ending == Ending::Expiry && is_early {
                    return Err(Misposted::NotDue);
                }
                let detail = &self.entry.line.detail;
                if self.lots.is_loose(posting) && !agreement::gives_back(detail, posting) {
                    return Err(Misposted::LotIssued);
                }
                self.lots.end(posting, ending)
            }
            PostingReason::DebtRepaid if self.is_by_hold(posting) => Ok(()),
            PostingReason::DebtRepaid => {
                // Which came now, as all that comes must.
                let is_source = |it: &&Posting| !it.amount.is_negative() && is_of_one(it, posting);
                previous.filter(is_source).ok_or(Misposted::NoDebt)?;
                self.lots.owe(posting)
            }
            PostingReason::DebtIncurred => {
                let is_source = |it: &&Posting| {
                    let is_whole = it.amount.magnitude() == posting.amount.magnitude();
                    let has_term = it.accrue_at.is_some() || it.expires_at.is_some();
                    it.reason == PostingReason::Reversed
                        && is_of_one(it, posting)
                        && is_whole
                        && !has_term
                };
                previous.filter(is_source).ok_or(Misposted::NotThere)?;
                self.lots.owe(posting)
            }
            // What could not be taken back out of a lot is booked as owed by the next posting.
            PostingReason::Reversed if follows(PostingReason::DebtIncurred).is_some() => Ok(()),
            PostingReason::Redeemed if self.is_capture() => {
                posting.accrue_at.map_or(Ok(()), |_| Err(Misposted::NotThere))
            }
            _ if posting.amount.is_negative() && !self.is_available(posting) => {
                Err(Misposted::NotThere)
            }
            _ if posting.amount.is_negative() => self.lots.take(posting, grace),
            _ if self.has_other_expiry(posting) => Err(Misposted::NotThere),
            _ => {
                let repaid = follows(PostingReason::DebtRepaid);
                let repaid = repaid.map_or(Units::ZERO, |repaid| repaid.amount.magnitude());
                let kept = posting.amount.magnitude().checked_sub(repaid);
                let kept = kept.ok_or(Misposted::NoDebt)?;
                let comes = Incoming { posting, kept, is_anew: self.is_anew(posting) };
                self.lots.put(&comes, &self.holds)
            }
        }
    }

    /// What ends value that expires or is voided.
    fn ending(&self, posting: &Posting) -> Ending {
        let is_now = posting.at == self.entry.recorded_at;
        let is_voided_now = match &self.entry.line.detail {
            Detail::Void(it) if !it.amount.is_zero() => {
                (&it.asset, Some(&it.id)) == (&posting.asset, posting.id.as_ref())
            }
            Detail::CardEnd(it) => it.end == End::Voided && !it.amount.is_zero(),
            _ => false,
        };
        let was_voided = match &self.before.card {
            Some(_) => self.is_void_card(),
            None => self.lots.is_voided(posting),
        };
        if was_voided {
            Ending::Voided
        } else if is_now && is_voided_now {
            Ending::Voiding
        } else {
            Ending::Expiry
        }
    }

    /// Whether it is of a card that was voided before.
    pub(super) fn is_void_card(&self) -> bool {
        self.before.card.as_ref().is_some_and(|card| card.end == Some(End::Voided))
    }

    /// Whether what a posting takes has accrued and not expired. A return takes what is pending, too,
    /// and what goes from a card to its purchaser may be past its expiry.
    fn is_available(&self, posting: &Posting) -> bool {
        let is_pending = posting.accrue_at.is_some() && posting.reason != PostingReason::Reversed;
        let goes_back =
            self.before.card.is_some() && posting.reason == PostingReason::TransferredOut;
        let now = self.entry.recorded_at;
        let is_live = posting.expires_at.is_none_or(|expires_at| now < expires_at);
        !is_pending && (is_live || goes_back)
    }

    /// Whether what comes back to a card says another expiry than the card has. One that has expired
    /// lives on as the posting says.
    fn has_other_expiry(&self, posting: &Posting) -> bool {
        let now = self.entry.recorded_at;
        self.before.card.as_ref().filter(|card| card.asset == posting.asset).is_some_and(|card| {
            let is_live = card.expires_at.is_none_or(|expires_at| now < expires_at);
            is_live && card.expires_at != posting.expires_at
        })
    }

    /// Whether a refund may have made the lot anew that a posting puts value in. Money of a gift card
    /// comes back to a wallet as it comes otherwise.
    fn is_anew(&self, posting: &Posting) -> bool {
        let is_credit = matches!(self.entry.line.detail, Detail::CardCredit(_));
        posting.reason == PostingReason::Reinstated && !is_credit
    }

    /// Whether what is redeemed went with the hold that ended.
    fn is_capture(&self) -> bool {
        match &self.entry.line.detail {
            Detail::Capture(_) => true,
            Detail::CardPart(part) => part.step == CardStep::Captured,
            _ => false,
        }
    }

    /// What is wrong with a posting besides what it moves.
    pub(super) fn misplaced(
        &self,
        posting: &Posting,
        previous: Option<&Posting>,
    ) -> Option<Misposted> {
        let now = self.entry.recorded_at;
        let is_due = matches!(
            posting.reason,
            PostingReason::Expired | PostingReason::Voided | PostingReason::DebtRepaid
        );
        let is_then = match posting.at.cmp(&now) {
            Ordering::Less => is_due,
            Ordering::Equal => true,
            Ordering::Greater => false,
        };
        if !is_then || previous.is_some_and(|previous| posting.at < previous.at) {
            return Some(Misposted::Instant);
        }
        let posts = agreement::posts(&self.entry.line.detail, posting.reason);
        (!posts).then_some(Misposted::Reason)
    }
}

/// Whether one of two postings says what the other does about the same value.
fn is_of_one(posting: &Posting, other: &Posting) -> bool {
    let term = |it: &Posting| (it.at, it.accrue_at, it.expires_at);
    posting.asset == other.asset && term(posting) == term(other)
}

/// All but points has an id, and only of points that end it may be said how many there were.
fn require_form(posting: &Posting) -> Result<(), Misposted> {
    let of_points = matches!(posting.asset, Asset::Points(_));
    if of_points == posting.id.is_some() {
        return Err(Misposted::NotThere);
    }
    let ends = matches!(posting.reason, PostingReason::Expired | PostingReason::Voided);
    if posting.lot_issued.is_none() || (of_points && ends) {
        Ok(())
    } else {
        Err(Misposted::LotIssued)
    }
}

fn require_sign(posting: &Posting) -> Result<(), Misposted> {
    let comes = match posting.reason {
        PostingReason::Issued
        | PostingReason::Reinstated
        | PostingReason::ConvertedIn
        | PostingReason::TransferredIn
        | PostingReason::DebtIncurred => true,
        PostingReason::Redeemed
        | PostingReason::Expired
        | PostingReason::Voided
        | PostingReason::Reversed
        | PostingReason::ConvertedOut
        | PostingReason::TransferredOut
        | PostingReason::DebtRepaid => false,
        PostingReason::Adjusted => !posting.amount.is_negative(),
    };
    let is_nothing = posting.amount.magnitude().is_zero();
    if is_nothing || comes == posting.amount.is_negative() { Err(Misposted::Sign) } else { Ok(()) }
}
