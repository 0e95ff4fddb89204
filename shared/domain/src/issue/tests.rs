use super::extension::Extension;
use super::void::Void;
use super::*;
use crate::entry::{Entry, Line};
use crate::program::Document;
use crate::purchase::LineKind;
use crate::redeem::{self, capture, refund, release};
use crate::redeem::{Basket, BasketLine, History, MoneyUse, Redemption, Settlement, Uses, Wanted};
use crate::sample::{
    appended, at, entry, fill_with_lots, granted, identity_lots, issue, minor, named, postings,
    program, program_with, units,
};
use crate::wallet::{IDENTITIES_MAX, LOTS_MAX};

/// 14:04:05 in Melbourne.
const NOW: &str = "2026-11-21T03:04:05Z";
const LATER: &str = "2026-11-21T03:05:05Z";
const CHRISTMAS: &str = "2026-12-25T00:00:00Z";

fn nzd() -> Currency {
    Currency::parse("NZD").unwrap()
}

#[track_caller]
fn check_issued(issue: &Issue, now: &str, lot: &str) {
    let decided = decide(&Wallet::default(), &program(), issue, at(now));
    let line = appended(decided.unwrap());
    assert_eq!(identity_lots(&line.wallet), [lot]);
    let Detail::Issue(issued) = &line.detail else { panic!("{:?}", line.detail) };
    let amount = issued.amount;
    let until = issued.expires_at.map(|at| format!(" until {at}")).unwrap_or_default();
    let Issued { asset, id, .. } = issued;
    assert_eq!(lot, format!("{asset} {id} {amount}/{amount}{until}"));
    assert_eq!(postings(&line), [format!("{asset} {id} issued +{amount}{until}")]);
    assert_eq!((&issued.reason, issued.kind()), (&issue.reason, issue.value.kind()));
    assert!(line.wallet.lot(issued.kind(), id).unwrap().1.is_accrued());
}

#[track_caller]
fn check_refused(program: &Program, issue: &Issue, now: &str, refusal: Refusal) {
    assert_eq!(decide(&Wallet::default(), program, issue, at(now)), Err(refusal));
}

#[test]
fn issue_expires_at_the_end_of_a_day_in_the_zone_of_the_program() {
    for (text, now, lot) in [
        (
            "reward birthday r1 2500",
            NOW,
            "reward:birthday:AUD r1 2500/2500 until 2026-12-21T13:00:00Z",
        ),
        // The last instant of the day in Melbourne and the first of the next.
        (
            "reward birthday r1 2500",
            "2026-11-21T12:59:59.999Z",
            "reward:birthday:AUD r1 2500/2500 until 2026-12-21T13:00:00Z",
        ),
        (
            "reward birthday r1 2500",
            "2026-11-21T13:00:00Z",
            "reward:birthday:AUD r1 2500/2500 until 2026-12-22T13:00:00Z",
        ),
        ("credit store c1 1", NOW, "credit:store:AUD c1 1/1"),
        (
            "credit welcome c1 2000",
            NOW,
            "credit:welcome:AUD c1 2000/2000 until 2027-01-20T13:00:00Z",
        ),
        ("benefit ten-percent b1 1", NOW, "benefit:ten-percent b1 1/1 until 2027-02-19T13:00:00Z"),
        ("benefit free-hem b1 7", NOW, "benefit:free-hem b1 7/7"),
    ] {
        check_issued(&issue(text), now, lot);
    }
}

#[test]
fn issue_keeps_the_instant_that_is_given() {
    for (until, is_ahead) in [
        ("2026-11-21T03:04:04.999Z", false),
        (NOW, false),
        ("2026-11-21T03:04:05.001Z", true),
        ("2026-11-22T03:04:05.678Z", true),
    ] {
        for (what, lot) in [
            ("reward birthday r1 1", "reward:birthday:AUD r1 1/1"),
            ("benefit free-hem b1 1", "benefit:free-hem b1 1/1"),
            ("credit store c1 1", "credit:store:AUD c1 1/1"),
        ] {
            let request = issue(&format!("{what} until {until}"));
            if is_ahead {
                check_issued(&request, NOW, &format!("{lot} until {until}"));
            } else {
                check_refused(&program(), &request, NOW, Refusal::ExpiredAlready);
            }
        }
    }
}

#[test]
fn issue_takes_uses_of_the_definition_and_the_currency_of_the_program_unless_told() {
    let benefit = |uses| Issue {
        value: Value::Benefit(named("free-hem"), uses),
        reason: Some(named("spring")),
        ..issue("benefit free-hem b1 1")
    };
    check_issued(&benefit(None), NOW, "benefit:free-hem b1 1/1");
    check_issued(&benefit(Some(units(3))), NOW, "benefit:free-hem b1 3/3");
    let credit = |currency| Issue {
        value: Value::Credit(named("store"), minor(5), currency),
        ..issue("credit store c1 1")
    };
    check_issued(&credit(None), NOW, "credit:store:AUD c1 5/5");
    check_issued(&credit(Some(nzd())), NOW, "credit:store:NZD c1 5/5");
    let reward = Issue {
        value: Value::Reward(named("birthday"), minor(5), Some(nzd())),
        ..issue("reward birthday r1 1")
    };
    let lot = "reward:birthday:NZD r1 5/5 until 2026-12-21T13:00:00Z";
    check_issued(&reward, NOW, lot);
    // Whether an id is reserved is for the edge to say.
    check_issued(&issue("credit store entry:7 1"), NOW, "credit:store:AUD entry:7 1/1");
}

#[test]
fn issue_is_refused_against_a_rule() {
    let retired = program_with(|document: &mut Document| {
        document.rewards[0].retired = true;
        document.benefits[0].retired = true;
        document.credits[0].retired = true;
    });
    for (text, definition) in [
        ("reward birthday r1 1", "birthday"),
        ("benefit ten-percent b1 1", "ten-percent"),
        ("credit store c1 1", "store"),
    ] {
        let refusal = Refusal::Retired(named(definition));
        check_refused(&retired, &issue(text), NOW, refusal);
    }
    // Each kind has definitions of its own.
    for (text, kind, definition) in [
        ("reward store r1 1", Kind::Reward, "store"),
        ("benefit birthday b1 1", Kind::Benefit, "birthday"),
        ("credit free-hem c1 1", Kind::Credit, "free-hem"),
    ] {
        let definition = named(definition);
        let refusal = Refusal::UnknownDefinition { kind, definition };
        check_refused(&program(), &issue(text), NOW, refusal);
    }
    let by_hand = Refusal::FromGiftCardsOnly(named("gift"));
    check_refused(&program(), &issue("credit gift c1 1"), NOW, by_hand);
    let late = "9999-12-15T00:00:00Z";
    check_refused(&program(), &issue("reward birthday r1 1"), late, Refusal::OutsideTheCalendar);
}

#[test]
fn issue_is_limited_in_lots_and_in_what_there_is_of_an_asset() {
    let program = program();
    let at_limit = format!("credit store c1 {}", Minor::MAX);
    let full = granted(&Wallet::default(), &program, &[&at_limit], NOW);
    let more = decide(&full, &program, &issue("credit store c2 1"), at(NOW));
    assert_eq!(more, Err(Refusal::LimitReached(LimitReached::AMOUNT)));
    let other = decide(&full, &program, &issue("credit welcome c2 1"), at(NOW));
    assert!(other.is_ok());

    let mut draft = Draft::open(&Wallet::default(), at(NOW));
    fill_with_lots(&mut draft, LOTS_MAX - 1);
    let nearly = draft.into_wallet();
    let last =
        appended(decide(&nearly, &program, &issue("reward birthday r1 1"), at(NOW)).unwrap());
    assert_eq!(last.wallet.lot_count(), LOTS_MAX);
    let beyond = decide(&last.wallet, &program, &issue("reward birthday r2 1"), at(NOW));
    assert_eq!(beyond, Err(Refusal::LimitReached(LimitReached::LOTS)));
}

#[test]
fn rewards_benefits_and_credits_and_held_parts_of_them_are_limited_together() {
    let program = program();
    let mut wallet = Wallet::default();
    for place in 2..IDENTITIES_MAX {
        let text = format!("credit store c{place} 2");
        wallet = granted(&wallet, &program, &[text.as_str()], NOW);
    }
    // Half of one is held: the other half and what is held are two.
    let line =
        BasketLine { id: named("1"), kind: LineKind::Product, category: None, amount: minor(1) };
    let hold = |wallet: &Wallet, id: &str| {
        let credits = MoneyUse::All(Wanted::Max);
        let uses = Uses { credits, ..Uses::default() };
        let lines = vec![line.clone()];
        let basket = Basket { currency: program.currency, lines, uses };
        let (redemption, settlement) = (named(id), Settlement::Held(None));
        let request = Redemption { redemption, basket, settlement, expected_due: None };
        redeem::decide(wallet, &program, &request, at(NOW))
    };
    let wallet = appended(hold(&wallet, "h1").unwrap()).wallet;
    assert_eq!(wallet.identity_count(), IDENTITIES_MAX - 1);
    let full = appended(hold(&wallet, "h2").unwrap()).wallet;
    assert_eq!(full.identity_count(), IDENTITIES_MAX);
    let last =
        appended(decide(&wallet, &program, &issue("reward birthday r1 1"), at(NOW)).unwrap());
    assert_eq!(last.wallet.identity_count(), IDENTITIES_MAX);
    let limit = LimitReached::IDENTITIES;
    let beyond = decide(&last.wallet, &program, &issue("benefit free-hem b1 1"), at(NOW));
    assert_eq!(beyond, Err(Refusal::LimitReached(limit)));
    let refused = hold(&last.wallet, "h2");
    assert_eq!(refused, Err(redeem::Refusal::LimitReached(limit)));
    // Points need no room among them.
    let mut draft = Draft::open(&last.wallet, at(NOW));
    fill_with_lots(&mut draft, IDENTITIES_MAX + 10);
}

#[test]
fn issue_settles_what_fell_due_before() {
    let held = granted(
        &Wallet::default(),
        &program(),
        &["credit store c1 5 until 2026-11-21T03:05:05Z"],
        NOW,
    );
    let line = appended(decide(&held, &program(), &issue("credit store c2 7"), at(LATER)).unwrap());
    let expired = "credit:store:AUD c1 expired -5 until 2026-11-21T03:05:05Z";
    assert_eq!(postings(&line), [expired, "credit:store:AUD c2 issued +7"]);
    assert_eq!(identity_lots(&line.wallet), ["credit:store:AUD c2 7/7"]);
}

fn of_kind(kind: Kind, id: &str) -> Void {
    Void { kind, id: named(id), reason: named("mistake") }
}

fn void(wallet: &Wallet, kind: Kind, id: &str, now: &str) -> Line {
    appended(void::decide(wallet, &of_kind(kind, id), None, at(now)).unwrap())
}

/// Holds what is asked for against a basket of one line.
#[track_caller]
fn opened(wallet: &Wallet, price: u64, uses: Uses, settlement: Settlement) -> Entry {
    let line = BasketLine {
        id: named("1"),
        kind: LineKind::Product,
        category: None,
        amount: minor(price),
    };
    let basket = Basket { currency: program().currency, lines: vec![line], uses };
    let redemption =
        Redemption { redemption: named("basket-77"), basket, settlement, expected_due: None };
    let decided = redeem::decide(wallet, &program(), &redemption, at(NOW));
    entry(appended(decided.unwrap()), 7, at(NOW))
}

fn credits(amount: u64) -> Uses {
    let credits = MoneyUse::All(Wanted::Exactly(minor(amount)));
    Uses { credits, ..Uses::default() }
}

/// 80 of 100 held, and the rest voided: in this line, and the history of the hold.
fn voided_under_a_hold(until: &str) -> (Line, History) {
    let credit = format!("credit store c1 100{until}");
    let wallet = granted(&Wallet::default(), &program(), &[&credit], NOW);
    let held = opened(&wallet, 80, credits(80), Settlement::Held(None));
    (void(&held.line.wallet, Kind::Credit, "c1", NOW), History::of(&held).unwrap())
}

#[test]
fn void_takes_what_remains_and_never_what_is_held() {
    for (kind, text, asset) in [
        (Kind::Reward, "reward birthday v1 5", "reward:birthday:AUD"),
        (Kind::Benefit, "benefit free-hem v1 5", "benefit:free-hem"),
        (Kind::Credit, "credit store v1 5", "credit:store:AUD"),
    ] {
        let text = format!("{text} until {CHRISTMAS}");
        let wallet = granted(&Wallet::default(), &program(), &[&text], NOW);
        let line = void(&wallet, kind, "v1", LATER);
        let voided = format!("{asset} v1 voided -5 until {CHRISTMAS}");
        assert_eq!(postings(&line), [voided]);
        let left = format!("{asset} v1 0/5 until {CHRISTMAS} voided");
        assert_eq!(identity_lots(&line.wallet), [left]);
        let Detail::Void(detail) = &line.detail else { panic!("{:?}", line.detail) };
        let asset: Asset = asset.parse().unwrap();
        let (id, reason, amount) = (named("v1"), named("mistake"), units(5));
        assert_eq!(*detail, Voided { kind, id, asset, amount, reason });
        // Nothing of it is left to use, and at its expiry it is gone without a word.
        let settled = Draft::open(&line.wallet, at(CHRISTMAS));
        assert_eq!(*settled.wallet(), Wallet::default());
        let detail = Detail::Void(detail.clone());
        assert_eq!(settled.close(detail).postings, []);
    }
    let (line, _) = voided_under_a_hold("");
    assert_eq!(postings(&line), ["credit:store:AUD c1 voided -20"]);
    assert_eq!(identity_lots(&line.wallet), ["credit:store:AUD c1 0/100 voided"]);
    let asset = "credit:store:AUD".parse().unwrap();
    assert_eq!(line.wallet.held_of(&asset, &named("c1")), units(80));
}

#[test]
fn void_of_what_a_hold_has_wholly_set_aside_takes_nothing_until_it_is_released() {
    let wallet = granted(&Wallet::default(), &program(), &["credit store c1 80"], NOW);
    let held = opened(&wallet, 80, credits(80), Settlement::Held(None));
    let line = void(&held.line.wallet, Kind::Credit, "c1", NOW);
    assert_eq!(postings(&line), [""; 0]);
    let history = History::of(&held);
    let released = appended(release::decide(&line.wallet, history.as_ref(), at(NOW)).unwrap());
    assert_eq!(postings(&released), ["credit:store:AUD c1 voided -80"]);
}

#[test]
fn what_a_hold_gives_back_to_a_voided_lot_is_voided_in_the_same_entry() {
    let voided = |count: u64| vec![format!("credit:store:AUD c1 voided -{count}")];
    let (line, history) = voided_under_a_hold("");
    let history = Some(&history);
    let released = appended(release::decide(&line.wallet, history, at(LATER)).unwrap());
    assert_eq!(postings(&released), voided(80));
    assert_eq!(identity_lots(&released.wallet), ["credit:store:AUD c1 0/100 voided"]);

    let lapse = at("2026-11-21T03:14:05Z");
    let lapsed = Draft::open(&line.wallet, lapse);
    let lapsed = lapsed.close(line.detail.clone());
    assert_eq!(postings(&lapsed), voided(80));
    assert_eq!(lapsed.postings[0].at, lapse);
    assert_eq!(identity_lots(&lapsed.wallet), ["credit:store:AUD c1 0/100 voided"]);

    let part = capture::Part::Amount(minor(30));
    let captured = capture::decide(&line.wallet, history, &part, at(LATER));
    let captured = appended(captured.unwrap());
    let moved = ["credit:store:AUD c1 voided -50", "credit:store:AUD c1 redeemed -30"];
    assert_eq!(postings(&captured), moved);
    assert_eq!(captured.wallet.holds, []);

    let part = capture::Part::Lines(vec![(named("1"), minor(30))]);
    let captured = capture::decide(&line.wallet, history, &part, at(LATER));
    assert_eq!(postings(&appended(captured.unwrap())), moved);

    let full = capture::decide(&line.wallet, history, &capture::Part::Full, at(LATER));
    assert_eq!(postings(&appended(full.unwrap())), ["credit:store:AUD c1 redeemed -80"]);
}

#[test]
fn what_a_refund_gives_back_to_a_voided_lot_is_a_new_lot() {
    for until in ["", " until 2026-12-25T00:00:00Z"] {
        let (line, history) = voided_under_a_hold(until);
        let part = capture::Part::Full;
        let captured = capture::decide(&line.wallet, Some(&history), &part, at(LATER));
        let mut captured = entry(appended(captured.unwrap()), 8, at(LATER));
        // One that was issued with the same expiry is not the new lot.
        let alike = format!("credit store c2 5{until}");
        let with_alike = granted(&captured.line.wallet, &program(), &[&alike], LATER);
        captured.line.wallet = with_alike;
        let refund = refund::Refund { refund: named("r"), part: refund::Part::Amount(minor(30)) };
        let history = History::of(&captured);
        let (wallet, number) = (&captured.line.wallet, 9);
        let line =
            refund::decide(wallet, &program(), history.as_ref(), &refund, (number, at(LATER)));
        let line = appended(line.unwrap());
        let fresh = format!("credit:store:AUD entry:9 reinstated +30{until}");
        assert_eq!(postings(&line), [fresh]);
        let lots = [
            format!("credit:store:AUD c1 0/100{until} voided"),
            format!("credit:store:AUD entry:9 30/30{until}"),
            format!("credit:store:AUD c2 5/5{until}"),
        ];
        assert_eq!(identity_lots(&line.wallet), lots);
        // The new one can be voided in its turn.
        let line = void(&line.wallet, Kind::Credit, "entry:9", LATER);
        assert_eq!(postings(&line), [format!("credit:store:AUD entry:9 voided -30{until}")]);
    }
}

#[test]
fn void_of_what_is_gone_changes_nothing_and_of_what_never_was_is_refused() {
    let program = program();
    let line = decide(&Wallet::default(), &program, &issue("credit store c1 80"), at(NOW));
    let issued = entry(appended(line.unwrap()), 1, at(NOW));
    let spent = opened(&issued.line.wallet, 80, credits(80), Settlement::AtOnce);
    let settled = Draft::open(&spent.line.wallet, at(LATER)).into_wallet();
    assert_eq!(identity_lots(&settled), [""; 0]);
    let asset: Asset = "credit:store:AUD".parse().unwrap();
    let (id, reason, amount) = (named("c1"), named("mistake"), Units::ZERO);
    let stands = Voided { kind: Kind::Credit, id, asset, amount, reason };
    let request = of_kind(Kind::Credit, "c1");
    let decided = void::decide(&spent.line.wallet, &request, Some(&issued), at(LATER));
    assert_eq!(decided, Ok(Decision::Unchanged(stands)));
    // The newest line about it may be of an extension.
    let dated = format!("credit store c1 80 until {CHRISTMAS}");
    let dated = granted(&Wallet::default(), &program, &[&dated], NOW);
    let line = extend(&dated, &put_off(Kind::Credit, "c1", "2027-01-31T00:00:00Z"), LATER);
    let extended = entry(line.unwrap(), 2, at(LATER));
    let decided = void::decide(&spent.line.wallet, &request, Some(&extended), at(LATER));
    assert!(matches!(decided, Ok(Decision::Unchanged(_))), "{decided:?}");
    let unknown = |kind| Err(void::Refusal::Unknown(kind));
    let wallet = &issued.line.wallet;
    // A reward and a credit of one id are two.
    for (kind, id) in [(Kind::Reward, "c1"), (Kind::Benefit, "c1"), (Kind::Credit, "c2")] {
        let decided = void::decide(wallet, &of_kind(kind, id), None, at(LATER));
        assert_eq!(decided, unknown(kind));
    }
    let late = "2027-11-21T03:04:05Z";
    let wallet = granted(&Wallet::default(), &program, &["reward birthday r1 5"], NOW);
    let decided = void::decide(&wallet, &of_kind(Kind::Reward, "r1"), None, at(late));
    assert_eq!(decided, unknown(Kind::Reward));
}

fn put_off(kind: Kind, id: &str, expires_at: &str) -> Extension {
    let (id, extension, expires_at) = (named(id), named("x"), at(expires_at));
    Extension { kind, id, extension, expires_at, reason: named("strike") }
}

#[track_caller]
fn extend(wallet: &Wallet, request: &Extension, now: &str) -> Result<Line, extension::Refusal> {
    let decided = extension::decide(wallet, &program(), request, None, at(now));
    decided.map(appended)
}

const EXTENDABLE: [(Kind, &str, &str); 3] = [
    (Kind::Reward, "reward birthday x1 5", "reward:birthday:AUD"),
    (Kind::Benefit, "benefit free-hem x1 5", "benefit:free-hem"),
    (Kind::Credit, "credit store x1 5", "credit:store:AUD"),
];

#[test]
fn extension_puts_an_expiry_off_before_it_comes_and_only_to_later() {
    let millisecond = |sooner: bool| {
        if sooner { "2026-12-24T23:59:59.999Z" } else { "2026-12-25T00:00:00.001Z" }
    };
    for (kind, text, asset) in EXTENDABLE {
        let text = format!("{text} until {CHRISTMAS}");
        let wallet = granted(&Wallet::default(), &program(), &[&text], NOW);
        let check = |now: &str, expires_at: &str, refusal: Option<extension::Refusal>| {
            let line = extend(&wallet, &put_off(kind, "x1", expires_at), now);
            assert_eq!(line.as_ref().err(), refusal.as_ref());
            let Ok(line) = line else { return };
            assert_eq!(postings(&line), [""; 0]);
            let lot = format!("{asset} x1 5/5 until {expires_at} extended");
            assert_eq!(identity_lots(&line.wallet), [lot]);
            let Detail::Extension(extended) = line.detail else { panic!("{:?}", line.detail) };
            assert_eq!((extended.before, extended.expires_at), (at(CHRISTMAS), at(expires_at)));
        };
        let no_later = || Some(extension::Refusal::NoLater { expires_at: at(CHRISTMAS) });
        check(NOW, millisecond(false), None);
        check(NOW, CHRISTMAS, no_later());
        check(NOW, millisecond(true), no_later());
        check(millisecond(true), "2027-01-01T00:00:00Z", None);
        let unknown = Some(extension::Refusal::Unknown(kind));
        check(CHRISTMAS, "2027-01-01T00:00:00Z", unknown);
    }
}

#[test]
fn extension_of_a_reward_is_once_and_of_the_others_always() {
    for (kind, text, _) in EXTENDABLE {
        let text = format!("{text} until {CHRISTMAS}");
        let wallet = granted(&Wallet::default(), &program(), &[&text], NOW);
        let request = put_off(kind, "x1", "2026-12-26T00:00:00Z");
        let once = extend(&wallet, &request, NOW).unwrap().wallet;
        let twice = extend(&once, &put_off(kind, "x1", "2026-12-27T00:00:00Z"), NOW);
        let before = (kind == Kind::Reward).then_some(extension::Refusal::ExtendedBefore);
        assert_eq!(twice.err(), before);
    }
    let reward = format!("reward points-reward x1 5 until {CHRISTMAS}");
    let wallet = granted(&Wallet::default(), &program(), &[&reward], NOW);
    let request = put_off(Kind::Reward, "x1", "2026-12-26T00:00:00Z");
    assert_eq!(extend(&wallet, &request, NOW), Err(extension::Refusal::NotExtendable));
}

#[test]
fn extension_needs_something_that_is_left_and_expires() {
    let program = program();
    let text = format!("credit store x1 80 until {CHRISTMAS}");
    let line = decide(&Wallet::default(), &program, &issue(&text), at(NOW));
    let issued = entry(appended(line.unwrap()), 1, at(NOW));
    let request = put_off(Kind::Credit, "x1", "2026-12-26T00:00:00Z");
    let refused = |wallet: &Wallet, now: &str| {
        let decided = extension::decide(wallet, &program, &request, Some(&issued), at(now));
        decided.err()
    };
    let wallet = &issued.line.wallet;
    let nothing_left = Some(extension::Refusal::NothingLeft(Kind::Credit));
    assert_eq!(refused(wallet, "2026-12-24T23:59:59.999Z"), None);
    assert_eq!(refused(wallet, CHRISTMAS), nothing_left);
    assert_eq!(refused(&void(wallet, Kind::Credit, "x1", NOW).wallet, NOW), nothing_left);
    let spent = opened(wallet, 80, credits(80), Settlement::AtOnce);
    assert_eq!(refused(&spent.line.wallet, NOW), nothing_left);
    let nearly = opened(wallet, 79, credits(79), Settlement::AtOnce);
    assert_eq!(refused(&nearly.line.wallet, NOW), None);
    // What is held may come back.
    let held = opened(wallet, 80, credits(80), Settlement::Held(None));
    assert_eq!(refused(&held.line.wallet, NOW), None);
    let voided = void(&held.line.wallet, Kind::Credit, "x1", NOW);
    assert_eq!(refused(&voided.wallet, NOW), nothing_left);
    let endless = granted(&Wallet::default(), &program, &["credit store x1 5"], NOW);
    let never = extension::Refusal::NeverExpires(Kind::Credit);
    assert_eq!(extend(&endless, &request, NOW), Err(never));
}

#[test]
fn extension_orders_lots_anew_and_reaches_what_a_hold_gives_back() {
    let texts = [
        "credit store x1 80 until 2026-11-21T03:08:00Z",
        "credit store x2 50 until 2026-12-25T00:00:00Z",
    ];
    let wallet = granted(&Wallet::default(), &program(), &texts, NOW);
    let held = opened(&wallet, 60, credits(60), Settlement::Held(None));
    let request = put_off(Kind::Credit, "x1", "2026-12-31T00:00:00Z");
    let line = extend(&held.line.wallet, &request, LATER).unwrap();
    let lots = [
        "credit:store:AUD x2 50/50 until 2026-12-25T00:00:00Z",
        "credit:store:AUD x1 20/80 until 2026-12-31T00:00:00Z extended",
    ];
    assert_eq!(identity_lots(&line.wallet), lots);
    let history = History::of(&held);
    // Past the expiry that it had when it was drawn.
    let now = at("2026-11-21T03:09:00Z");
    let released = appended(release::decide(&line.wallet, history.as_ref(), now).unwrap());
    assert_eq!(postings(&released), [""; 0]);
    let whole = "credit:store:AUD x1 80/80 until 2026-12-31T00:00:00Z extended";
    assert_eq!(identity_lots(&released.wallet), [lots[0], whole]);
}

#[test]
fn extension_of_what_is_held_is_known_to_the_hold() {
    let credit = format!("credit store c1 100 until {CHRISTMAS}");
    let wallet = granted(&Wallet::default(), &program(), &[&credit], NOW);
    let held = opened(&wallet, 80, credits(80), Settlement::Held(Some(named("P7D"))));
    let later = "2027-01-31T00:00:00Z";
    let request = put_off(Kind::Credit, "c1", later);
    let line = extend(&held.line.wallet, &request, LATER).unwrap();
    let drawn = &line.wallet.holds[0].draws[0].lots[0];
    assert_eq!(drawn.expires_at, Some(at(later)));
    let lot = format!("credit:store:AUD c1 20/100 until {later} extended");
    assert_eq!(identity_lots(&line.wallet), [lot]);
    // At its expiry it is too late, though the hold keeps what it has.
    let credit = "credit store c1 100 until 2026-11-25T00:00:00Z";
    let wallet = granted(&Wallet::default(), &program(), &[credit], NOW);
    let held = opened(&wallet, 80, credits(80), Settlement::Held(Some(named("P7D"))));
    for (now, is_extended) in [("2026-11-24T23:59:59.999Z", true), ("2026-11-25T00:00:00Z", false)]
    {
        let extended = extend(&held.line.wallet, &request, now);
        assert_eq!(extended.is_ok(), is_extended, "{now}: {extended:?}");
    }
}

/// A reward of 5 that was spent, and given back after its expiry.
fn in_its_grace(text: &str) -> Wallet {
    let wallet = granted(&Wallet::default(), &program(), &[text], NOW);
    let rewards = MoneyUse::All(Wanted::Max);
    let uses = Uses { rewards, ..Uses::default() };
    let spent = opened(&wallet, 2_500, uses, Settlement::AtOnce);
    let part = refund::Part::Lines(vec![(named("1"), minor(2_500))]);
    let request = refund::Refund { refund: named("R-1"), part };
    let (history, when) = (History::of(&spent), (9, at(CHRISTMAS)));
    let state = &spent.line.wallet;
    let refunded = refund::decide(state, &program(), history.as_ref(), &request, when);
    appended(refunded.unwrap()).wallet
}

#[test]
fn reward_in_its_grace_is_not_extended() {
    let wallet = in_its_grace(&format!("reward birthday x1 5 until {CHRISTMAS}"));
    let request = put_off(Kind::Reward, "entry:9", "2027-06-01T00:00:00Z");
    let refused = extend(&wallet, &request, CHRISTMAS);
    assert_eq!(refused, Err(extension::Refusal::NotExtendable));
}
