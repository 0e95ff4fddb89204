//! An index that is behind: an eventually consistent read of it may miss what was written last. The
//! embedded database never does, so here every such answer loses its newest row.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use scrip_domain::asset::Kind;
use scrip_domain::issue::Value;
use scrip_domain::redeem::{Settlement, Status, capture, refund};
use scrip_local::TABLE;
use scrip_store::{ApplyError, Ledger};
use serde_json::{Value as Json, json};

use crate::support::{Bench, appended, cents, member};

/// One call at a time: it remembers whether the call under way reads the index so.
#[derive(Debug, Default)]
struct Lag {
    is_behind: AtomicBool,
}

impl Intercept for Lag {
    fn name(&self) -> &'static str {
        "lag"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body: Json = serde_json::from_slice(context.request().body().bytes().unwrap())?;
        let is_behind = body["IndexName"].is_string() && body["ConsistentRead"] == json!(false);
        self.is_behind.store(is_behind, Ordering::SeqCst);
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.is_behind.load(Ordering::SeqCst) {
            let answer = context.output_or_error_mut().and_then(|answer| answer.as_mut().ok());
            let answer = answer.and_then(|answer| answer.downcast_mut::<QueryOutput>()).unwrap();
            let rows = answer.items.get_or_insert_default();
            rows.sort_by_key(|row| row["sk"].as_s().unwrap().clone());
            rows.pop();
        }
        Ok(())
    }
}

/// The ledger of a bench, seen through an index that is behind.
fn behind(bench: &Bench) -> Ledger {
    let config = bench.embedded.client().config().to_builder().interceptor(Lag::default()).build();
    let now = bench.now();
    Ledger::new(Client::from_conf(config), TABLE, Arc::new(move || now))
}

/// Alice with 10.00 of store credit.
async fn alice() -> Bench {
    let bench = Bench::new().await;
    let store = Value::Credit("store".parse().unwrap(), cents(1_000), None);
    bench.issue(&bench.ledger, "alice", "c", store, None).await;
    bench
}

async fn credit(bench: &Bench) -> u64 {
    let wallet = bench.ledger.load(&member("alice")).await.unwrap().unwrap().wallet;
    let lot = wallet.lot(Kind::Credit, &"c".parse().unwrap());
    lot.map_or(0, |(_, lot)| lot.remaining.get())
}

#[tokio::test]
async fn refund_after_refund_gives_back_once_through_an_index_that_is_behind() {
    let bench = alice().await;
    let behind = behind(&bench);
    let spent = bench.spend_credit(&bench.ledger, "alice", "r", Settlement::AtOnce).await;
    appended(spent);
    // The basket of 1000.00 was paid with 10.00 of credit, which the first refund gives back.
    appended(bench.refund(&behind, "alice", "r", "one").await);
    assert_eq!(credit(&bench).await, 1_000);
    let two = appended(bench.refund(&behind, "alice", "r", "two").await);
    assert_eq!(two.line.postings, [], "the rest is not of credit");
    assert_eq!(credit(&bench).await, 1_000);
}

#[tokio::test]
async fn capture_and_release_end_a_hold_once_through_an_index_that_is_behind() {
    for captures_first in [true, false] {
        let bench = alice().await;
        let behind = behind(&bench);
        let held = Settlement::Held(None);
        appended(bench.spend_credit(&bench.ledger, "alice", "r", held).await);
        let left = if captures_first {
            appended(bench.capture(&behind, "alice", "r").await);
            let released = bench.release(&behind, "alice", "r").await;
            assert!(matches!(released, Err(ApplyError::Refused(_))), "{released:?}");
            0
        } else {
            appended(bench.release(&behind, "alice", "r").await);
            let captured = bench.capture(&behind, "alice", "r").await;
            let refusal = capture::Refusal::HoldNotActive(Status::Released);
            assert!(matches!(captured, Err(ApplyError::Refused(found)) if found == refusal));
            let refunded = bench.refund(&behind, "alice", "r", "one").await;
            let refusal = refund::Refusal::NotCaptured(Status::Released);
            assert!(matches!(refunded, Err(ApplyError::Refused(found)) if found == refusal));
            1_000
        };
        assert_eq!(credit(&bench).await, left);
    }
}

#[tokio::test]
async fn purchase_finds_what_its_redemption_paid_through_an_index_that_is_behind() {
    let bench = alice().await;
    let behind = behind(&bench);
    let held = Settlement::Held(None);
    appended(bench.spend_credit(&bench.ledger, "alice", "r", held).await);
    appended(bench.capture(&bench.ledger, "alice", "r").await);
    let (now, redemption) = (bench.now(), Some("r"));
    appended(bench.purchase_paid_by(&behind, "alice", "o", "59.95", now, redemption).await);
}
