//! Counts: of points, of minor units of money, and of whatever unit an asset has.
//!
//! None of the types has `+` or `-`: a sum may exceed the range and a difference may be negative, so
//! every operation is checked or is a split that cannot lose anything.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The largest count of points or of minor units: 2^53 − 1, the largest integer that survives
/// every JSON reader.
pub const AMOUNT_MAX: u64 = (1 << 53) - 1;

/// A count outside 0 to [`AMOUNT_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an integer from 0 to {AMOUNT_MAX}")]
pub struct OutOfRange;

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(try_from = "u64", into = "u64")]
        pub struct $name(u64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// The most there can be: [`AMOUNT_MAX`].
            pub const MAX: Self = Self(AMOUNT_MAX);

            /// The plain count.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// Whether this is nothing.
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The sum, or `None` above [`AMOUNT_MAX`].
            pub fn checked_add(self, other: Self) -> Option<Self> {
                Self::try_from(self.0.checked_add(other.0)?).ok()
            }

            /// What is left after `other` is taken, or `None` when there is less than that.
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }

            /// Splits into what fits in `room` and the rest; the two always sum to the whole.
            #[must_use]
            pub fn take_up_to(self, room: Self) -> (Self, Self) {
                let taken = self.min(room);
                // `taken` is the smaller of the two, so the difference exists.
                (taken, Self(self.0.abs_diff(taken.0)))
            }

            /// The sum of all, or `None` above [`AMOUNT_MAX`].
            pub fn checked_sum(all: impl IntoIterator<Item = Self>) -> Option<Self> {
                all.into_iter().try_fold(Self::ZERO, Self::checked_add)
            }
        }

        impl TryFrom<u64> for $name {
            type Error = OutOfRange;

            fn try_from(count: u64) -> Result<Self, OutOfRange> {
                if count <= AMOUNT_MAX { Ok(Self(count)) } else { Err(OutOfRange) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$name> for u64 {
            fn from(amount: $name) -> u64 {
                amount.0
            }
        }
    };
}

amount! {
    /// A count of points of one definition, 0 to [`AMOUNT_MAX`].
    Points
}

amount! {
    /// A count of minor units (cents, yen, fils), 0 to [`AMOUNT_MAX`], of the currency that the
    /// basket, lot or program which holds it names once for all its amounts.
    Minor
}

amount! {
    /// A count of an asset's units, 0 to [`AMOUNT_MAX`]: points, minor units of the asset's
    /// currency, or uses of a benefit.
    Units
}

/// A count of an asset's units is one of points or of money, as the asset says.
macro_rules! units {
    ($($name:ident),*) => {$(
        impl From<$name> for Units {
            fn from(amount: $name) -> Self {
                Self(amount.0)
            }
        }

        impl From<Units> for $name {
            fn from(units: Units) -> Self {
                Self(units.0)
            }
        }
    )*};
}

units!(Points, Minor);

/// A signed change of a count of an asset's units, as a posting records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Change(i64);

impl Change {
    /// So many more.
    pub fn plus(units: Units) -> Self {
        Self(units.0.cast_signed())
    }

    /// So many fewer.
    pub fn minus(units: Units) -> Self {
        Self(units.0.cast_signed().wrapping_neg())
    }

    /// The plain signed count, −[`AMOUNT_MAX`] to [`AMOUNT_MAX`].
    pub const fn get(self) -> i64 {
        self.0
    }

    /// How many moved, whichever way.
    pub fn magnitude(self) -> Units {
        Units(self.0.unsigned_abs())
    }

    /// Whether they went away.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }
}

impl TryFrom<i64> for Change {
    type Error = OutOfRange;

    fn try_from(count: i64) -> Result<Self, OutOfRange> {
        if count.unsigned_abs() <= AMOUNT_MAX { Ok(Self(count)) } else { Err(OutOfRange) }
    }
}

impl From<Change> for i64 {
    fn from(change: Change) -> i64 {
        change.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_end_at_the_largest_integer_json_keeps() {
        assert_eq!(Points::try_from(9_007_199_254_740_991).map(Points::get), Ok(AMOUNT_MAX));
        assert_eq!(Points::try_from(9_007_199_254_740_992), Err(OutOfRange));
        let one = Points::try_from(1).unwrap();
        assert_eq!(Points::MAX.checked_add(one), None);
        assert_eq!(Points::ZERO.checked_sub(one), None);
    }

    #[test]
    fn take_up_to_splits_without_loss() {
        for (whole, room, taken, rest) in [(5, 3, 3, 2), (3, 5, 3, 0), (3, 3, 3, 0), (0, 1, 0, 0)] {
            let split = Points(whole).take_up_to(Points(room));
            assert_eq!(split, (Points(taken), Points(rest)));
        }
    }

    #[test]
    fn change_is_a_signed_count_of_at_most_what_an_amount_holds() {
        for (count, is_negative) in [(-5, true), (-1, true), (0, false), (1, false)] {
            let change = Change::try_from(count).unwrap();
            assert_eq!(i64::from(change), count);
            assert_eq!(change.is_negative(), is_negative, "{count}");
            assert_eq!(change.magnitude().get(), count.unsigned_abs());
        }
        let most = Units::MAX.get().cast_signed();
        for end in [-most, most] {
            assert_eq!(Change::try_from(end).map(Change::get), Ok(end));
            assert_eq!(Change::try_from(end + end.signum()), Err(OutOfRange));
        }
    }
}
