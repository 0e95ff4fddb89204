use super::*;
use crate::amount::Change;
use crate::currency::Currency;
use crate::draft::{Draft, Grace};
use crate::entry::Line;
use crate::program::{Document, RateDocument};
use crate::purchase::{self, LineKind, Purchase, PurchaseLine};
use crate::sample::{
    appended, at, entry, lots, minor, named, points, points_asset, postings, program, program_with,
    units,
};
use crate::tier;
use crate::wallet::Hold;

const NOW: &str = "2026-11-21T03:04:05Z";
const LATER: &str = "2026-12-10T00:00:00Z";

/// A member's log of purchases and returns.
struct Member {
    program: Program,
    wallet: Wallet,
    entries: Vec<Entry>,
}

/// The newest history of an order.
fn history(entries: &[Entry], order: &str) -> Option<History> {
    let mut histories = entries.iter().rev().filter_map(History::of);
    histories.find(|history| history.purchased.order.as_str() == order)
}

fn money(text: &str) -> Minor {
    Currency::parse("AUD").unwrap().parse_amount(text).unwrap()
}

impl Member {
    fn of(program: Program) -> Self {
        Self { program, wallet: Wallet::default(), entries: Vec::new() }
    }

    fn keep(&mut self, line: Line, now: &str) {
        let number = self.entries.len() as u64 + 1;
        self.wallet = line.wallet.clone();
        self.entries.push(entry(line, number, at(now)));
    }

    /// An order of product lines `1`, `2`, … of which promotional credit paid `promotional`.
    fn buys_with(&mut self, order: &str, nets: &[&str], promotional: u64, now: &str) {
        let lines: Vec<_> = nets.iter().map(|net| (*net, None)).collect();
        self.buys_of(order, &lines, promotional, now);
    }

    /// The same of lines with a category.
    fn buys_of(
        &mut self,
        order: &str,
        lines: &[(&str, Option<&str>)],
        promotional: u64,
        now: &str,
    ) {
        let lines = lines.iter().enumerate().map(|(index, (net, category))| PurchaseLine {
            id: named(&(index + 1).to_string()),
            category: category.map(named),
            kind: LineKind::Product,
            net: money(net),
        });
        let purchase = Purchase {
            order: named(order),
            currency: Currency::parse("AUD").unwrap(),
            transacted_at: at(now),
            location: None,
            country: None,
            lines: lines.collect(),
            paid_by_promotional_credit: minor(promotional),
            redemption: None,
        };
        let decided = purchase::decide(&self.wallet, &self.program, &purchase, None, at(now));
        self.keep(appended(decided.unwrap()), now);
    }

    fn buys(&mut self, order: &str, nets: &[&str]) {
        self.buys_with(order, nets, 0, NOW);
    }

    /// Decides a return of `1 59.95, 2 10.00`, finding in the log what it asks for.
    fn decide(&self, order: &str, lines: &str, now: &str) -> Result<Line, Refusal> {
        let lines = lines.split(", ").map(|line| {
            let (id, net) = line.split_once(' ').unwrap();
            (named(id), money(net))
        });
        let lines = lines.collect();
        let request = Return { id: named("r"), returned_at: at(now), lines };
        let history = history(&self.entries, order);
        let mut settled = BTreeMap::new();
        loop {
            let (program, history) = (&self.program, history.as_ref());
            match decide(&self.wallet, program, history, &request, &settled, at(now))? {
                Decision::NeedsSettled(instants) => {
                    for instant in instants {
                        let mut from = self.entries.iter();
                        let line = from.find(|entry| instant <= entry.recorded_at);
                        let posted = line.map(|entry| entry.line.postings.clone());
                        settled.insert(instant, posted.unwrap_or_default());
                    }
                }
                decided => return Ok(appended(decided)),
            }
        }
    }

    #[track_caller]
    fn returns(&mut self, order: &str, lines: &str, now: &str) -> Returned {
        let line = self.decide(order, lines, now).unwrap();
        let Detail::Return(returned) = line.detail.clone() else { panic!("{:?}", line.detail) };
        self.keep(line, now);
        returned
    }

    #[track_caller]
    fn check_taken(&self, taken: &[&str]) {
        assert_eq!(postings(&self.entries.last().unwrap().line), taken);
    }

    /// Spends or takes points away by hand.
    fn loses(&mut self, definition: &str, count: u64, now: &str) {
        let mut draft = Draft::open(&self.wallet, at(now));
        let draw = draft.draw(&named(definition), points(count)).unwrap();
        draft.spend(&draw, PostingReason::Redeemed);
        self.keep(draft.close(Detail::Settlement), now);
    }

    fn settles(&mut self, now: &str) {
        let line = Draft::open(&self.wallet, at(now)).close(Detail::Settlement);
        self.keep(line, now);
    }

    fn debt(&self, definition: &str) -> u64 {
        self.wallet.points(&named(definition)).map_or(0, |holding| holding.debt.get())
    }

    fn level(&self) -> &str {
        let tiers = self.program.tiers.as_ref().unwrap();
        tier::level(&self.wallet, tiers).unwrap().handle.as_str()
    }
}

fn alice() -> Member {
    Member::of(program())
}

/// Only one definition, which earns at this rate and has this policy and rounding.
fn program_of(per: &str, edit: impl FnOnce(&mut Document)) -> Program {
    program_with(|document| {
        document.rates = vec![RateDocument {
            handle: "base".to_owned(),
            points: "reward".to_owned(),
            per: per.to_owned(),
            ..document.rates[0].clone()
        }];
        edit(document);
    })
}

#[test]
fn full_return_takes_exactly_what_was_earned_while_it_is_pending() {
    let mut alice = alice();
    alice.buys("1", &["59.95"]);
    alice.returns("1", "1 59.95", NOW);
    alice.check_taken(&[
        "reward reversed -59 from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z",
        "tier reversed -59 until 2027-11-30T13:00:00Z",
    ]);
    assert_eq!(alice.wallet.available(&crate::sample::points_asset("reward")).get(), 0);
    assert_eq!(alice.debt("reward"), 0);
}

#[test]
fn parts_take_the_difference_of_what_is_kept() {
    let mut alice = alice();
    alice.buys("1", &["10.50", "10.50"]);
    for (part, reward) in [("1 0.60", 1), ("1 0.40", 0), ("2 10.50", 11), ("1 9.50", 9)] {
        let taken = alice.returns("1", part, NOW).taken;
        let reward_taken = taken.iter().find(|taken| taken.points.as_str() == "reward");
        assert_eq!(reward_taken.map_or(0, |taken| taken.amount.get()), reward, "{part}");
    }
    assert_eq!(alice.debt("reward"), 0);
}

#[test]
fn share_of_promotional_credit_goes_back_with_its_line() {
    let mut alice = alice();
    // 40.00 of 60.00 can earn: 20.00 of each half.
    alice.buys_with("1", &["30.00", "30.00"], 2_000, NOW);
    assert_eq!(alice.returns("1", "1 30.00", NOW).taken[0].amount, points(20));
    // Of the other line 15.01 go back with 5.00 of its share: 9.99 are left.
    assert_eq!(alice.returns("1", "2 15.01", NOW).taken[0].amount, points(11));
    assert_eq!(alice.returns("1", "2 14.99", NOW).taken[0].amount, points(9));
}

#[test]
fn more_than_was_bought_is_refused_and_says_what_is_left() {
    let mut alice = alice();
    alice.buys("1", &["10.00", "5.00"]);
    alice.returns("1", "1 4.00", NOW);
    let check = |lines: &str, refusal: Option<Refusal>| {
        assert_eq!(alice.decide("1", lines, NOW).err(), refusal, "{lines}");
    };
    let exceeds = |index, left| Some(Refusal::ExceedsOrder { index, left: money(left) });
    check("1 6.00", None);
    check("1 6.01", exceeds(0, "6.00"));
    check("2 5.00, 1 6.01", exceeds(1, "6.00"));
    check("1 0.00", None);
    check("3 1.00", Some(Refusal::UnknownLine { index: 0 }));
    assert_eq!(alice.decide("2", "1 1.00", NOW).err(), Some(Refusal::OrderUnknown));
}

#[test]
fn return_dated_ahead_is_refused_past_five_minutes() {
    let mut alice = alice();
    alice.buys("1", &["10.00"]);
    let history = history(&alice.entries, "1");
    let decide_at = |returned_at: &str| {
        let lines = vec![(named("1"), money("1.00"))];
        let request = Return { id: named("r"), returned_at: at(returned_at), lines };
        let (wallet, program) = (&alice.wallet, &alice.program);
        decide(wallet, program, history.as_ref(), &request, &BTreeMap::new(), at(NOW))
    };
    assert!(decide_at("2026-11-21T03:09:05Z").is_ok());
    assert_eq!(decide_at("2026-11-21T03:09:05.001Z"), Err(Refusal::InTheFuture));
}

#[test]
fn spent_points_follow_the_policy() {
    for (policy, debt, forgiven, refused) in [
        ("debt", 59, 0, None),
        ("clamp", 0, 59, None),
        (
            "reject",
            0,
            0,
            Some(Refusal::InsufficientValue { points: named("reward"), available: points(0) }),
        ),
    ] {
        let program = program_of("1.00", |document| {
            document.points[0].clawback = Some(policy.to_owned());
        });
        let mut alice = Member::of(program);
        alice.buys("1", &["59.95"]);
        alice.loses("reward", 59, LATER);
        let decided = alice.decide("1", "1 59.95", LATER);
        assert_eq!(decided.as_ref().err(), refused.as_ref());
        if decided.is_ok() {
            let returned = alice.returns("1", "1 59.95", LATER);
            assert_eq!(returned.taken[0].forgiven, points(forgiven));
            assert_eq!(alice.debt("reward"), debt);
        }
    }
}

#[test]
fn next_points_repay_what_a_return_left_owed_and_are_themselves_returned_in_full() {
    let mut alice = alice();
    alice.buys("1", &["59.95"]);
    alice.loses("reward", 59, LATER);
    alice.returns("1", "1 59.95", LATER);
    alice.buys_with("2", &["100.00"], 0, LATER);
    assert_eq!(alice.debt("reward"), 0);
    alice.returns("2", "1 100.00", LATER);
    // 41 came into a lot and 59 repaid debt, which is owed again.
    assert_eq!(alice.debt("reward"), 59);
}

#[test]
fn expired_points_are_excused_by_the_share_of_the_order() {
    // Two orders of 100 and 300 points in one lot, of which 40 remain at its expiry.
    let expiry = "2027-12-31T13:00:00Z";
    for (settled_before, now) in [(false, "2028-01-01T00:00:00Z"), (true, "2028-01-02T00:00:00Z")] {
        let mut alice = Member::of(program_of("1.00", |_| {}));
        alice.buys("1", &["100.00"]);
        alice.buys("2", &["300.00"]);
        alice.loses("reward", 360, LATER);
        assert_eq!(lots(&alice.wallet, "reward"), [format!("40/400 until {expiry}")]);
        if settled_before {
            alice.settles("2028-01-01T00:00:00Z");
            alice.settles("2028-01-01T12:00:00Z");
        }
        // 40 × 100 ÷ 400 = 10 of the first, 30 of the second.
        let first = alice.returns("1", "1 50.00", now);
        assert_eq!((first.taken[0].amount, first.taken[0].excused), (points(50), points(10)));
        let second = alice.returns("1", "1 50.00", now);
        assert_eq!((second.taken[0].amount, second.taken[0].excused), (points(50), points(0)));
        assert_eq!(alice.debt("reward"), 90);
        let other = alice.returns("2", "1 300.00", now);
        assert_eq!(other.taken[0].excused, points(30));
        assert_eq!(alice.debt("reward"), 90 + 270);
    }
}

#[test]
fn what_came_back_before_the_expiry_has_no_share_in_what_expired() {
    let mut alice = Member::of(program_of("1.00", |_| {}));
    alice.buys("1", &["100.00"]);
    alice.buys("2", &["100.00"]);
    alice.returns("1", "1 50.00", LATER);
    alice.loses("reward", 75, LATER);
    assert_eq!(lots(&alice.wallet, "reward"), ["75/150 until 2027-12-31T13:00:00Z"]);
    // 75 × 50 ÷ 150.
    let rest = alice.returns("1", "1 50.00", "2028-01-02T00:00:00Z");
    assert_eq!((rest.taken[0].amount, rest.taken[0].excused), (points(50), points(25)));
}

/// Two orders of 100 points in one lot, of which 150 are spent when the first comes back. After the
/// refund nothing is spent, and what expires is all of the second.
#[test]
fn what_came_back_after_it_was_spent_has_no_share_in_what_expired() {
    let mut alice = Member::of(program_of("1.00", |_| {}));
    alice.buys("1", &["100.00"]);
    alice.buys("2", &["100.00"]);
    let mut draft = Draft::open(&alice.wallet, at(LATER));
    let draw = draft.draw(&named("reward"), points(150)).unwrap();
    draft.spend(&draw, PostingReason::Redeemed);
    alice.keep(draft.close(Detail::Settlement), LATER);
    alice.returns("1", "1 100.00", LATER);
    assert_eq!(lots(&alice.wallet, "reward"), ["0/100 until 2027-12-31T13:00:00Z"]);
    assert_eq!(alice.debt("reward"), 50);
    let mut draft = Draft::open(&alice.wallet, at(LATER));
    let grace = Grace { until: None, is_never_forfeited: false };
    let back = (grace, &named("back"));
    draft.reinstate(&draw.asset, &draw.lots[0], PostingReason::Reinstated, back).unwrap();
    alice.keep(draft.close(Detail::Settlement), LATER);
    assert_eq!(lots(&alice.wallet, "reward"), ["100/100 until 2027-12-31T13:00:00Z"]);
    let second = alice.returns("2", "1 100.00", "2028-01-02T00:00:00Z");
    assert_eq!(second.taken[0].excused, points(100));
    assert_eq!(alice.debt("reward"), 0);
}

/// Points that a hold has are not spent: what a return could not take is repaid when they are back.
#[test]
fn what_a_hold_gives_back_repays_what_a_return_left_owed() {
    let lapses_at = "2026-12-10T00:10:00Z";
    for (held, came_back, after) in [
        (100, "100.00", &[][..]),
        (100, "60.00", &["40/40 until 2027-12-31T13:00:00Z"]),
        (60, "50.00", &["50/50 until 2027-12-31T13:00:00Z"]),
    ] {
        let mut alice = Member::of(program_of("1.00", |_| {}));
        alice.buys("1", &["100.00"]);
        let mut draft = Draft::open(&alice.wallet, at(LATER));
        let draws = vec![draft.draw(&named("reward"), points(held)).unwrap()];
        let (redemption, lapses) = (named("basket"), at(lapses_at));
        draft.keep(Hold { member: None, redemption, lapses_at: lapses, draws }).unwrap();
        alice.keep(draft.close(Detail::Settlement), LATER);
        alice.returns("1", &format!("1 {came_back}"), LATER);
        alice.settles(lapses_at);
        assert_eq!(lots(&alice.wallet, "reward"), after, "{held} held, {came_back} back");
        assert_eq!(alice.debt("reward"), 0);
    }
}

#[test]
fn what_a_hold_gave_back_after_the_expiry_was_not_lost_at_it() {
    let (before, after) = ("2027-12-31T12:59:00Z", "2028-01-01T00:00:00Z");
    for held in [60, 100] {
        let mut alice = Member::of(program_of("1.00", |_| {}));
        alice.buys("1", &["100.00"]);
        let mut draft = Draft::open(&alice.wallet, at(before));
        let draws = vec![draft.draw(&named("reward"), points(held)).unwrap()];
        let (redemption, lapses_at) = (named("basket"), at("2027-12-31T13:09:00Z"));
        draft.keep(Hold { member: None, redemption, lapses_at, draws }).unwrap();
        alice.keep(draft.close(Detail::Settlement), before);
        alice.settles(after);
        alice.returns("1", "1 100.00", after);
        assert_eq!(alice.debt("reward"), held);
    }
}

/// Fifty points that came back in a grace end when the order's lot does, of which nothing is left.
#[test]
fn what_a_grace_ends_with_is_not_what_an_order_lost() {
    let (expiry, now) = ("2027-12-31T13:00:00Z", "2028-01-02T00:00:00Z");
    for is_settled in [true, false] {
        let mut alice = Member::of(program_of("1.00", |_| {}));
        let mut draft = Draft::open(&alice.wallet, at(NOW));
        let reason = PostingReason::Issued;
        draft.issue(&named("reward"), points(50), reason, None, Some(at(LATER))).unwrap();
        let draw = draft.draw(&named("reward"), points(50)).unwrap();
        draft.spend(&draw, PostingReason::Redeemed);
        alice.keep(draft.close(Detail::Settlement), NOW);
        alice.buys("1", &["100.00"]);
        alice.loses("reward", 100, LATER);
        let mut draft = Draft::open(&alice.wallet, at(LATER));
        let grace = Grace { until: Some(at(expiry)), is_never_forfeited: false };
        let back = (grace, &named("back"));
        draft.reinstate(&draw.asset, &draw.lots[0], PostingReason::Reinstated, back).unwrap();
        alice.keep(draft.close(Detail::Settlement), LATER);
        if is_settled {
            alice.settles(now);
            alice.check_taken(&[&format!("reward expired -50 until {expiry}")]);
        }
        let returned = alice.returns("1", "1 100.00", now);
        assert_eq!(returned.taken[0].excused, points(0));
        assert_eq!(alice.debt("reward"), 100);
    }
}

#[test]
fn excuse_begins_at_the_instant_of_expiry() {
    for (now, debt) in [("2027-12-31T12:59:59.999Z", 90), ("2027-12-31T13:00:00Z", 90)] {
        let mut alice = Member::of(program_of("1.00", |_| {}));
        alice.buys("1", &["100.00"]);
        alice.loses("reward", 90, LATER);
        // Before it the 10 are taken, from it on they are excused.
        alice.returns("1", "1 100.00", now);
        assert_eq!(alice.debt("reward"), debt);
    }
}

#[test]
fn order_that_was_loaded_after_its_points_expired_leaves_no_debt() {
    let mut alice = alice();
    let purchase = Purchase {
        order: named("old"),
        currency: Currency::parse("AUD").unwrap(),
        transacted_at: at("2024-01-01T00:00:00Z"),
        location: None,
        country: None,
        lines: vec![PurchaseLine {
            id: named("1"),
            category: None,
            kind: LineKind::Product,
            net: money("600.00"),
        }],
        paid_by_promotional_credit: Minor::ZERO,
        redemption: None,
    };
    let decided = purchase::decide(&alice.wallet, &alice.program, &purchase, None, at(NOW));
    alice.keep(appended(decided.unwrap()), NOW);
    for part in ["1 0.01", "1 599.99"] {
        let taken = alice.returns("old", part, LATER).taken;
        assert!(taken.iter().all(|taken| taken.amount == taken.excused), "{taken:?}");
    }
    assert_eq!((alice.debt("reward"), alice.debt("tier")), (0, 0));
    assert!(alice.wallet.assets.is_empty());
}

#[test]
fn rounding_is_that_of_the_purchase() {
    let rounded = |rounding: &str| {
        program_of("1.00", |document| document.points[0].rounding = Some(rounding.to_owned()))
    };
    let mut alice = Member::of(rounded("up"));
    alice.buys("1", &["10.01"]);
    alice.program = rounded("down");
    // 9.01 rounded up are 10 of the 11.
    assert_eq!(alice.returns("1", "1 1.00", LATER).taken[0].amount, points(1));
    assert_eq!(alice.returns("1", "1 9.01", LATER).taken[0].amount, points(10));
}

#[test]
fn level_that_the_order_reached_is_taken_back_below_attain() {
    for (back, level) in [("1 0.00", "silver"), ("1 1.00", "silver"), ("1 2.00", "member")] {
        let mut alice = alice();
        alice.buys("1", &["501.00"]);
        assert_eq!(alice.level(), "silver");
        alice.returns("1", back, LATER);
        assert_eq!(alice.level(), level, "{back}");
    }
}

/// The window fell with time, which takes no level, and what came back earned nothing.
#[test]
fn what_a_hold_gives_back_counts_alike_whether_or_not_a_line_came_between() {
    let lots_after = |between: Option<&str>| {
        let mut alice = Member::of(program_of("1.00", |_| {}));
        alice.buys("1", &["100.00"]);
        alice.buys_of("2", &[("100.00", None)], 0, "2026-11-28T00:00:00Z");
        let mut draft = Draft::open(&alice.wallet, at(LATER));
        let draws = vec![draft.draw(&named("reward"), points(100)).unwrap()];
        let (redemption, lapses_at) = (named("basket"), at("2026-12-14T00:00:00Z"));
        draft.keep(Hold { member: None, redemption, lapses_at, draws }).unwrap();
        alice.keep(draft.close(Detail::Settlement), LATER);
        alice.returns("1", "1 50.00", LATER);
        // After the second order's points have accrued, and before the hold lapses.
        if let Some(between) = between {
            alice.settles(between);
        }
        alice.settles("2026-12-15T00:00:00Z");
        lots(&alice.wallet, "reward")
    };
    let expected = ["150/150 until 2027-12-31T13:00:00Z"];
    assert_eq!(lots_after(Some("2026-12-13T00:00:00Z")), expected);
    assert_eq!(lots_after(None), expected);
}

#[test]
fn level_is_kept_when_a_return_takes_no_tier_points() {
    let later = "2027-04-10T00:00:00Z";
    for (back, level) in [("2 50.00", "silver"), ("1 0.00", "silver"), ("1 1.00", "member")] {
        let mut alice = Member::of(program_with(|document| {
            document.points[1].expires.as_mut().unwrap().after = "P3M".to_owned();
            document.points[1].excluded_categories = vec!["tobacco".to_owned()];
        }));
        alice.buys_of("1", &[("501.00", None), ("50.00", Some("tobacco"))], 0, NOW);
        alice.returns("1", back, later);
        assert_eq!(alice.level(), level, "{back}");
    }
}

#[test]
fn level_that_another_order_reached_is_kept() {
    let mut alice = alice();
    alice.buys("1", &["300.00"]);
    alice.buys("2", &["300.00"]);
    alice.returns("1", "1 300.00", LATER);
    assert_eq!(alice.level(), "silver");
    // Until that order comes back, too.
    alice.returns("2", "1 0.01", LATER);
    assert_eq!(alice.level(), "member");
}

fn with_gold() -> Program {
    program_with(|document| {
        let tiers = document.tiers.as_mut().unwrap();
        let mut gold = tiers.levels[1].clone();
        gold.handle = "gold".to_owned();
        (gold.attain, gold.maintain) = (1000, 800);
        tiers.levels.push(gold);
    })
}

#[test]
fn levels_are_gone_when_all_orders_came_back_in_any_order() {
    for order in [["1", "2", "3"], ["3", "2", "1"], ["2", "1", "3"], ["2", "3", "1"]] {
        let mut alice = Member::of(with_gold());
        alice.buys("1", &["600.00"]);
        alice.buys("2", &["500.00"]);
        alice.buys("3", &["5.00"]);
        assert_eq!(alice.level(), "gold");
        for order in order {
            let net = alice.entries[order.parse::<usize>().unwrap() - 1].clone();
            let net = History::of(&net).unwrap().purchased.lines[0].net;
            let net = Currency::parse("AUD").unwrap().format_amount(net);
            alice.returns(order, &format!("1 {net}"), LATER);
        }
        assert_eq!(alice.level(), "member", "{order:?}");
        assert_eq!(alice.wallet.standing, None);
    }
}

#[test]
fn level_that_the_order_passed_is_left_while_the_window_supports_it() {
    let mut alice = Member::of(with_gold());
    alice.buys("1", &["1100.00"]);
    let gold = alice.wallet.standing.clone().unwrap();
    for (back, level) in [("1 100.00", "gold"), ("1 500.00", "silver"), ("1 1.00", "member")] {
        alice.returns("1", back, LATER);
        assert_eq!(alice.level(), level, "{back}");
        if let Some(standing) = &alice.wallet.standing {
            assert_eq!((standing.since, standing.review_at), (gold.since, gold.review_at));
        }
    }
}

#[test]
fn level_before_is_given_back_with_its_anniversary() {
    let mut alice = Member::of(with_gold());
    alice.buys("1", &["600.00"]);
    let silver = alice.wallet.standing.clone();
    alice.buys_with("2", &["500.00"], 0, LATER);
    assert_eq!(alice.level(), "gold");
    alice.returns("2", "1 500.00", LATER);
    assert_eq!(alice.wallet.standing, silver);
}

#[test]
fn level_before_is_judged_when_its_anniversary_has_passed() {
    let (reached, now) = ("2027-11-01T00:00:00Z", "2027-12-05T00:00:00Z");
    for (more, level) in [("399.99", "member"), ("400.00", "silver")] {
        let mut alice = Member::of(with_gold());
        alice.buys("1", &["600.00"]);
        alice.buys_with("2", &["1000.00"], 0, reached);
        alice.buys_with("3", &[more], 0, reached);
        assert_eq!(alice.level(), "gold");
        // What the first order earned has expired since.
        alice.returns("2", "1 1000.00", now);
        assert_eq!(alice.level(), level);
        let since = alice.wallet.standing.as_ref().map(|standing| standing.since);
        assert_eq!(since, (level == "silver").then(|| at(now)));
    }
}

#[test]
fn level_that_was_kept_at_its_anniversary_is_not_taken_back() {
    let mut alice = alice();
    alice.buys("1", &["600.00"]);
    let judged = tier::judge(&alice.wallet, &alice.program, at("2027-11-20T13:00:00Z"));
    alice.wallet = Draft::open(&judged, at("2027-11-20T13:00:00Z")).into_wallet();
    assert_eq!(alice.level(), "silver");
    alice.returns("1", "1 600.00", "2027-11-20T14:00:00Z");
    assert_eq!(alice.level(), "silver");
}

/// Two definitions may expire in one line, and two lots of one.
#[test]
fn lost_is_what_the_orders_own_lot_lost_at_its_expiry() {
    let earned = Earned {
        points: named("p"),
        into_lot: points(9),
        accrue_at: None,
        expires_at: Some(at(NOW)),
        is_expired: false,
        excused: Points::ZERO,
    };
    let own = Posting {
        asset: points_asset("p"),
        id: None,
        reason: PostingReason::Expired,
        amount: Change::minus(units(4)),
        at: at(NOW),
        accrue_at: None,
        expires_at: Some(at(NOW)),
        lot_issued: Some(units(9)),
    };
    assert_eq!(lost(std::slice::from_ref(&own), &earned), Some((units(4), units(9))));
    for other in [
        Posting { reason: PostingReason::Reversed, ..own.clone() },
        Posting { id: Some(named("l")), ..own.clone() },
        Posting { asset: points_asset("q"), ..own.clone() },
        Posting { expires_at: Some(at(LATER)), ..own.clone() },
        Posting { at: at(LATER), ..own.clone() },
        Posting { lot_issued: None, ..own.clone() },
    ] {
        assert_eq!(lost(std::slice::from_ref(&other), &earned), None, "{other:?}");
    }
}
