//! What an operation cost, in DynamoDB's units.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// Read and write units, counted in halves: an eventually consistent read costs half a unit. And how
/// often it had to be decided again, which is what contention costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Halves of read units.
    pub read_halves: u64,
    /// Halves of write units.
    pub write_halves: u64,
    /// Lines that somebody else put first.
    pub races_lost: u64,
}

impl Usage {
    /// The two together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            read_halves: self.read_halves.saturating_add(other.read_halves),
            write_halves: self.write_halves.saturating_add(other.write_halves),
            races_lost: self.races_lost.saturating_add(other.races_lost),
        }
    }

    /// Read units as a decimal, such as `2.5`.
    pub fn read_units(self) -> String {
        units(self.read_halves)
    }

    /// Write units as a decimal.
    pub fn write_units(self) -> String {
        units(self.write_halves)
    }
}

fn units(halves: u64) -> String {
    let fraction = if halves.is_multiple_of(2) { "" } else { ".5" };
    format!("{}{fraction}", halves / 2)
}

/// Adds up what the calls of one request consumed. Calls that failed are not counted: DynamoDB
/// does not say what they cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    read_halves: AtomicU64,
    write_halves: AtomicU64,
    races_lost: AtomicU64,
}

impl Meter {
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            read_halves: self.counts.read_halves.load(Ordering::Relaxed),
            write_halves: self.counts.write_halves.load(Ordering::Relaxed),
            races_lost: self.counts.races_lost.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn read<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.counts.read_halves.fetch_add(halves(consumed), Ordering::Relaxed);
    }

    pub(crate) fn wrote<'a>(&self, consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) {
        self.counts.write_halves.fetch_add(halves(consumed), Ordering::Relaxed);
    }

    pub(crate) fn lost_race(&self) {
        self.counts.races_lost.fetch_add(1, Ordering::Relaxed);
    }
}

/// What calls consumed, in halves of units.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_arithmetic,
    reason = "the SDK gives units as a float, always a multiple of a half and small"
)]
pub fn halves<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> u64 {
    consumed
        .into_iter()
        .filter_map(ConsumedCapacity::capacity_units)
        .map(|units| (units * 2.0).round() as u64)
        .sum()
}
