use serde_json::json;

use super::*;
use crate::amount::{Points, Units};
use crate::draft::Draft;
use crate::entry::{Entry, Line};
use crate::program::Document;
use crate::purchase::LineKind;
use crate::redeem::{
    self, Basket, BasketLine, MoneyUse, PointsUse, Redemption, Settlement, Uses, Wanted,
};
use crate::sample::{
    appended, at, entry, fill_with_lots, granted, identity_lots, lots, minor, named, points,
    points_asset, postings, program, program_of, program_with, units,
};
use crate::wallet::Wallet;
use crate::wallet::{IDENTITIES_MAX, LOTS_MAX};

const NOW: &str = "2026-11-21T03:04:05Z";
const CHRISTMAS: &str = "2026-12-25T00:00:00Z";
/// 14 days after Christmas, at the end of the day in Melbourne.
const GRACE: &str = "2027-01-08T13:00:00Z";
const FAR: &str = "2028-01-01T00:00:00Z";

/// What is used in full.
fn everything(benefits: &[&str]) -> Uses {
    let points = PointsUse { points: named("reward"), amount: Wanted::Max };
    Uses {
        benefits: benefits.iter().map(|id| named(id)).collect(),
        rewards: MoneyUse::All(Wanted::Max),
        points: vec![points],
        credits: MoneyUse::All(Wanted::Max),
        gift_cards: Vec::new(),
    }
}

fn with_points(wallet: &Wallet, count: u64, expires_at: &str) -> Wallet {
    let mut draft = Draft::open(wallet, at(NOW));
    let (reason, expires_at) = (PostingReason::Issued, Some(at(expires_at)));
    draft.issue(&named("reward"), points(count), reason, None, expires_at).unwrap();
    draft.into_wallet()
}

/// Spends at once on lines of these amounts, whose ids are their places from 1.
#[track_caller]
fn spent(wallet: &Wallet, amounts: &[u64], uses: Uses) -> Entry {
    spent_by(&program(), wallet, amounts, uses)
}

#[track_caller]
fn spent_by(program: &Program, wallet: &Wallet, amounts: &[u64], uses: Uses) -> Entry {
    let line = |(place, amount): (usize, &u64)| BasketLine {
        id: named(&(place + 1).to_string()),
        kind: LineKind::Product,
        category: None,
        amount: minor(*amount),
    };
    let lines = amounts.iter().enumerate().map(line).collect();
    let basket = Basket { currency: program.currency, lines, uses };
    let redemption = Redemption {
        redemption: named("basket-77"),
        basket,
        settlement: Settlement::AtOnce,
        expected_due: None,
    };
    let decided = redeem::decide(wallet, program, &redemption, at(NOW));
    entry(appended(decided.unwrap()), 6, at(NOW))
}

/// A part such as `60.00`, by amount, or `1 60.00, 2 5.00`, by lines.
fn part(text: &str) -> Part {
    let money = |text: &str| program().currency.parse_amount(text).unwrap();
    if !text.contains(' ') {
        return Part::Amount(money(text));
    }
    let lines = text.split(", ").map(|line| {
        let (id, amount) = line.split_once(' ').unwrap();
        (named(id), money(amount))
    });
    Part::Lines(lines.collect())
}

fn refund_in(
    program: &Program,
    (wallet, newest): (&Wallet, &Entry),
    text: &str,
    (number, now): (u64, &str),
) -> Result<Line, Refusal> {
    let request = Refund { refund: named("r"), part: part(text) };
    let history = History::of(newest);
    let decided = decide(wallet, program, history.as_ref(), &request, (number, at(now)));
    decided.map(appended)
}

fn refund(newest: &Entry, text: &str, now: &str) -> Result<Line, Refusal> {
    let state = (&newest.line.wallet, newest);
    refund_in(&program(), state, text, (newest.number + 1, now))
}

/// The refunds of `earlier`, one after the other.
#[track_caller]
fn refunded(newest: Entry, earlier: &[&str]) -> Entry {
    earlier.iter().fold(newest, |newest, text| {
        let line = refund(&newest, text, NOW).unwrap();
        entry(line, newest.number + 1, at(NOW))
    })
}

fn external(line: &Line) -> u64 {
    match &line.detail {
        Detail::Refund(refunded) => refunded.external.get(),
        other => panic!("{other:?}"),
    }
}

/// What comes back: `asset +amount`, ids and terms left out, and what is left to the till.
#[track_caller]
fn check(newest: &Entry, text: &str, back: &[&str], to_till: u64) {
    let line = refund(newest, text, NOW).unwrap();
    let found = line.postings.iter().map(|posting| {
        assert_eq!(posting.reason, PostingReason::Reinstated);
        format!("{} {:+}", posting.asset, posting.amount.get())
    });
    assert_eq!(found.collect::<Vec<_>>(), back, "{text}");
    assert_eq!(external(&line), to_till, "{text}");
}

/// The quote of API.md, the gift card of which is a store credit here: of 100.00 the benefit
/// takes 10.00, the reward 25.00, 500 points 5.00; welcome pays 20.00, store credit 30.00 and the
/// till 10.00.
fn example() -> Entry {
    let texts = [
        "benefit ten-percent ten-percent-1 1",
        "reward birthday birthday-2026 2500",
        "credit welcome welcome 2000",
        "credit store card 3000",
    ];
    let wallet = granted(&Wallet::default(), &program(), &texts, NOW);
    let wallet = with_points(&wallet, 500, FAR);
    let spent = spent(&wallet, &[10_000], everything(&["ten-percent-1"]));
    let plan = History::of(&spent).unwrap().recorded_plan().clone();
    assert_eq!((plan.net(), plan.due()), (minor(6000), minor(1000)));
    spent
}

const BENEFIT: &str = "benefit:ten-percent +1";
const REWARD: &str = "reward:birthday:AUD";
const POINTS: &str = "points:reward";
const WELCOME: &str = "credit:welcome:AUD";
const STORE: &str = "credit:store:AUD";

#[test]
fn half_of_the_example_gives_back_half_of_its_discounts_and_no_benefit() {
    let back = [
        "reward:birthday:AUD +1250",
        "points:reward +250",
        "credit:welcome:AUD +2000",
        "credit:store:AUD +1000",
    ];
    check(&example(), "1 50.00", &back, 0);
    let line = refund(&example(), "1 50.00", NOW).unwrap();
    let lots = [
        "reward:birthday:AUD birthday-2026 1250/",
        "credit:store:AUD card 1000/1000",
        "credit:welcome:AUD welcome 2000/",
    ];
    for (found, lot) in identity_lots(&line.wallet).iter().zip(lots) {
        assert!(found.starts_with(lot), "{found}");
    }
    assert_eq!(line.wallet.available(&points_asset("reward")), units(250));
}

#[test]
fn refund_by_lines_gives_discounts_back_in_proportion_and_the_rest_as_money() {
    let all =
        |reward: u64, points: u64| [format!("{REWARD} +{reward}"), format!("{POINTS} +{points}")];
    let money = |welcome: u64, store: u64| {
        let back = [(WELCOME, welcome), (STORE, store)];
        back.into_iter()
            .filter(|(_, amount)| *amount > 0)
            .map(|(asset, amount)| format!("{asset} +{amount}"))
    };
    let row = |earlier: &[&str], text: &str, discounts: Vec<String>, paid: (u64, u64), till| {
        let back: Vec<String> = discounts.into_iter().chain(money(paid.0, paid.1)).collect();
        let back: Vec<&str> = back.iter().map(String::as_str).collect();
        check(&refunded(example(), earlier), text, &back, till);
    };
    // 0.01 of 100.00 restores nothing of any discount; then each takes its floor, cumulatively.
    row(&[], "1 0.01", vec![], (1, 0), 0);
    row(&["1 0.01"], "1 0.03", vec![format!("{REWARD} +1")], (2, 0), 0);
    row(&[], "1 0.19", vec![format!("{REWARD} +4")], (14, 0), 0);
    row(&[], "1 0.20", all(5, 1).to_vec(), (12, 0), 0);
    // No refund gives back more than it returns: the cent is the benefit's, the reward and the
    // points catch up with the next ones.
    row(&["1 0.19"], "1 0.01", vec![], (0, 0), 0);
    row(&["1 0.19", "1 0.01"], "1 0.01", vec![format!("{REWARD} +1")], (0, 0), 0);
    row(&["1 0.19", "1 0.01", "1 0.01"], "1 0.01", vec![format!("{POINTS} +1")], (0, 0), 0);
    let whole = |reward, points| {
        let mut whole = vec![BENEFIT.to_owned()];
        whole.extend(all(reward, points));
        whole
    };
    // The floors leave 60.02, and only 60.00 is money: the benefit and the reward take a cent each.
    row(&[], "1 99.99", all(2500, 499).to_vec(), (2000, 3000), 1000);
    let last = vec![BENEFIT.to_owned(), format!("{POINTS} +1")];
    row(&["1 99.99"], "1 0.01", last, (0, 0), 0);
    row(&[], "1 100.00", whole(2500, 500), (2000, 3000), 1000);
    row(&["1 50.00"], "1 50.00", whole(1250, 250), (0, 2000), 1000);
    row(&["1 33.33", "1 33.33"], "1 33.34", whole(834, 167), (0, 999), 1000);
}

#[test]
fn refund_by_amount_gives_back_no_discount_and_pays_tenders_in_the_order_they_paid() {
    for (earlier, text, back, to_till) in [
        (&[][..], "0.01", &[(WELCOME, 1)][..], 0),
        (&[], "20.00", &[(WELCOME, 2000)], 0),
        (&[], "20.01", &[(WELCOME, 2000), (STORE, 1)], 0),
        (&["20.00"], "0.01", &[(STORE, 1)], 0),
        (&[], "50.00", &[(WELCOME, 2000), (STORE, 3000)], 0),
        (&[], "50.01", &[(WELCOME, 2000), (STORE, 3000)], 1),
        (&["50.00"], "10.00", &[], 1000),
        (&["50.01"], "9.99", &[], 999),
        (&[], "60.00", &[(WELCOME, 2000), (STORE, 3000)], 1000),
    ] {
        let back: Vec<String> = back.iter().map(|(asset, of)| format!("{asset} +{of}")).collect();
        let back: Vec<&str> = back.iter().map(String::as_str).collect();
        check(&refunded(example(), earlier), text, &back, to_till);
    }
}

#[track_caller]
fn check_refused(earlier: &[&str], text: &str, refusal: Option<&Refusal>) {
    let newest = refunded(example(), earlier);
    assert_eq!(refund(&newest, text, NOW).err().as_ref(), refusal, "{earlier:?} {text}");
}

#[test]
fn refunds_of_both_forms_together_are_no_more_money_than_was_captured() {
    let money = |left: u64| Some(Refusal::ExceedsRedemption { left: minor(left) });
    let line = |left: u64| Some(Refusal::ExceedsLine { index: 0, left: minor(left) });
    for (earlier, text, refusal) in [
        (&[][..], "60.00", None),
        (&[], "60.01", money(6000)),
        (&["59.99"], "0.01", None),
        (&["59.99"], "0.02", money(1)),
        (&["60.00"], "0.01", money(0)),
        (&[], "1 100.00", None),
        (&[], "1 100.01", line(10_000)),
        (&["1 99.99"], "1 0.01", None),
        (&["1 99.99"], "1 0.02", line(1)),
        (&["1 100.00"], "0.01", money(0)),
        // Half of the line is 30.00 of money.
        (&["1 50.00"], "30.00", None),
        (&["1 50.00"], "30.01", money(3000)),
        (&["30.00"], "1 50.00", None),
        (&["30.01"], "1 50.00", money(2999)),
        (&["30.00", "1 50.00"], "0.01", money(0)),
    ] {
        check_refused(earlier, text, refusal.as_ref());
    }
    check_refused(&["0.01"], "90071992547409.91", money(5999).as_ref());
}

#[test]
fn refund_names_lines_of_what_was_captured() {
    check_refused(&[], "2 1.00", Some(&Refusal::UnknownLine { index: 0 }));
    check_refused(&[], "1 1.00, 2 1.00", Some(&Refusal::UnknownLine { index: 1 }));
    let exceeds = Refusal::ExceedsLine { index: 1, left: minor(500) };
    let two = spent(&Wallet::default(), &[1000, 500], Uses::default());
    assert_eq!(refund(&two, "1 10.00, 2 5.01", NOW).err(), Some(exceeds));
    assert_eq!(external(&refund(&two, "1 10.00, 2 5.00", NOW).unwrap()), 1500);
}

#[test]
fn refund_needs_a_captured_redemption() {
    let wallet = granted(&Wallet::default(), &program(), &["credit store c1 500"], NOW);
    let uses = Uses { credits: MoneyUse::All(Wanted::Max), ..Uses::default() };
    let mut held = spent(&wallet, &[500], uses);
    let Detail::Redemption(opened) = &mut held.line.detail else { panic!("no redemption") };
    opened.lapses_at = Some(at("2026-11-21T03:14:05Z"));
    let (redemption, plan) = (opened.redemption.clone(), opened.plan.clone());
    let draws = plan.draws().cloned().collect();
    let lapses_at = at("2026-11-21T03:14:05Z");
    held.line.wallet.holds.push(crate::wallet::Hold { member: None, redemption, lapses_at, draws });
    for (now, status) in [
        (NOW, Status::Held),
        ("2026-11-21T03:14:04.999Z", Status::Held),
        ("2026-11-21T03:14:05Z", Status::Lapsed),
    ] {
        assert_eq!(refund(&held, "5.00", now).err(), Some(Refusal::NotCaptured(status)));
    }
    let history = History::of(&held);
    let released = redeem::release::decide(&held.line.wallet, history.as_ref(), at(NOW));
    let released = entry(appended(released.unwrap()), 7, at(NOW));
    let refusal = Refusal::NotCaptured(Status::Released);
    assert_eq!(refund(&released, "5.00", NOW).err(), Some(refusal));
    let request = Refund { refund: named("r"), part: part("5.00") };
    let unknown = decide(&wallet, &program(), None, &request, (7, at(NOW)));
    assert_eq!(unknown, Err(Refusal::UnknownRedemption));

    let part = redeem::capture::Part::Amount(minor(300));
    let state = &held.line.wallet;
    let captured = redeem::capture::decide(state, history.as_ref(), &part, at(NOW));
    let captured = entry(appended(captured.unwrap()), 7, at(NOW));
    let line = refund(&captured, "5.00", NOW).unwrap();
    assert_eq!(postings(&line), ["credit:store:AUD c1 reinstated +300"]);
    assert_eq!(external(&line), 200);
}

#[test]
fn refund_of_a_benefit_waits_for_all_the_lines_it_touched() {
    let texts = ["benefit ten-percent b1 1", "benefit free-hem hem 1"];
    let wallet = granted(&Wallet::default(), &program(), &texts, NOW);
    let uses = Uses { benefits: vec![named("b1"), named("hem")], ..Uses::default() };
    let two = spent(&wallet, &[1000, 500], uses);
    for (earlier, text, back, to_till) in [
        (&[][..], "1 10.00", &[][..], 900),
        (&["1 10.00"], "2 4.99", &[], 450),
        (&["1 10.00", "2 4.99"], "2 0.01", &[BENEFIT, "benefit:free-hem +1"][..], 0),
        (&[], "1 10.00, 2 5.00", &[BENEFIT, "benefit:free-hem +1"], 1350),
        // Money alone gives no use back.
        (&[], "13.50", &[], 1350),
    ] {
        check(&refunded(two.clone(), earlier), text, back, to_till);
    }
}

#[test]
fn refund_of_a_service_used_for_gift_cards_alone_gives_its_use_back_with_all_of_them() {
    let wallet = granted(&Wallet::default(), &program(), &["benefit free-hem hem 1"], NOW);
    let line = BasketLine {
        id: named("1"),
        kind: LineKind::GiftCard,
        category: None,
        amount: minor(5000),
    };
    let uses = Uses { benefits: vec![named("hem")], ..Uses::default() };
    let basket = Basket { currency: program().currency, lines: vec![line], uses };
    let (redemption, settlement) = (named("basket-77"), Settlement::AtOnce);
    let request = Redemption { redemption, basket, settlement, expected_due: None };
    let line = redeem::decide(&wallet, &program(), &request, at(NOW));
    let spent = entry(appended(line.unwrap()), 6, at(NOW));
    check(&spent, "1 50.00", &["benefit:free-hem +1"], 5000);
}

#[test]
fn refund_of_a_service_asks_for_all_lines_but_gift_cards_where_there_are_others() {
    let wallet = granted(&Wallet::default(), &program(), &["benefit free-hem hem 1"], NOW);
    let line = |id: &str, kind, amount| {
        let (id, amount) = (named(id), minor(amount));
        BasketLine { id, kind, category: None, amount }
    };
    let lines = vec![
        line("1", LineKind::Product, 4000),
        line("2", LineKind::GiftCard, 5000),
        line("3", LineKind::Product, 0),
    ];
    let uses = Uses { benefits: vec![named("hem")], ..Uses::default() };
    let basket = Basket { currency: program().currency, lines, uses };
    let (redemption, settlement) = (named("basket-77"), Settlement::AtOnce);
    let request = Redemption { redemption, basket, settlement, expected_due: None };
    let line = redeem::decide(&wallet, &program(), &request, at(NOW));
    let spent = entry(appended(line.unwrap()), 6, at(NOW));
    check(&spent, "1 39.99", &[], 3999);
    check(&spent, "1 40.00", &["benefit:free-hem +1"], 4000);
    check(&spent, "2 50.00", &[], 5000);
}

#[test]
fn refunds_are_none_until_there_is_one_of_either_form() {
    let spent = spent_of("credit store c1 1000");
    let none = History::of(&spent).unwrap();
    assert!(!none.refunds().is_any());
    for part in [Part::Amount(minor(1)), Part::Lines(vec![(named("1"), minor(1))])] {
        let request = Refund { refund: named("R-1"), part };
        let decided = decide(&spent.line.wallet, &program(), Some(&none), &request, (9, at(NOW)));
        let refunded = entry(appended(decided.unwrap()), 9, at(NOW));
        assert!(History::of(&refunded).unwrap().refunds().is_any(), "{request:?}");
    }
}

#[test]
fn expiry_after_a_refund_records_what_was_issued_and_not_what_came_back() {
    let newest = refunded(spent_of(&format!("points {CHRISTMAS}")), &["1 40.00"]);
    let draft = Draft::open(&newest.line.wallet, at(CHRISTMAS));
    let line = draft.close(newest.line.detail.clone());
    assert_eq!(postings(&line), [format!("reward expired -1000 until {CHRISTMAS}")]);
    assert_eq!(line.postings[0].lot_issued, Some(units(1000)));
}

/// Something of 10.00 that expires at Christmas (or never), wholly spent.
fn spent_of(text: &str) -> Entry {
    let wallet = match text.strip_prefix("points ") {
        Some(until) => with_points(&Wallet::default(), 1000, until),
        None => granted(&Wallet::default(), &program(), &[text], NOW),
    };
    spent(&wallet, &[4000], everything(&[]))
}

/// Refunds the whole of it at an instant.
#[track_caller]
fn check_term(program: &Program, spent: &Entry, now: &str, moved: &[&str], lot: &[&str]) {
    let state = (&spent.line.wallet, spent);
    let line = refund_in(program, state, "1 40.00", (9, now)).unwrap();
    assert_eq!(postings(&line), moved);
    let mut left = identity_lots(&line.wallet);
    left.extend(lots(&line.wallet, "reward"));
    assert_eq!(left, lot);
}

fn without_grace() -> Program {
    program_with(|document: &mut Document| {
        document.redemption.as_mut().unwrap().reinstate_grace = Some("P0D".to_owned());
    })
}

const EXPIRING: [(&str, &str, &str); 4] = [
    (
        "reward points-reward v1 1000",
        "reward:points-reward:AUD v1",
        "reward:points-reward:AUD entry:9",
    ),
    ("credit welcome v1 1000", "credit:welcome:AUD v1", "credit:welcome:AUD entry:9"),
    ("credit store v1 1000", "credit:store:AUD v1", "credit:store:AUD entry:9"),
    ("points", "reward", "reward"),
];

fn expiring(text: &str) -> Entry {
    match text {
        "points" => spent_of(&format!("points {CHRISTMAS}")),
        text => spent_of(&format!("{text} until {CHRISTMAS}")),
    }
}

/// A lot as [`check_term`] finds it: those of points go without the name.
fn lot_of(value: &str, lot: &str) -> String {
    if value == "reward" { lot.to_owned() } else { format!("{value} {lot}") }
}

#[test]
fn value_that_has_expired_has_a_grace_to_the_end_of_the_fourteenth_day() {
    for (text, own, fresh) in EXPIRING {
        let spent = expiring(text);
        let just_before = "2026-12-24T23:59:59.999Z";
        let line = refund(&spent, "1 40.00", just_before).unwrap();
        assert_eq!(postings(&line), [format!("{own} reinstated +1000 until {CHRISTMAS}")]);
        let is_grace = line.wallet.assets.values().any(|holding| holding.lots[0].is_grace);
        assert!(!is_grace);
        let moved = format!("{fresh} reinstated +1000 until {GRACE}");
        let left = lot_of(fresh, &format!("1000/1000 until {GRACE} grace"));
        check_term(&program(), &spent, CHRISTMAS, &[&moved], &[&left]);
    }
    // The first instant of another day in Melbourne has a day more.
    let spent = expiring("points");
    for (now, until) in [
        ("2026-12-25T12:59:59.999Z", "2027-01-08T13:00:00Z"),
        ("2026-12-25T13:00:00Z", "2027-01-09T13:00:00Z"),
    ] {
        let left = format!("1000/1000 until {until} grace");
        let moved = format!("reward reinstated +1000 until {until}");
        check_term(&program(), &spent, now, &[&moved], &[&left]);
    }
    let late = refund(&spent, "1 40.00", "9999-12-25T00:00:00Z");
    assert_eq!(late.err(), Some(Refusal::OutsideTheCalendar));
}

#[test]
fn without_grace_expired_value_is_forfeited_but_store_credit_never_expires_any_more() {
    for (text, own, fresh) in EXPIRING {
        let spent = expiring(text);
        if text.starts_with("credit store") {
            let moved = format!("{fresh} reinstated +1000");
            let left = format!("{fresh} 1000/1000");
            check_term(&without_grace(), &spent, CHRISTMAS, &[&moved], &[&left]);
            continue;
        }
        let moved = ["reinstated +1000", "expired -1000"];
        let moved = moved.map(|moved| format!("{own} {moved} until {CHRISTMAS}"));
        let moved = moved.each_ref().map(String::as_str);
        check_term(&without_grace(), &spent, CHRISTMAS, &moved, &[]);
    }
}

#[test]
fn grace_lot_has_no_second_grace_but_of_store_credit() {
    for (text, _, fresh) in EXPIRING {
        let spent_first = expiring(text);
        let line = refund(&spent_first, "1 40.00", CHRISTMAS).unwrap();
        let again = spent_at(&line.wallet, CHRISTMAS);
        let fresh = fresh.replace("entry:9", "entry:7");
        let just_before = refund(&again, "1 40.00", "2027-01-08T12:59:59.999Z").unwrap();
        assert_eq!(postings(&just_before), [format!("{fresh} reinstated +1000 until {GRACE}")]);
        let at_its_end = refund(&again, "1 40.00", GRACE).unwrap();
        let moved = if text.starts_with("credit store") {
            vec!["credit:store:AUD entry:9 reinstated +1000 until 2027-01-23T13:00:00Z".to_owned()]
        } else {
            let moved = ["reinstated +1000", "expired -1000"];
            moved.map(|moved| format!("{fresh} {moved} until {GRACE}")).to_vec()
        };
        assert_eq!(postings(&at_its_end), moved, "{text}");
    }
}

/// Spends all there is on 40.00.
#[track_caller]
fn spent_at(wallet: &Wallet, now: &str) -> Entry {
    let request = Redemption {
        redemption: named("basket-78"),
        basket: Basket {
            currency: program().currency,
            lines: vec![BasketLine {
                id: named("1"),
                kind: LineKind::Product,
                category: None,
                amount: minor(4000),
            }],
            uses: everything(&[]),
        },
        settlement: Settlement::AtOnce,
        expected_due: Some(minor(3000)),
    };
    let decided = redeem::decide(wallet, &program(), &request, at(now));
    entry(appended(decided.unwrap()), 8, at(now))
}

#[test]
fn value_of_a_definition_that_is_no_longer_known_is_not_forfeited() {
    let program = program_with(|document| {
        document.credits.retain(|credit| credit.handle != "welcome");
        document.redemption.as_mut().unwrap().reinstate_grace = Some("P0D".to_owned());
    });
    let spent = expiring("credit welcome v1 1000");
    let moved = "credit:welcome:AUD entry:9 reinstated +1000";
    let left = "credit:welcome:AUD entry:9 1000/1000";
    check_term(&program, &spent, CHRISTMAS, &[moved], &[left]);
}

#[test]
fn spent_credit_that_never_expires_is_made_anew_under_its_own_id() {
    let spent = spent_of("credit store c1 1000");
    let settled = Draft::open(&spent.line.wallet, at(NOW)).into_wallet();
    assert_eq!(settled, Wallet::default());
    let moved = "credit:store:AUD c1 reinstated +1000";
    check_term(&program(), &spent, FAR, &[moved], &["credit:store:AUD c1 1000/1000"]);
    let first = refunded(spent, &["1 30.00", "0.01"]);
    assert_eq!(identity_lots(&first.line.wallet), ["credit:store:AUD c1 1000/1000"]);
}

#[test]
fn refund_in_parts_grows_one_lot_before_the_expiry_and_one_for_each_day_after_it() {
    let spent = expiring("credit welcome v1 1000");
    let first = refunded(spent, &["4.00"]);
    let remaining = |wallet: &Wallet| -> Vec<(String, u64)> {
        let lots = wallet.lots_of(crate::asset::Kind::Credit);
        lots.map(|(_, lot)| (lot.id().unwrap().to_string(), lot.remaining.get())).collect()
    };
    assert_eq!(remaining(&first.line.wallet), [("v1".to_owned(), 400)]);
    let second = entry(refund(&first, "5.00", CHRISTMAS).unwrap(), 8, at(CHRISTMAS));
    assert_eq!(remaining(&second.line.wallet), [("entry:8".to_owned(), 500)]);
    let third = entry(refund(&second, "0.50", CHRISTMAS).unwrap(), 9, at(CHRISTMAS));
    assert_eq!(remaining(&third.line.wallet), [("entry:8".to_owned(), 550)]);
    let fourth = refund(&third, "0.50", "2026-12-26T00:00:00Z").unwrap();
    let lots = [("entry:8".to_owned(), 550), ("entry:10".to_owned(), 50)];
    assert_eq!(remaining(&fourth.wallet), lots);
}

#[test]
fn new_lots_of_one_refund_are_told_apart_unless_they_are_alike() {
    let texts = [
        &format!("credit welcome c1 1000 until {CHRISTMAS}"),
        &format!("credit welcome c2 1000 until {CHRISTMAS}"),
        &format!("reward points-reward r1 500 until {CHRISTMAS}"),
    ];
    let wallet = granted(&Wallet::default(), &program(), &texts.map(String::as_str), NOW);
    let spent = spent(&wallet, &[4000], everything(&[]));
    let line = refund(&spent, "1 40.00", CHRISTMAS).unwrap();
    let moved = [
        "reward:points-reward:AUD entry:7 reinstated +500",
        "credit:welcome:AUD entry:7:2 reinstated +1000",
        "credit:welcome:AUD entry:7:2 reinstated +1000",
    ];
    assert_eq!(postings(&line), moved.map(|moved| format!("{moved} until {GRACE}")));
}

#[test]
fn refund_after_debt_repays_it() {
    let spent = spent_of(&format!("points {FAR}"));
    for (debt, kept) in [(999, 1), (1000, 0), (1001, 0)] {
        let mut wallet = spent.line.wallet.clone();
        wallet.assets.entry(points_asset("reward")).or_default().debt = points(debt);
        let line = refund_in(&program(), (&wallet, &spent), "1 40.00", (7, NOW)).unwrap();
        let repaid = debt.min(1000);
        let moved = ["reinstated +1000".to_owned(), format!("debt_repaid -{repaid}")];
        assert_eq!(postings(&line), moved.map(|moved| format!("reward {moved} until {FAR}")));
        let holding = line.wallet.points(&named("reward")).unwrap();
        assert_eq!((holding.available(), holding.debt), (units(kept), points(debt - repaid)));
    }
}

#[test]
fn refund_is_never_refused_for_the_number_of_lots_but_for_the_amount() {
    let spent = spent_of("credit store c1 1000");
    let mut draft = Draft::open(&spent.line.wallet, at(NOW));
    for place in 0..IDENTITIES_MAX {
        let (id, reason) = (named(&place.to_string()), PostingReason::Issued);
        draft.grant(&"benefit:free-hem".parse().unwrap(), id, units(1), reason, None).unwrap();
    }
    fill_with_lots(&mut draft, LOTS_MAX);
    let full = draft.into_wallet();
    let line = refund_in(&program(), (&full, &spent), "1 40.00", (7, NOW)).unwrap();
    assert_eq!(line.wallet.lot_count(), LOTS_MAX + 1);

    let most = Units::MAX.get() - 1000;
    for (there, refusal) in
        [(most, None), (most + 1, Some(Refusal::LimitReached(LimitReached::AMOUNT)))]
    {
        let text = format!("credit store c2 {there}");
        let rich = granted(&spent.line.wallet, &program(), &[&text], NOW);
        let found = refund_in(&program(), (&rich, &spent), "1 40.00", (7, NOW)).err();
        assert_eq!(found, refusal);
    }
}

#[test]
fn refund_of_points_rounds_what_the_lines_took_off_down_to_points() {
    let value = json!({"points": 3, "money": "1.00"});
    let program = program_of(
        "AUD",
        json!({"points": [{"handle": "reward", "name": "R", "kind": "reward", "value": value}]}),
    );
    let wallet = with_points(&Wallet::default(), 90, FAR);
    let newest = spent_by(&program, &wallet, &[10_000], everything(&[]));
    // 90 points are 30.00 of 100.00: 3 of them for every 1.00 that comes back as discount.
    for (text, back) in [
        ("1 1.13", 0),
        ("1 1.14", 1),
        ("1 3.33", 2),
        ("1 3.34", 3),
        ("1 99.99", 89),
        ("1 100.00", 90),
    ] {
        let line = refund_in(&program, (&newest.line.wallet, &newest), text, (7, NOW)).unwrap();
        let posted = line.postings.iter().map(|posting| posting.amount.get());
        assert_eq!(posted.sum::<i64>(), back, "{text}");
    }
}

#[test]
fn refund_of_points_returns_to_the_lots_they_were_drawn_from_first_drawn_first() {
    let wallet = with_points(&Wallet::default(), 300, CHRISTMAS);
    let wallet = with_points(&wallet, 700, FAR);
    let newest = spent(&wallet, &[2000], everything(&[]));
    let first = |count: u64| format!("reward reinstated +{count} until {CHRISTMAS}");
    let second = |count: u64| format!("reward reinstated +{count} until {FAR}");
    for (earlier, text, moved) in [
        (&[][..], "1 5.00", vec![first(250)]),
        (&["1 5.00"], "1 5.00", vec![first(50), second(200)]),
        (&["1 5.00", "1 5.00"], "1 10.00", vec![second(500)]),
        (&[], "1 20.00", vec![first(300), second(700)]),
    ] {
        let line = refund(&refunded(newest.clone(), earlier), text, NOW).unwrap();
        assert_eq!(postings(&line), moved);
    }
    assert_eq!(Points::from(wallet.available(&points_asset("reward"))), points(1000));
}
