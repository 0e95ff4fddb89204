//! The state of an account as it is stored in every line.

use std::collections::BTreeMap;

use scrip_domain::amount::{Minor, Points, Units};
use scrip_domain::asset::Asset;
use scrip_domain::card::{Card, CardKey, End, PinTerms};
use scrip_domain::facts::Facts;
use scrip_domain::id::{CardId, Handle, KeyId, LotId, MemberId, OrderId, RedemptionId};
use scrip_domain::wallet::{Draw, Drawn, Hold, Holding, Identity, Lot, Reached, Standing, Wallet};
use serde::{Deserialize, Serialize};

use super::{Millis, instant, is_false, is_zero, millis};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StateDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    facts: Option<Facts>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tier: Option<StandingDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    card: Option<CardDocument>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    assets: BTreeMap<Asset, HoldingDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holds: Vec<HoldDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StandingDocument {
    level: Handle,
    since: Millis,
    /// Its anniversary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    review: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reached: Option<ReachedDocument>,
}

/// How an order reached the level.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReachedDocument {
    order: OrderId,
    #[serde(default, skip_serializing_if = "is_false")]
    returned: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Box<StandingDocument>>,
}

/// What a gift card is besides its value. Neither its PIN nor the key of it is here: only the name
/// of the key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CardDocument {
    purchaser: MemberId,
    id: CardId,
    asset: Asset,
    n: Minor,
    credit: Handle,
    key: KeyId,
    digits: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revert: Option<Millis>,
    #[serde(default, skip_serializing_if = "is_false")]
    spent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<EndDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EndDocument {
    Claimed(MemberId),
    Reverted,
    Cancelled,
    Voided,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldingDocument {
    #[serde(default, skip_serializing_if = "is_zero")]
    debt: Points,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lots: Vec<LotDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LotDocument {
    of: Units,
    #[serde(default, skip_serializing_if = "is_zero")]
    left: Units,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
    #[serde(default, skip_serializing_if = "is_false")]
    grace: bool,
    /// Of a reward, benefit or credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<LotId>,
    /// When what has an id was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Millis>,
    #[serde(default, skip_serializing_if = "is_false")]
    extended: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    voided: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HoldDocument {
    /// Whose redemption, when it is not the account's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<MemberId>,
    id: RedemptionId,
    to: Millis,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    draws: Vec<DrawDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DrawDocument {
    asset: Asset,
    lots: Vec<DrawnDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DrawnDocument {
    n: Units,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<LotId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
    #[serde(default, skip_serializing_if = "is_false")]
    grace: bool,
}

impl StateDocument {
    pub(super) fn from_wallet(wallet: &Wallet) -> Self {
        let holdings = wallet.assets.iter();
        Self {
            facts: wallet.facts.clone(),
            tier: wallet.standing.as_ref().map(StandingDocument::from_standing),
            card: wallet.card.as_ref().map(encode_card),
            assets: holdings
                .map(|(asset, holding)| (asset.clone(), encode_holding(holding)))
                .collect(),
            holds: wallet.holds.iter().map(encode_hold).collect(),
        }
    }

    pub(super) fn into_wallet(self) -> Result<Wallet, String> {
        let holdings = self.assets.into_iter();
        let holdings = holdings.map(|(asset, holding)| Ok((asset, decode_holding(holding)?)));
        let assets = holdings.collect::<Result<_, String>>()?;
        let holds = self.holds.into_iter().map(|hold| decode_hold(hold, &assets));
        Ok(Wallet {
            facts: self.facts,
            standing: self.tier.map(StandingDocument::into_standing),
            card: self.card.map(decode_card),
            reviewed: Vec::new(),
            holds: holds.collect::<Result<_, String>>()?,
            assets,
        })
    }
}

impl StandingDocument {
    pub(super) fn from_standing(standing: &Standing) -> Self {
        let Standing { level, since, review_at, reached } = standing;
        let reached = reached.as_ref().map(|reached| ReachedDocument {
            order: reached.order.clone(),
            returned: reached.is_returned,
            before: reached.before.as_deref().map(|before| Box::new(Self::from_standing(before))),
        });
        let (level, since, review) = (level.clone(), Millis(*since), millis(*review_at));
        Self { level, since, review, reached }
    }

    pub(super) fn into_standing(self) -> Standing {
        let reached = self.reached.map(|reached| Reached {
            order: reached.order,
            is_returned: reached.returned,
            before: reached.before.map(|before| Box::new(before.into_standing())),
        });
        let (level, since, review_at) = (self.level, self.since.0, instant(self.review));
        Standing { level, since, review_at, reached }
    }
}

fn encode_holding(holding: &Holding) -> HoldingDocument {
    HoldingDocument { debt: holding.debt, lots: holding.lots.iter().map(encode_lot).collect() }
}

fn decode_holding(document: HoldingDocument) -> Result<Holding, String> {
    let lots = document.lots.into_iter().map(decode_lot);
    Ok(Holding { debt: document.debt, lots: lots.collect::<Result<_, String>>()? })
}

fn encode_lot(lot: &Lot) -> LotDocument {
    let identity = lot.identity.as_ref();
    LotDocument {
        of: lot.issued,
        left: lot.remaining,
        from: millis(lot.accrue_at),
        to: millis(lot.expires_at),
        grace: lot.is_grace,
        id: lot.id().cloned(),
        at: identity.map(|identity| Millis(identity.issued_at)),
        extended: identity.is_some_and(|identity| identity.is_extended),
        voided: lot.is_voided(),
    }
}

fn decode_lot(document: LotDocument) -> Result<Lot, String> {
    let identity = match (document.id, document.at) {
        (None, None) => None,
        (Some(id), Some(issued_at)) => Some(Identity {
            id,
            issued_at: issued_at.0,
            is_extended: document.extended,
            is_voided: document.voided,
        }),
        (id, _) => return Err(format!("a lot has `id` or `at` alone: {id:?}")),
    };
    Ok(Lot {
        identity,
        issued: document.of,
        remaining: document.left,
        accrue_at: instant(document.from),
        expires_at: instant(document.to),
        is_grace: document.grace,
    })
}

fn encode_card(card: &Card) -> CardDocument {
    CardDocument {
        purchaser: card.key.purchaser.clone(),
        id: card.key.card.clone(),
        asset: card.asset.clone(),
        n: card.amount,
        credit: card.credit.clone(),
        key: card.pin.key.clone(),
        digits: card.pin.digits,
        to: millis(card.expires_at),
        revert: millis(card.revert_at),
        spent: card.is_spent_from,
        end: card.end.clone().map(|end| match end {
            End::Claimed(member) => EndDocument::Claimed(member),
            End::Reverted => EndDocument::Reverted,
            End::Cancelled => EndDocument::Cancelled,
            End::Voided => EndDocument::Voided,
        }),
    }
}

fn decode_card(document: CardDocument) -> Card {
    Card {
        key: CardKey { purchaser: document.purchaser, card: document.id },
        asset: document.asset,
        amount: document.n,
        credit: document.credit,
        pin: PinTerms { key: document.key, digits: document.digits },
        expires_at: instant(document.to),
        revert_at: instant(document.revert),
        is_spent_from: document.spent,
        end: document.end.map(|end| match end {
            EndDocument::Claimed(member) => End::Claimed(member),
            EndDocument::Reverted => End::Reverted,
            EndDocument::Cancelled => End::Cancelled,
            EndDocument::Voided => End::Voided,
        }),
    }
}

/// A lot stays while a hold may give back to it, so that of what has an id the lot in the same
/// state says the rest.
fn encode_hold(hold: &Hold) -> HoldDocument {
    let mut draws: Vec<_> = hold.draws.iter().map(DrawDocument::from_draw).collect();
    let lots = draws.iter_mut().flat_map(|draw| &mut draw.lots);
    for drawn in lots.filter(|drawn| drawn.id.is_some()) {
        (drawn.at, drawn.to, drawn.grace) = (None, None, false);
    }
    let (of, id) = (hold.member.clone(), hold.redemption.clone());
    HoldDocument { of, id, to: Millis(hold.lapses_at), draws }
}

fn decode_hold(document: HoldDocument, assets: &BTreeMap<Asset, Holding>) -> Result<Hold, String> {
    let mut draws: Vec<_> = document.draws.into_iter().map(DrawDocument::into_draw).collect();
    for draw in &mut draws {
        let lots = assets.get(&draw.asset).map_or(&[][..], |holding| &holding.lots);
        for drawn in draw.lots.iter_mut().filter(|drawn| drawn.id.is_some()) {
            let lot = lots.iter().find(|lot| lot.id() == drawn.id.as_ref());
            let lot = lot.ok_or_else(|| format!("{:?} is held and not there", drawn.id))?;
            let (expires_at, is_grace) = (lot.expires_at, lot.is_grace);
            *drawn = Drawn { issued_at: lot.issued_at(), expires_at, is_grace, ..drawn.clone() };
        }
    }
    let (member, redemption) = (document.of, document.id);
    Ok(Hold { member, redemption, lapses_at: document.to.0, draws })
}

impl DrawDocument {
    pub(super) fn from_draw(draw: &Draw) -> Self {
        let lots = draw.lots.iter().map(|drawn| DrawnDocument {
            n: drawn.amount,
            id: drawn.id.clone(),
            at: millis(drawn.issued_at),
            to: millis(drawn.expires_at),
            grace: drawn.is_grace,
        });
        Self { asset: draw.asset.clone(), lots: lots.collect() }
    }

    pub(super) fn into_draw(self) -> Draw {
        let lots = self.lots.into_iter().map(|drawn| Drawn {
            id: drawn.id,
            issued_at: instant(drawn.at),
            expires_at: instant(drawn.to),
            is_grace: drawn.grace,
            amount: drawn.n,
        });
        Draw { asset: self.asset, lots: lots.collect() }
    }
}
