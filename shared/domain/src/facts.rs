//! What a retailer tells about a member: no name, no address, no more than the rules need.

use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::draft::Draft;
use crate::entry::{Decision, Detail};
use crate::time::{Instant, Zone};
use crate::wallet::Wallet;

/// Facts about a member (DESIGN 5.20). Each may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// The month of the member's birthday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_month: Option<BirthMonth>,
    /// Decides what month a purchase falls in; the program's zone when unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Zone>,
    /// When the member joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_on: Option<NaiveDate>,
    /// Where purchases are made that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<Country>,
}

/// A month of the year, 1 to 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct BirthMonth(u32);

/// Not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an integer from 1 to 12")]
pub struct NotAMonth;

impl TryFrom<u32> for BirthMonth {
    type Error = NotAMonth;

    fn try_from(month: u32) -> Result<Self, NotAMonth> {
        if (1..=12).contains(&month) { Ok(Self(month)) } else { Err(NotAMonth) }
    }
}

impl From<BirthMonth> for u32 {
    fn from(month: BirthMonth) -> u32 {
        month.0
    }
}

/// Two upper-case letters of ISO 3166-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// Not a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be two upper-case letters of ISO 3166-1, such as \"AU\"")]
pub struct NotACountry;

impl std::str::FromStr for Country {
    type Err = NotACountry;

    fn from_str(text: &str) -> Result<Self, NotACountry> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([*a, *b])),
            _ => Err(NotACountry),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = NotACountry;

    fn try_from(text: String) -> Result<Self, NotACountry> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> String {
        country.to_string()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.0;
        write!(f, "{}{}", char::from(a), char::from(b))
    }
}

/// Never: facts are refused by their form only, before they get here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {}

/// Replaces the facts about a member. The same facts again append nothing.
///
/// # Errors
/// Never.
pub fn decide(wallet: &Wallet, facts: &Facts, now: Instant) -> Result<Decision<()>, Refusal> {
    if wallet.facts.as_ref() == Some(facts) {
        return Ok(Decision::Unchanged(()));
    }
    let mut draft = Draft::open(wallet, now);
    let first = wallet.facts.is_none();
    draft.set_facts(facts.clone());
    Ok(Decision::Append(draft.close(Detail::Facts { facts: facts.clone(), first })))
}

#[cfg(test)]
mod tests;
