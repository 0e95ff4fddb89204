use super::*;
use crate::posting::PostingReason;
use crate::sample::{appended, at, minor, named, points, program};

const NOW: &str = "2026-11-21T03:04:05Z";

fn assign(level: &str) -> Assign {
    Assign {
        assignment: named("match-1"),
        level: named(level),
        reason: named("status match"),
        actor: named("jo"),
    }
}

fn silver(since: &str) -> Standing {
    attained(&program(), &named("silver"), at(since))
}

#[test]
fn assignment_gives_the_level_and_records_the_one_before() {
    let program = program();
    let line = appended(decide(&Wallet::default(), &program, &assign("silver"), at(NOW)).unwrap());
    assert_eq!(line.wallet.standing, Some(silver(NOW)));
    assert_eq!(line.postings, []);
    let later = at("2027-01-01T00:00:00Z");
    let line = appended(decide(&line.wallet, &program, &assign("member"), later).unwrap());
    assert_eq!(line.wallet.standing, None);
    let assigned = Assigned {
        assignment: named("match-1"),
        level: named("member"),
        before: Some(silver(NOW)),
        reason: named("status match"),
        actor: named("jo"),
    };
    assert_eq!(line.detail, Detail::TierAssignment(assigned));
}

#[test]
fn assignment_of_an_unknown_level_is_refused() {
    let decided = decide(&Wallet::default(), &program(), &assign("gold"), at(NOW));
    assert_eq!(decided, Err(Refusal::UnknownLevel(named("gold"))));
}

#[test]
fn level_is_not_lost_when_the_window_shrinks() {
    let program = program();
    let mut draft = Draft::open(&Wallet::default(), at(NOW));
    let (tier, soon) = (named("tier"), Some(at("2026-12-01T00:00:00Z")));
    let reason = PostingReason::Issued;
    draft.issue(&tier, points(500), reason, None, soon).unwrap();
    assert!(reach(&mut draft, &program, None));
    assert!(!reach(&mut draft, &program, None));
    let tiers = program.tiers.as_ref().unwrap();
    for (now, counted) in [("2026-11-30T23:59:59.999Z", 500), ("2026-12-01T00:00:00Z", 0)] {
        let later = Draft::open(draft.wallet(), at(now)).into_wallet();
        assert_eq!(window(&later, tiers), points(counted));
        assert_eq!(level(&later, tiers).unwrap().handle, named("silver"));
    }
}

#[test]
fn level_that_is_supported_is_the_highest_within_the_window() {
    let tiers = program().tiers.unwrap();
    for (counted, supported) in [(0, "member"), (499, "member"), (500, "silver")] {
        let level = tiers.supported(points(counted)).unwrap();
        assert_eq!(level.handle, named(supported));
    }
    assert_eq!(tiers.above(0).unwrap().handle, named("silver"));
    assert_eq!(tiers.above(1), None);
    assert_eq!(tiers.rank(&named("gold")), None);
    // Value of another kind is no window.
    assert_eq!(window(&Wallet::default(), &tiers).get(), minor(0).get());
}

#[test]
fn anniversary_is_twelve_months_on_in_the_programs_zone() {
    let program = program();
    assert_eq!(anniversary(&Wallet::default(), &program), None);
    for (since, on) in [
        ("2026-11-21T12:59:59.999Z", "2027-11-21"),
        ("2026-11-21T13:00:00Z", "2027-11-22"),
        ("2028-02-28T13:00:00Z", "2029-02-28"),
    ] {
        let wallet = Wallet { standing: Some(silver(since)), ..Wallet::default() };
        assert_eq!(anniversary(&wallet, &program).unwrap().to_string(), on);
    }
}

/// A silver member (keeps at 400, attains at 500) whose window at the anniversary is `counted`.
#[track_caller]
fn check_review(counted: u64, after: Option<&str>) {
    let (since, program) = ("2026-11-21T10:00:00Z", program());
    let anniversary = at("2027-11-20T13:00:00Z");
    let mut draft = Draft::open(&Wallet::default(), at(since));
    let reason = PostingReason::Issued;
    // The first lot expires at the anniversary, and counts no more; the other one an instant later.
    for (count, expires_at) in [(1000, anniversary), (counted, at("2027-11-20T13:00:00.001Z"))] {
        if count > 0 {
            let expires_at = Some(expires_at);
            draft.issue(&named("tier"), points(count), reason, None, expires_at).unwrap();
        }
    }
    // What accrues after it does not count yet.
    let accrue_at = Some(at("2027-11-20T13:00:00.001Z"));
    draft.issue(&named("tier"), points(1000), reason, accrue_at, None).unwrap();
    let wallet = Wallet { standing: Some(silver(since)), ..draft.into_wallet() };
    assert_eq!(wallet.next_due().unwrap().at, anniversary);
    assert_eq!(review_due(&wallet, at("2027-11-20T12:59:59.999Z")), None);
    assert_eq!(review_due(&wallet, anniversary), Some(anniversary));
    let judged = judge(&wallet, &program, anniversary);
    let review = Review { at: anniversary, before: named("silver"), after: after.map(named) };
    assert_eq!(judged.reviewed, std::slice::from_ref(&review));
    let kept = silver("2027-11-20T13:00:00Z");
    assert_eq!(kept.review_at, Some(at("2028-11-20T13:00:00Z")));
    assert_eq!(judged.standing, after.map(|_| kept));
    // The next line writes it down, once.
    let line = appended(crate::settlement::decide(&judged, at("2027-12-01T00:00:00Z")));
    assert_eq!(line.reviews, [review]);
    assert_eq!(line.wallet.reviewed, []);
    let again = crate::settlement::decide(&line.wallet, at("2027-12-01T00:00:00Z"));
    assert_eq!(again, Decision::Unchanged(()));
}

#[test]
fn level_is_kept_at_its_anniversary_when_the_window_maintains_it() {
    check_review(400, Some("silver"));
    check_review(399, None);
    check_review(0, None);
}

#[test]
fn level_that_is_not_maintained_falls_to_the_highest_that_the_window_supports() {
    let program = crate::sample::program_with(|document| {
        let levels = &mut document.tiers.as_mut().unwrap().levels;
        let mut gold = levels[1].clone();
        (gold.handle, gold.attain, gold.maintain) = ("gold".to_owned(), 1000, 900);
        levels.push(gold);
    });
    let anniversary = at("2027-11-20T13:00:00Z");
    for (counted, after) in
        [(900, Some("gold")), (899, Some("silver")), (500, Some("silver")), (499, None)]
    {
        let mut draft = Draft::open(&Wallet::default(), at(NOW));
        let reason = PostingReason::Issued;
        draft.issue(&named("tier"), points(counted), reason, None, None).unwrap();
        let gold = attained(&program, &named("gold"), at(NOW));
        let wallet = Wallet { standing: Some(gold), ..draft.into_wallet() };
        let judged = judge(&wallet, &program, anniversary).standing;
        assert_eq!(judged.map(|it| it.level), after.map(named), "{counted}");
    }
}
