//! Exact rates: how many points a minor unit of spend earns.
//!
//! One point per 3.00 is a third of a point per unit, which no decimal holds. Rates are fractions
//! of integers, so that nothing is lost before the one rounding at the end.

use std::fmt;

use num_bigint::BigInt;
use num_rational::BigRational;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::amount::Minor;

/// The largest rate or factor that a program may name, in points or times.
pub const RATE_MAX: u64 = 1_000_000;
/// The most digits after the point that a rate or factor may have.
pub const RATE_DIGITS_MAX: u32 = 6;

/// Not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "must be a decimal string from 0 to {RATE_MAX} with at most {RATE_DIGITS_MAX} digits after \
     the point, such as \"1.5\""
)]
pub struct NotARate;

/// How a fraction becomes a whole amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Towards zero: 31.99 earns 31.
    Down,
    /// To the nearest, halves up: 31.50 earns 32.
    HalfUp,
    /// Away from zero: 31.01 earns 32.
    Up,
}

/// A number ≥ 0, held exactly.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate(BigRational);

impl Rate {
    /// Nothing.
    pub fn zero() -> Self {
        Self(BigRational::from_integer(BigInt::ZERO))
    }

    /// Exactly one.
    pub fn one() -> Self {
        Self(BigRational::from_integer(BigInt::from(1)))
    }

    /// A whole number.
    pub fn integer(number: u64) -> Self {
        Self(BigRational::from_integer(BigInt::from(number)))
    }

    /// So many hundredths.
    #[must_use]
    pub fn hundredths(&self) -> Self {
        Self(&self.0 / BigInt::from(100))
    }

    /// Reads a plain decimal such as `"0.5"`.
    ///
    /// # Errors
    /// [`NotARate`] for signs, exponents, more than [`RATE_DIGITS_MAX`] digits after the point or
    /// more than [`RATE_MAX`].
    pub fn parse(text: &str) -> Result<Self, NotARate> {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && text.starts_with(|first: char| first.is_ascii_digit())
            && !text.ends_with('.');
        let decimal = Decimal::from_str_exact(text).map_err(|_| NotARate)?;
        if !plain || decimal.scale() > RATE_DIGITS_MAX || decimal > Decimal::from(RATE_MAX) {
            return Err(NotARate);
        }
        let scale = BigInt::from(10).pow(decimal.scale());
        Ok(Self(BigRational::new(BigInt::from(decimal.mantissa()), scale)))
    }

    /// This rate for every `per` minor units instead of for one; `None` when `per` is nothing.
    pub fn per(&self, per: Minor) -> Option<Self> {
        (!per.is_zero()).then(|| Self(&self.0 / BigInt::from(per.get())))
    }

    /// Both, one after the other.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// What `spend` earns, exactly.
    #[must_use]
    pub fn of(&self, spend: Minor) -> Self {
        Self(&self.0 * BigInt::from(spend.get()))
    }

    /// The two together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// A whole amount; `None` above the largest there is.
    pub fn round<T: TryFrom<u64>>(&self, rounding: Rounding) -> Option<T> {
        let whole = match rounding {
            Rounding::Down => self.0.floor(),
            Rounding::HalfUp => self.0.round(),
            Rounding::Up => self.0.ceil(),
        };
        T::try_from(u64::try_from(whole.to_integer()).ok()?).ok()
    }
}

/// A fraction in lowest terms, such as `1/100`, or a whole number.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> String {
        rate.to_string()
    }
}

impl TryFrom<String> for Rate {
    type Error = NotARate;

    /// Reads what [`Rate`] displays.
    fn try_from(text: String) -> Result<Self, NotARate> {
        let rational: BigRational = text.parse().map_err(|_| NotARate)?;
        if rational < Self::zero().0 { Err(NotARate) } else { Ok(Self(rational)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minor(count: u64) -> Minor {
        Minor::try_from(count).unwrap()
    }

    #[test]
    fn thirds_sum_to_the_whole() {
        let third = Rate::one().per(minor(300)).unwrap();
        let both = third.of(minor(100)).and(&third.of(minor(200)));
        assert_eq!(both.round::<Minor>(Rounding::Down), Some(minor(1)));
    }

    #[test]
    fn rounding_decides_the_last_point() {
        for (text, down, half_up, up) in
            [("31", 31, 31, 31), ("31.49", 31, 31, 32), ("31.5", 31, 32, 32), ("31.99", 31, 32, 32)]
        {
            let rate = Rate::parse(text).unwrap();
            let rounded = [Rounding::Down, Rounding::HalfUp, Rounding::Up]
                .map(|rounding| rate.round::<Minor>(rounding).unwrap().get());
            assert_eq!(rounded, [down, half_up, up], "{text}");
        }
    }

    #[test]
    fn rate_survives_its_text() {
        let rate = Rate::parse("1.5").unwrap().per(minor(700)).unwrap();
        assert_eq!(rate.to_string(), "3/1400");
        assert_eq!(Rate::try_from(String::from(rate.clone())), Ok(rate));
        assert_eq!(Rate::try_from("0".to_owned()), Ok(Rate::zero()));
        assert_eq!(Rate::try_from("-1/1400".to_owned()), Err(NotARate));
    }

    #[test]
    fn rate_refuses_what_is_not_a_plain_decimal() {
        for bad in ["", "-1", "+1", "1e3", "1.", ".5", "1_000", "1.1234567", "1000000.1", "1/2"] {
            assert_eq!(Rate::parse(bad), Err(NotARate), "{bad}");
        }
        assert_eq!(Rate::parse("1000000.000000").unwrap().to_string(), "1000000");
    }
}
