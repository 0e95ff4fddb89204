//! Items that are not what this release writes.

use aws_sdk_dynamodb::types::AttributeValue;
use scrip_store::{ApplyError, StoreError};

use crate::support::{Bench, member};

#[tokio::test]
async fn line_that_does_not_parse_is_an_error_naming_account_and_entry() {
    let bench = Bench::new().await;
    bench.award(&bench.ledger, "alice", "one", 5).await.unwrap();
    let whole = bench.items("MEMBER#alice").await.remove(0);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |number: &str| AttributeValue::N(number.to_owned());
    for (attribute, planted) in [
        ("kind", Some(text("conjuring"))),
        ("kind", Some(text("purchase"))),
        ("op", Some(text("AWARD#other"))),
        ("op", None),
        ("at", Some(text("yesterday"))),
        ("state", Some(text("rich"))),
        ("state", None),
        ("postings", Some(number("1"))),
        ("detail", None),
        ("program", Some(number("-1"))),
        ("hash", None),
        ("request", None),
        ("format", None),
        ("format", Some(text("1"))),
        ("armed", Some(text("soon"))),
        ("unknown", Some(number("1"))),
    ] {
        let mut item = whole.clone();
        match planted.clone() {
            Some(value) => item.insert(attribute.to_owned(), value),
            None => item.remove(attribute),
        };
        bench.put(item).await;
        let loaded = bench.ledger.load(&member("alice")).await;
        let named = matches!(
            &loaded,
            Err(StoreError::Damaged { account, item, .. }) if account == "MEMBER#alice" && item == "entry 1"
        );
        assert!(named, "{attribute} as {planted:?}: {loaded:?}");
        let refused = bench.award(&bench.ledger, "alice", "two", 5).await;
        assert!(
            matches!(refused, Err(ApplyError::Store(StoreError::Damaged { .. }))),
            "{refused:?}"
        );
        assert_eq!(bench.items("MEMBER#alice").await.len(), 1, "nothing is appended");
    }
    bench.put(whole).await;
    assert!(bench.ledger.load(&member("alice")).await.unwrap().is_some());
}

#[tokio::test]
async fn line_of_a_newer_format_is_left_alone() {
    let bench = Bench::new().await;
    bench.award(&bench.ledger, "alice", "one", 5).await.unwrap();
    let mut item = bench.items("MEMBER#alice").await.remove(0);
    item.insert("format".to_owned(), AttributeValue::N("2".to_owned()));
    item.insert("from_the_future".to_owned(), AttributeValue::Bool(true));
    bench.put(item).await;
    let refused = bench.award(&bench.ledger, "alice", "two", 5).await;
    let newer = matches!(
        &refused,
        Err(ApplyError::Store(StoreError::NewerFormat { account, entry: 1, format: 2 })) if account == "MEMBER#alice"
    );
    assert!(newer, "{refused:?}");
    assert_eq!(bench.items("MEMBER#alice").await.len(), 1);
}
