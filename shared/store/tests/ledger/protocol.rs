//! Exactly once, under every race.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::award::{self, Award};
use scrip_domain::entry::{Decision, Operation};
use scrip_domain::redeem::Settlement;
use scrip_domain::wallet::Wallet;
use scrip_store::{ApplyError, Outcome, Situation, StoreError};

use crate::support::{Bench, appended, at, member, points, request, units};

#[tokio::test(flavor = "multi_thread")]
async fn operation_sent_by_twenty_at_once_is_applied_once_and_answered_alike() {
    let bench = Arc::new(Bench::new().await);
    let callers = (0..20).map(|_| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move { bench.award(&bench.ledger, "alice", "one", 50).await.unwrap() })
    });
    let mut appended = 0;
    let mut entries = Vec::new();
    for caller in callers.collect::<Vec<_>>() {
        match caller.await.unwrap() {
            Outcome::Appended(entry) => {
                appended += 1;
                entries.push(entry);
            }
            Outcome::Replayed(entry) => entries.push(entry),
            Outcome::Unchanged { answer, .. } => match answer {},
        }
    }
    assert_eq!(appended, 1);
    assert!(entries.iter().all(|entry| *entry == entries[0]), "all are answered alike");
    assert_eq!(bench.items("MEMBER#alice").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn different_operations_at_once_are_all_applied_when_contended_ones_are_repeated() {
    let bench = Arc::new(Bench::new().await);
    let callers = (0..100).map(|number| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            loop {
                match bench.award(&bench.ledger, "alice", &format!("a{number}"), 1).await {
                    Ok(_) => return,
                    Err(ApplyError::Contended) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let found = bench.ledger.load(&member("alice")).await.unwrap().unwrap();
    assert_eq!(found.line.entry.number, 100);
    assert_eq!(found.wallet.available(&"points:survey".parse().unwrap()), units(100));
}

#[tokio::test]
async fn operation_is_found_again_after_any_number_of_others_and_any_time() {
    let bench = Bench::new().await;
    let first = appended(bench.award(&bench.ledger, "alice", "one", 50).await);
    for number in 0..5 {
        bench.award(&bench.ledger, "alice", &format!("other-{number}"), 1).await.unwrap();
    }
    for period in ["PT11M", "P30D", "P5Y"] {
        bench.advance(period);
        let again = bench.award(&bench.ledger, "alice", "one", 50).await.unwrap();
        assert_eq!(again, Outcome::Replayed(first.clone()));
        let other = bench.award(&bench.ledger, "alice", "one", 51).await;
        assert!(matches!(other, Err(ApplyError::OperationConflict)), "{other:?}");
    }
    assert_eq!(bench.items("MEMBER#alice").await.len(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn decision_is_made_again_when_another_line_comes_between() {
    let bench = Bench::new().await;
    bench.award(&bench.ledger, "alice", "first", 10).await.unwrap();
    let command = Award {
        award: "second".parse().unwrap(),
        points: "survey".parse().unwrap(),
        amount: points(5),
        reason: "race".parse().unwrap(),
        issued_at: None,
        accrue_at: None,
        expires_at: None,
    };
    let part = request("alice", Operation::Award("second".parse().unwrap()), &5);
    let seen = std::sync::Mutex::new(Vec::new());
    let runtime = tokio::runtime::Handle::current();
    let ledger = bench.ledger.metered();
    let entry = ledger
        .apply(&part, |it| {
            let first = {
                let mut seen = seen.lock().unwrap();
                seen.push(it.wallet.available(&"points:survey".parse().unwrap()).get());
                seen.len() == 1
            };
            if first {
                // Somebody else appends between this decision and its put.
                std::thread::scope(|scope| {
                    scope.spawn(|| {
                        runtime
                            .block_on(bench.award(&bench.ledger, "alice", "between", 7))
                            .unwrap();
                    });
                });
            }
            award::decide(it.wallet, &bench.program, &command, it.now)
        })
        .await;
    assert_eq!(appended(entry).number, 3);
    assert_eq!(*seen.lock().unwrap(), [10, 17]);
    // The line that came between was shown by the put: newest line and look-up are read once.
    let usage = ledger.usage();
    assert_eq!(usage.races_lost, 1);
    assert!(usage.read_halves <= 4, "{} read units", usage.read_units());
}

#[tokio::test(flavor = "multi_thread")]
async fn capture_races_lapse_and_exactly_one_wins() {
    for round in 0..10 {
        let bench = Arc::new(Bench::new().await);
        bench.award(&bench.ledger, "alice", "one", 100).await.unwrap();
        let held = Settlement::Held(None);
        bench.redeem(&bench.ledger, "alice", "basket", "survey", 100, held).await.unwrap();
        // One caller still sees the hold, another comes after it ran out.
        let lapse = at("2026-11-21T03:14:05Z");
        let (late, early) = (Arc::clone(&bench), Arc::clone(&bench));
        let capture =
            tokio::spawn(async move { early.capture(&early.ledger, "alice", "basket").await });
        let other = tokio::spawn(async move {
            late.tell(lapse);
            late.award(&late.ledger, "alice", "two", 1).await.unwrap();
        });
        let captured = capture.await.unwrap().is_ok();
        other.await.unwrap();
        let wallet = bench.ledger.load(&member("alice")).await.unwrap().unwrap().wallet;
        let available = wallet.available(&"points:survey".parse().unwrap());
        assert_eq!(available, units(if captured { 1 } else { 101 }), "round {round}");
        assert!(wallet.holds.is_empty());
    }
}

fn award_of(id: &str, count: u64) -> Award {
    Award {
        award: id.parse().unwrap(),
        points: "survey".parse().unwrap(),
        amount: points(count),
        reason: "both".parse().unwrap(),
        issued_at: None,
        accrue_at: None,
        expires_at: None,
    }
}

/// Awards alice and, in the same write, bob.
async fn award_both(
    bench: &Bench,
    id: &str,
) -> Result<Outcome<Infallible>, ApplyError<award::Refusal>> {
    let alice = request("alice", Operation::Award(id.parse().unwrap()), &5);
    let bob = AccountId::Member(member("bob"));
    let command = award_of(id, 5);
    let award = |wallet: &Wallet, now| {
        award::decide(wallet, &bench.program, &command, now).map(|decided| match decided {
            Decision::Append(line) => line,
            other => panic!("{other:?}"),
        })
    };
    let decide = |it: &Situation<'_>| {
        let Some(wallet) = it.others.get(&bob) else {
            return Ok(Decision::Needs(vec![bob.clone()]));
        };
        let line = award(it.wallet, it.now)?;
        Ok(Decision::AppendAll(line, vec![(bob.clone(), award(wallet, it.now)?)]))
    };
    bench.ledger.apply(&alice, decide).await
}

#[tokio::test(flavor = "multi_thread")]
async fn operation_on_several_accounts_is_applied_to_all_or_none_and_once() {
    let bench = Arc::new(Bench::new().await);
    bench.award(&bench.ledger, "bob", "earlier", 1).await.unwrap();
    let entry = appended(award_both(&bench, "both").await);
    let bobs = bench.ledger.load(&member("bob")).await.unwrap().unwrap().line.entry;
    assert_eq!((entry.number, bobs.number), (1, 2));
    assert_eq!(entry.recorded_at, bobs.recorded_at);
    let again = award_both(&bench, "both").await.unwrap();
    assert_eq!(again, Outcome::Replayed(entry));

    // Twenty at once, each with a rival on one of the accounts.
    let callers = (0..20).map(|number| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            let id = format!("both-{number}");
            while let Err(error) = award_both(&bench, &id).await {
                assert!(matches!(error, ApplyError::Contended), "{error}");
            }
        })
    });
    let rivals = (0..20).map(|number| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            let id = format!("rival-{number}");
            while let Err(error) = bench.award(&bench.ledger, "bob", &id, 1).await {
                assert!(matches!(error, ApplyError::Contended), "{error}");
            }
        })
    });
    for task in callers.chain(rivals).collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let survey = "points:survey".parse().unwrap();
    for (name, count) in [("alice", 105), ("bob", 126)] {
        let wallet = bench.ledger.load(&member(name)).await.unwrap().unwrap().wallet;
        assert_eq!(wallet.available(&survey), units(count), "{name}");
    }
}

#[tokio::test]
async fn decision_that_asks_for_accounts_without_end_is_not_applied() {
    let bench = Bench::new().await;
    let alice = request("alice", Operation::Award("a".parse().unwrap()), &5);
    let decide = |it: &Situation<'_>| -> Result<Decision<()>, award::Refusal> {
        Ok(Decision::Needs(vec![AccountId::Member(member(&format!("m{}", it.others.len())))]))
    };
    let refused = bench.ledger.apply(&alice, decide).await;
    assert!(matches!(refused, Err(ApplyError::Store(StoreError::Damaged { .. }))), "{refused:?}");
    assert!(bench.items("MEMBER#alice").await.is_empty());
}

#[tokio::test]
async fn operation_takes_the_instant_of_the_newest_line_when_the_clock_is_a_little_behind() {
    let bench = Bench::new().await;
    bench.award(&bench.ledger, "alice", "one", 5).await.unwrap();
    bench.tell(at("2026-11-21T02:59:05Z"));
    let entry = appended(bench.award(&bench.ledger, "alice", "two", 5).await);
    assert_eq!(entry.recorded_at, at("2026-11-21T03:04:05Z"));
    bench.tell(at("2026-11-21T02:59:04Z"));
    let refused = bench.award(&bench.ledger, "alice", "three", 5).await;
    let ahead = matches!(
        &refused,
        Err(ApplyError::Store(StoreError::ClockBehind { account, seconds: 301 })) if account == "MEMBER#alice"
    );
    assert!(ahead, "{refused:?}");
}

#[tokio::test]
async fn store_that_does_not_answer_is_unavailable_in_bounded_time() {
    // A port that accepts and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = scrip_local::client_at(&format!("http://{}", silent.local_addr().unwrap()));
    let bench = Bench::new().await;
    let now = bench.now();
    let ledger = scrip_store::Ledger::new(client, "ledger", Arc::new(move || now));
    let started = std::time::Instant::now();
    let refused = bench.award(&ledger, "alice", "one", 5).await;
    let unavailable = matches!(refused, Err(ApplyError::Store(StoreError::Unavailable { .. })));
    assert!(unavailable, "{refused:?}");
    assert!(started.elapsed() < std::time::Duration::from_secs(25));
}

#[tokio::test]
async fn names_of_operations_are_unique_per_account_only() {
    let bench = Bench::new().await;
    let names: BTreeSet<u64> = [
        appended(bench.award(&bench.ledger, "alice", "same", 5).await).number,
        appended(bench.award(&bench.ledger, "bob", "same", 5).await).number,
    ]
    .into();
    assert_eq!(names, [1].into());
}
