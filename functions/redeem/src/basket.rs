//! The body that a quote and a redemption share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroU32;

use scrip_domain::account::AccountId;
use scrip_domain::amount::{Minor, Points};
use scrip_domain::currency::Currency;
use scrip_domain::id::{CardNumber, Handle, Label, LineId, LotId, RedemptionId};
use scrip_domain::program::Program;
use scrip_domain::purchase::LineKind;
use scrip_domain::redeem::{
    Basket, BasketLine, CARDS_MAX, CardUse, MoneyUse, PointsUse, Redemption, Settlement, Uses,
    Wanted,
};
use scrip_domain::time::Period;
use scrip_edge::{App, Object, Pin, Problem, require_lines, require_unique};
use scrip_store::AsOf;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) currency: Currency,
    lines: Vec<Object<LineBody>>,
    #[serde(default, rename = "use")]
    uses: Object<UseBody>,
    #[serde(default)]
    hold: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold_for: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_due: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    id: LineId,
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<Label>,
    #[serde(default)]
    kind: LineKind,
    #[serde(default = "one")]
    quantity: NonZeroU32,
    amount: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UseBody {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    benefits: Vec<LotId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rewards: Option<MoneyBody>,
    #[serde(default)]
    points: PointsBody,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credits: Option<MoneyBody>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gift_cards: Vec<Object<CardBody>>,
}

/// A gift card as it is presented. The fingerprint of a request leaves its PIN out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardBody {
    number: CardNumber,
    #[serde(skip_serializing)]
    pin: Pin,
    amount: String,
}

/// An amount of money or `"max"` of all of a kind, or a list of them.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum MoneyBody {
    All(String),
    Each(Vec<Object<LotUseBody>>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LotUseBody {
    id: LotId,
    amount: String,
}

/// One use of points, or a list of them.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
struct PointsBody(Vec<Object<PointsUseBody>>);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PointsUseBody {
    definition: Handle,
    amount: AmountBody,
}

/// A whole number, or `"max"`.
#[derive(Debug, Clone, Copy)]
enum AmountBody {
    Exactly(Points),
    Max,
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

impl<'de> Deserialize<'de> for PointsBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PointsVisitor;

        impl<'de> Visitor<'de> for PointsVisitor {
            type Value = PointsBody;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with `definition` and `amount`, or a list of them")
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<PointsBody, M::Error> {
                let one = Object::deserialize(MapAccessDeserializer::new(map))?;
                Ok(PointsBody(vec![one]))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<PointsBody, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(PointsBody)
            }
        }

        deserializer.deserialize_any(PointsVisitor)
    }
}

impl<'de> Deserialize<'de> for MoneyBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MoneyVisitor;

        impl<'de> Visitor<'de> for MoneyVisitor {
            type Value = MoneyBody;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount, \"max\", or a list of objects with `id` and `amount`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<MoneyBody, E> {
                Ok(MoneyBody::All(text.to_owned()))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, list: S) -> Result<MoneyBody, S::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(MoneyBody::Each)
            }
        }

        deserializer.deserialize_any(MoneyVisitor)
    }
}

impl<'de> Deserialize<'de> for AmountBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AmountVisitor;

        impl Visitor<'_> for AmountVisitor {
            type Value = AmountBody;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of points, or \"max\"")
            }

            fn visit_u64<E: Error>(self, count: u64) -> Result<AmountBody, E> {
                Points::try_from(count).map(AmountBody::Exactly).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<AmountBody, E> {
                if text == "max" {
                    Ok(AmountBody::Max)
                } else {
                    Err(E::custom("must be a whole number or \"max\""))
                }
            }
        }

        deserializer.deserialize_any(AmountVisitor)
    }
}

impl Serialize for AmountBody {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exactly(points) => points.serialize(serializer),
            Self::Max => "max".serialize(serializer),
        }
    }
}

impl Body {
    /// The basket, with every amount read in its currency.
    pub(crate) fn basket(&self) -> Result<Basket, Problem> {
        require_lines(self.lines.iter().map(|Object(line)| &line.id))?;
        let mut lines = Vec::with_capacity(self.lines.len());
        for (index, Object(line)) in self.lines.iter().enumerate() {
            lines.push(BasketLine {
                id: line.id.clone(),
                kind: line.kind,
                category: line.category.clone(),
                amount: self.amount(&format!("lines[{index}].amount"), &line.amount)?,
            });
        }
        Ok(Basket { currency: self.currency, lines, uses: self.uses()? })
    }

    fn uses(&self) -> Result<Uses, Problem> {
        let Object(uses) = &self.uses;
        require_unique("use.benefits", "", uses.benefits.iter())?;
        Ok(Uses {
            benefits: uses.benefits.clone(),
            rewards: self.money("use.rewards", uses.rewards.as_ref())?,
            points: self.points()?,
            credits: self.money("use.credits", uses.credits.as_ref())?,
            gift_cards: self.gift_cards()?,
        })
    }

    fn gift_cards(&self) -> Result<Vec<CardUse>, Problem> {
        let (field, cards) = ("use.gift_cards", &self.uses.0.gift_cards);
        if CARDS_MAX < cards.len() {
            return Err(Problem::invalid(field, format!("must be at most {CARDS_MAX}")));
        }
        let numbers: BTreeSet<_> = cards.iter().map(|Object(card)| &card.number).collect();
        if numbers.len() < cards.len() {
            return Err(Problem::invalid(field, "must not have one number twice"));
        }
        let uses = cards.iter().enumerate().map(|(index, Object(card))| {
            let amount = self.wanted(&format!("{field}[{index}].amount"), &card.amount)?;
            Ok(CardUse { number: card.number.clone(), amount })
        });
        uses.collect()
    }

    /// Checks the PIN of every gift card, in their order, and returns their accounts.
    pub(crate) async fn present_cards(
        &self,
        app: &App,
        program: &Program,
    ) -> Result<BTreeMap<AccountId, AsOf>, Problem> {
        let mut accounts = BTreeMap::new();
        for (index, Object(card)) in self.uses.0.gift_cards.iter().enumerate() {
            let presented = app.present(&card.number, &card.pin, program.pin).await;
            let field = format!("use.gift_cards[{index}]");
            let account = presented.map_err(|problem| problem.with("field", json!(field)))?;
            accounts.insert(AccountId::Card(card.number.clone()), account);
        }
        Ok(accounts)
    }

    fn money(&self, field: &str, body: Option<&MoneyBody>) -> Result<MoneyUse, Problem> {
        match body {
            None => Ok(MoneyUse::Nothing),
            Some(MoneyBody::All(text)) => Ok(MoneyUse::All(self.wanted(field, text)?)),
            Some(MoneyBody::Each(list)) => {
                require_unique(field, "id", list.iter().map(|Object(each)| &each.id))?;
                let wanted = list.iter().enumerate().map(|(index, Object(each))| {
                    let field = format!("{field}[{index}].amount");
                    Ok((each.id.clone(), self.wanted(&field, &each.amount)?))
                });
                Ok(MoneyUse::Each(wanted.collect::<Result<_, Problem>>()?))
            }
        }
    }

    fn wanted(&self, field: &str, text: &str) -> Result<Wanted<Minor>, Problem> {
        if text == "max" { Ok(Wanted::Max) } else { self.amount(field, text).map(Wanted::Exactly) }
    }

    fn points(&self) -> Result<Vec<PointsUse>, Problem> {
        let definitions = self.point_uses().map(|Object(each)| &each.definition);
        require_unique("use.points", "definition", definitions)?;
        let uses = self.point_uses().map(|Object(each)| {
            let amount = match each.amount {
                AmountBody::Exactly(points) => Wanted::Exactly(points),
                AmountBody::Max => Wanted::Max,
            };
            PointsUse { points: each.definition.clone(), amount }
        });
        Ok(uses.collect())
    }

    fn point_uses(&self) -> impl Iterator<Item = &Object<PointsUseBody>> {
        self.uses.0.points.0.iter()
    }

    /// Whether the program has everything that the basket names.
    pub(crate) fn is_known_to(&self, program: &Program) -> bool {
        self.point_uses().all(|Object(each)| program.points(&each.definition).is_some())
    }

    /// The redemption that this body asks for.
    pub(crate) fn redemption(&self, redemption: RedemptionId) -> Result<Redemption, Problem> {
        let (settlement, expected_due) = (self.settlement()?, self.expected_due()?);
        Ok(Redemption { redemption, basket: self.basket()?, settlement, expected_due })
    }

    /// Whether the value is to be held, and how long.
    pub(crate) fn settlement(&self) -> Result<Settlement, Problem> {
        let hold_for = self.hold_for.as_ref().map(|text| text.parse::<Period>());
        let hold_for = hold_for.transpose().map_err(|error| Problem::invalid("hold_for", error))?;
        match (self.hold, hold_for) {
            (true, hold_for) => Ok(Settlement::Held(hold_for)),
            (false, None) => Ok(Settlement::AtOnce),
            (false, Some(_)) => Err(Problem::invalid("hold_for", "needs `hold` to be true")),
        }
    }

    /// What the caller's quote left to pay.
    pub(crate) fn expected_due(&self) -> Result<Option<Minor>, Problem> {
        let due = self.expected_due.as_ref();
        due.map(|text| self.amount("expected_due", text)).transpose()
    }

    fn amount(&self, field: &str, text: &str) -> Result<Minor, Problem> {
        self.currency.parse_amount(text).map_err(|error| Problem::invalid(field, error))
    }
}
