//! A put that is held up on its way: nothing is heard of it, what is sent after it meets a
//! transaction, and nobody can say that it will not arrive.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use scrip_domain::award::{self, Award};
use scrip_domain::entry::Operation;
use scrip_local::TABLE;
use scrip_store::{ApplyError, Ledger, StoreError};

use crate::support::{Bench, points, request};

/// Lets no put of a line through. Of the first nothing is heard; the others meet a transaction.
#[derive(Debug, Default)]
struct HeldUp {
    /// Puts of lines so far.
    sent: Arc<AtomicUsize>,
    /// Of which the answer is awaited; 0: of none.
    awaited: AtomicUsize,
}

const TARGET: &str = "x-amz-target";
const CONFLICT: &str = r#"{"__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
    "message": "Transaction is ongoing for the item"}"#;

impl Intercept for HeldUp {
    fn name(&self) -> &'static str {
        "held up"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let is_put = request.headers().get(TARGET).is_some_and(|it| it.ends_with(".PutItem"));
        self.awaited.store(0, Ordering::SeqCst);
        if is_put {
            self.awaited.store(self.sent.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            request.headers_mut().insert(TARGET, "DynamoDB_20120810.Nothing");
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let awaited = self.awaited.load(Ordering::SeqCst);
        let response = context.response_mut();
        match awaited {
            0 => {}
            1 => *response.status_mut() = 500.try_into()?,
            _ => {
                *response.status_mut() = 400.try_into()?;
                *response.body_mut() = CONFLICT.into();
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn refusal_is_not_told_while_an_earlier_put_may_arrive() {
    let bench = Bench::new().await;
    let held_up = HeldUp::default();
    let sent = Arc::clone(&held_up.sent);
    let config = bench.embedded.client().config().to_builder().interceptor(held_up).build();
    let now = bench.now();
    let ledger = Ledger::new(Client::from_conf(config), TABLE, Arc::new(move || now));
    let command = Award {
        award: "one".parse().unwrap(),
        points: "survey".parse().unwrap(),
        amount: points(5),
        reason: "late".parse().unwrap(),
        issued_at: None,
        accrue_at: None,
        expires_at: None,
    };
    let late = Award { points: "gone".parse().unwrap(), ..command.clone() };
    let told = ledger
        .apply(&request("alice", Operation::Award(command.award.clone()), &5), |it| {
            // As if the time for it had passed once two puts have been sent.
            let is_late = 2 <= sent.load(Ordering::SeqCst);
            let command = if is_late { &late } else { &command };
            award::decide(it.wallet, &bench.program, command, it.now)
        })
        .await;
    assert_eq!(sent.load(Ordering::SeqCst), 2);
    assert!(matches!(told, Err(ApplyError::Store(StoreError::Unavailable { .. }))), "{told:?}");
}
