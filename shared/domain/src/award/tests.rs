use super::*;
use crate::sample::{appended, at, lots, named, points, postings, program, program_with};
use crate::wallet::Standing;

const NOW: &str = "2026-11-21T03:04:05Z";

fn award(definition: &str, amount: u64) -> Award {
    Award {
        award: named("spring"),
        points: named(definition),
        amount: points(amount),
        reason: named("spring survey"),
        issued_at: None,
        accrue_at: None,
        expires_at: None,
    }
}

#[track_caller]
fn check(award: &Award, posting: &str) -> Wallet {
    let line = decide(&Wallet::default(), &program(), award, at(NOW));
    let line = appended(line.unwrap());
    assert_eq!(postings(&line), [posting]);
    let awarded = Awarded { award: named("spring"), reason: named("spring survey") };
    assert_eq!(line.detail, Detail::Award(awarded));
    line.wallet
}

#[track_caller]
fn check_refused(award: &Award, refusal: Refusal) {
    let decided = decide(&Wallet::default(), &program(), award, at(NOW));
    assert_eq!(decided, Err(refusal));
}

#[test]
fn award_accrues_and_expires_as_its_definition_says() {
    let accrued = "survey issued +50 from 2026-11-21T03:04:05Z";
    let wallet = check(&award("survey", 50), accrued);
    assert_eq!(lots(&wallet, "survey"), ["50/50"]);
    let delayed = "reward issued +50 from 2026-12-05T03:04:05Z until 2027-12-31T13:00:00Z";
    check(&award("reward", 50), delayed);
    check(&award("tier", 50), "tier issued +50 until 2027-11-30T13:00:00Z");
    let earlier = Award { issued_at: Some(at("2026-10-01T00:00:00Z")), ..award("reward", 50) };
    // Fourteen calendar days, one of which has 23 hours.
    let accrued = "reward issued +50 from 2026-10-14T23:00:00Z until 2027-10-31T13:00:00Z";
    let wallet = check(&earlier, accrued);
    let available = "50/50 until 2027-10-31T13:00:00Z";
    assert_eq!(lots(&wallet, "reward"), [available]);
}

#[test]
fn award_keeps_the_instants_the_caller_gives() {
    let given = Award {
        accrue_at: Some(at("2026-11-22T00:00:00Z")),
        expires_at: Some(at("2026-11-22T00:00:00.001Z")),
        ..award("survey", 50)
    };
    let term = "from 2026-11-22T00:00:00Z until 2026-11-22T00:00:00.001Z";
    let wallet = check(&given, &format!("survey issued +50 {term}"));
    assert_eq!(lots(&wallet, "survey"), [format!("50/50 {term}")]);
    // The definition's expiry is counted from the accrual given.
    let given = Award { accrue_at: Some(at("2027-01-01T00:00:00Z")), ..award("reward", 50) };
    let term = "from 2027-01-01T00:00:00Z until 2028-01-31T13:00:00Z";
    check(&given, &format!("reward issued +50 {term}"));
}

#[test]
fn award_is_refused_against_a_rule() {
    check_refused(&award("lost", 50), Refusal::UnknownPoints(named("lost")));
    let early = Award { accrue_at: Some(at(NOW)), ..award("tier", 50) };
    check_refused(&early, Refusal::TierPointsAccrueAtOnce);
    let ahead = |issued_at: &str| Award { issued_at: Some(at(issued_at)), ..award("survey", 50) };
    let latest = "survey issued +50 from 2026-11-21T03:09:05Z";
    check(&ahead("2026-11-21T03:09:05Z"), latest);
    check_refused(&ahead("2026-11-21T03:09:05.001Z"), Refusal::InTheFuture);
    let accrue_at = at("2026-11-22T00:00:00Z");
    let stillborn =
        Award { accrue_at: Some(accrue_at), expires_at: Some(accrue_at), ..award("survey", 50) };
    check_refused(&stillborn, Refusal::ExpiresBeforeAccrual { accrue_at });
    let late = Award { accrue_at: Some(at("9999-06-01T00:00:00Z")), ..award("reward", 50) };
    check_refused(&late, Refusal::OutsideTheCalendar);
    let retired = program_with(|document| document.points[2].retired = true);
    let decided = decide(&Wallet::default(), &retired, &award("survey", 50), at(NOW));
    assert_eq!(decided, Err(Refusal::Retired(named("survey"))));
}

#[test]
fn award_of_tier_points_reaches_a_level() {
    for (amount, reached) in [(499, false), (500, true)] {
        let award = award("tier", amount);
        let line = appended(decide(&Wallet::default(), &program(), &award, at(NOW)).unwrap());
        let standing = Standing {
            level: named("silver"),
            since: at(NOW),
            review_at: Some(at("2027-11-20T13:00:00Z")),
            reached: None,
        };
        assert_eq!(line.wallet.standing, reached.then_some(standing));
    }
}
