use super::*;
use crate::amount::Units;
use crate::entry::{Entry, Line};
use crate::facts::Facts;
use crate::sample::{
    appended, at, entry, fill_with_lots, lots, named, points, points_asset, postings, program,
    program_with, units,
};
use crate::wallet::{Drawn, LOTS_MAX};

const NOW: &str = "2026-11-21T03:04:05Z";
const CHRISTMAS: &str = "2026-12-25T00:00:00Z";

/// 300 points that expire at Christmas, 400 that never do, 100 pending; 50 tier points.
fn wallet() -> Wallet {
    let mut draft = Draft::open(&Wallet::default(), at("2026-01-01T00:00:00Z"));
    for (definition, count, accrue_at, expires_at) in [
        ("reward", 400, None, None),
        ("reward", 300, None, Some(at(CHRISTMAS))),
        ("reward", 100, Some(at("2026-11-21T03:04:05.001Z")), None),
        ("tier", 50, None, None),
    ] {
        let reason = PostingReason::Issued;
        draft.issue(&named(definition), points(count), reason, accrue_at, expires_at).unwrap();
    }
    draft.into_wallet()
}

fn of(definition: &str, amount: u64) -> Transfer {
    Transfer {
        transfer: named("t-1"),
        points: named(definition),
        amount: points(amount),
        to: named("airline"),
        reference: named("FF-1"),
    }
}

fn transferred(amount: u64) -> Entry {
    let line = decide(&wallet(), &program(), &of("reward", amount), at(NOW));
    entry(appended(line.unwrap()), 7, at(NOW))
}

#[test]
fn transfer_takes_points_out_soonest_expiry_first() {
    let line = transferred(500).line;
    let moved = [
        format!("reward transferred_out -300 until {CHRISTMAS}"),
        "reward transferred_out -200".to_owned(),
    ];
    assert_eq!(postings(&line), moved);
    let pending = "100/100 from 2026-11-21T03:04:05.001Z";
    let spent = format!("0/300 until {CHRISTMAS}");
    assert_eq!(lots(&line.wallet, "reward"), [spent.as_str(), "200/400", pending]);
    let drawn = |expires_at: Option<Instant>, count: u64| Drawn {
        id: None,
        issued_at: None,
        expires_at,
        is_grace: false,
        amount: units(count),
    };
    let draw = Draw {
        asset: points_asset("reward"),
        lots: vec![drawn(Some(at(CHRISTMAS)), 300), drawn(None, 200)],
    };
    let (to, reference) = (named("airline"), named("FF-1"));
    let detail = Transferred { transfer: named("t-1"), to, reference, draw };
    assert_eq!(line.detail, Detail::Transfer(detail));
}

#[test]
fn transfer_is_refused_against_a_rule() {
    let check = |transfer: &Transfer, refusal: Option<Refusal>| {
        let decided = decide(&wallet(), &program(), transfer, at(NOW));
        assert_eq!(decided.err(), refusal);
    };
    check(&of("reward", 700), None);
    let insufficient = |definition: &str, available: u64| Refusal::InsufficientValue {
        points: named(definition),
        available: points(available),
    };
    check(&of("reward", 701), Some(insufficient("reward", 700)));
    check(&of("survey", 1), Some(insufficient("survey", 0)));
    check(&of("tier", 1), Some(Refusal::TierPoints));
    check(&of("lost", 1), Some(Refusal::UnknownPoints(named("lost"))));
}

fn refund_at(
    (wallet, newest): (&Wallet, &Entry),
    program: &Program,
    amount: u64,
    (number, now): (u64, &str),
) -> Result<Line, refund::Refusal> {
    let request = refund::Refund { refund: named("r"), amount: points(amount) };
    let decided = refund::decide(wallet, program, &request, Some(newest), (number, at(now)));
    decided.map(appended)
}

/// Gives back so many in turn, the last of them at `now`, and checks what that moves.
#[track_caller]
fn check_given_back(earlier: &[u64], amount: u64, now: &str, moved: &[&str]) -> Wallet {
    let mut newest = transferred(500);
    for count in earlier {
        let line = refund_at((&newest.line.wallet, &newest), &program(), *count, (8, NOW));
        newest = entry(line.unwrap(), 8, at(NOW));
    }
    let wallet = &newest.line.wallet;
    let line = refund_at((wallet, &newest), &program(), amount, (9, now)).unwrap();
    assert_eq!(postings(&line), moved);
    let Detail::TransferRefund(refunded) = &line.detail else { panic!("{:?}", line.detail) };
    let total: u64 = earlier.iter().sum::<u64>() + amount;
    assert_eq!((refunded.amount, refunded.refunded), (points(amount), points(total)));
    line.wallet
}

#[test]
fn refund_returns_to_the_lots_that_points_came_from_first_drawn_first() {
    let first = |count: u64| format!("reward transferred_in +{count} until {CHRISTMAS}");
    let second = |count: u64| format!("reward transferred_in +{count}");
    for (earlier, amount, moved) in [
        (&[][..], 1, vec![first(1)]),
        (&[], 300, vec![first(300)]),
        (&[], 301, vec![first(300), second(1)]),
        (&[], 500, vec![first(300), second(200)]),
        (&[299], 1, vec![first(1)]),
        (&[299], 2, vec![first(1), second(1)]),
        (&[300], 1, vec![second(1)]),
        (&[100, 300], 100, vec![second(100)]),
    ] {
        let moved: Vec<&str> = moved.iter().map(String::as_str).collect();
        let wallet = check_given_back(earlier, amount, NOW, &moved);
        let left = wallet.available(&points_asset("reward")).get();
        assert_eq!(left, 200 + earlier.iter().sum::<u64>() + amount);
    }
}

#[test]
fn refunds_together_are_no_more_than_the_transfer() {
    let newest = transferred(500);
    let exceeds = |left: u64| refund::Refusal::ExceedsTransfer { left: points(left) };
    let state = (&newest.line.wallet, &newest);
    assert_eq!(refund_at(state, &program(), 501, (8, NOW)).err(), Some(exceeds(500)));
    let line = refund_at(state, &program(), 499, (8, NOW)).unwrap();
    let newest = entry(line, 8, at(NOW));
    let state = (&newest.line.wallet, &newest);
    assert_eq!(refund_at(state, &program(), 2, (9, NOW)).err(), Some(exceeds(1)));
    let line = refund_at(state, &program(), 1, (9, NOW)).unwrap();
    let newest = entry(line, 9, at(NOW));
    let state = (&newest.line.wallet, &newest);
    assert_eq!(refund_at(state, &program(), 1, (10, NOW)).err(), Some(exceeds(0)));

    let request = refund::Refund { refund: named("r"), amount: points(1) };
    let other = |newest: Option<&Entry>| {
        refund::decide(&wallet(), &program(), &request, newest, (8, at(NOW)))
    };
    assert_eq!(other(None), Err(refund::Refusal::UnknownTransfer));
    let mut award = transferred(1);
    award.line.detail = Detail::Facts { facts: Facts::default(), first: true };
    assert_eq!(other(Some(&award)), Err(refund::Refusal::UnknownTransfer));
}

#[test]
fn refund_after_the_expiry_has_one_grace() {
    let just_before = "2026-12-24T23:59:59.999Z";
    let back = format!("reward transferred_in +300 until {CHRISTMAS}");
    check_given_back(&[], 300, just_before, &[&back]);
    // Christmas is at 11:00 in Melbourne: 14 days later, at the end of the day.
    let grace = "until 2027-01-08T13:00:00Z";
    let expired = format!("reward transferred_in +300 {grace}");
    let wallet = check_given_back(&[], 301, CHRISTMAS, &[&expired, "reward transferred_in +1"]);
    assert_eq!(lots(&wallet, "reward")[0], format!("300/300 {grace} grace"));

    // What is transferred out of the grace lot and comes back after it is forfeited.
    let line = decide(&wallet, &program(), &of("reward", 300), at(CHRISTMAS)).unwrap();
    let newest = entry(appended(line), 10, at(CHRISTMAS));
    let state = (&newest.line.wallet, &newest);
    for (now, moved) in [
        ("2027-01-08T12:59:59.999Z", vec![format!("reward transferred_in +300 {grace}")]),
        (
            "2027-01-08T13:00:00Z",
            vec![
                format!("reward transferred_in +300 {grace}"),
                format!("reward expired -300 {grace}"),
            ],
        ),
    ] {
        let line = refund_at(state, &program(), 300, (11, now)).unwrap();
        assert_eq!(postings(&line), moved, "{now}");
    }
}

#[test]
fn refund_without_grace_comes_and_goes_in_one_line() {
    let none = program_with(|document| {
        document.redemption.as_mut().unwrap().reinstate_grace = Some("P0D".to_owned());
    });
    let newest = transferred(300);
    let state = (&newest.line.wallet, &newest);
    let line = refund_at(state, &none, 300, (8, CHRISTMAS)).unwrap();
    let moved = ["transferred_in +300", "expired -300"];
    assert_eq!(postings(&line), moved.map(|moved| format!("reward {moved} until {CHRISTMAS}")));
    let late = "9999-12-25T00:00:00Z";
    let refused = refund_at(state, &program(), 1, (8, late)).err();
    assert_eq!(refused, Some(refund::Refusal::OutsideTheCalendar));
    assert!(refund_at(state, &none, 1, (8, late)).is_ok());
}

#[test]
fn refund_repays_debt_first() {
    let newest = transferred(700);
    for (debt, kept) in [(99, 1), (100, 0), (101, 0)] {
        let mut wallet = newest.line.wallet.clone();
        wallet.assets.entry(points_asset("reward")).or_default().debt = points(debt);
        let line = refund_at((&wallet, &newest), &program(), 100, (8, NOW)).unwrap();
        let repaid = debt.min(100);
        let moved = ["transferred_in +100".to_owned(), format!("debt_repaid -{repaid}")];
        let moved = moved.map(|moved| format!("reward {moved} until {CHRISTMAS}"));
        assert_eq!(postings(&line), moved);
        let holding = line.wallet.points(&named("reward")).unwrap();
        assert_eq!(holding.available(), units(kept));
        assert_eq!(holding.debt, points(debt - repaid));
    }
}

#[test]
fn refund_is_not_refused_for_the_number_of_lots_but_for_the_count_of_points() {
    let newest = transferred(300);
    let mut draft = Draft::open(&newest.line.wallet, at(CHRISTMAS));
    fill_with_lots(&mut draft, LOTS_MAX);
    let full = draft.into_wallet();
    assert_eq!(full.lot_count(), LOTS_MAX);
    let line = refund_at((&full, &newest), &program(), 300, (8, CHRISTMAS)).unwrap();
    assert_eq!(line.wallet.lot_count(), LOTS_MAX + 1);

    let mut rich = newest.line.wallet.clone();
    let there = rich.points(&named("reward")).unwrap().remaining();
    let room = Units::MAX.checked_sub(there).unwrap();
    let holding = rich.assets.get_mut(&points_asset("reward")).unwrap();
    holding.debt = room.checked_sub(units(9)).unwrap().into();
    assert!(refund_at((&rich, &newest), &program(), 9, (8, NOW)).is_ok());
    let limit = refund::Refusal::LimitReached(crate::limit::LimitReached::AMOUNT);
    assert_eq!(refund_at((&rich, &newest), &program(), 10, (8, NOW)).err(), Some(limit));
}
