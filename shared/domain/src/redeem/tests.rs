use serde_json::json;

use super::*;
use crate::draft::Draft;
use crate::entry::{Entry, Line};
use crate::id::LineId;
use crate::purchase::LineKind;
use crate::sample::{
    appended, at, entry, lots, minor, named, points, points_asset, postings, program, program_of,
    program_with, units,
};
use crate::wallet::Wallet;

const NOW: &str = "2026-11-21T03:04:05Z";

/// A wallet with available points: definition, count, expiry.
fn wallet(parts: &[(&str, u64, Option<&str>)]) -> Wallet {
    let mut draft = Draft::open(&Wallet::default(), at("2026-01-01T00:00:00Z"));
    for (definition, count, expires_at) in parts {
        let (definition, count) = (named(definition), points(*count));
        let reason = PostingReason::Issued;
        let expires_at = expires_at.map(at);
        draft.issue(&definition, count, reason, None, expires_at).unwrap();
    }
    draft.into_wallet()
}

/// A basket of `lines` such as `shirt 60.00` or `gift_card 50.00`, whose ids are their places,
/// and points such as `reward max` or `reward 500`.
fn basket(currency: &str, lines: &[&str], uses: &[&str]) -> Basket {
    let currency = Currency::parse(currency).unwrap();
    let read = |(place, text): (usize, &&str)| {
        let (word, amount) = text.split_once(' ').unwrap();
        BasketLine {
            id: named(&place.to_string()),
            kind: match word {
                "gift_card" => LineKind::GiftCard,
                "shipping" => LineKind::Shipping,
                _ => LineKind::Product,
            },
            category: None,
            amount: currency.parse_amount(amount).unwrap(),
        }
    };
    let uses = uses.iter().map(|text| {
        let (definition, amount) = text.split_once(' ').unwrap();
        PointsUse {
            points: named(definition),
            amount: match amount {
                "max" => Wanted::Max,
                count => Wanted::Exactly(points(count.parse().unwrap())),
            },
        }
    });
    let uses = Uses { points: uses.collect(), ..Uses::default() };
    Basket { currency, lines: lines.iter().enumerate().map(read).collect(), uses }
}

fn aud(lines: &[&str], uses: &[&str]) -> Basket {
    basket("AUD", lines, uses)
}

fn request(basket: Basket, settlement: Settlement) -> Redemption {
    Redemption { redemption: named("basket-77"), basket, settlement, expected_due: None }
}

#[track_caller]
fn opened(wallet: &Wallet, program: &Program, basket: Basket, settlement: Settlement) -> Entry {
    let request = request(basket, settlement);
    let line = appended(decide(wallet, program, &request, at(NOW)).unwrap());
    entry(line, 7, at(NOW))
}

fn plan_of(line: &Line) -> Plan {
    match &line.detail {
        Detail::Redemption(opened) => opened.plan.clone(),
        Detail::Capture(captured) => captured.plan.clone(),
        Detail::Release(released) => released.plan.clone(),
        other => panic!("{other:?}"),
    }
}

/// The discounts of a plan as `reward 500 = 500`, its lines as `10000 - 400 - 100`, what is due.
fn shown(plan: &Plan) -> (Vec<String>, Vec<String>, u64) {
    let discounts = plan.discounts.iter().map(|discount| {
        let (count, amount) = (discount.draw.amount(), discount.amount);
        format!("{} {count} = {amount}", discount.draw.asset.definition())
    });
    let lines = plan.lines.iter().map(|line| {
        let shares = line.shares.iter().map(|share| format!(" - {share}"));
        line.amount.to_string() + &shares.collect::<String>()
    });
    (discounts.collect(), lines.collect(), plan.due().get())
}

/// A quote gives this plan, and a redemption carries out the same.
#[track_caller]
fn check_plan(
    wallet: &Wallet,
    program: &Program,
    basket: &Basket,
    (discounts, lines, due): (&[&str], &[&str], u64),
) {
    let quoted = quote(wallet, program, basket, None, at(NOW)).unwrap();
    let (found_discounts, found_lines, found_due) = shown(&quoted);
    assert_eq!(found_discounts, discounts);
    assert_eq!(found_lines, lines);
    assert_eq!(found_due, due);
    for settlement in [Settlement::AtOnce, Settlement::Held(None)] {
        let entry = opened(wallet, program, basket.clone(), settlement);
        assert_eq!(plan_of(&entry.line), quoted);
        let spent: Vec<(Asset, u64)> = totals(&entry.line);
        let planned = quoted.discounts.iter();
        let planned = planned.map(|each| (each.draw.asset.clone(), each.draw.amount().get()));
        let planned: Vec<(Asset, u64)> = planned.collect();
        match settlement {
            Settlement::AtOnce => assert_eq!(spent, planned),
            Settlement::Held(_) => {
                assert_eq!(spent, []);
                for (asset, count) in planned {
                    assert_eq!(entry.line.wallet.held(&asset), units(count));
                }
            }
        }
    }
    // Every line's discounts are within it, and together they are the discounts.
    for (place, discount) in quoted.discounts.iter().enumerate() {
        let shares = quoted.lines.iter().map(|line| line.shares[place]);
        assert_eq!(Minor::checked_sum(shares), Some(discount.amount));
    }
}

/// How much of each asset was posted as redeemed, in order.
fn totals(line: &Line) -> Vec<(Asset, u64)> {
    let mut totals: Vec<(Asset, u64)> = Vec::new();
    for posting in &line.postings {
        assert_eq!(posting.reason, PostingReason::Redeemed);
        let count = posting.amount.magnitude().get();
        match totals.iter_mut().find(|(asset, _)| *asset == posting.asset) {
            Some((_, total)) => *total += count,
            None => totals.push((posting.asset.clone(), count)),
        }
    }
    totals
}

#[track_caller]
fn check_refused(wallet: &Wallet, program: &Program, basket: &Basket, refusal: &PlanRefusal) {
    let quoted = quote(wallet, program, basket, None, at(NOW));
    assert_eq!(quoted, Err(Refusal::Plan(refusal.clone())));
    let request = request(basket.clone(), Settlement::AtOnce);
    let decided = decide(wallet, program, &request, at(NOW));
    assert_eq!(decided, Err(Refusal::Plan(refusal.clone())));
}

#[test]
fn points_take_money_off_as_asked_or_as_far_as_they_go() {
    let program = program();
    let wallet = wallet(&[("reward", 1250, None)]);
    let hundred = ["shirt 100.00"];
    for (lines, wanted, discount, planned, due) in [
        (&hundred[..], "reward 500", "reward 500 = 500", "10000 - 500", 9500),
        (&hundred, "reward 1250", "reward 1250 = 1250", "10000 - 1250", 8750),
        (&hundred, "reward max", "reward 1250 = 1250", "10000 - 1250", 8750),
        (&["shirt 12.49"], "reward max", "reward 1249 = 1249", "1249 - 1249", 0),
        (&["shirt 12.51"], "reward max", "reward 1250 = 1250", "1251 - 1250", 1),
        (&["shirt 12.50"], "reward 1250", "reward 1250 = 1250", "1250 - 1250", 0),
        (&["shipping 5.00"], "reward max", "reward 500 = 500", "500 - 500", 0),
    ] {
        let basket = aud(lines, &[wanted]);
        let expected = (&[discount][..], &[planned][..], due);
        check_plan(&wallet, &program, &basket, expected);
    }
    for uses in [&[][..], &["reward 0"], &["survey max"]] {
        let basket = aud(&hundred, uses);
        check_plan(&wallet, &program, &basket, (&[], &["10000"], 10000));
    }
}

#[test]
fn points_are_refused_against_a_rule() {
    let program = program();
    let wallet = wallet(&[("reward", 1250, None), ("tier", 500, None)]);
    let check = |lines: &[&str], uses: &[&str], refusal: &PlanRefusal| {
        check_refused(&wallet, &program, &aud(lines, uses), refusal);
    };
    let hundred = ["shirt 100.00"];
    let insufficient = |definition: &str, available: u64| PlanRefusal::InsufficientValue {
        points: named(definition),
        available: points(available),
    };
    check(&hundred, &["reward 1251"], &insufficient("reward", 1250));
    check(&hundred, &["survey 1"], &insufficient("survey", 0));
    let due = |due: u64| PlanRefusal::MoreThanDue { due: minor(due) };
    check(&["shirt 12.49"], &["reward 1250"], &due(1249));
    check(&["gift_card 50.00"], &["reward 1"], &due(0));
    let unknown = PlanRefusal::UnknownPoints(named("lost"));
    check(&hundred, &["lost max"], &unknown);
    let not_redeemable = PlanRefusal::NotRedeemable(named("tier"));
    check(&hundred, &["tier max"], &not_redeemable);
    check(&hundred, &["tier 1"], &not_redeemable);
}

#[test]
fn pending_and_expired_points_are_not_spent() {
    let program = program();
    let mut draft = Draft::open(&Wallet::default(), at("2026-01-01T00:00:00Z"));
    let (reward, reason) = (named("reward"), PostingReason::Issued);
    for (count, accrue_at, expires_at) in [
        (1, None, Some(at(NOW))),
        (2, None, Some(at("2026-11-21T03:04:05.001Z"))),
        (4, Some(at(NOW)), None),
        (8, Some(at("2026-11-21T03:04:05.001Z")), None),
    ] {
        let count = points(count);
        draft.issue(&reward, count, reason, accrue_at, expires_at).unwrap();
    }
    let quoted = quote(draft.wallet(), &program, &aud(&["a 1.00"], &["reward max"]), None, at(NOW));
    assert_eq!(shown(&quoted.unwrap()).0, ["reward 6 = 6"]);
}

#[test]
fn points_go_in_steps() {
    let program = program_with(|document| {
        document.points[0].value.as_mut().unwrap().multiple = Some(500);
    });
    let wallet = wallet(&[("reward", 1250, None)]);
    for (price, discounts, planned, due) in [
        ("shirt 100.00", &["reward 1000 = 1000"][..], "10000 - 1000", 9000),
        ("shirt 10.00", &["reward 1000 = 1000"], "1000 - 1000", 0),
        ("shirt 9.99", &["reward 500 = 500"], "999 - 500", 499),
        ("shirt 4.99", &[], "499", 499),
    ] {
        let basket = aud(&[price], &["reward max"]);
        check_plan(&wallet, &program, &basket, (discounts, &[planned], due));
    }
    let step = PlanRefusal::NotAMultiple { step: points(500) };
    for uneven in ["reward 499", "reward 501", "reward 1"] {
        check_refused(&wallet, &program, &aud(&["a 100.00"], &[uneven]), &step);
    }
    let available = points(1250);
    let points = named("reward");
    let refusal = PlanRefusal::InsufficientValue { points, available };
    check_refused(&wallet, &program, &aud(&["a 100.00"], &["reward 1500"]), &refusal);
}

#[test]
fn gift_card_lines_are_left_untouched() {
    let program = program();
    let wallet = wallet(&[("reward", 5000, None)]);
    let lines = ["shirt 20.00", "gift_card 50.00", "shipping 5.00"];
    let basket = aud(&lines, &["reward max"]);
    let expected =
        (&["reward 2500 = 2500"][..], &["2000 - 2000", "5000 - 0", "500 - 500"][..], 5000);
    check_plan(&wallet, &program, &basket, expected);
    let due = minor(2500);
    let over = aud(&lines, &["reward 2501"]);
    check_refused(&wallet, &program, &over, &PlanRefusal::MoreThanDue { due });
}

#[test]
fn two_definitions_apply_in_the_order_given() {
    let program = program();
    let wallet = wallet(&[("reward", 800, None), ("survey", 500, None)]);
    let check = |price: &str, uses: &[&str], discounts: &[&str], line: &str, due: u64| {
        let basket = aud(&[price], uses);
        check_plan(&wallet, &program, &basket, (discounts, &[line], due));
    };
    let reward_first = ["reward max", "survey max"];
    let discounts = ["reward 800 = 800", "survey 200 = 200"];
    check("a 10.00", &reward_first, &discounts, "1000 - 800 - 200", 0);
    let survey_first = ["survey max", "reward max"];
    let discounts = ["survey 500 = 500", "reward 500 = 500"];
    check("a 10.00", &survey_first, &discounts, "1000 - 500 - 500", 0);
    let discounts = ["reward 800 = 800"];
    check("a 8.00", &reward_first, &discounts, "800 - 800", 0);
    let due = minor(200);
    let refused = PlanRefusal::MoreThanDue { due };
    let basket = aud(&["a 10.00"], &["reward max", "survey 201"]);
    check_refused(&wallet, &program, &basket, &refused);
}

#[test]
fn discount_is_spread_to_the_cent() {
    let program = program();
    let wallet = wallet(&[("reward", 1000, None), ("survey", 1000, None)]);
    let thirds = ["a 1.00", "b 1.00", "c 1.00"];
    for (uses, lines, due) in [
        (&["reward 1"][..], ["100 - 1", "100 - 0", "100 - 0"], 299),
        (&["reward 2"], ["100 - 1", "100 - 1", "100 - 0"], 298),
        (&["reward 100"], ["100 - 34", "100 - 33", "100 - 33"], 200),
        (
            &["reward 100", "survey 100"],
            // What is left after the first: 66, 67, 67.
            ["100 - 34 - 33", "100 - 33 - 34", "100 - 33 - 33"],
            100,
        ),
    ] {
        let basket = aud(&thirds, uses);
        let discounts: Vec<String> = uses
            .iter()
            .map(|text| format!("{text} = {}", text.split_once(' ').unwrap().1))
            .collect();
        let discounts: Vec<&str> = discounts.iter().map(String::as_str).collect();
        check_plan(&wallet, &program, &basket, (&discounts, &lines, due));
    }
}

/// A program in which 100 points `p` are worth `money`.
fn worth(currency: &str, money: &str) -> Program {
    let value = json!({"points": 100, "money": money});
    let points = json!([{"handle": "p", "name": "P", "kind": "reward", "value": value}]);
    program_of(currency, json!({ "points": points }))
}

#[test]
fn points_are_worth_money_of_currencies_without_and_with_three_digits() {
    let wallet = wallet(&[("p", 1234, None)]);
    let yen = worth("JPY", "1");
    let check = |program: &Program, basket: &Basket, discount: &str, line: &str, due: u64| {
        check_plan(&wallet, program, basket, (&[discount], &[line], due));
    };
    let max = ["p max"];
    let basket_of = |price: &str| basket("JPY", &[price], &max);
    check(&yen, &basket_of("a 2500"), "p 1200 = 12", "2500 - 12", 2488);
    check(&yen, &basket_of("a 7"), "p 700 = 7", "7 - 7", 0);
    let step = PlanRefusal::NotAMultiple { step: points(100) };
    check_refused(&wallet, &yen, &basket("JPY", &["a 2500"], &["p 50"]), &step);
    let fils = worth("KWD", "1.000");
    let basket_of = |price: &str| basket("KWD", &[price], &max);
    check(&fils, &basket_of("a 20.005"), "p 1234 = 12340", "20005 - 12340", 7665);
    check(&fils, &basket_of("a 0.019"), "p 1 = 10", "19 - 10", 9);
}

#[test]
fn points_are_worth_nothing_in_another_currency() {
    let wallet = wallet(&[("reward", 1000, None)]);
    let program = program();
    let max = basket("NZD", &["a 10.00"], &["reward max"]);
    check_plan(&wallet, &program, &max, (&[], &["1000"], 1000));
    let refusal = PlanRefusal::OtherCurrency { program: program.currency };
    let exact = basket("NZD", &["a 10.00"], &["reward 1"]);
    check_refused(&wallet, &program, &exact, &refusal);
}

#[test]
fn basket_beyond_the_range_of_amounts_is_refused() {
    let mut basket = aud(&["a 10.00", "b 0.01"], &[]);
    basket.lines[0].amount = Minor::MAX;
    let limit = PlanRefusal::LimitReached(LimitReached::AMOUNT);
    check_refused(&Wallet::default(), &program(), &basket, &limit);
    basket.lines.pop();
    let whole = Minor::MAX.get();
    let line = whole.to_string();
    let expected = (&[][..], &[line.as_str()][..], whole);
    check_plan(&Wallet::default(), &program(), &basket, expected);
}

#[test]
fn redemption_is_refused_when_another_due_was_quoted() {
    let wallet = wallet(&[("reward", 500, None)]);
    for (expected, decided) in [(499, false), (500, true), (501, false)] {
        let request = Redemption {
            expected_due: Some(minor(expected)),
            ..request(aud(&["a 10.00"], &["reward max"]), Settlement::AtOnce)
        };
        let found = decide(&wallet, &program(), &request, at(NOW));
        let due = minor(500);
        let refusal = Refusal::PlanChanged { due };
        assert_eq!(found.err(), (!decided).then_some(refusal));
    }
}

#[test]
fn redemption_spends_the_soonest_expiry_first() {
    let wallet = wallet(&[
        ("reward", 300, None),
        ("reward", 200, Some("2026-12-31T00:00:00Z")),
        ("reward", 100, Some("2026-11-30T00:00:00Z")),
    ]);
    let basket = aud(&["a 100.00"], &["reward 350"]);
    let line = opened(&wallet, &program(), basket, Settlement::AtOnce).line;
    let soon = "until 2026-11-30T00:00:00Z";
    let later = "until 2026-12-31T00:00:00Z";
    let moved = [
        format!("reward redeemed -100 {soon}"),
        format!("reward redeemed -200 {later}"),
        "reward redeemed -50".to_owned(),
    ];
    assert_eq!(postings(&line), moved);
    let left = [format!("0/100 {soon}"), format!("0/200 {later}"), "250/300".to_owned()];
    assert_eq!(lots(&line.wallet, "reward"), left);
}

#[test]
fn hold_lasts_from_one_minute_to_seven_days() {
    let request = |period: Option<&str>| {
        let period = period.map(named);
        request(aud(&["a 1.00"], &[]), Settlement::Held(period))
    };
    for (period, lapses_at) in [
        (None, Some("2026-11-21T03:14:05Z")),
        (Some("PT59S"), None),
        (Some("P0D"), None),
        (Some("PT1M"), Some("2026-11-21T03:05:05Z")),
        (Some("PT168H"), Some("2026-11-28T03:04:05Z")),
        (Some("P7D"), Some("2026-11-28T03:04:05Z")),
        (Some("P1W"), Some("2026-11-28T03:04:05Z")),
        (Some("PT168H1S"), None),
        (Some("P8D"), None),
        (Some("P1M"), None),
    ] {
        let decided = decide(&Wallet::default(), &program(), &request(period), at(NOW));
        match lapses_at {
            None => assert_eq!(decided, Err(Refusal::HoldPeriod), "{period:?}"),
            Some(lapses_at) => {
                let wallet = appended(decided.unwrap()).wallet;
                let hold = wallet.hold(&named("basket-77")).unwrap();
                assert_eq!(hold.lapses_at, at(lapses_at), "{period:?}");
            }
        }
    }
    let late = decide(&Wallet::default(), &program(), &request(None), at("9999-12-31T23:59:00Z"));
    assert_eq!(late, Err(Refusal::OutsideTheCalendar));
}

/// What happens to a redemption of 500 points before it is asked for something else.
#[derive(Debug, Clone, Copy)]
enum Before {
    Unknown,
    Held,
    CapturedAtOnce,
    Captured,
    Released,
    Lapsed,
}

/// The wallet and the newest line of the redemption, a minute or a day after it was opened.
fn stage(before: Before) -> (Wallet, Option<History>, Instant) {
    let program = program();
    let wallet = wallet(&[("reward", 800, None)]);
    let settlement = match before {
        Before::CapturedAtOnce => Settlement::AtOnce,
        _ => Settlement::Held(None),
    };
    let opened = opened(&wallet, &program, aud(&["a 10.00"], &["reward 500"]), settlement);
    let held = History::of(&opened).unwrap();
    let state = &opened.line.wallet;
    let soon = at("2026-11-21T03:05:05Z");
    let newest = match before {
        Before::Unknown => return (wallet, None, soon),
        Before::Held | Before::CapturedAtOnce => opened,
        Before::Lapsed => {
            // The very instant at which it lapses.
            let history = Some(held);
            return (opened.line.wallet, history, at("2026-11-21T03:14:05Z"));
        }
        Before::Captured => {
            let part = capture::Part::Full;
            let line = capture::decide(state, Some(&held), &part, soon).unwrap();
            entry(appended(line), 8, soon)
        }
        Before::Released => {
            let line = release::decide(state, Some(&held), soon).unwrap();
            entry(appended(line), 8, soon)
        }
    };
    let history = History::of(&newest);
    (newest.line.wallet, history, soon)
}

/// `appended`, `unchanged`, or the refusal; with what is available then.
#[track_caller]
fn check_outcome<E: std::fmt::Display>(
    before: (Wallet, Instant),
    decided: Result<Decision<History>, E>,
    (outcome, available): (&str, u64),
) {
    let (wallet, now) = before;
    let (found, wallet) = match decided {
        Ok(Decision::Append(line)) => ("appended".to_owned(), line.wallet),
        Ok(_) => ("unchanged".to_owned(), wallet),
        Err(refusal) => (refusal.to_string(), wallet),
    };
    let available_now = Draft::open(&wallet, now).wallet().available(&points_asset("reward"));
    assert_eq!((found.as_str(), available_now.get()), (outcome, available));
}

#[test]
fn capture_and_release_are_legal_only_of_a_hold_and_harmless_again() {
    let no_such = "the member has no such redemption";
    let in_full = "the redemption was captured at once and in full";
    for (before, full, part, release) in [
        (Before::Unknown, (no_such, 800), (no_such, 800), (no_such, 800)),
        (Before::Held, ("appended", 300), ("appended", 550), ("appended", 800)),
        (
            Before::CapturedAtOnce,
            ("unchanged", 300),
            (in_full, 300),
            ("the redemption is captured", 300),
        ),
        (Before::Captured, ("unchanged", 300), (in_full, 300), ("the redemption is captured", 300)),
        (
            Before::Released,
            ("the redemption is released", 800),
            ("the redemption is released", 800),
            ("unchanged", 800),
        ),
        (
            Before::Lapsed,
            ("the redemption is lapsed", 800),
            ("the redemption is lapsed", 800),
            ("unchanged", 800),
        ),
    ] {
        let (wallet, history, now) = stage(before);
        let start = || (wallet.clone(), now);
        let history = history.as_ref();
        let decided = capture::decide(&wallet, history, &capture::Part::Full, now);
        check_outcome(start(), decided, full);
        let half = capture::Part::Lines(vec![(named("0"), minor(500))]);
        check_outcome(start(), capture::decide(&wallet, history, &half, now), part);
        check_outcome(start(), release::decide(&wallet, history, now), release);
    }
}

#[test]
fn history_tells_how_a_redemption_stands() {
    let millisecond_before = at("2026-11-21T03:14:04.999Z");
    let (wallet, history, lapse) = stage(Before::Lapsed);
    let history = history.unwrap();
    let held = Draft::open(&wallet, millisecond_before).into_wallet();
    assert_eq!(history.status(&held), Status::Held);
    assert_eq!(history.lapses_at(&held), Some(lapse));
    assert_eq!(history.plan(&held).due(), minor(500));
    let lapsed = Draft::open(&wallet, lapse).into_wallet();
    assert_eq!(history.status(&lapsed), Status::Lapsed);
    assert_eq!(history.lapses_at(&lapsed), None);
    assert_eq!(shown(&history.plan(&lapsed)), (vec![], vec!["1000".to_owned()], 1000));
    assert_eq!(history.entry(), 7);
    for (before, status, due) in [
        (Before::CapturedAtOnce, Status::Captured, 500),
        (Before::Captured, Status::Captured, 500),
        (Before::Released, Status::Released, 1000),
    ] {
        let (wallet, history, _) = stage(before);
        let history = history.unwrap();
        assert_eq!(history.status(&wallet), status);
        assert_eq!(history.plan(&wallet).due(), minor(due));
        assert_eq!(history.redemption().as_str(), "basket-77");
        assert_eq!(history.lapses_at(&wallet), None);
    }
    let other = decide(
        &Wallet::default(),
        &program(),
        &request(aud(&["a 1.00"], &[]), Settlement::AtOnce),
        at(NOW),
    );
    let mut line = appended(other.unwrap());
    line.detail = Detail::Facts { facts: crate::facts::Facts::default(), first: true };
    assert_eq!(History::of(&entry(line, 1, at(NOW))), None);
}

/// Captures parts of a basket of 60.00, 25.00 and 15.00 with 1000 points held of it, 400 of which
/// expire at Christmas.
fn capture_of(part: &capture::Part) -> Result<Line, capture::Refusal> {
    let wallet = wallet(&[("reward", 400, Some("2026-12-25T00:00:00Z")), ("reward", 1000, None)]);
    let lines = ["a 60.00", "b 25.00", "c 15.00"];
    let held = opened(&wallet, &program(), aud(&lines, &["reward 1000"]), Settlement::Held(None));
    let history = History::of(&held);
    let decided = capture::decide(&held.line.wallet, history.as_ref(), part, at(NOW));
    decided.map(appended)
}

#[track_caller]
fn check_captured(
    parts: &[(&str, u64)],
    (discount, lines, due): (&str, &[&str], u64),
    moved: &[&str],
    left: [u64; 2],
) {
    let parts: Vec<(LineId, Minor)> =
        parts.iter().map(|(id, amount)| (named(id), minor(*amount))).collect();
    let line = capture_of(&capture::Part::Lines(parts)).unwrap();
    let (discounts, found, found_due) = shown(&plan_of(&line));
    assert_eq!(discounts, [discount]);
    assert_eq!(found, lines);
    assert_eq!(found_due, due);
    let soon = "until 2026-12-25T00:00:00Z";
    assert_eq!(postings(&line), moved);
    let [first, second] = left;
    let left = [format!("{first}/400 {soon}"), format!("{second}/1000")];
    assert_eq!(lots(&line.wallet, "reward"), left);
    assert_eq!(line.wallet.holds, []);
}

#[test]
fn capture_of_lines_keeps_their_share_and_gives_the_rest_back_last_drawn_first() {
    let soon = |count: u64| format!("reward redeemed -{count} until 2026-12-25T00:00:00Z");
    check_captured(
        &[("0", 6000), ("1", 2500), ("2", 1500)],
        ("reward 1000 = 1000", &["6000 - 600", "2500 - 250", "1500 - 150"], 9000),
        &[&soon(400), "reward redeemed -600"],
        [0, 400],
    );
    check_captured(
        &[("0", 6000)],
        ("reward 600 = 600", &["6000 - 600"], 5400),
        &[&soon(400), "reward redeemed -200"],
        [0, 800],
    );
    check_captured(
        &[("2", 1500), ("1", 2500)],
        ("reward 400 = 400", &["2500 - 250", "1500 - 150"], 3600),
        &[&soon(400)],
        [0, 1000],
    );
    check_captured(
        &[("0", 6000), ("1", 1250)],
        ("reward 725 = 725", &["6000 - 600", "1250 - 125"], 6525),
        &[&soon(400), "reward redeemed -325"],
        [0, 675],
    );
    check_captured(
        &[("2", 1500)],
        ("reward 150 = 150", &["1500 - 150"], 1350),
        &[&soon(150)],
        [250, 1000],
    );
    // Of 1.50 off 15.00, what is not captured gives back ⌊150 × 1001 ÷ 1500⌋ = 100.
    check_captured(
        &[("2", 499)],
        ("reward 50 = 50", &["499 - 50"], 449),
        &[&soon(50)],
        [350, 1000],
    );
}

#[test]
fn capture_refuses_what_was_not_held() {
    let lines = |id: &str, amount: u64| capture::Part::Lines(vec![(named(id), minor(amount))]);
    for (part, refusal) in [
        (lines("0", 6000), None),
        (lines("0", 6001), Some(capture::Refusal::ExceedsHold { held: minor(6000) })),
        (lines("9", 1), Some(capture::Refusal::UnknownLine { index: 0 })),
        // Points are a discount: there is no tender to capture a part of.
        (capture::Part::Amount(minor(0)), None),
        (capture::Part::Amount(minor(1)), Some(capture::Refusal::ExceedsHold { held: minor(0) })),
    ] {
        assert_eq!(capture_of(&part).err(), refusal, "{part:?}");
    }
    let whole = capture_of(&capture::Part::Full).unwrap();
    let by_amount = capture_of(&capture::Part::Amount(minor(0))).unwrap();
    assert_eq!(by_amount, whole);
    assert_eq!(totals(&whole), [(points_asset("reward"), 1000)]);
}

#[test]
fn held_points_can_be_captured_after_their_lot_has_expired() {
    let expiry = "2026-11-21T03:10:00Z";
    let wallet = wallet(&[("reward", 800, Some(expiry))]);
    let lines = ["a 4.00", "b 1.00"];
    let held = opened(&wallet, &program(), aud(&lines, &["reward 500"]), Settlement::Held(None));
    let history = History::of(&held);
    let state = &held.line.wallet;
    let until = format!("until {expiry}");
    let now = at("2026-11-21T03:12:00Z");
    let part = capture::Part::Lines(vec![(named("0"), minor(400))]);
    let line = appended(capture::decide(state, history.as_ref(), &part, now).unwrap());
    assert_eq!(
        postings(&line),
        [
            format!("reward expired -300 {until}"),
            format!("reward expired -100 {until}"),
            format!("reward redeemed -400 {until}"),
        ]
    );
    assert_eq!(line.wallet, Wallet::default());
    let instants: Vec<String> = line.postings.iter().map(|each| each.at.to_string()).collect();
    assert_eq!(instants, [expiry, "2026-11-21T03:12:00Z", "2026-11-21T03:12:00Z"]);
    let line = appended(release::decide(state, history.as_ref(), now).unwrap());
    let moved = [300, 500].map(|count| format!("reward expired -{count} {until}"));
    assert_eq!(postings(&line), moved);
    assert_eq!(line.wallet, Wallet::default());
}

#[test]
fn holds_share_what_is_available_and_are_limited() {
    let program = program();
    let mut state = wallet(&[("reward", 1000, None)]);
    for place in 0..crate::wallet::HOLDS_MAX {
        let request = Redemption {
            redemption: named(&format!("r{place}")),
            ..request(aud(&["a 1.00"], &["reward 1"]), Settlement::Held(None))
        };
        state = appended(decide(&state, &program, &request, at(NOW)).unwrap()).wallet;
    }
    assert_eq!(state.available(&points_asset("reward")), units(900));
    assert_eq!(state.held(&points_asset("reward")), units(100));
    let held = request(aud(&["a 1.00"], &["reward 1"]), Settlement::Held(None));
    let refused = decide(&state, &program, &held, at(NOW));
    assert_eq!(refused, Err(Refusal::LimitReached(LimitReached::HOLDS)));
    // What is captured at once needs no hold.
    let at_once = request(aud(&["a 9.00"], &["reward 900"]), Settlement::AtOnce);
    let line = appended(decide(&state, &program, &at_once, at(NOW)).unwrap());
    assert_eq!(line.wallet.available(&points_asset("reward")), Units::ZERO);
    // Once they have lapsed there is room again.
    let later = at("2026-11-21T03:14:05Z");
    let line = appended(decide(&line.wallet, &program, &held, later).unwrap());
    assert_eq!(line.lapsed.len(), crate::wallet::HOLDS_MAX);
    assert_eq!(line.wallet.available(&points_asset("reward")), units(99));
}

#[test]
fn reason_for_passing_over_is_read_from_its_word() {
    for why in Why::ALL {
        assert_eq!(Why::parse(why.as_str()), Some(why));
    }
    assert_eq!(Why::parse("whim"), None);
}

#[test]
fn line_of_a_redemption_names_it_and_implies_what_it_redeems() {
    let wallet = wallet(&[("reward", 800, None)]);
    let basket = || aud(&["a 4.00"], &["reward 300"]);
    let operation = Some(crate::entry::Operation::Redemption(named("basket-77")));
    for (settlement, is_captured) in [(Settlement::AtOnce, true), (Settlement::Held(None), false)] {
        let line = opened(&wallet, &program(), basket(), settlement).line;
        assert_eq!(line.detail.operation(), operation);
        let implied = line.detail.implied_postings(at(NOW));
        assert_eq!(implied, line.postings);
        assert_eq!(!implied.is_empty(), is_captured);
    }
    assert_eq!(Detail::Settlement.operation(), None);
}
