//! Replay: what a line makes of the state before it, read a second time.
//!
//! A line prints the state after it, which [`crate::draft`] made. This is the other reading, for an
//! audit: it is given the state that the line before prints, and works out from what the line says
//! (its postings, its detail, the holds that lapsed, the levels judged) what it must print itself.
//! It uses neither `draft` nor anything that [`Wallet`] computes, so that a fault there is not
//! repeated here.
//!
//! | what the line says | what it does to the state |
//! |---|---|
//! | a posting | more or less in the lot that it names, or in the debt |
//! | a redemption that holds | the same out of lots, into a hold |
//! | its capture, release or lapse | what is not captured repays debt first, which must be posted; the rest goes back into its lots |
//! | a return | the order's own lot was never given what came back |
//! | `accrue_at`, `expires_at` | what has accrued merges; what has expired must be gone |
//! | facts, extension, void, what ends a card, a judged level | that member of the state |
//!
//! A few things are not in a line: the anniversary of a level, when a lot was issued that a refund
//! makes anew, how many points a return that leaves none of an order takes out of what a lot was ever
//! given (fewer, where some had repaid debt), which of two lots that differ in their grace alone a
//! refund went to, which tier points count towards a level, and which levels lie between two. There the
//! printed value is taken, within the bounds that the line does set.

mod agreement;
mod card;
mod comparison;
mod holds;
mod level;
mod lots;
mod posting;

use std::collections::VecDeque;
use std::fmt;

use crate::entry::{Detail, Entry};
use crate::facts::Facts;
use crate::id::RedemptionId;
use crate::posting::Posting;
use crate::time::Instant;
use crate::wallet::{Hold, Wallet};

use holds::Repaid;
use lots::Lots;

/// What a line was read as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The state that it must print.
    pub wallet: Wallet,
    /// Where it does not say, move or print what it must; none of a sound line.
    pub misfits: Vec<Misfit>,
}

/// Where a line parts from what the ledger's rules make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// A posting that cannot be.
    Posting {
        /// Its place among the postings of the line, from 0.
        place: usize,
        /// What it says.
        posting: String,
        /// Why it cannot be.
        why: Misposted,
    },
    /// A hold that cannot have been made, ended or left to lapse so.
    Hold {
        /// The redemption it is for.
        redemption: RedemptionId,
        /// What is wrong with it.
        why: Misheld,
    },
    /// What the line says it did is not what it posted.
    Detail {
        /// The amount or name in question.
        member: &'static str,
        /// What was posted.
        posted: String,
        /// What it says.
        says: String,
    },
    /// A level changed in a way that the line does not tell.
    Level {
        /// What must be printed, or what was to be judged.
        expected: String,
        /// What is.
        found: String,
    },
    /// The state that it prints is not what it makes of the one before.
    State {
        /// The member of the state, such as `assets.points:reward.lots[…].remaining`.
        member: String,
        /// What the line makes of it.
        replayed: String,
        /// What it prints.
        printed: String,
    },
}

/// Why a posting cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misposted {
    /// Value of this reason comes in or goes out, not the other way; and some always moves.
    Sign,
    /// A line of this kind posts nothing for this reason.
    Reason,
    /// It took effect neither with its line nor when something fell due before it.
    Instant,
    /// It expired before its expiry.
    NotDue,
    /// It was voided and is not void, or it expired and is.
    Void,
    /// There is not so much in its lot, or no such lot.
    NotThere,
    /// Less debt is owed than it repays.
    NoDebt,
    /// Not what was ever put into the lot.
    LotIssued,
    /// More than a count can hold.
    TooMuch,
}

/// What is wrong with a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misheld {
    /// It holds more than there was in a lot, or of no lot.
    NotThere,
    /// It was ended and is not there.
    Unknown,
    /// It had lapsed by the instant of the line, and the line does not say so; or it says so, and it
    /// had not.
    Lapse,
    /// It holds nothing of a lot.
    Empty,
    /// What it gave back repays debt, and the line does not say so.
    Unrepaid,
}

impl Misfit {
    /// The word for what is wrong.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Posting { .. } => "posting",
            Self::Hold { .. } => "hold",
            Self::Detail { .. } => "detail",
            Self::Level { .. } => "level",
            Self::State { .. } => "state",
        }
    }
}

impl Misposted {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "moves the wrong way, or nothing",
            Self::Reason => "is not for a line of this kind",
            Self::Instant => "took effect when nothing was due",
            Self::NotDue => "expired before its expiry",
            Self::Void => "was voided and is not void, or expired and is",
            Self::NotThere => "moves what its lot does not have",
            Self::NoDebt => "repays more than is owed",
            Self::LotIssued => "does not say what was put into its lot",
            Self::TooMuch => "is more than a count can hold",
        }
    }
}

impl Misheld {
    /// In words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotThere => "holds what no lot had",
            Self::Unknown => "ends and was not there",
            Self::Lapse => "did not lapse when it had to, or lapsed when it had not",
            Self::Empty => "holds nothing of a lot",
            Self::Unrepaid => "gave back and repaid nothing of what was owed",
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Posting { place, posting, why } => {
                write!(f, "posting {place} ({posting}) {}", why.as_str())
            }
            Self::Hold { redemption, why } => {
                write!(f, "the hold for {redemption} {}", why.as_str())
            }
            Self::Detail { member, posted, says } => {
                write!(f, "says {says} for {member}, and posted {posted}")
            }
            Self::Level { expected, found } => {
                write!(f, "the level must be {expected}, and is {found}")
            }
            Self::State { member, replayed, printed } => {
                write!(f, "{member} must be {replayed}, and is {printed}")
            }
        }
    }
}

/// Reads a line that follows one which prints `before`: an empty state, when it is the first.
pub fn replay(before: &Wallet, entry: &Entry) -> Replayed {
    let mut reading = Reading {
        before,
        entry,
        lots: Lots::of(before, entry.recorded_at),
        holds: before.holds.clone(),
        repaid: VecDeque::new(),
        has_ended: false,
        misfits: Vec::new(),
    };
    reading.require_lapses();
    reading.post_all();
    reading.require_repaid();
    reading.set_aside();
    reading.misfits.extend(agreement::misfits(entry, before));
    let card = card::after(before, entry);
    let standing = level::after(before, entry, &mut reading.misfits);
    let Reading { mut lots, mut holds, mut misfits, .. } = reading;
    lots.mark(&entry.line.detail, card.as_ref(), &mut holds);
    let printed = &entry.line.wallet;
    let wallet = Wallet {
        facts: facts_after(before, entry),
        standing,
        reviewed: Vec::new(),
        assets: lots.close(printed, &holds),
        card,
        holds,
    };
    misfits.extend(comparison::differences(&wallet, printed, entry.recorded_at));
    Replayed { wallet, misfits }
}

/// When something is due next of an account: a hold lapses, something left expires, a level is
/// judged, or a gift card goes back, on which nothing expires meanwhile. `None`: nothing ever is.
pub fn due_at(wallet: &Wallet) -> Option<Instant> {
    if let Some(card) = card::waiting(wallet) {
        return card.revert_at;
    }
    let lots = wallet.assets.values().flat_map(|holding| &holding.lots);
    let expiries = lots.filter(|lot| !lot.remaining.is_zero()).filter_map(|lot| lot.expires_at);
    let lapses = wallet.holds.iter().map(|hold| hold.lapses_at);
    let review = wallet.standing.as_ref().and_then(|standing| standing.review_at);
    expiries.chain(lapses).chain(review).min()
}

/// A line while it is read.
struct Reading<'a> {
    before: &'a Wallet,
    entry: &'a Entry,
    lots: Lots,
    holds: Vec<Hold>,
    /// What holds gave back and debt took, which the next postings of this reason must say.
    repaid: VecDeque<Repaid>,
    /// Whether the hold that the line ends has given back.
    has_ended: bool,
    misfits: Vec<Misfit>,
}

fn facts_after(before: &Wallet, entry: &Entry) -> Option<Facts> {
    match &entry.line.detail {
        Detail::Facts { facts, .. } => Some(facts.clone()),
        _ => before.facts.clone(),
    }
}

impl Reading<'_> {
    /// Every posting in turn. What lapsed gives back before what falls due at that instant, and what
    /// the line ends itself after it.
    fn post_all(&mut self) {
        let postings = &self.entry.line.postings;
        let graces = agreement::graces(&self.entry.line);
        for (place, posting) in postings.iter().enumerate() {
            self.carry(posting.at);
            let previous = place.checked_sub(1).and_then(|place| postings.get(place));
            let next = postings.get(place.saturating_add(1));
            let from_end = postings.len().saturating_sub(place);
            let grace = graces.len().checked_sub(from_end).and_then(|place| graces.get(place));
            let posted = self.post(posting, (previous, next), grace.copied());
            let wrong = [self.misplaced(posting, previous), posted.err()];
            for why in wrong.into_iter().flatten() {
                let posting = describe(posting);
                self.misfits.push(Misfit::Posting { place, posting, why });
            }
        }
        self.carry(self.entry.recorded_at);
        self.end_hold_once();
    }

    /// What time does by an instant; when nothing is due any more at that of the line, the hold that
    /// it ends gives back.
    fn carry(&mut self, at: Instant) {
        let at = at.min(self.entry.recorded_at);
        self.lapse(at);
        self.lots.accrue(at);
        let is_void = self.is_void_card() && self.lots.left().next().is_some();
        if at == self.entry.recorded_at && !is_void && !self.lots.is_overdue() {
            self.end_hold_once();
        }
    }

    fn end_hold_once(&mut self) {
        if !std::mem::replace(&mut self.has_ended, true) {
            self.end_hold();
        }
    }
}

fn describe(posting: &Posting) -> String {
    let Posting { asset, amount, reason, .. } = posting;
    let id = posting.id.as_ref().map_or(String::new(), |id| format!(" {id}"));
    format!("{} {asset}{id} {}", amount.get(), reason.as_str())
}
