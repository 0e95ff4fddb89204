//! Names that callers choose: ids, handles and short texts.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::asset::Asset;
use crate::currency::Currency;
use crate::time::Instant;

/// The longest id, in characters: long enough for two UUIDs and a separator, short enough that a
/// key of three ids stays far below DynamoDB's 1,024 bytes.
pub const ID_CHARS_MAX: usize = 128;
/// The longest handle of a program, in characters. It is stored in every posting.
pub const HANDLE_CHARS_MAX: usize = 64;
/// The longest label (SKU, category, location), in characters.
pub const LABEL_CHARS_MAX: usize = 128;
/// The digits of a gift card's number.
pub const CARD_NUMBER_DIGITS: usize = 16;
/// The longest reason, in characters: a sentence or two for the statement.
pub const REASON_CHARS_MAX: usize = 256;

/// A text that is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to {ID_CHARS_MAX} of A–Z a–z 0–9 . _ : @ - and neither \".\" nor \"..\"")]
pub struct NotAnId;

/// A text that is not a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to {HANDLE_CHARS_MAX} of A–Z a–z 0–9 . _ -")]
pub struct NotAHandle;

/// A text that is not a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to {LABEL_CHARS_MAX} characters, none of them control characters")]
pub struct NotALabel;

/// A text that is not a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to {REASON_CHARS_MAX} characters, none of them control characters")]
pub struct NotAReason;

fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:@-".contains(&byte);
    (1..=ID_CHARS_MAX).contains(&text.len())
        && text.bytes().all(allowed)
        && text != "."
        && text != ".."
}

fn is_handle(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=HANDLE_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_text(text: &str, chars_max: usize) -> bool {
    // A character takes at most four bytes: longer texts need not be counted.
    let bytes_max = chars_max.saturating_mul(4);
    !text.is_empty()
        && text.len() <= bytes_max
        && text.chars().count() <= chars_max
        && !text.chars().any(char::is_control)
}

fn is_label(text: &str) -> bool {
    is_text(text, LABEL_CHARS_MAX)
}

fn is_reason(text: &str) -> bool {
    is_text(text, REASON_CHARS_MAX)
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $holds:path, $error:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                if $holds(&text) { Ok(Self(text)) } else { Err($error) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A member, as the retailer calls them.
    MemberId, is_id, NotAnId
}
name! {
    /// A completed order (receipt). One order belongs to one member, for ever.
    OrderId, is_id, NotAnId
}
name! {
    /// A line of an order or basket, unique within it.
    LineId, is_id, NotAnId
}
name! {
    /// A return, unique within the order that it gives back of.
    ReturnId, is_id, NotAnId
}
name! {
    /// An award of points.
    AwardId, is_id, NotAnId
}
name! {
    /// A manual adjustment.
    AdjustmentId, is_id, NotAnId
}
name! {
    /// A manual assignment of a tier level.
    AssignmentId, is_id, NotAnId
}
name! {
    /// A redemption: usually the checkout's id.
    RedemptionId, is_id, NotAnId
}
name! {
    /// A conversion of points into a reward.
    ConversionId, is_id, NotAnId
}
name! {
    /// A transfer of points to a third-party programme.
    TransferId, is_id, NotAnId
}
name! {
    /// A refund, unique within the redemption or transfer that it gives back.
    RefundId, is_id, NotAnId
}
name! {
    /// An extension of a reward, benefit or credit, unique within it.
    ExtensionId, is_id, NotAnId
}
name! {
    /// A reward, benefit or credit as one member holds it, unique among those of its kind.
    LotId, is_id, NotAnId
}
name! {
    /// A gift card as its purchaser calls it, unique among theirs.
    CardId, is_id, NotAnId
}
name! {
    /// A key of the ring that PINs are derived with.
    KeyId, is_handle, NotAHandle
}
name! {
    /// The short name of a definition, rate, multiplier or level in the program.
    Handle, is_handle, NotAHandle
}
name! {
    /// A SKU, category or location: compared, never interpreted.
    Label, is_label, NotALabel
}
name! {
    /// Why something was done, for a person to read; also the name of who did it.
    Reason, is_reason, NotAReason
}

/// The number that a gift card is presented with: 16 digits. Those that are drawn begin with a fixed
/// one and end with a check digit; one that does not is simply nobody's.
///
/// Neither `Debug` nor an error shows more than the last four digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardNumber(String);

/// A text that is not a gift card's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be {CARD_NUMBER_DIGITS} digits")]
pub struct NotACardNumber;

/// What every number that is drawn begins with.
const CARD_NUMBER_START: &str = "6";
/// How many numbers there are: one for every 14 digits between the first and the check digit.
const CARD_NUMBERS: u64 = 100_000_000_000_000;

impl CardNumber {
    /// The number that a random value draws.
    pub fn drawn(random: u64) -> Self {
        let body = random % CARD_NUMBERS;
        let mut digits = format!("{CARD_NUMBER_START}{body:014}");
        // Decimal digits always have a check digit.
        let check = luhn3::decimal::checksum(digits.as_bytes()).unwrap_or(b'0');
        digits.push(char::from(check));
        Self(digits)
    }

    /// All of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What may be shown of it.
    pub fn last4(&self) -> &str {
        self.0.get(CARD_NUMBER_DIGITS.saturating_sub(4)..).unwrap_or_default()
    }
}

impl fmt::Debug for CardNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CardNumber(…{})", self.last4())
    }
}

impl TryFrom<String> for CardNumber {
    type Error = NotACardNumber;

    fn try_from(text: String) -> Result<Self, NotACardNumber> {
        let is_number =
            text.len() == CARD_NUMBER_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(Self(text)) } else { Err(NotACardNumber) }
    }
}

impl std::str::FromStr for CardNumber {
    type Err = NotACardNumber;

    fn from_str(text: &str) -> Result<Self, NotACardNumber> {
        Self::try_from(text.to_owned())
    }
}

impl From<CardNumber> for String {
    fn from(number: CardNumber) -> Self {
        number.0
    }
}

/// What ids begin with that callers may not choose.
pub const RESERVED: [&str; 2] = ["entry:", "gift:"];

impl LotId {
    /// The id of a lot that the line with this number makes without being given one. `place` tells
    /// the lots of one line apart; the first is 1.
    pub(crate) fn of_entry(number: u64, place: usize) -> Self {
        match place {
            1 => Self(format!("entry:{number}")),
            _ => Self(format!("entry:{number}:{place}")),
        }
    }

    /// The id of the value on a gift card, which has an account to itself.
    pub(crate) fn of_card(card: &CardId) -> Self {
        Self(card.0.clone())
    }

    /// The id that gift-card credit of one definition, currency and expiry shares. `place` tells
    /// apart those that may not merge; the first is 1.
    pub(crate) fn of_gift(asset: &Asset, expires_at: Option<Instant>, place: usize) -> Self {
        let currency = asset.currency().map(Currency::code);
        let expires_at = expires_at.map(|expires_at| expires_at.to_string());
        let (currency, expires_at) =
            (currency.unwrap_or_default(), expires_at.unwrap_or_else(|| "never".to_owned()));
        let id = format!("gift:{}:{currency}:{expires_at}", asset.definition());
        if place == 1 { Self(id) } else { Self(format!("{id}:{place}")) }
    }

    /// Whether a line named it.
    pub(crate) fn is_of_entry(&self) -> bool {
        self.0.starts_with("entry:")
    }

    /// Whether a caller may not choose it.
    pub fn is_reserved(&self) -> bool {
        RESERVED.iter().any(|start| self.0.starts_with(start))
    }
}

impl LineId {
    /// The one line of what is spent by a gift card alone.
    pub(crate) fn of_card() -> Self {
        Self("gift-card".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_takes_exactly_the_documented_characters() {
        for good in ["a", "A-Z_0.9:x@y", "...", "-", &"x".repeat(128)] {
            assert!(good.parse::<OrderId>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "a b", "a/b", "a#b", "ä", "a\n", "a%40", &"x".repeat(129)] {
            assert!(bad.parse::<OrderId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn drawn_number_has_sixteen_digits_and_a_check_digit() {
        for (random, number) in [
            (0, "6000000000000007"),
            (1, "6000000000000015"),
            (99_999_999_999_999, "6999999999999991"),
            (100_000_000_000_000, "6000000000000007"),
            (u64::MAX, "6440737095516151"),
        ] {
            let drawn = CardNumber::drawn(random);
            assert_eq!(drawn.as_str(), number);
            assert!(luhn3::valid(number.as_bytes()), "{number}");
            assert_eq!(String::from(drawn.clone()), number);
            assert_eq!(number.parse::<CardNumber>(), Ok(drawn));
        }
        assert_eq!(CardNumber::drawn(1).last4(), "0015");
        assert_eq!(format!("{:?}", CardNumber::drawn(1)), "CardNumber(…0015)");
        for bad in ["", "600000000000000", "60000000000000070", "600000000000000x", "６"] {
            assert_eq!(bad.parse::<CardNumber>(), Err(NotACardNumber), "{bad}");
        }
    }

    #[test]
    fn reason_counts_characters_and_refuses_control_characters() {
        assert!("é".repeat(256).parse::<Reason>().is_ok());
        assert!("é".repeat(257).parse::<Reason>().is_err());
        assert!("".parse::<Reason>().is_err());
        assert!("a\u{0}b".parse::<Reason>().is_err());
    }

    #[test]
    fn ids_of_entries_and_of_gift_credit_are_reserved() {
        for (id, is_reserved) in [
            ("entry:9", true),
            ("gift:gift:AUD:never", true),
            ("entry", false),
            ("gift", false),
            ("my-entry:9", false),
        ] {
            assert_eq!(id.parse::<LotId>().unwrap().is_reserved(), is_reserved, "{id}");
        }
    }
}
