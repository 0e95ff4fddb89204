//! What each function may do, and that it does nothing else.
//!
//! The sample events of every function are run with a client that notes each call. A call that the
//! template does not allow fails the test, and so does a grant that no sample needs: those few are
//! listed with their reason.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemInput;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use aws_sdk_dynamodb::operation::put_item::PutItemInput;
use aws_sdk_dynamodb::operation::query::QueryInput;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsInput;
use aws_sdk_dynamodb::operation::update_item::UpdateItemInput;
use aws_sdk_dynamodb::types::AttributeValue;
use scrip_domain::time::Instant;
use scrip_edge::App;
use scrip_ingest::{Ingest, Quarantine};
use scrip_local::{Embedded, TABLE};
use scrip_store::{INDEX, Ledger};
use serde_json::Value;

use super::{FUNCTIONS, properties};
use crate::crash::{Step, World, basket, store_credit};
use crate::events::{send_all, send_orders};

/// An action on items of a kind: the partition key up to its first `#`, or up to its second where the
/// first names no account.
type Call = (&'static str, String);

#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<BTreeSet<Call>>>);

impl Notes {
    fn note(&self, action: &'static str, key: Option<&AttributeValue>) {
        let key = key.and_then(|key| key.as_s().ok()).unwrap();
        let parts: Vec<&str> = key.split('#').collect();
        let kind = match parts[..] {
            [only] => only.to_owned(),
            [kind @ ("DUE" | "FAILED"), job, ..] => format!("{kind}#{job}#"),
            [kind, ..] => format!("{kind}#"),
            [] => String::new(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert((action, kind));
    }

    fn take(&self) -> BTreeSet<Call> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let input = context.input();
        let key = |keys: Option<&HashMap<String, AttributeValue>>| {
            keys.and_then(|keys| keys.get("pk")).cloned()
        };
        if let Some(get) = input.downcast_ref::<GetItemInput>() {
            self.note("dynamodb:GetItem", key(get.key()).as_ref());
        } else if let Some(query) = input.downcast_ref::<QueryInput>() {
            let values = query.expression_attribute_values();
            self.note("dynamodb:Query", values.and_then(|values| values.get(":pk")));
        } else if let Some(put) = input.downcast_ref::<PutItemInput>() {
            self.note("dynamodb:PutItem", key(put.item()).as_ref());
        } else if let Some(update) = input.downcast_ref::<UpdateItemInput>() {
            self.note("dynamodb:UpdateItem", key(update.key()).as_ref());
        } else if let Some(delete) = input.downcast_ref::<DeleteItemInput>() {
            self.note("dynamodb:DeleteItem", key(delete.key()).as_ref());
        } else if let Some(transaction) = input.downcast_ref::<TransactWriteItemsInput>() {
            for item in transaction.transact_items() {
                // Each is authorised as what it does by itself.
                // They put, and nothing else.
                let put = item.put().unwrap();
                self.note("dynamodb:PutItem", key(Some(put.item())).as_ref());
            }
        } else {
            panic!("a call that no policy allows: {input:?}");
        }
        Ok(())
    }
}

/// The statements of a function's policy.
fn statements(logical: &str) -> Vec<Value> {
    let policies = properties(&format!("{logical}Function"))["Policies"].clone();
    assert_eq!(policies.as_array().unwrap().len(), 1, "{logical} has one policy");
    policies[0]["Statement"].as_array().unwrap().clone()
}

fn texts(value: &Value) -> Vec<String> {
    let one = |value: &Value| value.as_str().unwrap().to_owned();
    value.as_array().map_or_else(|| vec![one(value)], |all| all.iter().map(one).collect())
}

/// What the template allows a function to do with the table.
fn allowed(logical: &str) -> BTreeSet<(String, String)> {
    let mut allowed = BTreeSet::new();
    for statement in statements(logical) {
        assert_eq!(statement["Effect"], "Allow");
        let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
        for action in texts(&statement["Action"]) {
            let of_items = action.ends_with("Item") || action == "dynamodb:Query";
            assert_eq!(
                of_items,
                !keys.is_null(),
                "{logical} {action}: items are named by their keys"
            );
            if of_items {
                allowed.extend(texts(keys).into_iter().map(|key| (action.clone(), key)));
            }
        }
    }
    allowed
}

/// Which call an allowed key is for: `MEMBER#*` allows what begins with `MEMBER#`, `PROGRAM` itself.
fn covers(pattern: &str, kind: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == kind, |prefix| kind.starts_with(prefix))
}

/// Grants that no sample event uses.
fn is_for_the_unexpected(logical: &str, action: &str, key: &str) -> bool {
    [
        // An order under whose marker somebody else is; a redemption likewise.
        ("Earn", READ, "ORDER#*"),
        ("GiftCard", READ, "DIRECT#*"),
        // What cannot be decided.
        ("Expire", "dynamodb:PutItem", "FAILED#expire#*"),
        ("Revert", "dynamodb:PutItem", "FAILED#revert#*"),
        // The credit of a card that expires.
        ("Revert", "dynamodb:PutItem", "DUE#*"),
        // A second wrong PIN.
        ("Redeem", "dynamodb:UpdateItem", "ATTEMPTS#*"),
        ("GiftCard", "dynamodb:UpdateItem", "ATTEMPTS#*"),
    ]
    .contains(&(logical, action, key))
}

/// Both ways of reading, which a policy grants together: one statement says what a function reads.
const READ: &str = "read";

fn reading_is_one(action: &str) -> &str {
    if matches!(action, "dynamodb:GetItem" | "dynamodb:Query") { READ } else { action }
}

/// What each function does with the table, in its sample events and in a life of a gift card.
async fn calls() -> BTreeMap<&'static str, BTreeSet<Call>> {
    let (samples, life, notes) = (World::new().await, World::new().await, Notes::default());
    // None has a cached program, as after a cold start.
    let app = |world: &World| world.app_with(notes.clone());
    let mut calls = BTreeMap::from([("Publish", BTreeSet::new())]);
    calls.insert("Program", calls_of_program().await);
    let mut of = |function| calls.insert(function, notes.take());
    send_all::<scrip_earn::Earn>(&app(&samples)).await;
    of("Earn");
    send_all::<scrip_credit::Credit>(&app(&samples)).await;
    run(&life, &app(&life), &[store_credit()]).await;
    of("Credit");
    send_all::<scrip_gift_card::GiftCard>(&app(&samples)).await;
    of("GiftCard");
    send_all::<scrip_redeem::Redeem>(&app(&samples)).await;
    run(&life, &app(&life), &[basket(true)]).await;
    of("Redeem");
    send_all::<scrip_wallet::Wallet>(&app(&samples)).await;
    of("Wallet");
    send_orders(&Ingest { app: app(&life), quarantine: Quarantine::memory() }).await;
    of("Ingest");
    run(&life, &app(&life), &[Step::Advance("P1D"), Step::Expire]).await;
    of("Expire");
    run(&life, &app(&life), &[Step::Advance("P1Y"), Step::Revert]).await;
    of("Revert");
    calls
}

/// Its samples begin without a program.
async fn calls_of_program() -> BTreeSet<Call> {
    let (embedded, notes) = (Embedded::memory().await.unwrap(), Notes::default());
    let config = embedded.client().config().to_builder().interceptor(notes.clone());
    let client = Client::from_conf(config.build());
    let ledger = Ledger::new(client, TABLE, Arc::new(|| Instant::EPOCH));
    send_all::<scrip_program::ProgramFunction>(&App::new(ledger)).await;
    notes.take()
}

async fn run(world: &World, app: &App, steps: &[Step]) {
    for step in steps {
        let (status, body) = world.run(app, step).await;
        assert!((200..300).contains(&status), "{body}");
    }
}

#[tokio::test]
async fn functions_make_only_calls_that_their_policies_allow() {
    let calls = calls().await;
    for (logical, _) in FUNCTIONS {
        let (allowed, made) = (allowed(logical), &calls[logical]);
        for (action, kind) in made {
            let may = allowed.iter().any(|(may, key)| may == action && covers(key, kind));
            assert!(may, "{logical} may not {action} {kind}");
        }
        for (action, key) in &allowed {
            let action = reading_is_one(action);
            let is_made = |(made, kind): &Call| reading_is_one(made) == action && covers(key, kind);
            assert!(
                made.iter().any(is_made) || is_for_the_unexpected(logical, action, key),
                "{logical} never needs {action} {key}"
            );
        }
    }
}

#[test]
fn no_policy_allows_to_delete_or_change_what_lies_beside_a_line() {
    for (logical, _) in FUNCTIONS {
        for (action, key) in allowed(logical) {
            let is_beside_lines = ["MEMBER#", "CARD#"].iter().any(|lines| covers(&key, lines));
            let only_adds = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"];
            assert!(
                !is_beside_lines || only_adds.contains(&action.as_str()),
                "{logical} may {action} {key}"
            );
        }
    }
}

#[test]
fn policies_name_resources_by_what_they_have() {
    for (logical, _) in FUNCTIONS {
        for statement in statements(logical) {
            for resource in texts(&statement["Resource"]) {
                let table = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}";
                let known = [
                    table.to_owned(),
                    format!("{table}/index/{INDEX}"),
                    // The tags are dropped: the condition and both sides of an `!If`.
                    "OwnTable".to_owned(),
                    "Table.StreamArn".to_owned(),
                    "TableStream".to_owned(),
                    "KeyRing.Id".to_owned(),
                    "OrderQueue.Arn".to_owned(),
                    "QuarantineQueue.Arn".to_owned(),
                    "UnpublishedQueue.Arn".to_owned(),
                    "EventBus.Arn".to_owned(),
                ];
                assert!(known.contains(&resource), "{logical}: {resource}");
            }
            let actions = texts(&statement["Action"]);
            assert!(!actions.iter().any(|action| action.contains('*')), "{logical}: {actions:?}");
            let scans = actions.iter().any(|action| action == "dynamodb:Scan");
            assert!(!scans, "{logical} reads what it does not name");
            let may_read_index =
                texts(&statement["Resource"]).iter().any(|it| it.contains("/index/"));
            let queries = actions.iter().any(|action| action == "dynamodb:Query");
            assert_eq!(may_read_index, queries, "{logical}: an index is a resource of its own");
        }
    }
}
