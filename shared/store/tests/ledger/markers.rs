//! Order markers and due markers.

use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::redeem::Settlement;
use scrip_domain::wallet::Job;
use scrip_store::{ApplyError, SHARDS};

use crate::support::{Bench, appended, at, member};

#[tokio::test]
async fn order_belongs_to_one_member_for_ever() {
    let bench = Bench::new().await;
    bench.purchase(&bench.ledger, "alice", "100", "10.00").await.unwrap();
    for period in ["PT0S", "PT1H", "P5Y"] {
        bench.advance(period);
        let refused = bench.purchase(&bench.ledger, "bob", "100", "10.00").await;
        assert!(matches!(refused, Err(ApplyError::OrderBelongsToAnotherMember)), "{refused:?}");
    }
    assert!(bench.items("MEMBER#bob").await.is_empty());
    appended(bench.purchase(&bench.ledger, "bob", "1000", "10.00").await);
}

#[tokio::test]
async fn account_that_is_set_aside_again_is_not_taken_back_by_who_found_it_before() {
    let bench = Bench::new().await;
    let alice = AccountId::Member(member("alice"));
    let aside = async || {
        let mut found = Vec::new();
        for shard in 0..SHARDS {
            let shard =
                bench.ledger.accounts_set_aside(Job::Expire, shard, None, 10).await.unwrap();
            found.extend(shard);
        }
        found
    };
    bench.ledger.set_aside(Job::Expire, &alice, "damaged", 1).await.unwrap();
    let before = aside().await;
    bench.ledger.set_aside(Job::Expire, &alice, "damaged", 1).await.unwrap();
    bench.ledger.take_back(Job::Expire, &before[0]).await.unwrap();
    let after = aside().await;
    assert_eq!((before.len(), after.len()), (1, 1));
    bench.ledger.take_back(Job::Expire, &after[0]).await.unwrap();
    assert_eq!(aside().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn order_sent_for_twenty_members_at_once_feeds_one() {
    let bench = Arc::new(Bench::new().await);
    let callers = (0..20).map(|number| {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            bench.purchase(&bench.ledger, &format!("m{number}"), "100", "10.00").await.is_ok()
        })
    });
    let mut fed = 0;
    for caller in callers.collect::<Vec<_>>() {
        fed += usize::from(caller.await.unwrap());
    }
    assert_eq!(fed, 1);
}

#[tokio::test]
async fn order_marker_of_a_crashed_caller_is_taken_over_after_a_quarter_of_an_hour() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let bench = Bench::new().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    // Somebody stamped the order for alice and died before appending.
    bench
        .put(
            [
                ("pk".to_owned(), text("ORDER#100")),
                ("sk".to_owned(), text("ORDER")),
                ("account".to_owned(), text("MEMBER#alice")),
                ("since".to_owned(), text("2026-11-21T03:04:05Z")),
            ]
            .into(),
        )
        .await;
    bench.tell(at("2026-11-21T03:19:04.999Z"));
    let early = bench.purchase(&bench.ledger, "bob", "100", "10.00").await;
    assert!(matches!(early, Err(ApplyError::Contended)), "{early:?}");
    bench.tell(at("2026-11-21T03:19:05Z"));
    appended(bench.purchase(&bench.ledger, "bob", "100", "10.00").await);
    // Alice's own repetition comes too late.
    let late = bench.purchase(&bench.ledger, "alice", "100", "10.00").await;
    assert!(matches!(late, Err(ApplyError::OrderBelongsToAnotherMember)), "{late:?}");
}

#[tokio::test]
async fn order_marker_is_not_set_back_by_a_stamp_that_was_held_up() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let bench = Bench::new().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    // Another request for alice stamped it later than this one decides, or has a clock ahead.
    for (order, found, left) in [
        ("100", "2026-11-21T03:04:06Z", "2026-11-21T03:04:06Z"),
        ("200", "2026-11-21T03:04:05Z", "2026-11-21T03:04:05Z"),
        ("300", "2026-11-21T03:04:04Z", "2026-11-21T03:04:05Z"),
    ] {
        let marker = [
            ("pk".to_owned(), text(&format!("ORDER#{order}"))),
            ("sk".to_owned(), text("ORDER")),
            ("account".to_owned(), text("MEMBER#alice")),
            ("since".to_owned(), text(found)),
        ];
        bench.put(marker.into()).await;
        appended(bench.purchase(&bench.ledger, "alice", order, "10.00").await);
        let markers = bench.items(&format!("ORDER#{order}")).await;
        assert_eq!(markers[0]["since"], text(left), "{order}");
    }
}

#[tokio::test]
async fn refused_purchase_leaves_no_order_marker() {
    let bench = Bench::new().await;
    let tomorrow = at("2026-11-22T03:04:05Z");
    let refused = bench.purchase_at(&bench.ledger, "alice", "2", "10.00", tomorrow).await;
    assert!(matches!(refused, Err(ApplyError::Refused(_))), "{refused:?}");
    assert!(bench.items("ORDER#2").await.is_empty());
}

async fn due_hours(bench: &Bench) -> Vec<String> {
    let mut hours = Vec::new();
    for shard in 0..scrip_store::SHARDS {
        for item in bench.items(&format!("DUE#expire#{shard:02}")).await {
            hours.push(item["sk"].as_s().unwrap().clone());
        }
    }
    hours.sort();
    hours
}

#[tokio::test]
async fn due_marker_is_there_for_whatever_is_due_first() {
    let bench = Bench::new().await;
    bench.award(&bench.ledger, "alice", "never", 50).await.unwrap();
    assert!(due_hours(&bench).await.is_empty(), "nothing of it is ever due");
    let month = Some(at("2026-12-21T10:30:00Z"));
    bench.award_until(&bench.ledger, "alice", "month", 50, month).await.unwrap();
    assert_eq!(due_hours(&bench).await, ["2026-12-21T10#MEMBER#alice"]);
    let year = Some(at("2027-11-21T10:30:00Z"));
    bench.award_until(&bench.ledger, "alice", "year", 50, year).await.unwrap();
    assert_eq!(due_hours(&bench).await.len(), 1, "armed earlier already");
    let held = Settlement::Held(None);
    bench.redeem(&bench.ledger, "alice", "basket", "survey", 10, held).await.unwrap();
    let both = ["2026-11-21T03#MEMBER#alice", "2026-12-21T10#MEMBER#alice"];
    assert_eq!(due_hours(&bench).await, both);
    // The armed hour passes: its marker may be gone, so the next writer arms again.
    bench.advance("PT1H");
    bench.award(&bench.ledger, "alice", "later", 1).await.unwrap();
    let line = bench.ledger.load(&member("alice")).await.unwrap().unwrap().line;
    assert_eq!(line.armed.map(|hour| hour.to_string()).as_deref(), Some("2026-12-21T10"));
}
