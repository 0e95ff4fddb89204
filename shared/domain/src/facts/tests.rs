use super::*;
use crate::posting::PostingReason;
use crate::sample::{appended, at, named, points, postings};

const NOW: &str = "2026-11-21T03:04:05Z";

fn facts(month: u32) -> Facts {
    Facts { birth_month: Some(BirthMonth::try_from(month).unwrap()), ..Facts::default() }
}

#[test]
fn facts_are_replaced_and_the_same_again_append_nothing() {
    let line = appended(decide(&Wallet::default(), &facts(2), at(NOW)).unwrap());
    let (first, february) = (true, facts(2));
    assert_eq!(line.detail, Detail::Facts { facts: february.clone(), first });
    assert_eq!(line.wallet.facts, Some(february.clone()));
    let again = decide(&line.wallet, &february, at(NOW));
    assert_eq!(again, Ok(Decision::Unchanged(())));
    let line = appended(decide(&line.wallet, &facts(3), at(NOW)).unwrap());
    let (first, march) = (false, facts(3));
    assert_eq!(line.detail, Detail::Facts { facts: march.clone(), first });
    assert_eq!(line.wallet.facts, Some(march));
    // Facts that say nothing are still facts, and the first of them open the wallet.
    let empty = decide(&Wallet::default(), &Facts::default(), at(NOW));
    assert_eq!(appended(empty.unwrap()).wallet.facts, Some(Facts::default()));
}

#[test]
fn facts_carry_what_fell_due_with_them() {
    let mut draft = Draft::open(&Wallet::default(), at("2026-01-01T00:00:00Z"));
    let (survey, until) = (named("survey"), Some(at(NOW)));
    let reason = PostingReason::Issued;
    draft.issue(&survey, points(5), reason, None, until).unwrap();
    let line = appended(decide(draft.wallet(), &facts(2), at(NOW)).unwrap());
    assert_eq!(postings(&line), [format!("survey expired -5 until {NOW}")]);
}

#[test]
fn month_and_country_take_exactly_the_documented_values() {
    for (month, good) in [(0, false), (1, true), (12, true), (13, false)] {
        assert_eq!(BirthMonth::try_from(month).is_ok(), good, "{month}");
    }
    for (text, good) in [
        ("AU", true),
        ("au", false),
        ("Au", false),
        ("aU", false),
        ("AUS", false),
        ("A", false),
        ("É", false),
    ] {
        assert_eq!(text.parse::<Country>().is_ok(), good, "{text}");
    }
    assert_eq!(String::from(named::<Country>("AU")), "AU");
}
