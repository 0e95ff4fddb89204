//! Money at the border: a decimal string with exactly its currency's digits.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::amount::{AMOUNT_MAX, Minor};

/// An ISO 4217 currency that has a minor unit (so no precious metals or test codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency {
    iso: iso_currency::Currency,
    digits: u16,
}

/// Not the code of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be the ISO 4217 code of a currency, such as \"AUD\"")]
pub struct UnknownCurrency;

/// Not an amount of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotMoney {
    /// Signs, exponents, superfluous zeros or the wrong number of digits after the point.
    #[error(
        "must be a decimal string with exactly {digits} digits after the point, such as {example}"
    )]
    Malformed {
        /// Digits after the point that the currency has.
        digits: u16,
        /// An amount written properly.
        example: &'static str,
    },
    /// More than [`AMOUNT_MAX`] minor units.
    #[error("must be at most {AMOUNT_MAX} minor units")]
    TooLarge,
}

impl Ord for Currency {
    /// By code.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Currency {
    /// The currency with this upper-case ISO 4217 code.
    ///
    /// # Errors
    /// [`UnknownCurrency`] for any other text, and for codes without a minor unit.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let iso = iso_currency::Currency::from_code(code).ok_or(UnknownCurrency)?;
        let digits = iso.exponent().ok_or(UnknownCurrency)?;
        Ok(Self { iso, digits })
    }

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        self.iso.code()
    }

    /// How many minor units make one unit of the currency: 100 for AUD, 1 for JPY, 1000 for KWD.
    pub fn minor_per_unit(self) -> u64 {
        // ISO 4217 has at most four digits.
        10_u64.saturating_pow(u32::from(self.digits))
    }

    /// How many digits of an amount stand after the point.
    pub fn digits(self) -> u16 {
        self.digits
    }

    /// Reads `"25.00"` as 2500 minor units.
    ///
    /// # Errors
    /// [`NotMoney`] for a sign, an exponent, superfluous leading zeros, another number of digits
    /// than the currency's, or more than [`AMOUNT_MAX`] minor units.
    pub fn parse_amount(self, text: &str) -> Result<Minor, NotMoney> {
        let malformed = NotMoney::Malformed { digits: self.digits, example: self.example() };
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(malformed),
            Some(parts) => parts,
            None => (text, ""),
        };
        let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = whole == "0" || !(whole.is_empty() || whole.starts_with('0'));
        let exact = fraction.len() == usize::from(self.digits);
        if !(canonical && exact && numeric(whole) && numeric(fraction)) {
            return Err(malformed);
        }
        let minor: u64 = format!("{whole}{fraction}").parse().map_err(|_| NotMoney::TooLarge)?;
        Minor::try_from(minor).map_err(|_| NotMoney::TooLarge)
    }

    /// Writes 2500 minor units as `"25.00"`.
    pub fn format_amount(self, amount: Minor) -> String {
        let digits = usize::from(self.digits);
        let padded = format!("{:0>width$}", amount.get(), width = digits.saturating_add(1));
        let (whole, fraction) = padded.split_at(padded.len().saturating_sub(digits));
        if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
    }

    fn example(self) -> &'static str {
        match self.digits {
            0 => "\"2500\"",
            2 => "\"25.00\"",
            3 => "\"25.000\"",
            _ => "\"25.0000\"",
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(code: String) -> Result<Self, UnknownCurrency> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, text: &str, minor: u64) {
        let currency = Currency::parse(code).unwrap();
        let amount = currency.parse_amount(text).unwrap();
        assert_eq!(amount.get(), minor);
        assert_eq!(currency.format_amount(amount), text);
    }

    #[test]
    fn amount_keeps_its_text_in_every_number_of_digits() {
        check("AUD", "25.00", 2500);
        check("AUD", "0.05", 5);
        check("AUD", "90071992547409.91", AMOUNT_MAX);
        check("JPY", "2500", 2500);
        check("JPY", "0", 0);
        check("KWD", "1.005", 1005);
        check("CLF", "1.0005", 10005);
    }

    #[test]
    fn amount_is_refused_when_not_exactly_the_currencys_digits() {
        for (code, text) in [
            ("AUD", "25"),
            ("AUD", "25.0"),
            ("AUD", "25.000"),
            ("AUD", "25."),
            ("AUD", ".50"),
            ("AUD", "-1.00"),
            ("AUD", "+1.00"),
            ("AUD", "1e2"),
            ("AUD", "01.00"),
            ("AUD", ""),
            ("AUD", " 1.00"),
            ("AUD", "1,00"),
            ("AUD", "٣.00"),
            ("AUD", "1.0٣"),
            ("JPY", "2500."),
            ("JPY", "2500.0"),
            ("KWD", "1.00"),
            ("AUD", "90071992547409.92"),
            ("AUD", "99999999999999999999999.00"),
        ] {
            assert!(Currency::parse(code).unwrap().parse_amount(text).is_err(), "{code} {text}");
        }
        assert_eq!(Currency::parse("XAU"), Err(UnknownCurrency));
        assert_eq!(Currency::parse("aud"), Err(UnknownCurrency));
    }

    #[test]
    fn currency_has_its_digits_and_an_example_of_them() {
        for (code, digits, minor_per_unit) in
            [("JPY", 0, 1), ("AUD", 2, 100), ("KWD", 3, 1_000), ("CLF", 4, 10_000)]
        {
            let currency = Currency::parse(code).unwrap();
            assert_eq!((currency.digits(), currency.minor_per_unit()), (digits, minor_per_unit));
            assert_eq!(String::from(currency), code);
            let Err(NotMoney::Malformed { example, .. }) = currency.parse_amount("x") else {
                panic!("{code}");
            };
            assert!(currency.parse_amount(example.trim_matches('"')).is_ok(), "{example}");
        }
    }

    #[test]
    fn currencies_stand_by_code() {
        let [aud, jpy] = ["AUD", "JPY"].map(|code| Currency::parse(code).unwrap());
        assert!(aud < jpy);
    }
}
