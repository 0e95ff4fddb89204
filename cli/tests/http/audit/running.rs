//! An audit of a table that is in use.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextMut,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::query::QueryOutput;
use scrip_cli::verify::{Options, audit};
use scrip_store::account_of_key;
use serde_json::{Value, json};

use super::history;
use crate::crash::{Step, direct};

/// Audits while others write finds nothing: lines, gift cards in two logs and sweeps, again and
/// again.
#[tokio::test(flavor = "multi_thread")]
async fn audit_of_a_running_table_raises_no_alarm() {
    let world = Arc::new(history::rich().await);
    let is_over = Arc::new(AtomicBool::new(false));
    let written = Arc::new(AtomicU64::new(0));
    let mut writers = Vec::new();
    for writer in 0..3 {
        let (world, is_over, written) = (world.clone(), is_over.clone(), written.clone());
        writers.push(tokio::spawn(async move {
            for round in 0.. {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                for step in steps(writer, round) {
                    let (status, _) = world.run(&world.app(None), &step).await;
                    written.fetch_add(u64::from(status == 201), Ordering::SeqCst);
                }
            }
        }));
    }
    let ledger = world.app(None).ledger;
    for segments in [1, 4, 1, 4] {
        let options = Options { segments, ..Options::default() };
        let report = Box::pin(audit(&ledger, &options, None)).await.unwrap();
        assert_eq!(report.violations, []);
    }
    is_over.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    let (written, lines) = (written.load(Ordering::SeqCst), {
        let report = Box::pin(audit(&ledger, &Options::default(), None)).await.unwrap();
        assert_eq!(report.violations, []);
        report.lines
    });
    assert!(20 < written && written < lines, "{written} of {lines}");
}

/// What one writer does in a round. Ids have to live for ever here, and a test does not.
fn steps(writer: usize, round: usize) -> Vec<Step> {
    let id = |text: String| -> &'static str { text.leak() };
    let member = ["bob", "eve", "zoe"][writer];
    let ids = id(format!("{member} run-{writer}-{round}"));
    let expires_at = "2028-01-30T12:00:00Z";
    let mut steps = vec![
        Step::Earn(
            "PUT /v1/members/{member}/awards/{award}",
            ids,
            json!({"points": "survey", "amount": 5, "reason": "r", "expires_at": expires_at}),
        ),
        Step::Earn(
            "PUT /v1/members/{member}/purchases/{order}",
            ids,
            json!({"currency": "AUD", "transacted_at": "2027-11-21T03:04:05Z",
                "lines": [{"id": "1", "net": "7.00"}]}),
        ),
        Step::Card(
            "PUT /v1/members/{member}/gift-cards/{card}",
            ids,
            json!({"gift_card": "standard", "amount": "25.00"}),
        ),
        Step::Card(
            "POST /v1/members/{member}/gift-cards/{card}/cancel",
            ids,
            json!({"reason": "r"}),
        ),
        direct(false),
    ];
    if writer == 0 {
        steps.extend([Step::Advance("PT7H"), Step::Expire, Step::Revert]);
    }
    steps
}

/// How long after it was first looked for a line is still not seen: longer than any transaction
/// takes, and well within the pause before a second look.
const APART: Duration = Duration::from_millis(200);

/// Shows no operation to whoever looks for it first, as of a transaction whose other lines were seen
/// before. The embedded database writes them all at once. One call at a time.
#[derive(Debug, Clone, Default)]
struct Apart {
    /// When each operation in each log was first looked for.
    looked: Arc<Mutex<HashMap<String, Instant>>>,
    is_hidden: Arc<AtomicBool>,
    hidden: Arc<AtomicU64>,
}

impl Intercept for Apart {
    fn name(&self) -> &'static str {
        "apart"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body: Value = serde_json::from_slice(context.request().body().bytes().unwrap())?;
        let is_hidden = body["IndexName"].is_string() && {
            let operation = body["ExpressionAttributeValues"].to_string();
            let now = Instant::now();
            now < *self.looked.lock().unwrap().entry(operation).or_insert(now) + APART
        };
        self.is_hidden.store(is_hidden, Ordering::SeqCst);
        Ok(())
    }

    fn modify_before_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.is_hidden.load(Ordering::SeqCst) {
            let answer = context.output_or_error_mut().and_then(|answer| answer.as_mut().ok());
            let answer = answer.and_then(|answer| answer.downcast_mut::<QueryOutput>()).unwrap();
            let rows = answer.items.take().unwrap_or_default();
            self.hidden.fetch_add(u64::try_from(rows.len()).unwrap(), Ordering::SeqCst);
        }
        Ok(())
    }
}

#[tokio::test]
async fn audit_that_sees_the_lines_of_an_operation_apart_raises_no_alarm() {
    let world = history::rich().await;
    let bob = account_of_key("MEMBER#bob");
    for account in [None, bob] {
        let apart = Apart::default();
        let ledger = world.app_with(apart.clone()).ledger;
        let options = Options { account, segments: 1, ..Options::default() };
        let report = Box::pin(audit(&ledger, &options, None)).await.unwrap();
        assert_eq!(report.violations, []);
        assert!(5 < apart.hidden.load(Ordering::SeqCst), "{apart:?}");
    }
}
