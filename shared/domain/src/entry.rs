//! Lines of the passbook.

use crate::account::AccountId;
use crate::adjustment::Adjusted;
use crate::asset::Kind;
use crate::award::Awarded;
use crate::card::{CardCredited, CardEnded, CardIssued, CardKey, CardPart, Spender};
use crate::conversion::Converted;
use crate::facts::Facts;
use crate::id::{
    AdjustmentId, AssignmentId, AwardId, ConversionId, ExtensionId, LotId, MemberId, OrderId,
    RedemptionId, RefundId, ReturnId, TransferId,
};
use crate::issue::{Extended, Issued, Voided};
use crate::posting::{Posting, PostingReason};
use crate::purchase::Purchased;
use crate::redeem::{Captured, Opened, Refunded, Released};
use crate::returns::Returned;
use crate::tier::{Assigned, LevelChange, Review};
use crate::time::Instant;
use crate::transfer::{TransferRefunded, Transferred};
use crate::wallet::Wallet;

/// What a decision came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<T> {
    /// This line is to be appended.
    Append(Line),
    /// This line, and one in each of these other accounts: all of them, or none.
    AppendAll(Line, Vec<(AccountId, Line)>),
    /// It cannot be decided without these accounts, too.
    Needs(Vec<AccountId>),
    /// It cannot be decided without knowing what fell due at these instants, all of which have
    /// passed: the postings of the first line that was written from each on.
    NeedsSettled(Vec<Instant>),
    /// There is nothing to write; this is how things stand.
    Unchanged(T),
}

/// A decided line, not yet written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What was asked and decided.
    pub detail: Detail,
    /// What moved, in the order it moved: first what had fallen due, then what was asked.
    pub postings: Vec<Posting>,
    /// Holds that had lapsed and were ended by this line, in the order they lapsed.
    pub lapsed: Vec<RedemptionId>,
    /// How the level was judged at anniversaries since the line before, in their order.
    pub reviews: Vec<Review>,
    /// How it changed the level itself; anniversaries are among the reviews.
    pub level: Option<LevelChange>,
    /// The state after it.
    pub wallet: Wallet,
}

/// A line as it stands in an account's log. It is never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose log.
    pub account: AccountId,
    /// Its number in the log, from 1 without gaps.
    pub number: u64,
    /// The instant at which it was decided; never before that of the line before.
    pub recorded_at: Instant,
    /// The authenticated caller who asked for it.
    pub by: String,
    /// The version of the program it was decided by.
    pub program: u64,
    /// What it says.
    pub line: Line,
}

/// What a line was asked for, with what is needed to answer the same again and to undo it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// The facts about the member were replaced.
    Facts {
        /// By these.
        facts: Facts,
        /// Whether there were none before.
        first: bool,
    },
    /// An order was completed.
    Purchase(Purchased),
    /// Some of an order came back.
    Return(Returned),
    /// Points were given.
    Award(Awarded),
    /// Points were changed by hand.
    Adjustment(Adjusted),
    /// A level was given by hand.
    TierAssignment(Assigned),
    /// A reward, benefit or credit was issued.
    Issue(Issued),
    /// What remained of one was taken back.
    Void(Voided),
    /// The expiry of one was put off.
    Extension(Extended),
    /// Value was spent, or set aside to be spent.
    Redemption(Opened),
    /// What was set aside was spent.
    Capture(Captured),
    /// What was set aside was given back.
    Release(Released),
    /// What was spent was given back, or part of it.
    Refund(Refunded),
    /// Points became a reward.
    Conversion(Converted),
    /// Points went to a third-party programme.
    Transfer(Transferred),
    /// Points came back from there.
    TransferRefund(TransferRefunded),
    /// A gift card's value came in as credit.
    CardCredit(CardCredited),
    /// A gift card was sold. This and what follows stand in the card's own log.
    CardIssue(CardIssued),
    /// A member's redemption spent some of it, held it, or gave it back.
    CardPart(CardPart),
    /// It was given away or taken back for good.
    CardEnd(CardEnded),
    /// Only time had moved the account.
    Settlement,
}

/// The name under which a caller asked for a line: applied at most once, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// An order.
    Purchase(OrderId),
    /// A return of some of it.
    Return(OrderId, ReturnId),
    /// An award.
    Award(AwardId),
    /// An adjustment.
    Adjustment(AdjustmentId),
    /// An assignment of a level.
    TierAssignment(AssignmentId),
    /// The issue of a reward, benefit or credit.
    Issue(Kind, LotId),
    /// Its voiding.
    Void(Kind, LotId),
    /// An extension of it.
    Extension(Kind, LotId, ExtensionId),
    /// A redemption.
    Redemption(RedemptionId),
    /// The capture of a redemption.
    Capture(RedemptionId),
    /// The release of a redemption.
    Release(RedemptionId),
    /// A refund of a redemption.
    Refund(RedemptionId, RefundId),
    /// A conversion.
    Conversion(ConversionId),
    /// A transfer.
    Transfer(TransferId),
    /// A refund of a transfer.
    TransferRefund(TransferId, RefundId),
    /// What became of a gift card, in the log of the wallet that its value came into.
    CardCredit(CardKey, CardMove),
    /// The issue of a gift card, in its own log, by its purchaser.
    CardIssue(CardKey),
    /// What ended a gift card, in its own log, by a member; that it reverted is nobody's doing.
    CardMove(Option<MemberId>, CardMove),
    /// Another account's redemption, its capture, release or refund: a member's, or that of a gift
    /// card alone.
    Of(Spender, Box<Self>),
}

/// How the value of a gift card comes into a wallet, or goes for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardMove {
    /// Somebody claims it.
    Claim,
    /// It goes back to its purchaser.
    Revert,
    /// Its purchaser takes it back.
    Cancel,
    /// The retailer takes it back.
    Void,
}

impl Detail {
    /// The operation it was asked under; `None` for facts and settlements, which name none.
    pub fn operation(&self) -> Option<Operation> {
        Some(match self {
            Self::Facts { .. } | Self::Settlement => return None,
            Self::CardCredit(credited) => credited.operation(),
            Self::CardIssue(issued) => Operation::CardIssue(issued.key.clone()),
            Self::CardPart(part) => part.operation(),
            Self::CardEnd(ended) => ended.operation(),
            Self::Purchase(purchased) => Operation::Purchase(purchased.order.clone()),
            Self::Return(returned) => {
                Operation::Return(returned.purchased.order.clone(), returned.id.clone())
            }
            Self::Award(awarded) => Operation::Award(awarded.award.clone()),
            Self::Adjustment(adjusted) => Operation::Adjustment(adjusted.adjustment.clone()),
            Self::TierAssignment(assigned) => {
                Operation::TierAssignment(assigned.assignment.clone())
            }
            Self::Issue(issued) => Operation::Issue(issued.kind(), issued.id.clone()),
            Self::Void(voided) => Operation::Void(voided.kind, voided.id.clone()),
            Self::Extension(extended) => {
                let Extended { kind, id, extension, .. } = extended;
                Operation::Extension(*kind, id.clone(), extension.clone())
            }
            Self::Redemption(opened) => Operation::Redemption(opened.redemption.clone()),
            Self::Capture(captured) => Operation::Capture(captured.redemption.clone()),
            Self::Release(released) => Operation::Release(released.redemption.clone()),
            Self::Refund(refunded) => {
                Operation::Refund(refunded.redemption.clone(), refunded.refund.clone())
            }
            Self::Conversion(converted) => Operation::Conversion(converted.conversion.clone()),
            Self::Transfer(transferred) => Operation::Transfer(transferred.transfer.clone()),
            Self::TransferRefund(refunded) => {
                let (transfer, refund) = (&refunded.transferred.transfer, &refunded.refund);
                Operation::TransferRefund(transfer.clone(), refund.clone())
            }
        })
    }

    /// The postings that follow from it, with which those of its line end: what a captured plan
    /// takes is redeemed. `at` is the instant of the line.
    pub fn implied_postings(&self, at: Instant) -> Vec<Posting> {
        let (Self::Redemption(Opened { plan, lapses_at: None, .. })
        | Self::Capture(Captured { plan, .. })) = self
        else {
            return Vec::new();
        };
        plan.draws().flat_map(|draw| Posting::of_draw(draw, PostingReason::Redeemed, at)).collect()
    }

    /// The word for its kind, at the border and in storage.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Facts { .. } => "facts",
            Self::Purchase(_) => "purchase",
            Self::Return(_) => "return",
            Self::Award(_) => "award",
            Self::Adjustment(_) => "adjustment",
            Self::TierAssignment(_) => "tier_assignment",
            Self::Issue(_) => "issue",
            Self::Void(_) => "void",
            Self::Extension(_) => "extension",
            Self::Redemption(_) => "redemption",
            Self::Capture(_) => "capture",
            Self::Release(_) => "release",
            Self::Refund(_) => "refund",
            Self::Conversion(_) => "conversion",
            Self::Transfer(_) => "transfer",
            Self::TransferRefund(_) => "transfer_refund",
            Self::CardCredit(_) => "gift_card_credit",
            Self::CardIssue(_) => "gift_card_issue",
            Self::CardPart(part) => part.kind(),
            Self::CardEnd(ended) => ended.kind(),
            Self::Settlement => "settlement",
        }
    }
}
