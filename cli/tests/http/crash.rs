//! Killed between any two writes: orders, returns, gift cards and sweeps, before each of its
//! writes in turn. Sent again it comes to the same, nothing is lost, and nothing is due without a
//! marker.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_sdk_dynamodb::types::AttributeValue;
use scrip_cli::verify::{Options, audit};
use scrip_domain::account::AccountId;
use scrip_domain::time::{Instant, Period, Zone};
use scrip_edge::{App, Function, KeyRing, Keys, SweepOptions, SweepReport, serve, sweep};
use scrip_local::{Embedded, TABLE};
use scrip_store::{Hour, Ledger, StoreError, Usage};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::START;

/// Lets so many writes through, and then nothing at all.
#[derive(Debug, Clone)]
pub(crate) struct Kill {
    left: Arc<AtomicUsize>,
    is_dead: Arc<AtomicBool>,
    died: Arc<Notify>,
}

impl Kill {
    /// Lets so many writes through.
    pub(crate) fn after(writes: usize) -> Self {
        let left = Arc::new(AtomicUsize::new(writes));
        Self { left, is_dead: Arc::default(), died: Arc::default() }
    }
}

impl Intercept for Kill {
    fn name(&self) -> &'static str {
        "kill"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        let is_write = !target.ends_with("Query") && !target.ends_with("GetItem");
        if is_write
            && self
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_err()
        {
            self.is_dead.store(true, Ordering::SeqCst);
        }
        if self.is_dead.load(Ordering::SeqCst) {
            self.died.notify_one();
            return Err("killed".into());
        }
        Ok(())
    }
}

/// A request, or a sweep. `$number` and `$pin` are those of the card that was sold last.
#[derive(Clone)]
pub(crate) enum Step {
    Card(&'static str, &'static str, Value),
    Redeem(&'static str, &'static str, Value),
    Credit(&'static str, &'static str, Value),
    Earn(&'static str, &'static str, Value),
    Advance(&'static str),
    Expire,
    Revert,
}

/// A ledger with one card sold.
pub(crate) struct World {
    pub(crate) embedded: Embedded,
    now: Arc<Mutex<Instant>>,
    keys: Keys,
    card: (String, String),
    /// Of the step before.
    pub(crate) cost: Mutex<Usage>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let embedded = Embedded::memory().await.unwrap();
        let now = Arc::new(Mutex::new(START.parse().unwrap()));
        let keys = Keys::ring(KeyRing::generate().unwrap());
        let mut world = Self {
            embedded,
            now,
            keys,
            card: (String::new(), String::new()),
            cost: Mutex::default(),
        };
        let document = serde_json::from_str(scrip_local::SAMPLE_PROGRAM).unwrap();
        let ledger = world.app(None).ledger;
        ledger.set_program(document, 0, "test").await.unwrap();
        let body = json!({"gift_card": "standard", "amount": "50.00"});
        let sell = Step::Card("PUT /v1/members/{member}/gift-cards/{card}", "ann c", body);
        let (status, sold) = world.run(&world.app(None), &sell).await;
        assert_eq!(status, 201);
        let text = |name: &str| sold[name].as_str().unwrap().to_owned();
        world.card = (text("number"), text("pin"));
        world
    }

    pub(crate) fn app(&self, kill: Option<&Kill>) -> App {
        let config = self.embedded.client().config().to_builder();
        self.app_of(match kill {
            Some(kill) => config.interceptor(kill.clone()),
            None => config,
        })
    }

    /// One whose calls meet `fault`.
    pub(crate) fn app_with(&self, fault: impl Intercept + 'static) -> App {
        self.app_of(self.embedded.client().config().to_builder().interceptor(fault))
    }

    fn app_of(&self, config: Builder) -> App {
        let now = Arc::clone(&self.now);
        let clock = Arc::new(move || *now.lock().unwrap());
        let ledger = Ledger::new(Client::from_conf(config.build()), TABLE, clock);
        App::new(ledger).with_keys(self.keys.clone())
    }

    pub(crate) async fn run(&self, app: &App, step: &Step) -> (i64, Value) {
        match step {
            Step::Card(route, ids, body) => {
                self.serve::<scrip_gift_card::GiftCard>(app, route, ids, body).await
            }
            Step::Redeem(route, ids, body) => {
                self.serve::<scrip_redeem::Redeem>(app, route, ids, body).await
            }
            Step::Credit(route, ids, body) => {
                self.serve::<scrip_credit::Credit>(app, route, ids, body).await
            }
            Step::Earn(route, ids, body) => {
                self.serve::<scrip_earn::Earn>(app, route, ids, body).await
            }
            Step::Advance(period) => {
                let period: Period = period.parse().unwrap();
                let mut now = self.now.lock().unwrap();
                *now = period.after(*now, &Zone::utc()).unwrap();
                (200, json!(null))
            }
            Step::Expire => {
                let swept =
                    Box::pin(sweep::<scrip_expire::Expire>(app, SweepOptions::default())).await;
                self.swept(swept)
            }
            Step::Revert => {
                let swept =
                    Box::pin(sweep::<scrip_revert::Revert>(app, SweepOptions::default())).await;
                self.swept(swept)
            }
        }
    }

    fn swept(&self, swept: Result<(SweepReport, Usage), StoreError>) -> (i64, Value) {
        match swept {
            Ok((report, usage)) => {
                *self.cost.lock().unwrap() = usage;
                (200, json!(report))
            }
            Err(error) => (503, json!(error.to_string())),
        }
    }

    async fn serve<F: Function>(
        &self,
        app: &App,
        route: &str,
        ids: &str,
        body: &Value,
    ) -> (i64, Value) {
        let names = route.split('{').skip(1).map(|part| part.split('}').next().unwrap());
        let path: BTreeMap<&str, &str> = names.zip(ids.split(' ')).collect();
        let body = body.to_string().replace("$number", &self.card.0).replace("$pin", &self.card.1);
        let event = json!({"version": "2.0", "routeKey": route, "rawPath": "/", "headers": {},
            "pathParameters": path, "body": body, "isBase64Encoded": false,
            "requestContext": {"authorizer": {"iam": {"userArn": "test"}}, "routeKey": route,
                "http": {"method": "PUT", "path": "/"}}});
        let handled = Box::pin(serve::<F>(app, serde_json::from_value(event).unwrap())).await;
        *self.cost.lock().unwrap() = handled.usage;
        let body = match handled.response.body {
            Some(aws_lambda_events::encodings::Body::Text(text)) => {
                serde_json::from_str(&text).unwrap()
            }
            other => panic!("{other:?}"),
        };
        (handled.response.status_code, body)
    }

    /// Everything in the table.
    pub(crate) async fn items(&self) -> Vec<std::collections::HashMap<String, AttributeValue>> {
        let scan = self.embedded.client().scan().table_name(TABLE).send().await.unwrap();
        scan.items.unwrap_or_default()
    }

    /// Every account's newest state and number of lines, random numbers masked.
    pub(crate) async fn books(&self) -> BTreeMap<String, (String, String)> {
        let mut books = BTreeMap::new();
        for item in self.items().await {
            let text = |name: &str| item[name].as_s().unwrap().clone();
            let (pk, sk) = (text("pk"), text("sk"));
            if sk.starts_with("E#") && !pk.starts_with("PROGRAM") {
                let state = sorted(&item["state"]);
                let (pk, state) = (self.masked(&pk), self.masked(&state));
                let newest = books.entry(pk).or_insert_with(|| (sk.clone(), state.clone()));
                if newest.0 < sk {
                    *newest = (sk, state);
                }
            }
        }
        books
    }

    /// Of the card.
    pub(crate) fn last4(&self) -> &str {
        &self.card.0[12..]
    }

    /// Card numbers are random; the one of the test is `C`, others are `N`.
    pub(crate) fn masked(&self, text: &str) -> String {
        let text = text.replace(&self.card.0, "C");
        match text.strip_prefix("CARD#6") {
            Some(_) => "CARD#N".to_owned(),
            None => text,
        }
    }

    /// That an audit of the ledger finds nothing.
    pub(crate) async fn assert_sound(&self, what: &str) {
        let options = Options { segments: 1, ..Options::default() };
        let report = Box::pin(audit(&self.app(None).ledger, &options, None)).await.unwrap();
        assert_eq!(report.violations, [], "{what}");
        assert!(0 < report.accounts && report.accounts <= report.lines, "{what}: {report:?}");
    }

    /// That whatever is due has a marker in its hour or before.
    async fn assert_due_dates_have_markers(&self, what: &str) {
        let items = self.items().await;
        let ledger = self.app(None).ledger;
        let accounts: std::collections::BTreeSet<String> = items
            .iter()
            .filter_map(|item| {
                let pk = item["pk"].as_s().unwrap();
                (item["sk"].as_s().unwrap().starts_with("E#")).then(|| pk.clone())
            })
            .collect();
        for key in accounts {
            let account: AccountId = match key.split_once('#').unwrap() {
                ("MEMBER", id) => AccountId::Member(id.parse().unwrap()),
                (_, number) => AccountId::Card(number.parse().unwrap()),
            };
            let line = ledger.load(&account).await.unwrap().unwrap().line;
            let Some(due) = line.entry.line.wallet.next_due() else { continue };
            let has_marker = items.iter().any(|item| {
                let (pk, sk) = (item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap());
                let hour = sk.split('#').next().unwrap().parse::<Hour>();
                pk.starts_with("DUE#")
                    && sk.ends_with(&format!("#{key}"))
                    && hour.is_ok_and(|hour| hour <= Hour::of(due.at))
            });
            assert!(has_marker, "{what}: {key} is due at {} without a marker", due.at);
        }
    }
}

/// An attribute as text, the same whatever the order of its map.
fn sorted(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let map: BTreeMap<_, _> =
                map.iter().map(|(name, value)| (name, sorted(value))).collect();
            format!("{map:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.iter().map(sorted).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}

/// Kills `steps.last()` before each of its writes, sends it again, and compares with what it comes
/// to unharmed.
async fn check(what: &str, steps: &[Step]) {
    let (last, before) = steps.split_last().unwrap();
    let mut unharmed = None;
    for writes in 0.. {
        let world = World::new().await;
        let healthy = world.app(None);
        for step in before {
            let (status, body) = world.run(&healthy, step).await;
            assert!((200..300).contains(&status), "{what}: {body}");
        }
        if writes == 0 {
            let (status, body) = world.run(&healthy, last).await;
            assert!((200..300).contains(&status), "{what}: {body}");
            world.assert_sound(what).await;
            unharmed = Some(world.books().await);
            continue;
        }
        let kill = Kill::after(writes - 1);
        let doomed = world.app(Some(&kill));
        tokio::select! {
            biased;
            () = kill.died.notified() => {}
            _ = world.run(&doomed, last) => {}
        }
        let what = format!("{what}, killed before write {writes}");
        world.assert_due_dates_have_markers(&what).await;
        world.assert_sound(&what).await;
        let (status, body) = world.run(&healthy, last).await;
        assert!((200..300).contains(&status), "{what}: {body}");
        assert_eq!(Some(world.books().await), unharmed, "{what}");
        world.assert_due_dates_have_markers(&what).await;
        world.assert_sound(&what).await;
        if !kill.is_dead.load(Ordering::SeqCst) {
            assert!(1 < writes, "{what}: nothing was written");
            return;
        }
    }
}

const DIRECT: &str = "PUT /v1/gift-card-redemptions/{redemption}";
const BASKET: &str = "PUT /v1/members/{member}/redemptions/{redemption}";

pub(crate) fn purchase() -> Step {
    let body = json!({"currency": "AUD", "transacted_at": START,
        "lines": [{"id": "1", "net": "600.00"}]});
    Step::Earn("PUT /v1/members/{member}/purchases/{order}", "bob o", body)
}

pub(crate) fn give_back(net: &str) -> Step {
    let body = json!({"returned_at": START, "lines": [{"id": "1", "net": net}]});
    Step::Earn("PUT /v1/members/{member}/purchases/{order}/returns/{return}", "bob o r", body)
}

pub(crate) fn direct(hold: bool) -> Step {
    let body = json!({"number": "$number", "pin": "$pin", "amount": "20.00", "currency": "AUD", "hold": hold});
    Step::Card(DIRECT, "d", body)
}

pub(crate) fn about_direct(action: &'static str, amount: bool) -> Step {
    let body = if amount {
        json!({"number": "$number", "amount": "5.00"})
    } else {
        json!({"number": "$number"})
    };
    Step::Card(action, "d r", body)
}

pub(crate) fn basket(hold: bool) -> Step {
    let body = json!({"currency": "AUD", "lines": [{"id": "1", "amount": "30.00"}], "hold": hold,
        "use": {"credits": "max", "gift_cards": [{"number": "$number", "pin": "$pin", "amount": "max"}]}});
    Step::Redeem(BASKET, "bob b", body)
}

pub(crate) fn store_credit() -> Step {
    let body = json!({"credit": "store", "amount": "10.00", "reason": "r", "expires_at": "2026-11-22T00:00:00Z"});
    Step::Credit("PUT /v1/members/{member}/credits/{credit}", "bob s", body)
}

pub(crate) fn claim(member: &'static str) -> Step {
    Step::Card(
        "POST /v1/members/{member}/claims",
        member,
        json!({"number": "$number", "pin": "$pin"}),
    )
}

#[tokio::test]
async fn killed_before_any_write_an_order_is_recorded_and_returned_once() {
    check("purchase", &[purchase()]).await;
    check("return", &[purchase(), give_back("600.00")]).await;
    let late = [purchase(), Step::Advance("P3Y"), Step::Expire, give_back("100.00")];
    check("return after the points expired", &late).await;
}

#[tokio::test]
async fn killed_before_any_write_a_card_is_issued_claimed_and_ended_once() {
    let body = json!({"gift_card": "standard", "amount": "25.00"});
    check("issue", &[Step::Card("PUT /v1/members/{member}/gift-cards/{card}", "ann n", body)])
        .await;
    check("claim", &[claim("bob")]).await;
    let reason = json!({"reason": "r"});
    let cancel =
        Step::Card("POST /v1/members/{member}/gift-cards/{card}/cancel", "ann c", reason.clone());
    check("cancel", &[cancel]).await;
    let void = Step::Card("POST /v1/members/{member}/gift-cards/{card}/void", "ann c", reason);
    check("void", &[void]).await;
}

#[tokio::test]
async fn killed_before_any_write_a_card_is_spent_without_a_member_once() {
    let (capture, release) = (
        "POST /v1/gift-card-redemptions/{redemption}/capture",
        "POST /v1/gift-card-redemptions/{redemption}/release",
    );
    let refund = "PUT /v1/gift-card-redemptions/{redemption}/refunds/{refund}";
    check("spend", &[direct(false)]).await;
    check("hold", &[direct(true)]).await;
    check("capture", &[direct(true), about_direct(capture, true)]).await;
    check("release", &[direct(true), about_direct(release, false)]).await;
    check("refund", &[direct(false), about_direct(refund, true)]).await;
    check("refund to a claimant", &[direct(false), claim("bob"), about_direct(refund, true)]).await;
}

#[tokio::test]
async fn killed_before_any_write_a_basket_with_a_card_is_paid_once() {
    let act = |route: &'static str, body: Value| Step::Redeem(route, "bob b r", body);
    let capture = "POST /v1/members/{member}/redemptions/{redemption}/capture";
    let release = "POST /v1/members/{member}/redemptions/{redemption}/release";
    let refund = "PUT /v1/members/{member}/redemptions/{redemption}/refunds/{refund}";
    let amount = || json!({"amount": "15.00"});
    check("redemption", &[store_credit(), basket(false)]).await;
    check("hold", &[store_credit(), basket(true)]).await;
    check("capture", &[store_credit(), basket(true), act(capture, amount())]).await;
    check("release", &[store_credit(), basket(true), act(release, json!({}))]).await;
    check("refund", &[store_credit(), basket(false), act(refund, amount())]).await;
    check(
        "refund to a claimant",
        &[store_credit(), basket(false), claim("eve"), act(refund, amount())],
    )
    .await;
}

#[tokio::test]
async fn killed_before_any_write_a_sweep_is_gone_on_with() {
    check("expire", &[store_credit(), Step::Advance("P1D"), Step::Expire]).await;
    check(
        "expire with a hold",
        &[store_credit(), basket(true), Step::Advance("P1D"), Step::Expire],
    )
    .await;
    check("lapse of a card", &[direct(true), Step::Advance("P1D"), Step::Expire]).await;
    check("revert", &[Step::Advance("P100D"), Step::Revert]).await;
}
