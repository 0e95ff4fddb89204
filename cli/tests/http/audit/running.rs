//! An audit of a table that is in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use scrip_cli::verify::{Options, audit};
use serde_json::json;

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
