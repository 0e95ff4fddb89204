//! What can be wrong with a ledger.

use std::fmt;

use scrip_domain::account::AccountId;
use scrip_domain::card::CardKey;
use scrip_domain::entry::Entry;
use scrip_domain::replay::Misfit;
use scrip_domain::time::Instant;
use scrip_store::{Hour, StoreError};
use serde_json::{Value, json};

/// How many digits the number of a gift card has.
const CARD_NUMBER_DIGITS: usize = 16;

/// Something that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Whose log; `None`: an item that is of no account.
    pub account: Option<AccountId>,
    /// Which gift card that is, when it is one and its log says so: of its number only the last four
    /// digits are told.
    pub card: Option<CardKey>,
    /// The number of the line; `None`: of the account as it stands.
    pub line: Option<u64>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Lines with these numbers are not there, and later ones are.
    LinesMissing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// It is not what this release writes.
    Unreadable {
        /// What is wrong with it.
        detail: String,
    },
    /// It says that a newer release wrote it. Nothing in it was checked but its place and hash.
    NewerFormat {
        /// Its format.
        format: u32,
    },
    /// The operation was applied before in the same log.
    OperationTwice {
        /// Its name.
        operation: String,
        /// The line that applied it first.
        first: u64,
    },
    /// The name under which the index finds it is not that of what it says.
    OperationDiffers {
        /// The name of what it says; `None`: none.
        expected: Option<String>,
        /// Its name in the index.
        found: Option<String>,
    },
    /// Its hash is not that of its bytes after the line before.
    HashDiffers {
        /// The hash of its bytes, in hexadecimal.
        expected: String,
        /// The one that is printed.
        found: String,
    },
    /// It was recorded before the line before it.
    RecordedEarlier {
        /// When the line before was.
        before: Instant,
        /// When it was.
        found: Instant,
    },
    /// It does not say, move or print what it must.
    Replay(Misfit),
    /// All that was ever posted of an asset is not what the newest line prints.
    SumDiffers {
        /// The asset, and of points whether it is their debt.
        asset: String,
        /// What was posted.
        posted: i64,
        /// What lots and holds have, or is owed.
        printed: i64,
    },
    /// It remembers no marker for what it makes due, or one that is too late.
    ArmedLate {
        /// The latest hour that will do.
        due: Hour,
        /// The hour that it remembers.
        found: Option<Hour>,
    },
    /// Something is due, and no marker will make a sweep look.
    DueMarkerMissing {
        /// The latest hour that will do.
        due: Hour,
    },
    /// A marker is in a shard in which its account is not.
    DueMarkerMisplaced {
        /// Its partition.
        partition: String,
    },
    /// The marker that keeps the operation to this account is not there, or cannot be read.
    MarkerMissing {
        /// The name of the operation.
        operation: String,
    },
    /// The marker of the operation names another account.
    MarkerOfAnother {
        /// The name of the operation.
        operation: String,
        /// The account that it names.
        owner: AccountId,
    },
    /// The purchaser's item of a card does not lead to it.
    CardNotKept {
        /// The purchaser's id and the card's.
        card: String,
    },
    /// An operation on several accounts has no line in one of them.
    CounterpartMissing {
        /// That account.
        account: AccountId,
        /// The name of the operation there.
        operation: String,
    },
    /// An operation on several accounts says different things in two of them.
    CounterpartDiffers {
        /// The other account.
        account: AccountId,
        /// What the other line must say.
        expected: String,
        /// What it says.
        found: String,
    },
    /// An item that has no place in the table.
    UnknownItem {
        /// Its partition.
        partition: String,
        /// Its sort key.
        sort: String,
    },
}

impl Fault {
    /// Of a line that could not be read.
    pub(crate) fn of_unreadable(error: StoreError) -> Self {
        match error {
            StoreError::NewerFormat { format, .. } => Self::NewerFormat { format },
            StoreError::Damaged { detail, .. } => Self::Unreadable { detail },
            other => Self::Unreadable { detail: other.to_string() },
        }
    }

    /// The word for it. Of what a line does, after `replay.`, what is wrong with it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::LinesMissing { .. } => "lines_missing",
            Self::Unreadable { .. } => "unreadable",
            Self::NewerFormat { .. } => "newer_format",
            Self::OperationTwice { .. } => "operation_twice",
            Self::OperationDiffers { .. } => "operation_differs",
            Self::HashDiffers { .. } => "hash_differs",
            Self::RecordedEarlier { .. } => "recorded_earlier",
            Self::Replay(misfit) => match misfit {
                Misfit::Posting { .. } => "replay.posting",
                Misfit::Hold { .. } => "replay.hold",
                Misfit::Detail { .. } => "replay.detail",
                Misfit::Level { .. } => "replay.level",
                Misfit::State { .. } => "replay.state",
            },
            Self::SumDiffers { .. } => "sum_differs",
            Self::ArmedLate { .. } => "armed_late",
            Self::DueMarkerMissing { .. } => "due_marker_missing",
            Self::DueMarkerMisplaced { .. } => "due_marker_misplaced",
            Self::MarkerMissing { .. } => "marker_missing",
            Self::MarkerOfAnother { .. } => "marker_of_another",
            Self::CardNotKept { .. } => "card_not_kept",
            Self::CounterpartMissing { .. } => "counterpart_missing",
            Self::CounterpartDiffers { .. } => "counterpart_differs",
            Self::UnknownItem { .. } => "unknown_item",
        }
    }
}

impl Violation {
    pub(super) fn new(account: Option<AccountId>, line: Option<u64>, fault: Fault) -> Self {
        Self { account, card: None, line, fault }
    }

    /// Of the line of an entry.
    pub(super) fn of(entry: &Entry, line: Option<u64>, fault: Fault) -> Self {
        let card = entry.line.wallet.card.as_ref().map(|card| card.key.clone());
        Self { card, ..Self::new(Some(entry.account.clone()), line, fault) }
    }

    /// Its account, as far as may be told.
    fn whose(&self) -> Option<String> {
        let account = self.account.as_ref()?;
        let card = self.card.as_ref();
        Some(match card {
            Some(CardKey { purchaser, card }) => format!("{account} ({card} of {purchaser})"),
            None => account.to_string(),
        })
    }

    /// What reports are in the order of.
    pub(super) fn place(&self) -> (&Option<AccountId>, Option<u64>, &'static str) {
        (&self.account, self.line, self.fault.kind())
    }

    /// It as a JSON object: `account`, of a gift card `purchaser` and `card`, `line`, `kind`,
    /// `detail`.
    pub fn to_json(&self) -> Value {
        json!({
            "account": self.account.as_ref().map(ToString::to_string),
            "purchaser": self.card.as_ref().map(|card| card.purchaser.to_string()),
            "card": self.card.as_ref().map(|card| card.card.to_string()),
            "line": self.line,
            "kind": self.fault.kind(),
            "detail": self.fault.to_string(),
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(whose) = self.whose() {
            write!(f, "{whose} ")?;
        }
        if let Some(line) = self.line {
            write!(f, "line {line} ")?;
        }
        write!(f, "[{}] {}", self.fault.kind(), self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "none".to_owned());
        match self {
            Self::LinesMissing { from, to } if from == to => write!(f, "line {from} is missing"),
            Self::LinesMissing { from, to } => write!(f, "lines {from} to {to} are missing"),
            Self::Unreadable { detail } => write!(f, "cannot be read: {detail}"),
            Self::NewerFormat { format } => {
                write!(f, "has format {format}, which a newer release wrote")
            }
            Self::OperationTwice { operation, first } => {
                write!(f, "applies {operation}, which line {first} applied")
            }
            Self::OperationDiffers { expected, found } => write!(
                f,
                "is of the operation {}, and the index calls it {}",
                name(expected),
                name(found)
            ),
            Self::HashDiffers { expected, found } => {
                write!(f, "has the hash {expected}, and {found} is printed")
            }
            Self::RecordedEarlier { before, found } => {
                write!(f, "was recorded at {found}, before the line before, at {before}")
            }
            Self::Replay(misfit) => misfit.fmt(f),
            Self::SumDiffers { asset, posted, printed } => {
                write!(f, "{posted} of {asset} were posted in all, and {printed} are printed")
            }
            Self::ArmedLate { due, found: Some(found) } => {
                write!(f, "is armed for {found}, and something is due in {due}")
            }
            Self::ArmedLate { due, found: None } => {
                write!(f, "is armed for no hour, and something is due in {due}")
            }
            Self::DueMarkerMissing { due } => {
                write!(f, "has something due in {due}, and no marker")
            }
            Self::DueMarkerMisplaced { partition } => write!(f, "has a marker in {partition}"),
            Self::MarkerMissing { operation } => write!(f, "has no marker for {operation}"),
            Self::MarkerOfAnother { operation, owner } => {
                write!(f, "has {operation}, whose marker names {owner}")
            }
            Self::CardNotKept { card } => {
                write!(f, "is of the card {card}, whose purchaser's item does not lead to it")
            }
            Self::CounterpartMissing { account, operation } => {
                write!(f, "needs {operation} in the log of {account}, which has none")
            }
            Self::CounterpartDiffers { account, expected, found } => {
                write!(f, "needs {expected} in the log of {account}, which has {found}")
            }
            Self::UnknownItem { partition, sort } => {
                let (partition, sort) = (masked(partition), masked(sort));
                write!(f, "the item {partition} / {sort} has no place in the table")
            }
        }
    }
}

/// A key without the number of a gift card, of which the last four digits may be shown.
fn masked(key: &str) -> String {
    let masked = key.split('#').map(|part| match part.char_indices().nth_back(3) {
        Some((place, _)) if CARD_NUMBER_DIGITS <= part.len() && is_number(part) => {
            format!("…{}", part.get(place..).unwrap_or_default())
        }
        _ => part.to_owned(),
    });
    masked.collect::<Vec<_>>().join("#")
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_told_without_the_number_of_a_card() {
        for (key, told) in [
            ("CARD#6000000000000007", "CARD#…0007"),
            ("2026-11-21T03#CARD#6000000000000007", "2026-11-21T03#CARD#…0007"),
            ("E#000000000012", "E#000000000012"),
            ("MEMBER#bob", "MEMBER#bob"),
            ("", ""),
        ] {
            assert_eq!(masked(key), told);
        }
    }
}
