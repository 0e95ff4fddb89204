use super::*;
use crate::sample::{
    appended, at, lots, named, points, points_asset, postings, program, program_with,
};

const NOW: &str = "2026-11-21T03:04:05Z";

fn adjustment(definition: &str, amount: i64) -> Adjustment {
    Adjustment {
        adjustment: named("a-1"),
        points: named(definition),
        amount: Change::try_from(amount).unwrap(),
        reason: named("goodwill"),
        actor: named("jo"),
    }
}

/// 20 survey points available until December, 30 for ever, 50 pending.
fn wallet() -> Wallet {
    let mut draft = Draft::open(&Wallet::default(), at(NOW));
    for (amount, accrue_at, expires_at) in [
        (20, None, Some(at("2026-12-01T00:00:00Z"))),
        (30, None, None),
        (50, Some(at("2026-11-25T00:00:00Z")), None),
    ] {
        let (points, survey) = (points(amount), named("survey"));
        let reason = PostingReason::Issued;
        draft.issue(&survey, points, reason, accrue_at, expires_at).unwrap();
    }
    draft.into_wallet()
}

#[track_caller]
fn check(adjustment: &Adjustment, moved: &[&str], left: &[&str]) {
    let line = appended(decide(&wallet(), &program(), adjustment, at(NOW)).unwrap());
    assert_eq!(postings(&line), moved);
    assert_eq!(lots(&line.wallet, adjustment.points.as_str()), left);
    let adjusted = Adjusted {
        adjustment: named("a-1"),
        points: adjustment.points.clone(),
        amount: adjustment.amount,
        reason: named("goodwill"),
        actor: named("jo"),
    };
    assert_eq!(line.detail, Detail::Adjustment(adjusted));
}

#[test]
fn adjustment_takes_available_points_soonest_expiry_first() {
    let (soon, pending) = ("until 2026-12-01T00:00:00Z", "50/50 from 2026-11-25T00:00:00Z");
    check(
        &adjustment("survey", -20),
        &[&format!("survey adjusted -20 {soon}")],
        &[&format!("0/20 {soon}"), "30/30", pending],
    );
    check(
        &adjustment("survey", -50),
        &[&format!("survey adjusted -20 {soon}"), "survey adjusted -30"],
        &[&format!("0/20 {soon}"), "0/30", pending],
    );
}

#[test]
fn adjustment_beyond_what_is_available_is_refused() {
    let decided = decide(&wallet(), &program(), &adjustment("survey", -51), at(NOW));
    let available = points(50);
    assert_eq!(decided, Err(Refusal::InsufficientValue { available }));
    let decided = decide(&wallet(), &program(), &adjustment("reward", -1), at(NOW));
    let available = Points::ZERO;
    assert_eq!(decided, Err(Refusal::InsufficientValue { available }));
}

#[test]
fn adjustment_gives_points_that_can_be_spent_at_once() {
    let until = "until 2027-11-30T13:00:00Z";
    check(
        &adjustment("reward", 10),
        &[&format!("reward adjusted +10 from {NOW} {until}")],
        &[&format!("10/10 {until}")],
    );
    check(
        &adjustment("tier", 10),
        &[&format!("tier adjusted +10 {until}")],
        &[&format!("10/10 {until}")],
    );
}

#[test]
fn adjustment_repays_debt_and_reaches_a_level() {
    let mut indebted = Wallet::default();
    indebted.assets.entry(points_asset("tier")).or_default().debt = points(1);
    for (amount, reached) in [(500, false), (501, true)] {
        let adjustment = adjustment("tier", amount);
        let line = appended(decide(&indebted, &program(), &adjustment, at(NOW)).unwrap());
        assert_eq!(line.wallet.standing.is_some(), reached);
        assert_eq!(line.postings[1].reason, PostingReason::DebtRepaid);
        assert_eq!(line.postings[1].amount.get(), -1);
    }
}

#[test]
fn adjustment_of_retired_points_may_only_take() {
    let retired = program_with(|document| document.points[2].retired = true);
    let decided = decide(&wallet(), &retired, &adjustment("survey", 1), at(NOW));
    assert_eq!(decided, Err(Refusal::Retired(named("survey"))));
    assert!(decide(&wallet(), &retired, &adjustment("survey", -1), at(NOW)).is_ok());
    let unknown = decide(&wallet(), &retired, &adjustment("lost", -1), at(NOW));
    assert_eq!(unknown, Err(Refusal::UnknownPoints(named("lost"))));
}
