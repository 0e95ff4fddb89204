use serde_json::{Value, json};

use super::*;
use crate::amount::Points;
use crate::entry::{Entry, Line};
use crate::facts::{BirthMonth, Facts};
use crate::issue;
use crate::program::{RateDocument, WhenDocument};
use crate::redeem::{self, Basket, BasketLine, MoneyUse, Redemption, Settlement, Uses, Wanted};
use crate::sample::{
    appended, at, entry, issue, lots, minor, named, points, points_asset, postings, program,
    program_of, program_with,
};
use crate::time::Zone;
use crate::wallet::{Reached, Standing};

const NOW: &str = "2026-11-21T03:04:05Z";

/// Lines of `product`, unless they begin with another kind, as `shirts 59.95` or `gift_card 50.00`.
fn lines(lines: &[&str]) -> Vec<PurchaseLine> {
    let aud = Currency::parse("AUD").unwrap();
    let read = |(index, line): (usize, &&str)| {
        let (word, net) = line.rsplit_once(' ').unwrap();
        let kind = match word {
            "gift_card" => LineKind::GiftCard,
            "shipping" => LineKind::Shipping,
            _ => LineKind::Product,
        };
        PurchaseLine {
            id: named(&(index + 1).to_string()),
            category: (kind == LineKind::Product).then(|| named(word)),
            kind,
            net: aud.parse_amount(net).unwrap(),
        }
    };
    lines.iter().enumerate().map(read).collect()
}

fn bought(texts: &[&str]) -> Purchase {
    Purchase {
        order: named("1000234"),
        currency: Currency::parse("AUD").unwrap(),
        transacted_at: at(NOW),
        location: None,
        country: None,
        lines: lines(texts),
        paid_by_promotional_credit: Minor::ZERO,
        redemption: None,
    }
}

#[track_caller]
fn decided(wallet: &Wallet, program: &Program, purchase: &Purchase) -> (Line, Purchased) {
    let line = appended(decide(wallet, program, purchase, None, at(NOW)).unwrap());
    let Detail::Purchase(purchased) = line.detail.clone() else {
        panic!("{:?}", line.detail);
    };
    (line, purchased)
}

#[track_caller]
fn refused(wallet: &Wallet, purchase: &Purchase) -> Refusal {
    decide(wallet, &program(), purchase, None, at(NOW)).unwrap_err()
}

/// How many points of each definition a purchase earns.
#[track_caller]
fn check_earned(
    wallet: &Wallet,
    program: &Program,
    purchase: &Purchase,
    earned: &[(&str, u64)],
) -> Purchased {
    let (line, purchased) = decided(wallet, program, purchase);
    let issued = line.postings.iter().filter(|posting| posting.reason == PostingReason::Issued);
    let issued: Vec<(&str, u64)> = issued
        .map(|posting| (posting.asset.definition().as_str(), posting.amount.magnitude().get()))
        .collect();
    assert_eq!(issued, earned);
    purchased
}

/// Rates by category, all for `p`, which rounds as given.
fn rated(rounding: &str, rates: &[(&str, &str)]) -> Program {
    let rates = rates.iter().map(|(category, earns)| {
        json!({"handle": category, "points": "p", "per": "1.00", "earns": earns,
               "when": {"category": [category]}})
    });
    program_of(
        "AUD",
        json!({
            "points": [{"handle": "p", "name": "P", "kind": "reward", "rounding": rounding}],
            "rates": rates.collect::<Vec<Value>>(),
        }),
    )
}

#[test]
fn purchase_earns_as_the_documented_example() {
    let purchase = bought(&["apparel 59.95", "gift_card 50.00"]);
    let (line, purchased) = decided(&Wallet::default(), &program(), &purchase);
    assert_eq!(
        postings(&line),
        [
            "reward issued +59 from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z",
            "tier issued +59 until 2027-11-30T13:00:00Z",
        ]
    );
    assert_eq!(purchased.eligible, minor(5995));
    let tier = purchased.tier.unwrap();
    assert_eq!((tier.level.as_str(), tier.changed), ("member", false));
    assert_eq!(line.wallet.standing, None);
    let pending = "59/59 from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z";
    assert_eq!(lots(&line.wallet, "reward"), [pending]);
    assert_eq!(lots(&line.wallet, "tier"), ["59/59 until 2027-11-30T13:00:00Z"]);
    // What a return will need.
    let rates = |place: usize| {
        let rates = purchased.lines[place].rates.iter();
        let rates = rates.map(|(handle, rate)| format!("{handle} {rate}"));
        rates.collect::<Vec<String>>()
    };
    assert_eq!(rates(0), ["reward 1/100", "tier 1/100"]);
    assert_eq!(rates(1), [""; 0]);
}

#[test]
fn points_are_rounded_once_over_all_lines() {
    let wallet = Wallet::default();
    let rates = [("double", "2"), ("single", "1")];
    for (rounding, lines, earned) in [
        ("down", &["double 10.50", "single 10.50"][..], 31),
        ("half_up", &["double 10.50", "single 10.50"], 32),
        ("up", &["double 10.50", "single 10.50"], 32),
        ("down", &["single 0.50", "single 0.50", "single 0.50"], 1),
        ("half_up", &["single 0.50", "single 0.50", "single 0.49"], 1),
        ("half_up", &["single 0.50", "single 0.50", "single 0.50"], 2),
        ("up", &["single 1.00", "single 0.01"], 2),
        ("up", &["single 1.00", "none 0.01"], 1),
        ("down", &["single 0.99", "double 0.01"], 1),
        ("down", &["single 0.98", "double 0.01"], 1),
    ] {
        check_earned(&wallet, &rated(rounding, &rates), &bought(lines), &[("p", earned)]);
    }
    let nothing = bought(&["single 0.97", "double 0.01"]);
    check_earned(&wallet, &rated("down", &rates), &nothing, &[]);
}

#[test]
fn promotional_credit_takes_its_share_of_every_line_but_gift_cards() {
    #[track_caller]
    fn check(lines: &[&str], paid: u64, shares: &[u64], eligible: u64, earned: u64) {
        let mut purchase = bought(lines);
        purchase.paid_by_promotional_credit = minor(paid);
        let rates = [("double", "2"), ("single", "1")];
        let program = rated("down", &rates);
        let expected = [("p", earned)];
        let expected = if earned == 0 { &[][..] } else { &expected };
        let purchased = check_earned(&Wallet::default(), &program, &purchase, expected);
        let found: Vec<u64> = purchased.lines.iter().map(|line| line.promotional.get()).collect();
        assert_eq!(found, shares);
        assert_eq!(purchased.eligible, minor(eligible));
    }
    let lines = ["single 10.00", "gift_card 70.00", "single 20.00"];
    check(&lines, 0, &[0, 0, 0], 3000, 30);
    check(&lines, 100, &[33, 0, 67], 2900, 29);
    check(&lines, 2999, &[1000, 0, 1999], 1, 0);
    check(&lines, 3000, &[1000, 0, 2000], 0, 0);
    // Of two equal remainders the earlier line bears the cent.
    check(&["double 10.00", "single 10.00"], 1, &[1, 0], 1999, 29);
    // 10.00 less 5.00 at 2, and 10.00 less 5.00 at 1.
    check(&["double 10.00", "single 10.00"], 1000, &[500, 500], 1000, 15);
    check(&["single 10.00", "shipping 10.00"], 1000, &[500, 500], 1000, 5);
    let mut purchase = bought(&lines);
    purchase.paid_by_promotional_credit = minor(3001);
    let refusal = refused(&Wallet::default(), &purchase);
    assert_eq!(refusal, Refusal::PromotionalCreditExceedsLines);
}

#[test]
fn excluded_categories_earn_none_of_their_definition_only() {
    let program = program_with(|document| {
        document.points[0].excluded_categories = vec!["tobacco".to_owned()];
    });
    let wallet = Wallet::default();
    let purchase = bought(&["tobacco 10.00", "shirts 20.00"]);
    let earned = [("reward", 20), ("tier", 30)];
    let purchased = check_earned(&wallet, &program, &purchase, &earned);
    assert_eq!(purchased.eligible, minor(3000));
    let only = bought(&["tobacco 10.00"]);
    check_earned(&wallet, &program, &only, &[("tier", 10)]);
}

#[test]
fn shipping_earns_and_gift_cards_do_not() {
    let wallet = Wallet::default();
    let shipping = bought(&["shipping 7.00"]);
    let earned = [("reward", 7), ("tier", 7)];
    check_earned(&wallet, &program(), &shipping, &earned);
    let card = bought(&["gift_card 7.00"]);
    let purchased = check_earned(&wallet, &program(), &card, &[]);
    assert_eq!(purchased.eligible, Minor::ZERO);
}

fn with_facts(birth_month: u32, zone: Option<&str>) -> Wallet {
    Wallet {
        facts: Some(Facts {
            birth_month: Some(BirthMonth::try_from(birth_month).unwrap()),
            time_zone: zone.map(|zone| Zone::try_from(zone.to_owned()).unwrap()),
            joined_on: None,
            country: Some(named("NZ")),
        }),
        ..Wallet::default()
    }
}

#[test]
fn birthday_doubles_by_the_month_of_the_purchase_in_the_members_zone() {
    #[track_caller]
    fn check(wallet: &Wallet, transacted_at: &str, reward: u64) {
        let purchase = Purchase { transacted_at: at(transacted_at), ..bought(&["shirts 10.00"]) };
        let now = at("2026-12-02T00:00:00Z");
        let line = appended(decide(wallet, &program(), &purchase, None, now).unwrap());
        assert_eq!(line.postings[0].amount.get(), i64::try_from(reward).unwrap());
        // The multiplier is of reward points.
        assert_eq!(line.postings[1].amount.get(), 10);
    }
    let ahead = with_facts(12, Some("Pacific/Kiritimati"));
    check(&ahead, "2026-11-30T09:59:59.999Z", 10);
    check(&ahead, "2026-11-30T10:00:00Z", 20);
    let behind = with_facts(12, Some("Etc/GMT+12"));
    check(&behind, "2026-12-01T11:59:59.999Z", 10);
    check(&behind, "2026-12-01T12:00:00Z", 20);
    // Without a zone of their own, in the program's.
    let nowhere = with_facts(12, None);
    check(&nowhere, "2026-11-30T12:59:59.999Z", 10);
    check(&nowhere, "2026-11-30T13:00:00Z", 20);
    check(&with_facts(11, None), "2026-11-30T12:59:59.999Z", 20);
    check(&Wallet::default(), "2026-11-30T13:00:00Z", 10);
}

#[test]
fn purchase_of_another_currency_or_too_far_ahead_is_refused() {
    let wallet = Wallet::default();
    let mut purchase = bought(&["shirts 10.00"]);
    purchase.transacted_at = at("2026-11-21T03:09:05Z");
    let earned = [("reward", 10), ("tier", 10)];
    check_earned(&wallet, &program(), &purchase, &earned);
    purchase.transacted_at = at("2026-11-21T03:09:05.001Z");
    assert_eq!(refused(&wallet, &purchase), Refusal::InTheFuture);
    purchase.transacted_at = at(NOW);
    purchase.currency = Currency::parse("NZD").unwrap();
    let program = Currency::parse("AUD").unwrap();
    assert_eq!(refused(&wallet, &purchase), Refusal::OtherCurrency { program });
}

#[test]
fn purchase_beyond_the_range_of_amounts_is_refused() {
    let mut purchase = bought(&["shirts 10.00", "shirts 0.01"]);
    purchase.lines[0].net = Minor::MAX;
    let limit = Refusal::LimitReached(LimitReached::AMOUNT);
    assert_eq!(refused(&Wallet::default(), &purchase), limit);
    // 2^53 − 1 cents at more than a point per cent.
    purchase.lines.pop();
    let rates = [("shirts", "100")];
    let all = [("p", Points::MAX.get())];
    check_earned(&Wallet::default(), &rated("down", &rates), &purchase, &all);
    let over = rated("down", &[("shirts", "100.000001")]);
    let refusal = decide(&Wallet::default(), &over, &purchase, None, at(NOW));
    assert_eq!(refusal, Err(limit));
}

#[test]
fn tier_is_reached_at_once_and_never_by_a_point_less() {
    #[track_caller]
    fn check(before: u64, spent: &str, level: &str, changed: bool) -> Wallet {
        let mut draft = Draft::open(&Wallet::default(), at(NOW));
        let tier = named("tier");
        let reason = PostingReason::Issued;
        draft.issue(&tier, points(before), reason, None, None).unwrap();
        let purchase = bought(&[spent]);
        let (line, purchased) = decided(draft.wallet(), &program(), &purchase);
        let tier = purchased.tier.unwrap();
        assert_eq!((tier.level.as_str(), tier.changed), (level, changed));
        line.wallet
    }
    check(1, "shirts 498.99", "member", false);
    check(1, "shirts 499.00", "silver", true);
    check(0, "shirts 499.99", "member", false);
    let silver = check(0, "shirts 500.00", "silver", true);
    let standing = Standing {
        level: named("silver"),
        since: at(NOW),
        review_at: Some(at("2027-11-20T13:00:00Z")),
        reached: Some(Reached { order: named("1000234"), is_returned: false, before: None }),
    };
    assert_eq!(silver.standing, Some(standing));
    // It changes once.
    let again = bought(&["shirts 500.00"]);
    let (line, purchased) = decided(&silver, &program(), &again);
    let tier = purchased.tier.unwrap();
    assert_eq!((tier.level.as_str(), tier.changed), ("silver", false));
    assert_eq!(line.wallet.standing, silver.standing);
}

#[test]
fn tier_before_the_purchase_decides_its_conditions() {
    let program = program_with(|document| {
        document.rates.push(RateDocument {
            handle: "silver".to_owned(),
            points: "reward".to_owned(),
            per: "1.00".to_owned(),
            earns: "3".to_owned(),
            when: WhenDocument { tier: vec!["silver".to_owned()], ..WhenDocument::default() },
            priority: 0,
        });
    });
    let first = bought(&["shirts 500.00"]);
    let (line, _) = decided(&Wallet::default(), &program, &first);
    assert_eq!(line.postings[0].amount.get(), 500);
    let then = bought(&["shirts 10.00"]);
    check_earned(&line.wallet, &program, &then, &[("reward", 30), ("tier", 10)]);
}

#[test]
fn location_and_country_of_the_purchase_decide_its_rate() {
    let wallet = with_facts(1, None);
    let mut purchase = bought(&["shirts 10.00"]);
    purchase.location = Some(named("outlet-01"));
    let earned = [("reward", 5), ("tier", 10)];
    check_earned(&wallet, &program(), &purchase, &earned);
    purchase.location = Some(named("mel-01"));
    let earned = [("reward", 10), ("tier", 10)];
    check_earned(&wallet, &program(), &purchase, &earned);
    // The country is the member's where the purchase says none.
    let program = program_with(|document| {
        document.rates[2].when.location.clear();
        document.rates[2].when.country = vec!["NZ".to_owned()];
    });
    let abroad = [("reward", 5), ("tier", 10)];
    check_earned(&wallet, &program, &purchase, &abroad);
    purchase.country = Some(named("AU"));
    check_earned(&wallet, &program, &purchase, &earned);
    purchase.country = None;
    check_earned(&Wallet::default(), &program, &purchase, &earned);
}

#[test]
fn old_order_loaded_late_is_issued_and_expired_in_one_line() {
    let purchase =
        Purchase { transacted_at: at("2020-01-31T00:00:00Z"), ..bought(&["shirts 600.00"]) };
    let (line, purchased) = decided(&Wallet::default(), &program(), &purchase);
    assert_eq!(
        postings(&line),
        [
            "reward issued +600 from 2020-02-14T00:00:00Z until 2021-02-28T13:00:00Z",
            "reward expired -600 until 2021-02-28T13:00:00Z",
            "tier issued +600 until 2021-01-31T13:00:00Z",
            "tier expired -600 until 2021-01-31T13:00:00Z",
        ]
    );
    assert_eq!(line.wallet, Wallet::default());
    // What expired before the purchase was known reached no level.
    assert!(!purchased.tier.unwrap().changed);
}

#[test]
fn purchase_repays_debt_with_what_it_earns() {
    let mut wallet = Wallet::default();
    wallet.assets.entry(points_asset("reward")).or_default().debt = points(15);
    let purchase = bought(&["shirts 20.00"]);
    let (line, _) = decided(&wallet, &program(), &purchase);
    let term = " from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z";
    let [issued, repaid] =
        ["issued +20", "debt_repaid -15"].map(|moved| format!("reward {moved}{term}"));
    assert_eq!(postings(&line)[..2], [issued, repaid]);
    assert_eq!(lots(&line.wallet, "reward"), [format!("5/5{term}")]);
}

/// Opens a redemption of nothing at `NOW` and buys with it at `later`.
#[track_caller]
fn buy_with(settlement: Settlement, later: &str) -> Result<(), Refusal> {
    let basket = Basket {
        currency: Currency::parse("AUD").unwrap(),
        lines: vec![BasketLine {
            id: named("1"),
            kind: LineKind::Product,
            category: None,
            amount: minor(1000),
        }],
        uses: Uses::default(),
    };
    let redemption =
        Redemption { redemption: named("basket-77"), basket, settlement, expected_due: None };
    let opened = redeem::decide(&Wallet::default(), &program(), &redemption, at(NOW));
    let opened = entry(appended(opened.unwrap()), 1, at(NOW));
    let history = History::of(&opened);
    let mut purchase = bought(&["shirts 10.00"]);
    purchase.redemption = Some(named("basket-77"));
    let wallet = &opened.line.wallet;
    let line = appended(decide(wallet, &program(), &purchase, history.as_ref(), at(later))?);
    let Detail::Purchase(purchased) = line.detail else {
        panic!("{:?}", line.detail);
    };
    assert_eq!(purchased.redemption, Some(named("basket-77")));
    Ok(())
}

#[test]
fn purchase_may_name_only_a_captured_redemption() {
    assert_eq!(buy_with(Settlement::AtOnce, NOW), Ok(()));
    let held = Settlement::Held(None);
    let still = Refusal::RedemptionStillHeld;
    assert_eq!(buy_with(held, NOW), Err(still.clone()));
    assert_eq!(buy_with(held, "2026-11-21T03:14:04.999Z"), Err(still));
    let lapsed = Refusal::RedemptionPaidNothing(Status::Lapsed);
    assert_eq!(buy_with(held, "2026-11-21T03:14:05Z"), Err(lapsed));
    let mut purchase = bought(&["shirts 10.00"]);
    purchase.redemption = Some(named("basket-77"));
    let unknown = Refusal::UnknownRedemption(named("basket-77"));
    assert_eq!(refused(&Wallet::default(), &purchase), unknown);
}

/// A redemption of 20.00 in a currency, 15.00 of which welcome credit pays, and its history.
#[track_caller]
fn paid_with_promotional_credit(currency: &str) -> Entry {
    let currency = Currency::parse(currency).unwrap();
    let mut credit = issue("credit welcome c1 1500");
    credit.value = issue::Value::Credit(named("welcome"), minor(1500), Some(currency));
    let wallet = issue::decide(&Wallet::default(), &program(), &credit, at(NOW));
    let wallet = appended(wallet.unwrap()).wallet;
    let line =
        BasketLine { id: named("1"), kind: LineKind::Product, category: None, amount: minor(2000) };
    let credits = MoneyUse::All(Wanted::Max);
    let uses = Uses { credits, ..Uses::default() };
    let basket = Basket { currency, lines: vec![line], uses };
    let (redemption, settlement) = (named("basket-77"), Settlement::AtOnce);
    let request = Redemption { redemption, basket, settlement, expected_due: None };
    let opened = redeem::decide(&wallet, &program(), &request, at(NOW));
    entry(appended(opened.unwrap()), 2, at(NOW))
}

#[test]
fn purchase_earns_nothing_on_what_promotional_credit_of_its_redemption_paid() {
    let redeemed = paid_with_promotional_credit("AUD");
    let history = History::of(&redeemed);
    for (lines, promotional, earned) in [
        (&["shirts 20.00"][..], &[1500][..], 5),
        (&["shirts 15.00"], &[1500], 0),
        // The order has lost a line since: no more than there is to pay for.
        (&["shirts 14.99"], &[1499], 0),
        (&["gift_card 20.00", "shirts 10.00"], &[0, 1000], 0),
    ] {
        let mut purchase = bought(lines);
        purchase.redemption = Some(named("basket-77"));
        // What the redemption says counts, not what the caller does.
        purchase.paid_by_promotional_credit = minor(1);
        let wallet = &redeemed.line.wallet;
        let line = decide(wallet, &program(), &purchase, history.as_ref(), at(NOW));
        let Detail::Purchase(purchased) = appended(line.unwrap()).detail else { panic!("none") };
        let found: Vec<u64> = purchased.lines.iter().map(|line| line.promotional.get()).collect();
        assert_eq!(found, promotional, "{lines:?}");
        assert_eq!(purchased.eligible, minor(earned * 100), "{lines:?}");
    }
    let redeemed = paid_with_promotional_credit("NZD");
    let mut purchase = bought(&["shirts 20.00"]);
    purchase.redemption = Some(named("basket-77"));
    let history = History::of(&redeemed);
    let decided = decide(&redeemed.line.wallet, &program(), &purchase, history.as_ref(), at(NOW));
    let redemption = Currency::parse("NZD").unwrap();
    assert_eq!(decided, Err(Refusal::RedemptionInOtherCurrency { redemption }));
}

#[test]
fn purchase_settles_what_fell_due_before_it_earns() {
    let mut draft = Draft::open(&Wallet::default(), at("2026-01-01T00:00:00Z"));
    let (tier, soon) = (named("tier"), Some(at("2026-11-21T03:04:05Z")));
    let reason = PostingReason::Issued;
    draft.issue(&tier, points(499), reason, None, soon).unwrap();
    let purchase = bought(&["shirts 1.00"]);
    let (line, purchased) = decided(draft.wallet(), &program(), &purchase);
    let expired = "tier expired -499 until 2026-11-21T03:04:05Z";
    assert_eq!(postings(&line)[0], expired);
    assert_eq!(purchased.tier.unwrap().level, named("member"));
}

#[test]
fn line_keeps_how_points_that_it_earned_were_rounded_unless_down() {
    for (rounding, category, kept) in
        [("half_up", "shirts", true), ("half_up", "stamps", false), ("down", "shirts", false)]
    {
        let program = program_of(
            "AUD",
            json!({
                "points": [{"handle": "p", "name": "P", "kind": "reward", "rounding": rounding,
                            "excluded_categories": ["stamps"]}],
                "rates": [{"handle": "r", "points": "p", "per": "1.00", "earns": "1"}],
            }),
        );
        let line = format!("{category} 10.50");
        let (_, purchased) = decided(&Wallet::default(), &program, &bought(&[line.as_str()]));
        let found = purchased.roundings.contains_key(&named("p"));
        assert_eq!(found, kept, "{rounding} {category}");
    }
}
