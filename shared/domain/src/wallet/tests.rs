use super::*;
use crate::sample::{named, points_asset, units};

/// Instants of these tests are milliseconds since the epoch.
fn at(millis: i64) -> Instant {
    Instant::from_millis(millis).unwrap()
}

fn maybe_at(text: &str) -> Option<Instant> {
    (text != "-").then(|| at(text.parse().unwrap()))
}

/// A lot of one, such as `from 10 until 20`, `from - until - grace` or `id c1 at 5 until 20`.
#[track_caller]
fn lot(text: &str) -> Lot {
    let bare = |identity, accrue_at, expires_at, is_grace| Lot {
        identity,
        issued: units(1),
        remaining: units(1),
        accrue_at: maybe_at(accrue_at),
        expires_at: maybe_at(expires_at),
        is_grace,
    };
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        ["from", accrue_at, "until", expires_at] => bare(None, accrue_at, expires_at, false),
        ["from", accrue_at, "until", expires_at, "grace"] => {
            bare(None, accrue_at, expires_at, true)
        }
        ["id", id, "at", issued_at, "until", expires_at] => {
            let issued_at = at(issued_at.parse().unwrap());
            let id = named(id);
            let identity = Identity { id, issued_at, is_extended: false, is_voided: false };
            bare(Some(identity), "-", expires_at, false)
        }
        _ => panic!("{text}"),
    }
}

fn holding(lots: &[&str]) -> Holding {
    let mut holding = Holding::default();
    for text in lots {
        holding.put(lot(text));
    }
    holding
}

/// However these lots are put in, they are in this order.
#[track_caller]
fn check_order(lots: &[&str]) {
    let expected: Vec<Lot> = lots.iter().map(|text| lot(text)).collect();
    for first in 0..lots.len() {
        let mut turned = lots.to_vec();
        turned.rotate_left(first);
        assert_eq!(holding(&turned).lots, expected, "{turned:?}");
        turned.reverse();
        assert_eq!(holding(&turned).lots, expected, "{turned:?}");
    }
}

#[test]
fn lots_stand_soonest_expiry_first_then_accrued_then_plain_then_oldest() {
    check_order(&[
        "from - until 10",
        "from - until 10 grace",
        "from 3 until 10",
        "from 4 until 10",
        "from - until 11",
        "from 2 until 11",
        "from - until -",
        "from 1 until -",
    ]);
    check_order(&[
        "id c9 at 5 until 10",
        "id c1 at 6 until 10",
        "id c5 at 1 until 11",
        "id c0 at 0 until -",
        "id c7 at 1 until -",
    ]);
}

#[test]
fn lots_alike_but_for_their_ids_stay_in_the_order_they_came() {
    for ids in [["c1", "c2"], ["c2", "c1"]] {
        let texts = ids.map(|id| format!("id {id} at 5 until 10"));
        let holding = holding(&texts.each_ref().map(String::as_str));
        let found: Vec<&str> = holding.lots.iter().map(|lot| lot.id().unwrap().as_str()).collect();
        assert_eq!(found, ids);
    }
}

#[track_caller]
fn check_merged(first: &str, second: &str, is_merged: bool) {
    let mut both = holding(&[first]);
    assert_eq!(both.merges(&lot(second)), is_merged, "{second}");
    both.put(lot(second));
    assert_eq!(both.lots.len(), if is_merged { 1 } else { 2 }, "{second}");
    assert_eq!(both.remaining(), units(2));
    if is_merged {
        assert_eq!(both.lots[0].issued, units(2));
    }
}

#[test]
fn lots_merge_that_cannot_be_told_apart() {
    let points = "from 5 until 10";
    check_merged(points, "from 5 until 10", true);
    check_merged(points, "from 6 until 10", false);
    check_merged(points, "from - until 10", false);
    check_merged(points, "from 5 until 11", false);
    check_merged(points, "from 5 until -", false);
    check_merged(points, "from 5 until 10 grace", false);
    let credit = "id c1 at 5 until 10";
    check_merged(credit, "id c1 at 5 until 10", true);
    check_merged(credit, "id c1 at 7 until 12", true);
    check_merged(credit, "id c2 at 5 until 10", false);
    check_merged(credit, "from - until 10", false);
}

/// A draw of 3 of one lot, 4 of another and 5 of a third.
fn draw() -> Draw {
    let lots = [(3, 10), (4, 20), (5, 30)].map(|(amount, expires_at)| Drawn {
        id: None,
        issued_at: None,
        expires_at: Some(at(expires_at)),
        is_grace: false,
        amount: units(amount),
    });
    Draw { asset: points_asset("p"), lots: lots.to_vec() }
}

/// What was drawn of which lot, such as `3 of 10`.
fn shown(draw: &Draw) -> Vec<String> {
    assert_eq!(draw.asset, points_asset("p"));
    let of = |drawn: &Drawn| format!("{} of {}", drawn.amount, drawn.expires_at.unwrap().millis());
    draw.lots.iter().map(of).collect()
}

#[test]
fn draw_splits_where_so_much_was_drawn() {
    for (amount, first, rest) in [
        (0, &[][..], &["3 of 10", "4 of 20", "5 of 30"][..]),
        (2, &["2 of 10"], &["1 of 10", "4 of 20", "5 of 30"]),
        (3, &["3 of 10"], &["4 of 20", "5 of 30"]),
        (4, &["3 of 10", "1 of 20"], &["3 of 20", "5 of 30"]),
        (11, &["3 of 10", "4 of 20", "4 of 30"], &["1 of 30"]),
        (12, &["3 of 10", "4 of 20", "5 of 30"], &[]),
        (13, &["3 of 10", "4 of 20", "5 of 30"], &[]),
    ] {
        let (found, left) = draw().split(units(amount));
        assert_eq!(shown(&found), first, "{amount}");
        assert_eq!(shown(&left), rest, "{amount}");
    }
}

#[test]
fn between_is_what_comes_after_one_amount_and_before_another() {
    for (from, to, found) in [
        (0, 0, &[][..]),
        (3, 3, &[]),
        (2, 3, &["1 of 10"]),
        (3, 4, &["1 of 20"]),
        (2, 8, &["1 of 10", "4 of 20", "1 of 30"]),
        (0, 12, &["3 of 10", "4 of 20", "5 of 30"]),
        (11, 99, &["1 of 30"]),
        (12, 99, &[]),
        (5, 4, &[]),
    ] {
        assert_eq!(shown(&draw().between(units(from), units(to))), found, "{from} to {to}");
    }
}

#[test]
fn lot_is_kept_until_its_expiry_or_while_something_is_left_or_it_could_be_revived() {
    let spent = |text: &str| Lot { remaining: Units::ZERO, ..lot(text) };
    let voided = |text: &str| {
        let mut lot = spent(text);
        lot.identity.as_mut().unwrap().is_voided = true;
        lot
    };
    let extended = |text: &str| {
        let mut lot = spent(text);
        lot.identity.as_mut().unwrap().is_extended = true;
        lot
    };
    for (lot, now, is_kept) in [
        (spent("from - until 10"), 9, true),
        (spent("from - until 10"), 10, false),
        (spent("from - until -"), 99, true),
        (spent("id c1 at 1 until 10"), 9, false),
        (lot("id c1 at 1 until 10"), 9, true),
        (extended("id c1 at 1 until 10"), 9, true),
        (extended("id c1 at 1 until 10"), 10, false),
        (spent("id c1 at 1 until 10"), 10, false),
        (spent("id c1 at 1 until -"), 1, false),
        (lot("id c1 at 1 until -"), 99, true),
        (voided("id c1 at 1 until -"), 99, true),
        (voided("id c1 at 1 until 10"), 10, false),
    ] {
        assert_eq!(lot.is_kept(at(now)), is_kept, "{lot:?} at {now}");
    }
}

#[test]
fn drawn_value_came_from_the_lot_of_its_id_or_of_its_term() {
    let check = |from: &str, other: &str, gave: bool| {
        let drawn = lot(from).drawn(units(1));
        assert_eq!(lot(other).gave(&drawn), gave, "{from}, {other}");
    };
    check("from - until 10", "from - until 10", true);
    check("from - until 10", "from 5 until 10", false);
    check("from - until 10", "from - until 11", false);
    check("from - until 10", "from - until 10 grace", false);
    check("from - until 10 grace", "from - until 10 grace", true);
    check("id c1 at 1 until 10", "id c1 at 1 until 99", true);
    check("id c1 at 1 until 10", "id c2 at 1 until 10", false);
    check("id c1 at 1 until 10", "from - until 10", false);
    check("from - until 10", "id c1 at 1 until 10", false);
}

#[test]
fn wallet_finds_lots_by_kind_and_id_and_what_holds_have_of_them() {
    let credit: Asset = "credit:store:AUD".parse().unwrap();
    let reward: Asset = "reward:birthday:AUD".parse().unwrap();
    let mut wallet = Wallet::default();
    wallet.assets.insert(credit.clone(), holding(&["id v1 at 1 until 10", "id v2 at 1 until -"]));
    wallet.assets.insert(reward.clone(), holding(&["id v1 at 1 until 9"]));
    wallet.assets.insert(points_asset("p"), holding(&["from - until 8", "from 3 until 10"]));
    let (v1, v2, v3) = (named("v1"), named("v2"), named("v3"));
    let expiry = |kind, id| wallet.lot(kind, id).map(|(_, lot)| lot.expires_at);
    assert_eq!(expiry(Kind::Credit, &v1), Some(Some(at(10))));
    assert_eq!(expiry(Kind::Reward, &v1), Some(Some(at(9))));
    assert_eq!(expiry(Kind::Benefit, &v1), None);
    assert_eq!(expiry(Kind::Credit, &v3), None);
    assert_eq!(wallet.lots_of(Kind::Credit).count(), 2);
    assert_eq!(wallet.lot_count(), 5);
    assert_eq!(wallet.available(&points_asset("p")), units(1));
    assert_eq!(wallet.points(&named("p")).unwrap().pending(), units(1));
    assert_eq!(wallet.next_due().map(|due| due.at), Some(at(8)));

    let drawn = |id: &LotId| lot(&format!("id {id} at 1 until 10")).drawn(units(7));
    let draw = Draw { asset: credit.clone(), lots: vec![drawn(&v1), drawn(&v2)] };
    let (redemption, lapses_at) = (named("r"), at(7));
    wallet.holds.push(Hold { member: None, redemption, lapses_at, draws: vec![draw] });
    assert_eq!(wallet.held(&credit), units(14));
    assert_eq!(wallet.held_of(&credit, &v1), units(7));
    assert_eq!(wallet.held_of(&credit, &v3), Units::ZERO);
    assert_eq!(wallet.held_of(&reward, &v1), Units::ZERO);
    assert_eq!(wallet.next_due().map(|due| due.at), Some(at(7)));
}
