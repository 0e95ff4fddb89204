//! Instants, calendar periods and the days of a time zone. Nothing here reads a clock.

use std::fmt;

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc,
};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest period, in years. Longer than any receipt is kept, short enough that no instant
/// leaves the calendar.
pub const PERIOD_YEARS_MAX: u32 = 100;

/// A point in time with a resolution of one millisecond, in the years 0000 to 9999.
///
/// Finer digits of an RFC 3339 text are cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Instant(i64);

/// Not an RFC 3339 instant of the years 0000 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an RFC 3339 instant, such as \"2026-11-21T03:04:05Z\"")]
pub struct NotAnInstant;

impl Instant {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);
    /// The last instant of the calendar: 9999-12-31T23:59:59.999Z.
    pub const END: Self = Self(253_402_300_799_999);

    /// The instant this many milliseconds after the Unix epoch; `None` outside the years 0000 to
    /// 9999.
    pub fn from_millis(millis: i64) -> Option<Self> {
        let year = DateTime::from_timestamp_millis(millis)?.year();
        (0..=9999).contains(&year).then_some(Self(millis))
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant `seconds` later; `None` after the year 9999.
    pub fn plus_seconds(self, seconds: u64) -> Option<Self> {
        let millis = i64::try_from(seconds).ok()?.checked_mul(1000)?;
        Self::from_millis(self.0.checked_add(millis)?)
    }

    /// How many whole seconds this is after `earlier`; zero when it is not after.
    pub fn seconds_since(self, earlier: Self) -> u64 {
        let millis = u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0);
        millis.checked_div(1000).unwrap_or(0)
    }
}

fn calendar(millis: i64) -> DateTime<Utc> {
    // An instant, or what clocks show at one, is far within what this reads.
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH)
}

impl TryFrom<String> for Instant {
    type Error = NotAnInstant;

    fn try_from(text: String) -> Result<Self, NotAnInstant> {
        text.parse()
    }
}

impl std::str::FromStr for Instant {
    type Err = NotAnInstant;

    fn from_str(text: &str) -> Result<Self, NotAnInstant> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| NotAnInstant)?;
        Self::from_millis(time.timestamp_millis()).ok_or(NotAnInstant)
    }
}

impl From<Instant> for String {
    fn from(instant: Instant) -> String {
        instant.to_string()
    }
}

/// RFC 3339 in UTC with `Z`; milliseconds only where there are any.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&calendar(self.0).to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// An IANA time zone, such as `Australia/Melbourne`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// Not the name of a time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an IANA time zone, such as \"Australia/Melbourne\"")]
pub struct UnknownZone;

impl Zone {
    /// Coordinated universal time.
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The day that `instant` falls on.
    pub fn date(&self, instant: Instant) -> NaiveDate {
        self.local(instant).date()
    }

    /// The month that `instant` falls in, 1 to 12.
    pub fn month(&self, instant: Instant) -> u32 {
        self.local(instant).month()
    }

    /// The first instant of a day. Where a change to summer time skips midnight, the first
    /// instant after it. `None` outside the calendar.
    pub fn start_of_day(&self, date: NaiveDate) -> Option<Instant> {
        self.instant_from(date.and_time(NaiveTime::MIN))
    }

    /// The first instant of the day after the one that `instant` falls on: every instant of a day
    /// has the same end, midnight included.
    pub fn end_of_day(&self, instant: Instant) -> Option<Instant> {
        self.start_of_day(self.date(instant).checked_add_days(Days::new(1))?)
    }

    /// The first instant of the month after the one that `instant` falls in.
    pub fn end_of_month(&self, instant: Instant) -> Option<Instant> {
        let next = self.date(instant).with_day(1)?.checked_add_months(Months::new(1))?;
        self.start_of_day(next)
    }

    /// When clocks show `local`: the earlier of two instants when they go back. `None` when they
    /// never show it, since they went forward, and outside the calendar.
    pub fn instant_at(&self, local: NaiveDateTime) -> Option<Instant> {
        match self.offsets(local)? {
            AmbiguousOffset::Unambiguous { offset }
            | AmbiguousOffset::Fold { before: offset, .. } => instant_with(local, offset),
            AmbiguousOffset::Gap { .. } => None,
        }
    }

    /// As `instant_at`, and the first instant after the gap when clocks go forward past `local`.
    fn instant_from(&self, local: NaiveDateTime) -> Option<Instant> {
        let AmbiguousOffset::Gap { after, .. } = self.offsets(local)? else {
            return self.instant_at(local);
        };
        // With the new offset, whatever falls into the gap is before the change that makes it.
        let before = Timestamp::from_millisecond(instant_with(local, after)?.0).ok()?;
        let change = self.0.following(before).next()?;
        Instant::from_millis(change.timestamp().as_millisecond())
    }

    /// What clocks show at `instant`.
    fn local(&self, instant: Instant) -> NaiveDateTime {
        // `Timestamp` ends a day earlier, in which no clock changes any more.
        let at = Timestamp::from_millisecond(instant.0).unwrap_or(Timestamp::MAX);
        let offset = self.0.to_offset(at);
        calendar(instant.0.saturating_add(millis(offset))).naive_utc()
    }

    fn offsets(&self, local: NaiveDateTime) -> Option<AmbiguousOffset> {
        let shown = Timestamp::from_millisecond(local.and_utc().timestamp_millis()).ok()?;
        let shown = Offset::UTC.to_datetime(shown);
        Some(self.0.to_ambiguous_timestamp(shown).offset())
    }
}

fn instant_with(local: NaiveDateTime, offset: Offset) -> Option<Instant> {
    Instant::from_millis(local.and_utc().timestamp_millis().checked_sub(millis(offset))?)
}

fn millis(offset: Offset) -> i64 {
    i64::from(offset.seconds()).saturating_mul(1000)
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;

    fn try_from(name: String) -> Result<Self, UnknownZone> {
        let zone = TimeZoneDatabase::bundled().get(&name).map_err(|_| UnknownZone)?;
        // It is found however it is written, and has one name all the same.
        if zone.iana_name() == Some(&name) { Ok(Self(zone)) } else { Err(UnknownZone) }
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> String {
        zone.to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every constructor takes a zone by its name.
        f.write_str(self.0.iana_name().unwrap_or("UTC"))
    }
}

/// An ISO 8601 duration: calendar months and days, then exact seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Period {
    months: u32,
    days: u32,
    seconds: u64,
}

/// Not a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an ISO 8601 duration of at most {PERIOD_YEARS_MAX} years, such as \"P14D\"")]
pub struct NotAPeriod;

impl Period {
    /// No time at all.
    pub const ZERO: Self = Self { months: 0, days: 0, seconds: 0 };

    /// A number of calendar days.
    pub const fn days(days: u32) -> Self {
        Self { days, ..Self::ZERO }
    }

    /// A number of exact minutes.
    pub fn minutes(minutes: u32) -> Self {
        Self { seconds: u64::from(minutes).saturating_mul(60), ..Self::ZERO }
    }

    /// Whether this is no time at all.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// The instant this period after `start`: months and days are counted on the calendar of
    /// `zone` (31 January plus one month is the last of February), seconds are exact. `None`
    /// outside the calendar.
    pub fn after(self, start: Instant, zone: &Zone) -> Option<Instant> {
        if self.months == 0 && self.days == 0 {
            return start.plus_seconds(self.seconds);
        }
        let local = zone
            .local(start)
            .checked_add_months(Months::new(self.months))?
            .checked_add_days(Days::new(u64::from(self.days)))?;
        zone.instant_from(local)?.plus_seconds(self.seconds)
    }
}

impl TryFrom<String> for Period {
    type Error = NotAPeriod;

    fn try_from(text: String) -> Result<Self, NotAPeriod> {
        text.parse()
    }
}

impl std::str::FromStr for Period {
    type Err = NotAPeriod;

    fn from_str(text: &str) -> Result<Self, NotAPeriod> {
        // The alternative format `P0001-02-03T04:05:06` reads as a date by mistake too easily.
        if text.contains(['-', ':']) {
            return Err(NotAPeriod);
        }
        match iso8601::parsers::parse_duration(text.as_bytes()) {
            Ok(([], duration)) => Self::from_iso(duration).ok_or(NotAPeriod),
            _ => Err(NotAPeriod),
        }
    }
}

impl Period {
    fn from_iso(duration: iso8601::Duration) -> Option<Self> {
        let (months, days, seconds) = match duration {
            iso8601::Duration::Weeks(weeks) => (0, weeks.checked_mul(7)?, 0),
            iso8601::Duration::YMDHMS { millisecond: 1.., .. } => return None,
            iso8601::Duration::YMDHMS { year, month, day, hour, minute, second, .. } => {
                let hours = u64::from(hour).checked_mul(3600)?;
                let minutes = u64::from(minute).checked_mul(60)?;
                let seconds = hours.checked_add(minutes)?.checked_add(u64::from(second))?;
                (year.checked_mul(12)?.checked_add(month)?, day, seconds)
            }
        };
        let within = u64::from(months) <= u64::from(PERIOD_YEARS_MAX).checked_mul(12)?
            && u64::from(days) <= u64::from(PERIOD_YEARS_MAX).checked_mul(366)?
            && seconds <= u64::from(PERIOD_YEARS_MAX).checked_mul(366 * 86_400)?;
        within.then_some(Self { months, days, seconds })
    }
}

#[cfg(test)]
mod tests;
