//! Assets: what a lot is denominated in (DESIGN 4).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::currency::Currency;
use crate::id::Handle;

/// What a lot is denominated in: a definition of the program and, for what is money, a currency.
///
/// Its text names both, such as `points:reward` or `credit:store:AUD`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Asset {
    /// Counted in points.
    Points(Handle),
    /// Counted in uses.
    Benefit(Handle),
    /// Counted in minor units of its currency.
    Reward(Handle, Currency),
    /// Counted in minor units of its currency.
    Credit(Handle, Currency),
    /// What is on a gift card. Counted in minor units of its currency.
    GiftCard(Handle, Currency),
}

/// A kind of value that is issued under an id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An entitlement, chosen explicitly (DESIGN 5.8).
    Benefit,
    /// A dated money-off discount (DESIGN 5.7).
    Reward,
    /// Tender (DESIGN 5.9).
    Credit,
}

/// A text that names no asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("names no asset")]
pub struct NotAnAsset;

impl Kind {
    /// Every kind, in the order of the hierarchy.
    pub const ALL: [Self; 3] = [Self::Benefit, Self::Reward, Self::Credit];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Benefit => "benefit",
            Self::Reward => "reward",
            Self::Credit => "credit",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Asset {
    /// The definition.
    pub fn definition(&self) -> &Handle {
        match self {
            Self::Points(handle)
            | Self::Benefit(handle)
            | Self::Reward(handle, _)
            | Self::Credit(handle, _)
            | Self::GiftCard(handle, _) => handle,
        }
    }

    /// The currency of what is money.
    pub fn currency(&self) -> Option<Currency> {
        match self {
            Self::Points(_) | Self::Benefit(_) => None,
            Self::Reward(_, currency) | Self::Credit(_, currency) | Self::GiftCard(_, currency) => {
                Some(*currency)
            }
        }
    }

    /// The kind of what is issued under an id of its own; `None` for points, and for what is on a
    /// gift card.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Points(_) | Self::GiftCard(..) => None,
            Self::Benefit(_) => Some(Kind::Benefit),
            Self::Reward(..) => Some(Kind::Reward),
            Self::Credit(..) => Some(Kind::Credit),
        }
    }

    /// The word for where its value comes from, at the border.
    pub fn source(&self) -> &'static str {
        match self {
            Self::Points(_) => "points",
            Self::Benefit(_) => Kind::Benefit.as_str(),
            Self::Reward(..) => Kind::Reward.as_str(),
            Self::Credit(..) => Kind::Credit.as_str(),
            Self::GiftCard(..) => "gift_card",
        }
    }
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source(), self.definition())?;
        self.currency().map_or(Ok(()), |currency| write!(f, ":{}", currency.code()))
    }
}

impl FromStr for Asset {
    type Err = NotAnAsset;

    fn from_str(text: &str) -> Result<Self, NotAnAsset> {
        let handle = |text: &str| text.parse::<Handle>().map_err(|_| NotAnAsset);
        let currency = |code: &str| Currency::parse(code).map_err(|_| NotAnAsset);
        // Neither a handle nor the code of a currency holds a colon.
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["points", definition] => Ok(Self::Points(handle(definition)?)),
            ["benefit", definition] => Ok(Self::Benefit(handle(definition)?)),
            ["reward", definition, code] => Ok(Self::Reward(handle(definition)?, currency(code)?)),
            ["credit", definition, code] => Ok(Self::Credit(handle(definition)?, currency(code)?)),
            ["gift_card", definition, code] => {
                Ok(Self::GiftCard(handle(definition)?, currency(code)?))
            }
            _ => Err(NotAnAsset),
        }
    }
}

impl TryFrom<String> for Asset {
    type Error = NotAnAsset;

    fn try_from(text: String) -> Result<Self, NotAnAsset> {
        text.parse()
    }
}

impl From<Asset> for String {
    fn from(asset: Asset) -> Self {
        asset.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asset_is_read_from_its_text() {
        for text in [
            "points:reward",
            "benefit:free-hem",
            "reward:birthday:AUD",
            "credit:gift:JPY",
            "gift_card:standard:AUD",
        ] {
            assert_eq!(String::from(text.parse::<Asset>().unwrap()), text);
        }
        for text in ["", "points", "points:", "points:a:AUD", "credit:a", "reward:a:XYZQ", "a:b"] {
            assert_eq!(text.parse::<Asset>(), Err(NotAnAsset), "{text}");
        }
    }
}
