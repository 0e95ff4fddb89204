//! Forged details: what a line says that it did.

use scrip_domain::adjustment::Adjusted;
use scrip_domain::amount::{Change, Minor, Units};
use scrip_domain::asset::Kind;
use scrip_domain::card::{
    Arrival, CardCredited, CardEnded, CardIssued, CardKey, CardPart, CardStep, End, Spender,
};
use scrip_domain::conversion::Converted;
use scrip_domain::entry::Detail;
use scrip_domain::issue::{Extended, Issued, Voided};
use scrip_domain::purchase::Purchased;
use scrip_domain::redeem::{Captured, Opened, Plan, Released};
use scrip_domain::time::Instant;
use scrip_domain::transfer::TransferRefunded;
use scrip_domain::wallet::{Draw, Drawn};

use super::postings::{delay, other_asset};
use super::state::{Beside, card_terms, drawns};
use super::{Forger, other_than};

/// Changes a detail that is of a kind.
macro_rules! own {
    ($forger:ident, $kind:ident, $name:expr, $change:expr) => {{
        let name = format!("{} {}", $forger.entry().line.detail.kind(), $name);
        $forger.change(name, |entry| {
            if let Detail::$kind(it) = &mut entry.line.detail {
                let change: &dyn Fn(&mut _) = &$change;
                change(it);
            }
        });
    }};
}

pub(super) fn forge(forger: &mut Forger<'_>) {
    let detail = &forger.entry().line.detail;
    if !matches!(detail, Detail::CardIssue(_)) {
        card_terms(forger);
    }
    match detail {
        Detail::Facts { first, .. } => {
            let first = !*first;
            forger.change("first facts or not", |entry| {
                if let Detail::Facts { first: it, .. } = &mut entry.line.detail {
                    *it = first;
                }
            });
        }
        Detail::Purchase(_) => {
            own!(forger, Purchase, "level changed or not", |it: &mut Purchased| {
                if let Some(tier) = &mut it.tier {
                    tier.changed = !tier.changed;
                }
            });
        }
        Detail::Adjustment(_) => {
            own!(forger, Adjustment, "of one more", |it: &mut Adjusted| {
                it.amount = Change::try_from(it.amount.get() + 1).unwrap();
            });
            own!(forger, Adjustment, "of another definition", |it: &mut Adjusted| {
                it.points = "forged".parse().unwrap();
            });
        }
        Detail::Issue(issued) => issue(forger, issued),
        Detail::Void(voided) => void(forger, voided),
        Detail::Extension(extended) => extension(forger, extended),
        Detail::Redemption(opened) => {
            plan(forger, &opened.plan);
            let drawn = opened.plan.draws().flat_map(|draw| &draw.lots);
            for expires_at in drawn.filter_map(|drawn| drawn.expires_at) {
                forger.change("redemption once it had expired", |it| delay(it, expires_at));
            }
            for lapses_at in other_than(opened.lapses_at) {
                own!(forger, Redemption, format!("until {lapses_at:?}"), |it: &mut Opened| {
                    it.lapses_at = lapses_at;
                });
            }
        }
        Detail::Capture(captured) => {
            plan(forger, &captured.plan);
            own!(forger, Capture, "of another redemption", |it: &mut Captured| {
                it.redemption = "forged".parse().unwrap();
            });
        }
        Detail::Release(_) => {
            own!(forger, Release, "of another redemption", |it: &mut Released| {
                it.redemption = "forged".parse().unwrap();
            });
        }
        Detail::Conversion(converted) => {
            conversion(forger, converted.expires_at);
        }
        Detail::Transfer(_) => {
            draws(forger);
        }
        Detail::TransferRefund(_) => {
            own!(forger, TransferRefund, "of one more", |it: &mut TransferRefunded| {
                it.amount = Units::from(it.amount).more().into();
            });
        }
        Detail::CardCredit(_) => arrival(forger),
        Detail::CardIssue(_) => {
            own!(forger, CardIssue, "of somebody else", |it: &mut CardIssued| {
                it.key.purchaser = "forged".parse().unwrap();
            });
        }
        Detail::CardPart(part) => card_part(forger, part),
        Detail::CardEnd(_) => card_end(forger),
        // What was given says its postings; of an assigned level its forged change says all.
        Detail::Return(_)
        | Detail::Award(_)
        | Detail::TierAssignment(_)
        | Detail::Refund(_)
        | Detail::Settlement => {}
    }
}

fn issue(forger: &mut Forger<'_>, issued: &Issued) {
    let mut own = |name: &str, change: &dyn Fn(&mut Issued)| {
        own!(forger, Issue, name, |it: &mut Issued| change(it));
    };
    own("of one more", &|it| it.amount = it.amount.more());
    own("of one fewer", &|it| it.amount = it.amount.fewer());
    own("of another id", &|it| it.id = "forged".parse().unwrap());
    own("of another definition", &|it| it.asset = other_asset(&it.asset));
    for expires_at in other_than(issued.expires_at) {
        own(&format!("expiring {expires_at:?}"), &|it| it.expires_at = expires_at);
    }
}

/// What was voided though nothing of it was left is told by earlier lines, once it is gone.
fn void(forger: &mut Forger<'_>, voided: &Voided) {
    let mut own = |name: &str, change: &dyn Fn(&mut Voided)| {
        own!(forger, Void, name, |it: &mut Voided| change(it));
    };
    own("of one more", &|it| it.amount = it.amount.more());
    own("of one fewer", &|it| it.amount = it.amount.fewer());
    own("of another kind", &|it| it.kind = other_kind(it.kind));
    if !voided.amount.is_zero() {
        own("of another id", &|it| it.id = "forged".parse().unwrap());
        own("of another definition", &|it| it.asset = other_asset(&it.asset));
    }
}

fn extension(forger: &mut Forger<'_>, extended: &Extended) {
    let mut own = |name: &str, change: &dyn Fn(&mut Extended)| {
        own!(forger, Extension, name, |it: &mut Extended| change(it));
    };
    own("of another kind", &|it| it.kind = other_kind(it.kind));
    own("of another id", &|it| it.id = "forged".parse().unwrap());
    own("of another definition", &|it| it.asset = other_asset(&it.asset));
    for at in other_than(Some(extended.before)).into_iter().flatten() {
        own(&format!("from {at}"), &|it| it.before = at);
    }
    for at in other_than(Some(extended.expires_at)).into_iter().flatten() {
        own(&format!("until {at}"), &|it| it.expires_at = at);
    }
}

fn other_kind(kind: Kind) -> Kind {
    if kind == Kind::Credit { Kind::Reward } else { Kind::Credit }
}

fn conversion(forger: &mut Forger<'_>, expires_at: Option<Instant>) {
    let mut own = |name: &str, change: &dyn Fn(&mut Converted)| {
        own!(forger, Conversion, name, |it: &mut Converted| change(it));
    };
    own("of one more", &|it| it.amount = Units::from(it.amount).more().into());
    own("into one more", &|it| it.money = Units::from(it.money).more().into());
    own("of other points", &|it| it.points = "forged".parse().unwrap());
    own("into another id", &|it| it.id = "forged".parse().unwrap());
    own("into another definition", &|it| it.asset = other_asset(&it.asset));
    for at in other_than(expires_at) {
        own(&format!("expiring {at:?}"), &|it| it.expires_at = at);
    }
}

/// What a plan draws of the account itself; of cards only their own logs tell.
fn plan(forger: &mut Forger<'_>, plan: &Plan) {
    let discounts = plan.discounts.len();
    for place in 0..discounts {
        own_plan(forger, &format!("discount {place} left out"), &|it| {
            drop(it.discounts.remove(place));
        });
    }
    for place in (0..plan.tenders.len()).filter(|place| plan.tenders[*place].card.is_none()) {
        own_plan(forger, &format!("tender {place} left out"), &|it| drop(it.tenders.remove(place)));
    }
    draws(forger);
}

fn own_plan(forger: &mut Forger<'_>, name: &str, change: &dyn Fn(&mut Plan)) {
    forger.change(format!("plan {name}"), |entry| match &mut entry.line.detail {
        Detail::Redemption(it) => change(&mut it.plan),
        Detail::Capture(it) => change(&mut it.plan),
        _ => {}
    });
}

/// What the detail draws of the account itself.
fn all(detail: &mut Detail) -> Vec<&mut Draw> {
    let plan = match detail {
        Detail::Redemption(it) => &mut it.plan,
        Detail::Capture(it) => &mut it.plan,
        Detail::Transfer(it) => return vec![&mut it.draw],
        _ => return Vec::new(),
    };
    let discounts = plan.discounts.iter_mut().map(|it| &mut it.draw);
    let tenders = plan.tenders.iter_mut().filter(|it| it.card.is_none());
    discounts.chain(tenders.map(|it| &mut it.draw)).collect()
}

fn draws(forger: &mut Forger<'_>) {
    let mut detail = forger.entry().line.detail.clone();
    for (place, draw) in all(&mut detail).into_iter().enumerate() {
        forger.change(format!("draw {place} of another definition"), |entry| {
            let draw = &mut *all(&mut entry.line.detail)[place];
            draw.asset = other_asset(&draw.asset);
        });
        for (lot, drawn) in draw.lots.iter().enumerate() {
            drawns(
                &mut |name: &str, change: &dyn Fn(&mut Drawn)| {
                    forger.change(format!("drawn {place} lot {lot} {name}"), |entry| {
                        change(&mut all(&mut entry.line.detail)[place].lots[lot]);
                    });
                },
                drawn,
            );
        }
    }
}

/// Whose card it was only the card's own log tells.
fn arrival(forger: &mut Forger<'_>) {
    let key = || CardKey { purchaser: "forged".parse().unwrap(), card: "forged".parse().unwrap() };
    let refunded = || Arrival::Refunded {
        spender: Spender::Direct,
        redemption: "forged".parse().unwrap(),
        refund: "forged".parse().unwrap(),
    };
    own!(forger, CardCredit, "otherwise", |it: &mut CardCredited| {
        it.arrival = match &it.arrival {
            Arrival::Refunded { .. } => Arrival::Claimed(key()),
            Arrival::Claimed(_) | Arrival::Reverted(_) | Arrival::Cancelled(_) => refunded(),
        };
    });
}

fn card_part(forger: &mut Forger<'_>, part: &CardPart) {
    let mut own = |name: &str, change: &dyn Fn(&mut CardPart)| {
        own!(forger, CardPart, name, |it: &mut CardPart| change(it));
    };
    own("of one more", &|it| it.amount = Units::from(it.amount).more().into());
    own("of one fewer", &|it| it.amount = Units::from(it.amount).fewer().into());
    let (now, refund) = (super::named_instant(), "forged".parse().unwrap());
    let steps = [
        CardStep::Spent,
        CardStep::Held(now),
        CardStep::Captured,
        CardStep::Released,
        CardStep::Refunded(refund),
    ];
    for step in steps {
        let is_same = std::mem::discriminant(&step) == std::mem::discriminant(&part.step);
        if !is_same || matches!(step, CardStep::Held(_)) {
            own(&format!("{step:?}"), &|it| it.step = step.clone());
        }
    }
    // Of what is spent or comes back at once, nothing else here says whose it is.
    if !matches!(part.step, CardStep::Spent | CardStep::Refunded(_)) {
        own("of somebody else", &|it| it.member = "forged".parse().unwrap());
        own("of another redemption", &|it| it.redemption = "forged".parse().unwrap());
    }
}

fn card_end(forger: &mut Forger<'_>) {
    let mut own = |name: &str, change: &dyn Fn(&mut CardEnded)| {
        own!(forger, CardEnd, name, |it: &mut CardEnded| change(it));
    };
    own("of one more", &|it| it.amount = Units::from(it.amount).more().into());
    own("of somebody else's", &|it| it.purchaser = "forged".parse().unwrap());
    let claimed = End::Claimed("forged".parse().unwrap());
    for end in [End::Reverted, End::Cancelled, End::Voided, claimed] {
        own(&format!("by {end:?}"), &|it| it.end = end.clone());
    }
    // What went to somebody went to nobody, and the state says so, too.
    forger.change("void, with its value gone", |entry| {
        let Detail::CardEnd(it) = &mut entry.line.detail else { return };
        (it.end, it.amount) = (End::Voided, Minor::ZERO);
        entry.line.wallet.card.as_mut().unwrap().end = Some(End::Voided);
    });
}
