use serde_json::json;

use super::*;
use crate::sample::{
    appended, at, fill_with_lots, identity_lots, lots, minor, named, points, postings, program,
    program_of, program_with,
};
use crate::wallet::LOTS_MAX;

const NOW: &str = "2026-11-21T03:04:05Z";
const CHRISTMAS: &str = "2026-12-25T00:00:00Z";
/// 90 days later, at the end of the day in Melbourne.
const REWARD_UNTIL: &str = "until 2027-02-19T13:00:00Z";

/// 700 points that expire at Christmas, 900 that never do, 1000 pending.
fn wallet() -> Wallet {
    let mut draft = Draft::open(&Wallet::default(), at("2026-01-01T00:00:00Z"));
    for (count, accrue_at, expires_at) in [
        (900, None, None),
        (700, None, Some(at(CHRISTMAS))),
        (1000, Some(at("2026-11-21T03:04:05.001Z")), None),
    ] {
        let (definition, count) = (named("reward"), points(count));
        let reason = PostingReason::Issued;
        draft.issue(&definition, count, reason, accrue_at, expires_at).unwrap();
    }
    draft.into_wallet()
}

fn of(definition: &str, amount: u64, reward: Option<&str>) -> Conversion {
    Conversion {
        conversion: named("c-1"),
        points: named(definition),
        amount: points(amount),
        reward: reward.map(named),
    }
}

#[track_caller]
fn check_refused(program: &Program, conversion: &Conversion, refusal: Refusal) {
    assert_eq!(decide(&wallet(), program, conversion, (7, at(NOW))), Err(refusal));
}

#[test]
fn conversion_takes_points_soonest_expiry_first_and_issues_one_reward() {
    for reward in [None, Some("points-reward")] {
        let conversion = of("reward", 1500, reward);
        let line = decide(&wallet(), &program(), &conversion, (7, at(NOW)));
        let line = appended(line.unwrap());
        let reward = "reward:points-reward:AUD entry:7";
        assert_eq!(
            postings(&line),
            [
                format!("reward converted_out -700 until {CHRISTMAS}"),
                "reward converted_out -800".to_owned(),
                format!("{reward} converted_in +1500 {REWARD_UNTIL}"),
            ]
        );
        let left = lots(&line.wallet, "reward");
        let spent = format!("0/700 until {CHRISTMAS}");
        let pending = "1000/1000 from 2026-11-21T03:04:05.001Z";
        assert_eq!(left, [spent.as_str(), "100/900", pending]);
        assert_eq!(identity_lots(&line.wallet), [format!("{reward} 1500/1500 {REWARD_UNTIL}")]);
        let Detail::Conversion(converted) = line.detail else { panic!("{:?}", line.detail) };
        let expected = Converted {
            conversion: named("c-1"),
            points: named("reward"),
            amount: points(1500),
            id: named("entry:7"),
            asset: "reward:points-reward:AUD".parse().unwrap(),
            money: minor(1500),
            expires_at: Some(at("2027-02-19T13:00:00Z")),
        };
        assert_eq!(converted, expected);
    }
}

#[test]
fn conversion_takes_whole_multiples_of_what_is_available() {
    let program = program();
    let insufficient =
        || Refusal::InsufficientValue { points: named("reward"), available: points(1600) };
    let uneven = || Refusal::NotAMultiple { multiple: points(500) };
    for (amount, refusal) in [
        (499, Some(uneven())),
        (500, None),
        (501, Some(uneven())),
        (1500, None),
        (1600, Some(uneven())),
        (2000, Some(insufficient())),
    ] {
        let decided = decide(&wallet(), &program, &of("reward", amount, None), (7, at(NOW)));
        assert_eq!(decided.err(), refusal, "{amount}");
    }
    let later = at("2026-11-21T03:04:05.001Z");
    assert!(decide(&wallet(), &program, &of("reward", 2000, None), (7, later)).is_ok());
    // What expires at this very instant is not converted.
    let decided = decide(&wallet(), &program, &of("reward", 2000, None), (7, at(CHRISTMAS)));
    let left = Refusal::InsufficientValue { points: named("reward"), available: points(1900) };
    assert_eq!(decided, Err(left));
}

#[test]
fn conversion_is_refused_against_a_rule() {
    let program = program();
    let unknown = Refusal::UnknownPoints(named("lost"));
    check_refused(&program, &of("lost", 500, None), unknown);
    check_refused(&program, &of("survey", 500, None), Refusal::NoConversion);
    check_refused(&program, &of("reward", 500, Some("birthday")), Refusal::NoConversion);
    let retired = program_with(|document| document.rewards[1].retired = true);
    let refusal = Refusal::Retired(named("points-reward"));
    check_refused(&retired, &of("reward", 500, None), refusal);
    let late = at("9999-12-15T00:00:00Z");
    let decided = decide(&wallet(), &program, &of("reward", 500, None), (7, late));
    assert_eq!(decided, Err(Refusal::OutsideTheCalendar));
}

#[test]
fn conversion_names_the_reward_where_there_are_several() {
    let program = program_of(
        "JPY",
        json!({
            "points": [{"handle": "reward", "name": "P", "kind": "reward"}],
            "rewards": [{"handle": "small"}, {"handle": "large"}],
            "conversions": [
                {"points": "reward", "multiple": 100, "reward": "small", "money": "90"},
                {"points": "reward", "multiple": 1000, "reward": "large", "money": "1200"}],
        }),
    );
    check_refused(&program, &of("reward", 1000, None), Refusal::WhichReward);
    for (reward, worth) in [("small", 900), ("large", 1200)] {
        let conversion = of("reward", 1000, Some(reward));
        let line = appended(decide(&wallet(), &program, &conversion, (7, at(NOW))).unwrap());
        let lot = format!("reward:{reward}:JPY entry:7 {worth}/{worth}");
        assert_eq!(identity_lots(&line.wallet), [lot]);
    }
    let uneven = Refusal::NotAMultiple { multiple: points(1000) };
    check_refused(&program, &of("reward", 1100, Some("large")), uneven);
}

#[test]
fn conversion_is_limited_in_lots_and_in_money() {
    let mut draft = Draft::open(&wallet(), at(NOW));
    fill_with_lots(&mut draft, LOTS_MAX - 1);
    let conversion = of("reward", 500, None);
    let nearly = draft.into_wallet();
    let full = appended(decide(&nearly, &program(), &conversion, (7, at(NOW))).unwrap()).wallet;
    assert_eq!(full.lot_count(), LOTS_MAX);
    let beyond = decide(&full, &program(), &conversion, (8, at(NOW)));
    assert_eq!(beyond, Err(Refusal::LimitReached(LimitReached::LOTS)));

    let dear = program_of(
        "AUD",
        json!({
            "points": [{"handle": "reward", "name": "P", "kind": "reward"}],
            "rewards": [{"handle": "r"}],
            "conversions": [{"points": "reward", "multiple": 1, "reward": "r",
                             "money": "45035996273704.96"}],
        }),
    );
    let once = decide(&wallet(), &dear, &of("reward", 1, None), (7, at(NOW)));
    assert!(once.is_ok());
    let limit = Refusal::LimitReached(LimitReached::AMOUNT);
    check_refused(&dear, &of("reward", 2, None), limit);
}
