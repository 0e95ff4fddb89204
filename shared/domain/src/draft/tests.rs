mod identity;

use std::fmt::Write;

use super::*;
use crate::program::ClawbackPolicy;
use crate::sample::{named, points, points_asset, units};

/// Instants of these tests are milliseconds since the epoch.
fn at(millis: i64) -> Instant {
    Instant::from_millis(millis).unwrap()
}

fn maybe_at(text: &str) -> Option<Instant> {
    (text != "-").then(|| at(text.parse().unwrap()))
}

fn count(text: &str) -> Units {
    units(text.parse().unwrap())
}

/// Reads a wallet with points `p`, of these lines:
/// - `debt 5`;
/// - `80/100 from 10 until 20`: a lot with 80 left of the 100 put in, `-` for no instant;
/// - `hold a until 30: 15 of 20, 5 of -`: 15 points of the lot that expires at 20, 5 of another.
#[track_caller]
fn wallet(lines: &[&str]) -> Wallet {
    let mut wallet = Wallet::default();
    for line in lines {
        let words: Vec<&str> = line.split([' ', ',', ':']).filter(|w| !w.is_empty()).collect();
        let holding = wallet.assets.entry(points_asset("p")).or_default();
        match words.as_slice() {
            ["debt", debt] => holding.debt = count(debt).into(),
            ["hold", id, "until", lapses_at, draws @ ..] => wallet.holds.push(Hold {
                member: None,
                redemption: named(id),
                lapses_at: maybe_at(lapses_at).unwrap(),
                draws: drawn(draws),
            }),
            [amounts, "from", accrue_at, "until", expires_at] => {
                let (remaining, issued) = amounts.split_once('/').unwrap();
                holding.put(Lot {
                    identity: None,
                    issued: count(issued),
                    remaining: count(remaining),
                    accrue_at: maybe_at(accrue_at),
                    expires_at: maybe_at(expires_at),
                    is_grace: false,
                });
            }
            _ => panic!("{line}"),
        }
    }
    wallet
}

#[track_caller]
fn drawn(words: &[&str]) -> Vec<Draw> {
    let lots = words.chunks(3).map(|words| match words {
        [amount, "of", expires_at] => Drawn {
            id: None,
            issued_at: None,
            expires_at: maybe_at(expires_at),
            is_grace: false,
            amount: count(amount),
        },
        _ => panic!("{words:?}"),
    });
    vec![Draw { asset: points_asset("p"), lots: lots.collect() }]
}

fn text(instant: Option<Instant>) -> String {
    instant.map_or("-".to_owned(), |instant| instant.millis().to_string())
}

/// What [`wallet`] reads.
fn shown(wallet: &Wallet) -> Vec<String> {
    let mut lines = Vec::new();
    for holding in wallet.assets.values() {
        if !holding.debt.is_zero() {
            lines.push(format!("debt {}", holding.debt));
        }
        lines.extend(holding.lots.iter().map(|lot| {
            let (accrue_at, expires_at) = (text(lot.accrue_at), text(lot.expires_at));
            let Lot { remaining, issued, .. } = lot;
            format!("{remaining}/{issued} from {accrue_at} until {expires_at}")
        }));
    }
    for hold in &wallet.holds {
        let mut line = format!("hold {} until {}:", hold.redemption, hold.lapses_at.millis());
        let lots = hold.draws.iter().flat_map(|draw| &draw.lots);
        for (place, drawn) in lots.enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(line, "{comma} {} of {}", drawn.amount, text(drawn.expires_at)).unwrap();
        }
        lines.push(line);
    }
    lines
}

/// Postings as `issued +5 at 10`, those of a lapsed hold before them as `lapsed a`.
fn moved(line: &Line) -> Vec<String> {
    let lapsed = line.lapsed.iter().map(|id| format!("lapsed {id}"));
    let postings = line.postings.iter().map(|posting| {
        let (reason, amount) = (posting.reason.as_str(), posting.amount.get());
        let at = posting.at.millis();
        format!("{reason} {amount:+} at {at}")
    });
    lapsed.chain(postings).collect()
}

fn close(draft: Draft) -> Line {
    draft.close(Detail::Facts { facts: Facts::default(), first: true })
}

/// `before`, carried to `now`, is `after`, by way of `movements`.
#[track_caller]
fn check_carried(before: &[&str], now: i64, after: &[&str], movements: &[&str]) {
    let line = close(Draft::open(&wallet(before), at(now)));
    assert_eq!(shown(&line.wallet), after);
    assert_eq!(moved(&line), movements);
}

#[test]
fn lot_expires_at_its_instant_and_not_before() {
    let lot = ["100/100 from - until 20"];
    check_carried(&lot, 19, &lot, &[]);
    check_carried(&lot, 20, &[], &["expired -100 at 20"]);
    check_carried(&lot, 21, &[], &["expired -100 at 20"]);
    check_carried(&["0/100 from - until 20"], 20, &[], &[]);
    check_carried(&["100/100 from - until -"], 99, &["100/100 from - until -"], &[]);
}

#[test]
fn expiry_records_how_many_were_ever_put_in() {
    let line = close(Draft::open(&wallet(&["40/100 from - until 20"]), at(20)));
    assert_eq!(line.postings[0].lot_issued, Some(units(100)));
    assert_eq!(line.postings[0].expires_at, Some(at(20)));
}

#[test]
fn lot_accrues_at_its_instant_and_not_before() {
    for (now, available, pending) in [(9, 0, 100), (10, 100, 0), (19, 100, 0), (20, 0, 0)] {
        let settled = Draft::open(&wallet(&["100/100 from 10 until 20"]), at(now)).into_wallet();
        let holding = settled.points(&named("p")).cloned().unwrap_or_default();
        let found = (holding.available().get(), holding.pending().get());
        assert_eq!(found, (available, pending), "{now}");
    }
    // Accrual posts nothing.
    check_carried(&["5/5 from 10 until 20"], 10, &["5/5 from - until 20"], &[]);
}

#[test]
fn lots_of_one_expiry_merge_once_they_have_accrued() {
    let lots = ["3/4 from - until 20", "5/5 from 10 until 20", "7/8 from 11 until 20"];
    check_carried(&lots, 9, &lots, &[]);
    check_carried(&lots, 10, &["8/9 from - until 20", "7/8 from 11 until 20"], &[]);
    check_carried(&lots, 11, &["15/17 from - until 20"], &[]);
    check_carried(&lots, 20, &[], &["expired -15 at 20"]);
    let apart = ["3/4 from - until 20", "5/5 from - until 21", "7/8 from - until -"];
    check_carried(&apart, 11, &apart, &[]);
}

#[test]
fn events_are_posted_in_the_order_of_their_instants() {
    let before = [
        "1/1 from - until 30",
        "2/2 from - until 10",
        "4/4 from 15 until 20",
        "hold a until 25: 8 of 30",
        "hold b until 5: 16 of 10",
    ];
    check_carried(
        &before,
        40,
        &[],
        &["lapsed b", "lapsed a", "expired -18 at 10", "expired -4 at 20", "expired -9 at 30"],
    );
}

#[test]
fn hold_lapses_at_its_instant_and_not_before() {
    let before = ["60/100 from - until -", "hold a until 30: 40 of -"];
    check_carried(&before, 29, &before, &[]);
    check_carried(&before, 30, &["100/100 from - until -"], &["lapsed a"]);
}

#[test]
fn hold_lapses_before_its_lot_expires_at_the_same_instant() {
    check_carried(
        &["60/100 from - until 20", "hold a until 20: 40 of 20"],
        20,
        &[],
        &["lapsed a", "expired -100 at 20"],
    );
}

#[test]
fn lot_expires_under_a_live_hold_only_where_it_is_not_held() {
    let before = ["60/100 from - until 20", "hold a until 30: 40 of 20"];
    check_carried(&before, 19, &before, &[]);
    let after = ["0/100 from - until 20", "hold a until 30: 40 of 20"];
    check_carried(&before, 20, &after, &["expired -60 at 20"]);
    check_carried(&before, 29, &after, &["expired -60 at 20"]);
    let movements = ["lapsed a", "expired -60 at 20", "expired -40 at 30"];
    check_carried(&before, 30, &[], &movements);
    check_carried(&after, 30, &[], &["lapsed a", "expired -40 at 30"]);
}

#[test]
fn lot_held_twice_expires_hold_by_hold() {
    check_carried(
        &["0/100 from - until 20", "hold a until 40: 70 of 20", "hold b until 30: 30 of 20"],
        50,
        &[],
        &["lapsed b", "lapsed a", "expired -30 at 30", "expired -70 at 40"],
    );
}

/// Ends the hold and puts back what it held.
#[track_caller]
fn check_released(before: &[&str], now: i64, after: &[&str], movements: &[&str]) {
    let mut draft = Draft::open(&wallet(before), at(now));
    let hold = draft.end_hold(None, &named("a")).unwrap();
    draft.put_back(&hold.draws);
    let line = close(draft);
    assert_eq!(shown(&line.wallet), after);
    assert_eq!(moved(&line), movements);
}

#[test]
fn released_points_return_to_their_lot_or_expire_when_it_has() {
    let before = ["60/100 from - until 20", "hold a until 30: 40 of 20"];
    check_released(&before, 19, &["100/100 from - until 20"], &[]);
    check_released(&before, 20, &[], &["expired -60 at 20", "expired -40 at 20"]);
    check_released(&before, 29, &[], &["expired -60 at 20", "expired -40 at 29"]);
    let other = ["0/100 from - until 20", "hold a until 30: 40 of 20", "hold b until 30: 60 of 20"];
    let left = ["0/100 from - until 20", "hold b until 30: 60 of 20"];
    check_released(&other, 25, &left, &["expired -40 at 25"]);
}

#[track_caller]
fn issue(draft: &mut Draft, amount: u64, accrue_at: &str, expires_at: &str) -> u64 {
    let issued = PostingReason::Issued;
    let (accrue_at, expires_at) = (maybe_at(accrue_at), maybe_at(expires_at));
    let repaid = draft.issue(&named("p"), points(amount), issued, accrue_at, expires_at);
    repaid.unwrap().get()
}

/// Issues 100 points at 10.
#[track_caller]
fn check_issued(before: &[&str], term: (&str, &str), after: &[&str], movements: &[&str]) {
    let mut draft = Draft::open(&wallet(before), at(10));
    let repaid = issue(&mut draft, 100, term.0, term.1);
    let line = close(draft);
    assert_eq!(shown(&line.wallet), after);
    assert_eq!(moved(&line), movements);
    let of_debt = |posting: &&Posting| posting.reason == PostingReason::DebtRepaid;
    let posted = line.postings.iter().find(of_debt);
    assert_eq!(repaid, posted.map_or(0, |posting| posting.amount.magnitude().get()));
}

#[test]
fn issued_points_merge_with_those_that_accrue_and_expire_with_them() {
    let issued = ["issued +100 at 10"];
    let lots = ["1/2 from - until 20", "3/4 from 15 until 20"];
    let merged = ["101/102 from - until 20", "3/4 from 15 until 20"];
    // Accrual in the past and at this instant are accrual before.
    for accrue_at in ["-", "3", "10"] {
        check_issued(&lots, (accrue_at, "20"), &merged, &issued);
    }
    let merged = ["1/2 from - until 20", "103/104 from 15 until 20"];
    check_issued(&lots, ("15", "20"), &merged, &issued);
    let apart = ["1/2 from - until 20", "100/100 from 11 until 20", "3/4 from 15 until 20"];
    check_issued(&lots, ("11", "20"), &apart, &issued);
}

#[test]
fn points_issued_after_their_expiry_come_and_go_in_one_line() {
    let came_and_went = ["issued +100 at 10", "expired -100 at 10"];
    check_issued(&[], ("-", "10"), &[], &came_and_went);
    check_issued(&[], ("3", "9"), &[], &came_and_went);
    check_issued(&[], ("-", "11"), &["100/100 from - until 11"], &["issued +100 at 10"]);
}

#[test]
fn issued_points_repay_debt_first_whenever_they_accrue_or_expire() {
    for (accrue_at, expires_at) in [("-", "-"), ("3", "20"), ("15", "20"), ("3", "10")] {
        let term = (accrue_at, expires_at);
        let repaid = |count: u64| format!("debt_repaid -{count} at 10");
        let left = ["debt 1"];
        check_issued(&["debt 101"], term, &left, &["issued +100 at 10", &repaid(100)]);
        check_issued(&["debt 100"], term, &[], &["issued +100 at 10", &repaid(100)]);
    }
    let kept = ["1/1 from 15 until 20"];
    let movements = ["issued +100 at 10", "debt_repaid -99 at 10"];
    check_issued(&["debt 99"], ("15", "20"), &kept, &movements);
    // What is left after the debt expires as usual.
    let movements = ["issued +100 at 10", "debt_repaid -99 at 10", "expired -1 at 10"];
    check_issued(&["debt 99"], ("-", "10"), &[], &movements);
}

#[track_caller]
fn check_drawn(before: &[&str], wanted: u64, lots: &[&str], after: &[&str]) {
    let mut draft = Draft::open(&wallet(before), at(10));
    let drawn = draft.draw(&named("p"), points(wanted)).unwrap();
    let of = |drawn: &Drawn| format!("{} of {}", drawn.amount, text(drawn.expires_at));
    let shown_lots: Vec<String> = drawn.lots.iter().map(of).collect();
    assert_eq!(shown_lots, lots);
    assert_eq!(shown(draft.wallet()), after);
}

#[test]
fn draw_takes_the_soonest_expiry_first_and_never_what_is_pending() {
    let before = [
        "5/5 from - until 20",
        "9/9 from 15 until 20",
        "0/5 from - until 25",
        "5/5 from - until 30",
        "5/5 from - until -",
    ];
    let lots = |first: &str, third: &str, last: &str| {
        [
            first.to_owned() + "/5 from - until 20",
            "9/9 from 15 until 20".to_owned(),
            "0/5 from - until 25".to_owned(),
            third.to_owned() + "/5 from - until 30",
            last.to_owned() + "/5 from - until -",
        ]
    };
    for (wanted, drawn, after) in [
        (0, &[][..], lots("5", "5", "5")),
        (5, &["5 of 20"], lots("0", "5", "5")),
        (6, &["5 of 20", "1 of 30"], lots("0", "4", "5")),
        (15, &["5 of 20", "5 of 30", "5 of -"], lots("0", "0", "0")),
    ] {
        check_drawn(&before, wanted, drawn, &after.each_ref().map(String::as_str));
    }
    let mut draft = Draft::open(&wallet(&before), at(10));
    let refused = draft.draw(&named("p"), points(16));
    assert_eq!(refused, Err(Insufficient { available: units(15) }));
    assert_eq!(shown(draft.wallet()), before);
}

/// Takes back 100 points that were issued with this term.
#[track_caller]
fn claw_back(
    before: &[&str],
    policy: ClawbackPolicy,
    (accrue_at, expires_at): (&str, &str),
) -> Result<Line, Insufficient> {
    let mut draft = Draft::open(&wallet(before), at(10));
    let (accrue_at, expires_at) = (maybe_at(accrue_at), maybe_at(expires_at));
    let own = OwnLot { count: Points::ZERO, accrue_at, expires_at };
    draft.claw_back(&named("p"), points(100), policy, own)?;
    Ok(close(draft))
}

#[track_caller]
fn check_clawed_back(before: &[&str], term: (&str, &str), after: &[&str], movements: &[&str]) {
    let line = claw_back(before, ClawbackPolicy::Debt, term).unwrap();
    assert_eq!(shown(&line.wallet), after);
    assert_eq!(moved(&line), movements);
}

#[test]
fn claw_back_takes_its_own_lot_then_available_then_pending_points() {
    let before = [
        "20/20 from - until 20",
        "20/20 from 15 until 20",
        "20/20 from 15 until 30",
        "20/20 from - until 40",
        "20/20 from 15 until 40",
    ];
    let taken = |counts: [u64; 5]| counts.map(|count| format!("reversed -{count} at 10"));
    // In the order of the lots of `before`, each of which is the order's own in turn.
    for (term, order) in [
        (("3", "20"), ["20", "40", "15 20", "15 30", "15 40"]),
        (("15", "20"), ["15 20", "20", "40", "15 30", "15 40"]),
        (("15", "30"), ["15 30", "20", "40", "15 20", "15 40"]),
        (("-", "40"), ["40", "20", "15 20", "15 30", "15 40"]),
        (("16", "40"), ["20", "40", "15 20", "15 30", "15 40"]),
    ] {
        let line = claw_back(&before, ClawbackPolicy::Debt, term).unwrap();
        assert_eq!(moved(&line), taken([20; 5]));
        let lots = line.postings.iter().map(|posting| {
            let expiry = text(posting.expires_at);
            match posting.accrue_at {
                Some(accrue_at) => format!("{} {expiry}", accrue_at.millis()),
                None => expiry,
            }
        });
        assert_eq!(lots.collect::<Vec<_>>(), order, "{term:?}");
    }
}

#[test]
fn claw_back_takes_no_more_than_it_should() {
    let spent = "0/120 from - until 20";
    check_clawed_back(
        &["120/120 from - until 20"],
        ("3", "20"),
        &["20/120 from - until 20"],
        &["reversed -100 at 10"],
    );
    check_clawed_back(
        &["100/120 from - until 20", "5/5 from - until -"],
        ("3", "20"),
        &[spent, "5/5 from - until -"],
        &["reversed -100 at 10"],
    );
    check_clawed_back(
        &["99/120 from - until 20", "5/5 from - until -"],
        ("3", "20"),
        &[spent, "4/5 from - until -"],
        &["reversed -99 at 10", "reversed -1 at 10"],
    );
    // What is held is left alone.
    check_clawed_back(
        &["60/120 from - until 20", "hold a until 30: 60 of 20"],
        ("3", "20"),
        &["debt 40", spent, "hold a until 30: 60 of 20"],
        &["reversed -60 at 10", "reversed -40 at 10", "debt_incurred +40 at 10"],
    );
}

#[test]
fn claw_back_beyond_what_is_there_follows_the_policy() {
    let before = ["99/200 from - until 20"];
    let empty = ["0/200 from - until 20"];
    let term = ("3", "20");
    let clamped = claw_back(&before, ClawbackPolicy::Clamp, term).unwrap();
    assert_eq!(shown(&clamped.wallet), empty);
    assert_eq!(moved(&clamped), ["reversed -99 at 10"]);
    let rejected = claw_back(&before, ClawbackPolicy::Reject, term);
    assert_eq!(rejected.unwrap_err(), Insufficient { available: units(99) });
    let indebted = ["debt 1", "0/200 from - until 20"];
    let movements = ["reversed -99 at 10", "reversed -1 at 10", "debt_incurred +1 at 10"];
    check_clawed_back(&before, term, &indebted, &movements);
    let more = ["debt 7", "0/200 from - until 20"];
    let movements = ["reversed -100 at 10", "debt_incurred +100 at 10"];
    check_clawed_back(&more, term, &["debt 107", "0/200 from - until 20"], &movements);
    // With exactly enough, the policy does not matter.
    for policy in [ClawbackPolicy::Debt, ClawbackPolicy::Clamp, ClawbackPolicy::Reject] {
        let line = claw_back(&["100/200 from - until 20"], policy, term).unwrap();
        assert_eq!(shown(&line.wallet), empty);
        assert_eq!(moved(&line), ["reversed -100 at 10"]);
    }
}

#[test]
fn claw_back_that_is_rejected_changes_nothing() {
    let policy = ClawbackPolicy::Reject;
    for before in [&[][..], &["99/200 from - until 20"]] {
        let mut draft = Draft::open(&wallet(before), at(10));
        let refused = {
            let own = OwnLot { count: Points::ZERO, accrue_at: None, expires_at: Some(at(20)) };
            draft.claw_back(&named("p"), points(100), policy, own)
        };
        assert!(refused.is_err());
        assert_eq!(*draft.wallet(), wallet(before));
        assert_eq!(moved(&close(draft)), [""; 0]);
    }
}

/// A wallet with this many lots, the first of which expires at 1001.
fn crowded(lots: usize) -> Wallet {
    let mut wallet = Wallet::default();
    let holding = wallet.assets.entry(points_asset("p")).or_default();
    for place in 1..=i64::try_from(lots).unwrap() {
        holding.put(Lot {
            identity: None,
            issued: units(1),
            remaining: units(1),
            accrue_at: None,
            expires_at: Some(at(1000 + place)),
            is_grace: false,
        });
    }
    wallet
}

/// Refused issues leave the draft as it was.
#[track_caller]
fn check_refused(before: &Wallet, amount: Points, expires_at: i64, limit: LimitReached) {
    let mut draft = Draft::open(before, at(10));
    let expires_at = Some(at(expires_at));
    let issued = PostingReason::Issued;
    let refused = draft.issue(&named("p"), amount, issued, None, expires_at);
    assert_eq!(refused, Err(limit));
    assert!(draft.wallet() == before, "the wallet was changed");
    assert_eq!(moved(&close(draft)), [""; 0]);
}

#[test]
fn lots_are_limited_except_for_what_merges() {
    let mut draft = Draft::open(&crowded(LOTS_MAX - 1), at(10));
    issue(&mut draft, 1, "-", "1000");
    let full = draft.into_wallet();
    assert_eq!(full.lot_count(), LOTS_MAX);
    check_refused(&full, points(1), 999, LimitReached::LOTS);
    let mut draft = Draft::open(&full, at(10));
    issue(&mut draft, 1, "-", "1000");
    assert_eq!(draft.wallet().lot_count(), LOTS_MAX);
}

#[test]
fn lots_are_not_limited_for_points_that_repay_debt() {
    let mut full = crowded(LOTS_MAX);
    full.assets.entry(points_asset("p")).or_default().debt = points(5);
    let mut draft = Draft::open(&full, at(10));
    assert_eq!(issue(&mut draft, 5, "-", "999"), 5);
    check_refused(&full, points(6), 999, LimitReached::LOTS);
}

#[test]
fn amounts_are_limited_with_what_is_held_and_owed() {
    let one_less = (Points::MAX.get() - 1).to_string();
    let lot = format!("{one_less}/{one_less} from - until 2000");
    let mut draft = Draft::open(&wallet(&[&lot]), at(10));
    issue(&mut draft, 1, "-", "1000");
    let full = draft.into_wallet();
    check_refused(&full, points(1), 1000, LimitReached::AMOUNT);
    check_refused(&wallet(&[&lot]), points(2), 1000, LimitReached::AMOUNT);
    for kept in ["debt 1", "hold a until 3000: 1 of 2000"] {
        check_refused(&wallet(&[&lot, kept]), points(1), 1000, LimitReached::AMOUNT);
    }
}

#[test]
fn holds_are_limited() {
    let mut full = Wallet::default();
    for place in 1..=HOLDS_MAX {
        full.holds.push(hold(place));
    }
    let mut draft = Draft::open(&full, at(10));
    assert_eq!(draft.keep(hold(0)), Err(LimitReached::HOLDS));
    assert_eq!(*draft.wallet(), full);
    assert!(draft.end_hold(None, &named("1")).is_some());
    assert_eq!(draft.keep(hold(0)), Ok(()));
    assert_eq!(draft.wallet().holds.len(), HOLDS_MAX);
}

/// What comes back may be more than the limit: that is no reason to refuse what adds nothing to it.
#[test]
fn hold_is_refused_for_identities_only_when_it_adds_some() {
    let asset: Asset = "benefit:free-hem".parse().unwrap();
    let mut draft = Draft::open(&wallet(&["80/80 from - until 2000"]), at(10));
    for place in 0..IDENTITIES_MAX {
        let (id, reason) = (named(&place.to_string()), PostingReason::Issued);
        draft.grant(&asset, id, units(2), reason, None).unwrap();
    }
    let before = draft.wallet().clone();
    let draws = vec![draft.draw_from(&asset, &named("0"), units(1)).unwrap()];
    assert_eq!(draft.keep(Hold { draws, ..hold(1) }), Err(LimitReached::IDENTITIES));
    for more in 0..2 {
        let mut wallet = before.clone();
        let holding = wallet.assets.get_mut(&asset).unwrap();
        holding.lots.extend(holding.lots.clone().into_iter().take(more));
        let mut draft = Draft::open(&wallet, at(10));
        let draws = vec![draft.draw(&named("p"), points(5)).unwrap()];
        assert_eq!(draft.keep(Hold { draws, ..hold(1) }), Ok(()), "{more} more");
    }
}

fn hold(place: usize) -> Hold {
    Hold {
        member: None,
        redemption: named(&place.to_string()),
        lapses_at: at(1000),
        draws: Vec::new(),
    }
}

#[test]
fn points_earned_later_are_not_lost_when_earlier_ones_expire_spent() {
    let mut draft = Draft::open(&Wallet::default(), at(1));
    issue(&mut draft, 100, "-", "20");
    let draw = draft.draw(&named("p"), points(80)).unwrap();
    draft.spend(&draw, PostingReason::Redeemed);
    let mut draft = Draft::open(&draft.into_wallet(), at(10));
    issue(&mut draft, 50, "-", "40");
    let before = shown(draft.wallet());
    assert_eq!(before, ["20/100 from - until 20", "50/50 from - until 40"]);
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    check_carried(&before, 20, &["50/50 from - until 40"], &["expired -20 at 20"]);
}
