//! Rewards, benefits and credits, which keep their identity, and grace lots of points.

use super::super::*;
use super::{at, close, moved};
use crate::asset::Kind;
use crate::program::ClawbackPolicy;
use crate::sample::{named, points, points_asset, units};

fn credit() -> Asset {
    "credit:store:AUD".parse().unwrap()
}

/// Credits with an id, an amount and an expiry, issued at 1.
#[track_caller]
fn issued(credits: &[(&str, u64, Option<i64>)]) -> Wallet {
    let mut draft = Draft::open(&Wallet::default(), at(1));
    for (id, amount, expires_at) in credits {
        let (id, amount, expires_at) = (named(id), units(*amount), expires_at.map(at));
        draft.grant(&credit(), id, amount, PostingReason::Issued, expires_at).unwrap();
    }
    draft.into_wallet()
}

/// Sets so much of a credit aside for redemption `a` until an instant.
#[track_caller]
fn held(wallet: &Wallet, (id, amount): (&str, u64), lapses_at: i64) -> Wallet {
    let mut draft = Draft::open(wallet, at(1));
    let draw = draft.draw_from(&credit(), &named(id), units(amount)).unwrap();
    let lapses_at = at(lapses_at);
    draft
        .keep(Hold { member: None, redemption: named("a"), lapses_at, draws: vec![draw] })
        .unwrap();
    draft.into_wallet()
}

/// Lots as `c1 20/100 until 30`.
fn shown(wallet: &Wallet) -> Vec<String> {
    let lots = wallet.lots_of(Kind::Credit).map(|(_, lot)| {
        let Lot { remaining, issued, expires_at, .. } = lot;
        let until = expires_at.map(|at| format!(" until {}", at.millis())).unwrap_or_default();
        format!("{} {remaining}/{issued}{until}", lot.id().unwrap())
    });
    lots.collect()
}

#[track_caller]
fn check_carried(before: &Wallet, now: i64, after: &[&str], movements: &[&str]) {
    let line = close(Draft::open(before, at(now)));
    assert_eq!(shown(&line.wallet), after);
    assert_eq!(moved(&line), movements);
}

#[test]
fn lots_with_an_identity_never_merge_and_expire_each_for_itself() {
    let wallet = issued(&[("c1", 1, Some(20)), ("c2", 2, Some(20)), ("c3", 4, Some(21))]);
    let lots = ["c1 1/1 until 20", "c2 2/2 until 20", "c3 4/4 until 21"];
    check_carried(&wallet, 19, &lots, &[]);
    let movements = ["expired -1 at 20", "expired -2 at 20", "expired -4 at 21"];
    check_carried(&wallet, 20, &lots[2..], &movements[..2]);
    check_carried(&wallet, 21, &[], &movements);
    let line = close(Draft::open(&wallet, at(21)));
    let posted = line.postings.iter().map(|posting| {
        assert_eq!(posting.lot_issued, None);
        posting.id.as_ref().unwrap().as_str()
    });
    assert_eq!(posted.collect::<Vec<_>>(), ["c1", "c2", "c3"]);
}

#[test]
fn draw_from_takes_of_one_lot_and_no_more_than_it_has() {
    let wallet = issued(&[("c1", 5, Some(20)), ("c2", 9, None)]);
    let mut draft = Draft::open(&wallet, at(10));
    let short = |available: u64| Err(Insufficient { available: units(available) });
    let c1 = named("c1");
    assert_eq!(draft.draw_from(&credit(), &c1, units(6)), short(5));
    assert_eq!(draft.draw_from(&credit(), &named("c3"), units(1)), short(0));
    let other = "credit:welcome:AUD".parse().unwrap();
    assert_eq!(draft.draw_from(&other, &c1, units(1)), short(0));
    assert_eq!(*draft.wallet(), wallet);
    let draw = draft.draw_from(&credit(), &c1, units(5)).unwrap();
    let (id, expires_at) = (Some(named("c1")), Some(at(20)));
    let issued_at = Some(at(1));
    let drawn = Drawn { id, issued_at, expires_at, is_grace: false, amount: units(5) };
    assert_eq!(draw, Draw { asset: credit(), lots: vec![drawn] });
    assert_eq!(draft.draw_from(&credit(), &c1, units(1)), short(0));
    draft.spend(&draw, PostingReason::Redeemed);
    assert_eq!(moved(&close(draft)), ["redeemed -5 at 10"]);
}

#[test]
fn spent_lot_goes_at_once() {
    for expires_at in [Some(20), None] {
        let mut draft = Draft::open(&issued(&[("c1", 5, expires_at)]), at(1));
        let draw = draft.draw_from(&credit(), &named("c1"), units(5)).unwrap();
        draft.spend(&draw, PostingReason::Redeemed);
        check_carried(&draft.into_wallet(), 2, &[], &[]);
    }
}

#[test]
fn lot_stays_while_a_hold_may_give_back_to_it() {
    let endless = held(&issued(&[("c1", 5, None)]), ("c1", 5), 30);
    check_carried(&endless, 29, &["c1 0/5"], &[]);
    check_carried(&endless, 30, &["c1 5/5"], &["lapsed a"]);
    let expiring = held(&issued(&[("c1", 5, Some(20))]), ("c1", 3), 30);
    check_carried(&expiring, 19, &["c1 2/5 until 20"], &[]);
    check_carried(&expiring, 29, &["c1 0/5 until 20"], &["expired -2 at 20"]);
    let movements = ["lapsed a", "expired -2 at 20", "expired -3 at 30"];
    check_carried(&expiring, 30, &[], &movements);
}

#[test]
fn voided_lot_gives_up_what_remains_and_what_comes_back_when_it_does() {
    for (expires_at, until) in [(None, ""), (Some(90), " until 90")] {
        let wallet = held(&issued(&[("c1", 5, expires_at)]), ("c1", 3), 30);
        let mut draft = Draft::open(&wallet, at(10));
        assert_eq!(draft.void(Kind::Reward, &named("c1")), None);
        assert_eq!(draft.void(Kind::Credit, &named("c1")), Some(units(2)));
        let line = close(draft);
        assert_eq!(moved(&line), ["voided -2 at 10"]);
        let left = format!("c1 0/5{until}");
        check_carried(&line.wallet, 29, &[&left], &[]);
        check_carried(&line.wallet, 30, &[&left], &["lapsed a", "voided -3 at 30"]);
    }
}

#[test]
fn voided_lot_that_comes_back_at_its_expiry_is_voided_and_not_expired() {
    let wallet = held(&issued(&[("c1", 5, Some(20))]), ("c1", 3), 20);
    let mut draft = Draft::open(&wallet, at(10));
    draft.void(Kind::Credit, &named("c1")).unwrap();
    check_carried(&draft.into_wallet(), 20, &[], &["lapsed a", "voided -3 at 20"]);
}

#[test]
fn extended_lot_finds_its_place_and_its_new_expiry() {
    let wallet = issued(&[("c1", 1, Some(20)), ("c2", 2, Some(30))]);
    let mut draft = Draft::open(&wallet, at(10));
    draft.extend(Kind::Credit, &named("c1"), at(40));
    draft.extend(Kind::Credit, &named("c9"), at(40));
    draft.extend(Kind::Reward, &named("c2"), at(40));
    let wallet = draft.into_wallet();
    check_carried(&wallet, 29, &["c2 2/2 until 30", "c1 1/1 until 40"], &[]);
    check_carried(&wallet, 40, &[], &["expired -2 at 30", "expired -1 at 40"]);
}

#[test]
fn what_comes_back_to_an_extended_lot_has_its_new_expiry() {
    let mut draft = Draft::open(&issued(&[("c1", 5, Some(20))]), at(10));
    let draw = draft.draw_from(&credit(), &named("c1"), units(3)).unwrap();
    draft.spend(&draw, PostingReason::Redeemed);
    draft.extend(Kind::Credit, &named("c1"), at(40));
    let back = (Grace { until: None, is_never_forfeited: false }, &named("e2"));
    draft.reinstate(&credit(), &draw.lots[0], PostingReason::Reinstated, back).unwrap();
    let line = close(draft);
    assert_eq!(line.postings.last().unwrap().expires_at, Some(at(40)));
    check_carried(&line.wallet, 40, &[], &["expired -5 at 40"]);
}

#[test]
fn what_a_hold_has_of_a_lot_that_is_missing_is_not_lost() {
    let mut damaged = held(&issued(&[("c1", 5, None)]), ("c1", 3), 30);
    damaged.assets.clear();
    check_carried(&damaged, 30, &["c1 3/3"], &["lapsed a"]);
}

/// 5 points that expire at 20 and as many that came back and do so too.
fn with_grace() -> Wallet {
    let mut draft = Draft::open(&Wallet::default(), at(1));
    let issued = PostingReason::Issued;
    draft.issue(&named("p"), points(5), issued, None, Some(at(20))).unwrap();
    let mut wallet = draft.into_wallet();
    let holding = wallet.assets.get_mut(&points_asset("p")).unwrap();
    holding.put(Lot { is_grace: true, ..holding.lots[0].clone() });
    wallet
}

#[test]
fn grace_points_are_apart_and_drawn_last_of_one_expiry() {
    let mut draft = Draft::open(&with_grace(), at(10));
    let draw = draft.draw(&named("p"), points(7)).unwrap();
    let drawn = |is_grace, amount: u64| Drawn {
        id: None,
        issued_at: None,
        expires_at: Some(at(20)),
        is_grace,
        amount: units(amount),
    };
    assert_eq!(draw.lots, [drawn(false, 5), drawn(true, 2)]);
    draft.put_back(std::slice::from_ref(&draw));
    assert_eq!(*draft.wallet(), with_grace());
}

#[test]
fn claw_back_takes_its_own_lot_and_not_the_grace_lot_of_its_expiry() {
    let mut wallet = with_grace();
    let holding = wallet.assets.get_mut(&points_asset("p")).unwrap();
    // Another that expires sooner comes before grace, too.
    holding.put(Lot { expires_at: Some(at(19)), is_grace: false, ..holding.lots[0].clone() });
    let mut draft = Draft::open(&wallet, at(10));
    let policy = ClawbackPolicy::Debt;
    let own = OwnLot { count: Points::ZERO, accrue_at: None, expires_at: Some(at(20)) };
    draft.claw_back(&named("p"), points(11), policy, own).unwrap();
    let lots = draft.wallet().points(&named("p")).unwrap().lots.iter();
    let left: Vec<(i64, bool, u64)> = lots
        .map(|lot| (lot.expires_at.unwrap().millis(), lot.is_grace, lot.remaining.get()))
        .collect();
    assert_eq!(left, [(19, false, 0), (20, false, 0), (20, true, 4)]);
}
