use super::*;
use crate::draft::Draft;
use crate::entry::{Entry, Line};
use crate::posting::PostingReason;
use crate::purchase::LineKind;
use crate::redeem::{
    self, Basket, BasketLine, MoneyUse, PointsUse, Redemption, Settlement, Tender, Uses, Wanted,
};
use crate::sample::{
    appended, at, entry, granted, identity_lots, minor, named, points, points_asset, postings,
    program,
};
use crate::wallet::Wallet;

const NOW: &str = "2026-11-21T03:04:05Z";

/// Holds all there is for lines such as `60.00` or `card 50.00`, whose ids are their places.
#[track_caller]
fn held(values: &[&str], point_count: u64, lines: &[&str], benefits: &[&str]) -> Entry {
    let wallet = granted(&Wallet::default(), &program(), values, NOW);
    let mut draft = Draft::open(&wallet, at(NOW));
    let (reward, issued) = (named("reward"), PostingReason::Issued);
    draft.issue(&reward, points(point_count), issued, None, None).unwrap();
    let line = |(place, text): (usize, &&str)| {
        let (kind, amount) = match text.strip_prefix("card ") {
            Some(amount) => (LineKind::GiftCard, amount),
            None => (LineKind::Product, *text),
        };
        let amount = program().currency.parse_amount(amount).unwrap();
        BasketLine { id: named(&place.to_string()), kind, category: None, amount }
    };
    let uses = Uses {
        benefits: benefits.iter().map(|id| named(id)).collect(),
        rewards: MoneyUse::All(Wanted::Max),
        points: vec![PointsUse { points: reward, amount: Wanted::Max }],
        credits: MoneyUse::All(Wanted::Max),
        gift_cards: Vec::new(),
    };
    let lines = lines.iter().enumerate().map(line).collect();
    let basket = Basket { currency: program().currency, lines, uses };
    let settlement = Settlement::Held(None);
    let redemption = named("basket-77");
    let request = Redemption { redemption, basket, settlement, expected_due: None };
    let decided = redeem::decide(draft.wallet(), &program(), &request, at(NOW));
    entry(appended(decided.unwrap()), 7, at(NOW))
}

fn capture(held: &Entry, part: &Part) -> Result<Line, Refusal> {
    let history = History::of(held);
    decide(&held.line.wallet, history.as_ref(), part, at(NOW)).map(appended)
}

/// Of 60.00 and 40.00 a benefit takes 6.00 and 4.00, points 5.40 and 3.60; welcome pays 20.00 and
/// store credit 30.00 of the 81.00 that are left, so that 31.00 are due.
fn both() -> Entry {
    let values = ["benefit ten-percent b 1", "credit welcome w 2000", "credit store s 3000"];
    let held = held(&values, 900, &["60.00", "40.00"], &["b"]);
    let plan = History::of(&held).unwrap().recorded_plan().clone();
    assert_eq!((plan.net(), plan.due()), (minor(8100), minor(3100)));
    held
}

/// What is captured of [`both`]: discounts in cents, tenders in cents, what is due; and what is
/// left of benefit, points, welcome and store credit.
#[track_caller]
fn check(part: &Part, (discounts, tenders, due): (&[u64], &[u64], u64), left: [u64; 4]) {
    let line = capture(&both(), part).unwrap();
    let Detail::Capture(captured) = &line.detail else { panic!("{:?}", line.detail) };
    let plan = &captured.plan;
    let amounts = |amounts: Vec<Minor>| amounts.into_iter().map(Minor::get).collect::<Vec<_>>();
    let found = amounts(plan.discounts.iter().map(|discount| discount.amount).collect());
    assert_eq!(found, discounts, "{part:?}");
    assert_eq!(amounts(plan.tenders.iter().map(Tender::amount).collect()), tenders);
    assert_eq!(plan.due(), minor(due), "{part:?}");
    let of = |text: &str| line.wallet.available(&text.parse().unwrap()).get();
    let assets = ["benefit:ten-percent", "points:reward", "credit:welcome:AUD", "credit:store:AUD"];
    assert_eq!(assets.map(of), left, "{part:?}");
    // What was held is either spent or back.
    let spent: u64 = line.postings.iter().map(|each| each.amount.magnitude().get()).sum();
    assert_eq!(spent + left.iter().sum::<u64>(), 1 + 900 + 2000 + 3000);
    assert_eq!(line.wallet.holds, []);
}

#[test]
fn capture_of_an_amount_keeps_discounts_and_releases_the_last_tender_first() {
    let discounts = &[1000, 900][..];
    for (amount, tenders, due, left) in [
        (5000, &[2000, 3000][..], 3100, [0, 0, 0, 0]),
        (4999, &[2000, 2999], 3101, [0, 0, 0, 1]),
        (2001, &[2000, 1], 6099, [0, 0, 0, 2999]),
        (2000, &[2000], 6100, [0, 0, 0, 3000]),
        (1999, &[1999], 6101, [0, 0, 1, 3000]),
        (0, &[], 8100, [0, 0, 2000, 3000]),
    ] {
        check(&Part::Amount(minor(amount)), (discounts, tenders, due), left);
    }
    let beyond = capture(&both(), &Part::Amount(minor(5001)));
    assert_eq!(beyond.err(), Some(Refusal::ExceedsHold { held: minor(5000) }));
    check(&Part::Full, (discounts, &[2000, 3000], 3100), [0, 0, 0, 0]);
}

#[test]
fn capture_of_lines_gives_back_the_discounts_of_the_others_and_tender_beyond_the_net() {
    let lines = |lines: &[(&str, u64)]| {
        Part::Lines(lines.iter().map(|(id, amount)| (named(id), minor(*amount))).collect())
    };
    let whole = lines(&[("0", 6000), ("1", 4000)]);
    check(&whole, (&[1000, 900], &[2000, 3000], 3100), [0, 0, 0, 0]);
    // 48.60 are left to pay of the first line: the till gets nothing any more.
    check(&lines(&[("0", 6000)]), (&[600, 540], &[2000, 2860], 0), [0, 360, 0, 140]);
    check(&lines(&[("1", 4000)]), (&[400, 360], &[2000, 1240], 0), [0, 540, 0, 1760]);
    check(&lines(&[("0", 1000)]), (&[100, 90], &[810], 0), [0, 810, 1190, 3000]);
    // Nothing of any line is nothing of the benefit either.
    check(&lines(&[]), (&[], &[], 0), [1, 900, 2000, 3000]);
    check(&lines(&[("0", 0)]), (&[], &[], 0), [1, 900, 2000, 3000]);
}

#[test]
fn capture_of_a_gift_card_line_releases_promotional_credit() {
    let values = ["credit welcome w 1500", "credit store s 3000"];
    let held = held(&values, 1, &["10.01", "card 50.00"], &[]);
    let plan = History::of(&held).unwrap().recorded_plan().clone();
    let tenders: Vec<u64> = plan.tenders.iter().map(|each| each.amount().get()).collect();
    assert_eq!(tenders, [1000, 3000]);
    let line = capture(&held, &Part::Lines(vec![(named("1"), minor(5000))])).unwrap();
    assert_eq!(postings(&line), ["credit:store:AUD s redeemed -3000"]);
    assert_eq!(line.wallet.available(&points_asset("reward")).get(), 1);
    let until = "until 2027-01-20T13:00:00Z";
    assert_eq!(identity_lots(&line.wallet), [format!("credit:welcome:AUD w 1500/1500 {until}")]);
    let Detail::Capture(captured) = line.detail else { panic!("{:?}", line.detail) };
    assert_eq!(captured.plan.due(), minor(2000));
}

#[test]
fn capture_of_several_lots_of_one_asset_releases_the_last_drawn() {
    let values = [
        "reward points-reward r1 500 until 2026-12-01T00:00:00Z",
        "reward points-reward r2 500 until 2026-12-02T00:00:00Z",
        "credit store s1 500 until 2026-12-01T00:00:00Z",
        "credit store s2 500 until 2026-12-02T00:00:00Z",
    ];
    let held = held(&values, 1, &["20.01"], &[]);
    let line = capture(&held, &Part::Amount(minor(600))).unwrap();
    let until = |day: u64| format!("until 2026-12-0{day}T00:00:00Z");
    let moved = [
        format!("reward:points-reward:AUD r1 redeemed -500 {}", until(1)),
        format!("reward:points-reward:AUD r2 redeemed -500 {}", until(2)),
        "reward redeemed -1".to_owned(),
        format!("credit:store:AUD s1 redeemed -500 {}", until(1)),
        format!("credit:store:AUD s2 redeemed -100 {}", until(2)),
    ];
    assert_eq!(postings(&line), moved);
    let none = capture(&held, &Part::Amount(minor(500))).unwrap();
    assert_eq!(postings(&none), moved[..4]);
    // Of 10.01 that go back, 2.50 are of each reward, and the other 5.01 are tender.
    let back = capture(&held, &Part::Lines(vec![(named("0"), minor(1000))])).unwrap();
    let left = |count: u64, id: &str, day: u64| format!("{id} {count}/500 {}", until(day));
    let lots: Vec<String> = identity_lots(&back.wallet);
    for (lot, (count, id, day)) in
        lots.iter().zip([(250, "r1", 1), (250, "r2", 2), (1, "s1", 1), (500, "s2", 2)])
    {
        assert!(lot.ends_with(&left(count, id, day)), "{lots:?}");
    }
}

#[test]
fn capture_without_the_first_of_two_lots_releases_that_one() {
    // The first cent comes off the first line, the second off the second, which has become dearer,
    // and the point off the first again.
    let values = [
        "reward points-reward r1 1 until 2026-12-01T00:00:00Z",
        "reward points-reward r2 1 until 2026-12-02T00:00:00Z",
    ];
    let held = held(&values, 1, &["0.10", "0.10"], &[]);
    let line = capture(&held, &Part::Lines(vec![(named("1"), minor(10))])).unwrap();
    let redeemed = "reward:points-reward:AUD r2 redeemed -1 until 2026-12-02T00:00:00Z";
    assert_eq!(postings(&line), [redeemed]);
    let left = "reward:points-reward:AUD r1 1/1 until 2026-12-01T00:00:00Z";
    assert_eq!(identity_lots(&line.wallet), [left]);
    assert_eq!(line.wallet.available(&points_asset("reward")).get(), 1);
}

#[test]
fn credit_that_a_hold_has_wholly_set_aside_is_not_available() {
    let wallet = held(&["credit store s 500"], 1, &["9.00"], &[]).line.wallet;
    let amount = minor(100);
    let line = BasketLine { id: named("0"), kind: LineKind::Product, category: None, amount };
    let credits = MoneyUse::Each(vec![(named("s"), Wanted::Max)]);
    let uses = Uses { credits, ..Uses::default() };
    let basket = Basket { currency: program().currency, lines: vec![line], uses };
    let (redemption, settlement) = (named("basket-78"), Settlement::AtOnce);
    let request = Redemption { redemption, basket, settlement, expected_due: None };
    let line = appended(redeem::decide(&wallet, &program(), &request, at(NOW)).unwrap());
    let Detail::Redemption(opened) = line.detail else { panic!("{:?}", line.detail) };
    let why = redeem::Why::NotAvailable;
    let passed = redeem::PassedOver { kind: crate::asset::Kind::Credit, id: named("s"), why };
    assert_eq!(opened.plan.passed_over, [passed]);
}

#[test]
fn capture_does_not_repeat_what_the_hold_passed_over() {
    let wallet = granted(&Wallet::default(), &program(), &["credit store s 500"], NOW);
    let amount = minor(100);
    let line = BasketLine { id: named("0"), kind: LineKind::Product, category: None, amount };
    let credits = MoneyUse::Each(vec![(named("s"), Wanted::Max), (named("x"), Wanted::Max)]);
    let uses = Uses { credits, ..Uses::default() };
    let basket = Basket { currency: program().currency, lines: vec![line], uses };
    let (redemption, settlement) = (named("basket-79"), Settlement::Held(None));
    let request = Redemption { redemption, basket, settlement, expected_due: None };
    let decided = redeem::decide(&wallet, &program(), &request, at(NOW));
    let held = entry(appended(decided.unwrap()), 7, at(NOW));
    assert_eq!(History::of(&held).unwrap().recorded_plan().passed_over.len(), 1);
    let Detail::Capture(captured) = capture(&held, &Part::Full).unwrap().detail else {
        panic!("no capture")
    };
    assert_eq!(captured.plan.passed_over, []);
}
