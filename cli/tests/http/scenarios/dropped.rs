//! Scenario 11: DynamoDB does what it is asked, and the answer is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use serde_json::{Value, json};

use crate::crash::{Step, World, basket, claim, direct, give_back, purchase, store_credit};

/// Loses the answer to one call.
#[derive(Debug, Clone)]
struct Lost {
    /// Calls that are answered before it.
    left: Arc<AtomicUsize>,
}

impl Intercept for Lost {
    fn name(&self) -> &'static str {
        "lost"
    }

    fn read_before_deserialization(
        &self,
        _: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        // Past nothing it wraps, far from nothing again.
        match self.left.fetch_sub(1, Ordering::SeqCst) {
            0 => Err("the answer was lost".into()),
            _ => Ok(()),
        }
    }
}

fn masked(world: &World, body: &Value) -> String {
    let mut body = body.clone();
    for secret in ["number", "pin"] {
        if !body[secret].is_null() {
            body[secret] = json!("drawn");
        }
    }
    world.masked(&body.to_string().replace(world.last4(), "last"))
}

/// Loses the answer to every call of the last step in turn, and sends it again: the same body, and
/// the same books, as if nothing had been lost.
async fn check(what: &str, steps: &[Step]) {
    let (last, before) = steps.split_last().unwrap();
    let mut unharmed = None;
    for call in 0.. {
        let world = World::new().await;
        let healthy = world.app(None);
        for step in before {
            let (status, body) = world.run(&healthy, step).await;
            assert!((200..300).contains(&status), "{what}: {body}");
        }
        let Some(after) = &unharmed else {
            let (status, body) = world.run(&healthy, last).await;
            assert!((200..300).contains(&status), "{what}: {body}");
            unharmed = Some((masked(&world, &body), world.books().await));
            continue;
        };
        let fault = Lost { left: Arc::new(AtomicUsize::new(call - 1)) };
        let (status, body) = world.run(&world.app_with(fault.clone()), last).await;
        let what = format!("{what}, answer to call {call} lost");
        if status == 503 {
            assert_eq!(body["code"], json!("unavailable"), "{what}");
        } else {
            assert_eq!(masked(&world, &body), after.0, "{what}");
        }
        let (status, body) = world.run(&healthy, last).await;
        assert!((200..300).contains(&status), "{what}: {body}");
        assert_eq!((masked(&world, &body), world.books().await), *after, "{what}");
        if fault.left.load(Ordering::SeqCst) < usize::MAX / 2 {
            assert!(2 < call, "{what}: too few calls");
            return;
        }
    }
}

/// Scenario 11: a dropped answer.
#[tokio::test]
async fn scenario_11_an_operation_whose_answer_was_lost_is_answered_when_it_is_sent_again() {
    let award = json!({"points": "survey", "amount": 50, "reason": "r"});
    let award = Step::Earn("PUT /v1/members/{member}/awards/{award}", "bob a", award);
    let act = |route: &'static str, body: Value| Step::Redeem(route, "bob b r", body);
    let capture = "POST /v1/members/{member}/redemptions/{redemption}/capture";
    let release = "POST /v1/members/{member}/redemptions/{redemption}/release";
    let refund = "PUT /v1/members/{member}/redemptions/{redemption}/refunds/{refund}";
    let issue = json!({"gift_card": "standard", "amount": "50.00"});
    let cancel = "POST /v1/members/{member}/gift-cards/{card}/cancel";
    for (what, steps) in [
        ("purchase", vec![purchase()]),
        ("return", vec![purchase(), give_back("600.00")]),
        ("award", vec![award]),
        ("credit", vec![store_credit()]),
        ("redemption", vec![store_credit(), basket(false)]),
        ("hold", vec![store_credit(), basket(true)]),
        ("capture", vec![store_credit(), basket(true), act(capture, json!({}))]),
        ("release", vec![store_credit(), basket(true), act(release, json!({}))]),
        ("refund", vec![store_credit(), basket(false), act(refund, json!({"amount": "25.00"}))]),
        ("spend", vec![direct(false)]),
        ("claim", vec![claim("bob")]),
        ("issue", vec![Step::Card("PUT /v1/members/{member}/gift-cards/{card}", "ann n", issue)]),
        ("cancel", vec![Step::Card(cancel, "ann c", json!({"reason": "r"}))]),
    ] {
        Box::pin(check(what, &steps)).await;
    }
}
