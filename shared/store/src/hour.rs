//! Hours of UTC, in which due markers are kept.

use std::fmt;
use std::str::FromStr;

use scrip_domain::time::Instant;

/// One hour of UTC, written `2026-11-21T03`. Hours sort as their texts do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hour(Instant);

const HOUR_MILLIS: i64 = 3_600_000;

impl Hour {
    /// The last hour of the calendar.
    pub const END: Self = Self(Instant::END);

    /// The hour that an instant falls in.
    pub fn of(instant: Instant) -> Self {
        let start = instant.millis().div_euclid(HOUR_MILLIS).checked_mul(HOUR_MILLIS);
        // The start of an hour is in the same year as the hour.
        Self(start.and_then(Instant::from_millis).unwrap_or(instant))
    }

    /// The hour after it; the last of the calendar is its own.
    #[must_use]
    pub fn next(self) -> Self {
        let start = self.0.millis().checked_add(HOUR_MILLIS).and_then(Instant::from_millis);
        start.map_or(Self::END, Self)
    }

    /// Its first instant.
    pub fn start(self) -> Instant {
        self.0
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.0.to_string();
        f.write_str(start.strip_suffix(":00:00Z").unwrap_or(&start))
    }
}

impl FromStr for Hour {
    type Err = scrip_domain::time::NotAnInstant;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        format!("{text}:00:00Z").parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hour_begins_with_its_first_instant() {
        for (instant, hour) in [
            ("2026-11-21T03:00:00Z", "2026-11-21T03"),
            ("2026-11-21T03:59:59.999Z", "2026-11-21T03"),
            ("2026-11-21T04:00:00Z", "2026-11-21T04"),
            ("1969-12-31T23:30:00Z", "1969-12-31T23"),
        ] {
            let found = Hour::of(instant.parse().unwrap());
            assert_eq!(found.to_string(), hour);
            assert_eq!(hour.parse(), Ok(found));
        }
    }
}
