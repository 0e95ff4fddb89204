//! Forged states, and what a line says of holds and levels beside them.

use scrip_domain::amount::{Minor, Points, Units};
use scrip_domain::asset::Asset;
use scrip_domain::card::{Card, CardStep, End};
use scrip_domain::entry::Detail;
use scrip_domain::facts::Facts;
use scrip_domain::id::MemberId;
use scrip_domain::tier::{LevelChange, Review};
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Draw, Drawn, Hold, Holding, Identity, Lot, Reached, Standing, Wallet};

use super::postings::other_asset;
use super::{Forger, named_instant, other_than};

const WEEK_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

pub(super) fn forge(forger: &mut Forger<'_>) {
    let line = &forger.entry().line;
    let wallet = &line.wallet;
    let is_anew = match &line.detail {
        // How many a return leaves in the count of a lot, earlier lines of its order say.
        Detail::Refund(_) | Detail::TransferRefund(_) | Detail::Return(_) => true,
        Detail::CardPart(part) => matches!(part.step, CardStep::Refunded(_)),
        _ => false,
    };
    let mut state = |name: &str, change: &dyn Fn(&mut Wallet)| {
        forger.change(format!("state {name}"), |entry| change(&mut entry.line.wallet));
    };
    let moved: Facts = serde_json::from_value(serde_json::json!({"country": "ZZ"})).unwrap();
    state("facts", &|it| it.facts = Some(moved.clone()));
    state("facts", &|it| it.facts = None);
    state("empty asset", &|it| {
        it.assets.insert(Asset::Points("forged".parse().unwrap()), Holding::default());
    });
    state("lot of another definition", &|it| {
        let holding = Holding { debt: Points::ZERO, lots: vec![lot()] };
        it.assets.insert(Asset::Points("forged".parse().unwrap()), holding);
    });
    for (asset, holding) in &wallet.assets {
        assets(&mut state, asset, holding, is_anew);
    }
    for place in 0..wallet.holds.len() {
        holds(&mut state, place, &wallet.holds[place]);
    }
    state("holds turned round", &|it| it.holds.reverse());
    state("hold added", &|it| it.holds.push(hold()));
    standing(&mut state, wallet.standing.as_ref(), &line.detail);
    card(&mut state, wallet.card.as_ref());
    beside(forger);
}

/// Changes something under a name.
pub(super) type Change<'a, T> = dyn FnMut(&str, &dyn Fn(&mut T)) + 'a;

fn assets(state: &mut Change<'_, Wallet>, asset: &Asset, holding: &Holding, is_anew: bool) {
    state(&format!("{asset} left out"), &|it| drop(it.assets.remove(asset)));
    state(&format!("{asset} of another definition"), &|it| {
        let holding = it.assets.remove(asset).unwrap();
        it.assets.insert(other_asset(asset), holding);
    });
    let mut own = |name: &str, change: &dyn Fn(&mut Holding)| {
        state(&format!("{asset} {name}"), &|it| change(it.assets.get_mut(asset).unwrap()));
    };
    own("more debt", &|it| it.debt = Units::from(it.debt).more().into());
    own("less debt", &|it| it.debt = Units::from(it.debt).fewer().into());
    own("lot added", &|it| it.lots.push(lot()));
    for place in 0..holding.lots.len() {
        own(&format!("lot {place} left out"), &|it| drop(it.lots.remove(place)));
        own(&format!("lot {place} again"), &|it| it.lots.insert(place, it.lots[place].clone()));
        // The order of those that nothing tells apart is left open.
        let order = |lot: &Lot| {
            let issued_at = lot.identity.as_ref().map(|it| it.issued_at);
            (lot.expires_at, lot.accrue_at, lot.is_grace, issued_at)
        };
        let next = holding.lots.get(place + 1);
        if next.is_some_and(|next| order(next) != order(&holding.lots[place])) {
            own(&format!("lot {place} after the next"), &|it| it.lots.swap(place, place + 1));
        }
        lots(
            &mut |name: &str, change: &dyn Fn(&mut Lot)| {
                own(&format!("lot {place} {name}"), &|it| change(&mut it.lots[place]));
            },
            &holding.lots[place],
            is_anew,
        );
    }
}

fn lots(own: &mut Change<'_, Lot>, lot: &Lot, is_anew: bool) {
    own("with one more", &|it| it.remaining = it.remaining.more());
    own("with one fewer", &|it| it.remaining = it.remaining.fewer());
    for expires_at in other_than(lot.expires_at) {
        own(&format!("expiring {expires_at:?}"), &|it| it.expires_at = expires_at);
    }
    for accrue_at in other_than(lot.accrue_at) {
        own(&format!("accruing {accrue_at:?}"), &|it| it.accrue_at = accrue_at);
    }
    own("of another identity", &|it| it.identity = turned(it.identity.as_ref()));
    own("of all that can be", &|it| it.issued = Units::MAX);
    if is_anew {
        return;
    }
    own("of one more", &|it| it.issued = it.issued.more());
    own("of one fewer", &|it| it.issued = it.issued.fewer());
    own("in another grace", &|it| it.is_grace = !it.is_grace);
    let Some(identity) = &lot.identity else { return };
    let mut own = |name: &str, change: &dyn Fn(&mut Identity)| {
        own(name, &|it| change(it.identity.as_mut().unwrap()));
    };
    own("of another id", &|it| it.id = "forged".parse().unwrap());
    for issued_at in other_than(Some(identity.issued_at)).into_iter().flatten() {
        own(&format!("issued {issued_at}"), &|it| it.issued_at = issued_at);
    }
    own("extended or not", &|it| it.is_extended = !it.is_extended);
    own("voided or not", &|it| it.is_voided = !it.is_voided);
}

/// None where there is one, one where there is none.
fn turned(identity: Option<&Identity>) -> Option<Identity> {
    let id = "forged".parse().unwrap();
    let forged = Identity { id, issued_at: named_instant(), is_extended: false, is_voided: false };
    identity.is_none().then_some(forged)
}

fn holds(state: &mut Change<'_, Wallet>, place: usize, hold: &Hold) {
    state(&format!("hold {place} left out"), &|it| drop(it.holds.remove(place)));
    state(&format!("hold {place} again"), &|it| it.holds.push(hold.clone()));
    let mut own = |name: &str, change: &dyn Fn(&mut Hold)| {
        state(&format!("hold {place} {name}"), &|it| change(&mut it.holds[place]));
    };
    own("of somebody else", &|it| it.member = other_member(it.member.as_ref()));
    own("of another redemption", &|it| it.redemption = "forged".parse().unwrap());
    for lapses_at in other_than(Some(hold.lapses_at)).into_iter().flatten() {
        own(&format!("until {lapses_at}"), &|it| it.lapses_at = lapses_at);
    }
    own("of one draw more", &|it| it.draws.extend(self::hold().draws));
    for (at, draw) in hold.draws.iter().enumerate() {
        own(&format!("draw {at} left out"), &|it| drop(it.draws.remove(at)));
        own(&format!("draw {at} of another definition"), &|it| {
            it.draws[at].asset = other_asset(&it.draws[at].asset);
        });
        for (lot, drawn) in draw.lots.iter().enumerate() {
            own(&format!("draw {at} lot {lot} left out"), &|it| {
                drop(it.draws[at].lots.remove(lot));
            });
            drawns(
                &mut |name: &str, change: &dyn Fn(&mut Drawn)| {
                    own(&format!("draw {at} lot {lot} {name}"), &|it| {
                        change(&mut it.draws[at].lots[lot]);
                    });
                },
                drawn,
            );
        }
    }
}

/// What was drawn from a lot, in a hold or a plan.
pub(super) fn drawns(own: &mut Change<'_, Drawn>, drawn: &Drawn) {
    own("of one more", &|it| it.amount = it.amount.more());
    own("of one fewer", &|it| it.amount = it.amount.fewer());
    own("of another id", &|it| it.id = Some("forged".parse().unwrap()));
    own("of no id", &|it| it.id = None);
    own("in another grace", &|it| it.is_grace = !it.is_grace);
    for issued_at in other_than(drawn.issued_at) {
        own(&format!("issued {issued_at:?}"), &|it| it.issued_at = issued_at);
    }
    for expires_at in other_than(drawn.expires_at) {
        own(&format!("expiring {expires_at:?}"), &|it| it.expires_at = expires_at);
    }
}

/// The anniversary is the program's, within a year; and so is which levels a return takes of those
/// that its order reached, and whether a level that is assigned is the lowest, which no state prints.
fn standing(state: &mut Change<'_, Wallet>, standing: Option<&Standing>, detail: &Detail) {
    let is_return = matches!(detail, Detail::Return(_));
    let is_assigned = matches!(detail, Detail::TierAssignment(_));
    let forged = Standing {
        level: "forged".parse().unwrap(),
        since: named_instant(),
        review_at: None,
        reached: None,
    };
    let Some(standing) = standing else {
        return state("level", &|it| it.standing = Some(forged.clone()));
    };
    if !is_return && !is_assigned {
        state("no level", &|it| it.standing = None);
    }
    let mut own = |name: &str, change: &dyn Fn(&mut Standing)| {
        state(name, &|it| change(it.standing.as_mut().unwrap()));
    };
    own("another level", &|it| it.level = forged.level.clone());
    for since in other_than(Some(standing.since)).into_iter().flatten() {
        own(&format!("level since {since}"), &|it| it.since = since);
    }
    own("level judged never before long", &|it| it.review_at = Some(named_instant()));
    let order = || "forged".parse().unwrap();
    if standing.reached.is_some() {
        own("level reached by nothing", &|it| it.reached = None);
        let mut own = |name: &str, change: &dyn Fn(&mut Reached)| {
            own(name, &|it| change(it.reached.as_mut().unwrap()));
        };
        own("level reached by another order", &|it| it.order = order());
        own("level reached and returned or not", &|it| it.is_returned = !it.is_returned);
        own("level before", &|it| match &it.before {
            Some(_) if is_return => {}
            Some(_) => it.before = None,
            None => it.before = Some(Box::new(forged.clone())),
        });
    } else {
        own("level reached by an order", &|it| {
            it.reached = Some(Reached { order: order(), is_returned: false, before: None });
        });
    }
}

fn card(state: &mut Change<'_, Wallet>, card: Option<&Card>) {
    let Some(card) = card else { return };
    state("no card", &|it| it.card = None);
    let mut own = |name: &str, change: &dyn Fn(&mut Card)| {
        state(&format!("card {name}"), &|it| change(it.card.as_mut().unwrap()));
    };
    own("of somebody else", &|it| it.key.purchaser = "forged".parse().unwrap());
    own("of another id", &|it| it.key.card = "forged".parse().unwrap());
    own("of another definition", &|it| it.asset = other_asset(&it.asset));
    own("sold for more", &|it| it.amount = Minor::from(Units::from(it.amount).more()));
    for expires_at in other_than(card.expires_at) {
        own(&format!("expiring {expires_at:?}"), &|it| it.expires_at = expires_at);
    }
    own("spent from or not", &|it| it.is_spent_from = !it.is_spent_from);
    let claimed = End::Claimed("forged".parse().unwrap());
    for end in [None, Some(End::Reverted), Some(End::Cancelled), Some(End::Voided), Some(claimed)] {
        own(&format!("ended by {end:?}"), &|it| it.end.clone_from(&end));
    }
}

/// Of what its issue says nothing of: the credit, the PIN, when it reverts. From then on they stay.
pub(super) fn card_terms(forger: &mut Forger<'_>) {
    let Some(card) = &forger.entry().line.wallet.card else { return };
    let revert_at = card.revert_at;
    let mut own = |name: &str, change: &dyn Fn(&mut Card)| {
        forger.change(format!("card {name}"), |entry| {
            change(entry.line.wallet.card.as_mut().unwrap());
        });
    };
    own("for another credit", &|it| it.credit = "forged".parse().unwrap());
    own("of more digits", &|it| it.pin.digits += 1);
    own("of another key", &|it| it.pin.key = "forged".parse().unwrap());
    for revert_at in other_than(revert_at) {
        own(&format!("reverting {revert_at:?}"), &|it| it.revert_at = revert_at);
    }
}

/// What lapsed, was judged or changed the level, beside the state.
fn beside(forger: &mut Forger<'_>) {
    let line = &forger.entry().line;
    forger.change("lapse added", |it| it.line.lapsed.push("forged".parse().unwrap()));
    forger.change("lapses turned round", |it| it.line.lapsed.reverse());
    for (place, redemption) in line.lapsed.iter().enumerate() {
        forger.change(format!("lapse {place} left out"), |it| {
            drop(it.line.lapsed.remove(place));
        });
        forger.change(format!("lapse {place} again"), |it| {
            it.line.lapsed.push(redemption.clone());
        });
        forger.change(format!("lapse {place} of another"), |it| {
            it.line.lapsed[place] = "forged".parse().unwrap();
        });
    }
    let (before, after) = ("forged".parse().unwrap(), "forged-too".parse().unwrap());
    let review = Review { at: forger.entry().recorded_at, before, after: None };
    forger.change("review added", |it| it.line.reviews.push(review.clone()));
    for place in 0..line.reviews.len() {
        forger.change(format!("review {place} left out"), |it| {
            drop(it.line.reviews.remove(place));
        });
        let mut own = |name: &str, change: &dyn Fn(&mut Review)| {
            forger
                .change(format!("review {place} {name}"), |it| change(&mut it.line.reviews[place]));
        };
        // When a level was judged that is not the first, no state prints: a year after the one before.
        let at = line.reviews[place].at;
        let by = if place == 0 { 1 } else { WEEK_MILLIS };
        for at in [at.millis() - by, at.millis() + by] {
            own(&format!("at {at}"), &|it| it.at = Instant::from_millis(at).unwrap());
        }
        own("of another level", &|it| it.before = review.before.clone());
        own("to another level", &|it| it.after = Some(review.before.clone()));
        own("to the lowest level", &|it| it.after = None);
    }
    forger.change("no level change", |it| it.line.level = None);
    let change = LevelChange { before: review.before, after };
    match &line.level {
        None => forger.change("level change", |it| it.line.level = Some(change)),
        Some(there) => {
            let (before, after) = (there.before.clone(), there.after.clone());
            // Nothing is printed of the lowest level, so only this says its name.
            if line.wallet.standing.is_some() {
                let before = before.clone();
                forger.change("level after", |it| {
                    it.line.level = Some(LevelChange { before, after: change.after });
                });
            }
            if forger.before.standing.is_some() && line.reviews.is_empty() {
                forger.change("level before", |it| {
                    it.line.level = Some(LevelChange { before: change.before, after });
                });
            }
        }
    }
}

fn other_member(member: Option<&MemberId>) -> Option<MemberId> {
    member.is_none().then(|| "forged".parse().unwrap())
}

fn lot() -> Lot {
    Lot {
        identity: None,
        issued: Units::ZERO.more(),
        remaining: Units::ZERO.more(),
        accrue_at: None,
        expires_at: Some(named_instant()),
        is_grace: false,
    }
}

fn hold() -> Hold {
    let drawn = Drawn {
        id: None,
        issued_at: None,
        expires_at: Some(named_instant()),
        is_grace: false,
        amount: Units::ZERO.more(),
    };
    let asset = Asset::Points("forged".parse().unwrap());
    Hold {
        member: None,
        redemption: "forged".parse().unwrap(),
        lapses_at: named_instant(),
        draws: vec![Draw { asset, lots: vec![drawn] }],
    }
}

/// The counts beside one.
pub(super) trait Beside {
    fn more(self) -> Self;
    /// Nothing has none fewer.
    fn fewer(self) -> Self;
}

impl Beside for Units {
    fn more(self) -> Self {
        Self::try_from(self.get() + 1).unwrap()
    }

    fn fewer(self) -> Self {
        Self::try_from(self.get().saturating_sub(1)).unwrap()
    }
}
