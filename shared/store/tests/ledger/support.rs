//! A ledger in memory, with a clock that is told the time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use scrip_domain::amount::{Minor, Points, Units};
use scrip_domain::asset::Kind;
use scrip_domain::award::{self, Award};
use scrip_domain::entry::{Decision, Entry, Line, Operation};
use scrip_domain::id::{MemberId, RedemptionId};
use scrip_domain::issue::void::{self, Void};
use scrip_domain::issue::{self, Issue, Value};
use scrip_domain::program::{Document, Program};
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine};
use scrip_domain::redeem::capture::{self, Part};
use scrip_domain::redeem::refund::{self, Refund};
use scrip_domain::redeem::{
    self, Basket, BasketLine, History, MoneyUse, PointsUse, Redemption, Settlement, Uses, Wanted,
    release,
};
use scrip_domain::time::{Instant, Period};
use scrip_local::{Embedded, TABLE};
use scrip_store::{ApplyError, Fingerprint, Ledger, Outcome, Request};

pub(crate) const START: &str = "2026-11-21T03:04:05Z";

pub(crate) struct Bench {
    pub(crate) embedded: Embedded,
    pub(crate) ledger: Ledger,
    pub(crate) program: Program,
    clock: Arc<Mutex<Instant>>,
}

pub(crate) fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

pub(crate) fn member(name: &str) -> MemberId {
    name.parse().unwrap()
}

pub(crate) fn cents(count: u64) -> Minor {
    Minor::try_from(count).unwrap()
}

pub(crate) fn units(count: u64) -> Units {
    Units::try_from(count).unwrap()
}

pub(crate) fn points(count: u64) -> Points {
    Points::try_from(count).unwrap()
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let embedded = Embedded::memory().await.unwrap();
        let clock = Arc::new(Mutex::new(at(START)));
        let told = Arc::clone(&clock);
        let ledger = embedded.ledger(Arc::new(move || *told.lock().unwrap()));
        let document: Document =
            serde_json::from_str(include_str!("../../../domain/programs/sample.json")).unwrap();
        let program = Program::from_document(&document).unwrap();
        Self { embedded, ledger, program, clock }
    }

    pub(crate) fn now(&self) -> Instant {
        *self.clock.lock().unwrap()
    }

    pub(crate) fn tell(&self, now: Instant) {
        *self.clock.lock().unwrap() = now;
    }

    pub(crate) fn advance(&self, period: &str) {
        let period: Period = period.parse().unwrap();
        self.tell(period.after(self.now(), &self.program.zone).unwrap());
    }

    pub(crate) async fn award(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
        count: u64,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<award::Refusal>> {
        self.award_until(ledger, name, id, count, None).await
    }

    /// An award with an expiry of its own, so that it is a lot of its own.
    pub(crate) async fn award_until(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
        count: u64,
        expires_at: Option<Instant>,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<award::Refusal>> {
        self.award_of(ledger, "survey", name, id, count, expires_at).await
    }

    pub(crate) async fn award_of(
        &self,
        ledger: &Ledger,
        definition: &str,
        name: &str,
        id: &str,
        count: u64,
        expires_at: Option<Instant>,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<award::Refusal>> {
        let command = Award {
            award: id.parse().unwrap(),
            points: definition.parse().unwrap(),
            amount: points(count),
            reason: "spring survey".parse().unwrap(),
            issued_at: None,
            accrue_at: Some(self.now()),
            expires_at,
        };
        let request = request(name, Operation::Award(id.parse().unwrap()), &count);
        ledger.apply(&request, |it| award::decide(it.wallet, &self.program, &command, it.now)).await
    }

    pub(crate) async fn purchase(
        &self,
        ledger: &Ledger,
        name: &str,
        order: &str,
        net: &str,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<purchase::Refusal>> {
        self.purchase_at(ledger, name, order, net, self.now()).await
    }

    pub(crate) async fn purchase_at(
        &self,
        ledger: &Ledger,
        name: &str,
        order: &str,
        net: &str,
        transacted_at: Instant,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<purchase::Refusal>> {
        self.purchase_paid_by(ledger, name, order, net, transacted_at, None).await
    }

    pub(crate) async fn purchase_paid_by(
        &self,
        ledger: &Ledger,
        name: &str,
        order: &str,
        net: &str,
        transacted_at: Instant,
        redemption: Option<&str>,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<purchase::Refusal>> {
        let redemption: Option<RedemptionId> = redemption.map(|id| id.parse().unwrap());
        let command = Purchase {
            order: order.parse().unwrap(),
            currency: self.program.currency,
            transacted_at,
            location: None,
            country: None,
            lines: vec![PurchaseLine {
                id: "1".parse().unwrap(),
                category: None,
                kind: LineKind::Product,
                net: self.program.currency.parse_amount(net).unwrap(),
            }],
            paid_by_promotional_credit: Minor::ZERO,
            redemption: redemption.clone(),
        };
        let request = request(name, Operation::Purchase(order.parse().unwrap()), &net);
        let request = Request { about: redemption.map(Operation::Redemption), ..request };
        ledger
            .apply(&request, |it| {
                let history = it.about.and_then(History::of);
                purchase::decide(it.wallet, &self.program, &command, history.as_ref(), it.now)
            })
            .await
    }

    pub(crate) async fn redeem(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
        definition: &str,
        count: u64,
        settlement: Settlement,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<redeem::Refusal>> {
        let uses = Uses {
            points: vec![PointsUse {
                points: definition.parse().unwrap(),
                amount: Wanted::Exactly(points(count)),
            }],
            ..Uses::default()
        };
        self.spend(ledger, name, id, uses, settlement).await
    }

    /// A basket of one line of 1000.00.
    pub(crate) fn basket(&self, uses: &Uses) -> Basket {
        let line = BasketLine {
            id: "1".parse().unwrap(),
            kind: LineKind::Product,
            category: None,
            amount: self.program.currency.parse_amount("1000.00").unwrap(),
        };
        Basket { currency: self.program.currency, lines: vec![line], uses: uses.clone() }
    }

    pub(crate) async fn spend(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
        uses: Uses,
        settlement: Settlement,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<redeem::Refusal>> {
        let command = Redemption {
            redemption: id.parse().unwrap(),
            basket: self.basket(&uses),
            settlement,
            expected_due: None,
        };
        let body = format!("{command:?}");
        let request = request(name, Operation::Redemption(id.parse().unwrap()), &body);
        ledger
            .apply(&request, |it| redeem::decide(it.wallet, &self.program, &command, it.now))
            .await
    }

    /// Redeems as much credit as there is.
    pub(crate) async fn spend_credit(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
        settlement: Settlement,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<redeem::Refusal>> {
        let uses = Uses { credits: MoneyUse::All(Wanted::Max), ..Uses::default() };
        self.spend(ledger, name, id, uses, settlement).await
    }

    /// Issues a reward, benefit or credit.
    pub(crate) async fn issue(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
        value: Value,
        expires_at: Option<&str>,
    ) {
        let command =
            Issue { id: id.parse().unwrap(), value, reason: None, expires_at: expires_at.map(at) };
        let operation = Operation::Issue(command.value.kind(), command.id.clone());
        let request = request(name, operation, &id);
        let issued =
            ledger.apply(&request, |it| issue::decide(it.wallet, &self.program, &command, it.now));
        appended(issued.await);
    }

    /// Voids a credit.
    pub(crate) async fn void(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
    ) -> Result<Outcome<issue::Voided>, ApplyError<void::Refusal>> {
        let (kind, reason) = (Kind::Credit, "x".parse().unwrap());
        let command = Void { kind, id: id.parse().unwrap(), reason };
        let request = Request {
            about: Some(Operation::Issue(kind, command.id.clone())),
            ..request(name, Operation::Void(kind, command.id.clone()), &())
        };
        ledger.apply(&request, |it| void::decide(it.wallet, &command, it.about, it.now)).await
    }

    /// Refunds 10.00 of the basket.
    pub(crate) async fn refund(
        &self,
        ledger: &Ledger,
        name: &str,
        redemption: &str,
        id: &str,
    ) -> Result<Outcome<std::convert::Infallible>, ApplyError<refund::Refusal>> {
        let (redemption, refund) =
            (redemption.parse::<RedemptionId>().unwrap(), id.parse().unwrap());
        let ten = self.program.currency.parse_amount("10.00").unwrap();
        let lines = refund::Part::Lines(vec![("1".parse().unwrap(), ten)]);
        let command = Refund { refund, part: lines };
        let operation = Operation::Refund(redemption.clone(), command.refund.clone());
        let request = Request {
            about: Some(Operation::Redemption(redemption)),
            ..request(name, operation, &id)
        };
        ledger
            .apply(&request, |it| {
                let history = it.about.and_then(History::of);
                let when = (it.number, it.now);
                refund::decide(it.wallet, &self.program, history.as_ref(), &command, when)
            })
            .await
    }

    pub(crate) async fn capture(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
    ) -> Result<Outcome<History>, ApplyError<capture::Refusal>> {
        let request = Request {
            about: Some(Operation::Redemption(id.parse().unwrap())),
            ..request(name, Operation::Capture(id.parse().unwrap()), &"full")
        };
        ledger
            .apply(&request, |it| {
                let history = it.about.and_then(History::of);
                capture::decide(it.wallet, history.as_ref(), &Part::Full, it.now)
            })
            .await
    }

    pub(crate) async fn release(
        &self,
        ledger: &Ledger,
        name: &str,
        id: &str,
    ) -> Result<Outcome<History>, ApplyError<release::Refusal>> {
        let request = Request {
            about: Some(Operation::Redemption(id.parse().unwrap())),
            ..request(name, Operation::Release(id.parse().unwrap()), &"all")
        };
        ledger
            .apply(&request, |it| {
                let history = it.about.and_then(History::of);
                release::decide(it.wallet, history.as_ref(), it.now)
            })
            .await
    }

    /// Appends a line as it is, and returns how many bytes its item has.
    pub(crate) async fn write(&self, name: &str, line: Line, now: Instant) -> usize {
        self.tell(now);
        let request = request(name, line.detail.operation().unwrap(), &name);
        let written = self.ledger.apply(&request, |_| {
            Ok::<_, award::Refusal>(Decision::<std::convert::Infallible>::Append(line.clone()))
        });
        let entry = appended(written.await);
        assert_eq!(entry.line, line);
        let read = self.ledger.line(&member(name), entry.number).await.unwrap().unwrap();
        assert_eq!(read.entry, entry);
        item_bytes(self.items(&format!("MEMBER#{name}")).await.last().unwrap())
    }

    /// The raw items of a partition, in the order of their sort keys.
    pub(crate) async fn items(&self, partition: &str) -> Vec<HashMap<String, AttributeValue>> {
        let page = self
            .embedded
            .client()
            .query()
            .table_name(TABLE)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(partition.to_owned()))
            .send()
            .await
            .unwrap();
        assert!(page.last_evaluated_key.is_none(), "a test partition fits in a page");
        page.items.unwrap_or_default()
    }

    pub(crate) async fn put(&self, item: HashMap<String, AttributeValue>) {
        let put = self.embedded.client().put_item().table_name(TABLE).set_item(Some(item));
        put.send().await.unwrap();
    }
}

pub(crate) fn request(name: &str, operation: Operation, body: &impl serde::Serialize) -> Request {
    Request {
        account: member(name).into(),
        operation: Some(operation),
        fingerprint: Fingerprint::of(body).unwrap(),
        by: "test".to_owned(),
        program: 1,
        about: None,
    }
}

#[track_caller]
pub(crate) fn appended<T: std::fmt::Debug, R: std::error::Error>(
    outcome: Result<Outcome<T>, ApplyError<R>>,
) -> Entry {
    match outcome.unwrap() {
        Outcome::Appended(entry) => entry,
        other => panic!("not appended: {other:?}"),
    }
}

/// The size of an item as DynamoDB bills it, in bytes: names and values in UTF-8, numbers at one
/// byte per two digits and one more, one byte per element and three per list or map.
pub(crate) fn item_bytes(item: &HashMap<String, AttributeValue>) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => {
            let digits = number.trim_start_matches('-').trim_end_matches('0').len().max(1);
            digits.div_ceil(2) + 1 + usize::from(number.starts_with('-'))
        }
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
        AttributeValue::L(list) => 3 + list.iter().map(|each| 1 + value_bytes(each)).sum::<usize>(),
        AttributeValue::M(map) => {
            let each =
                |(name, value): (&String, &AttributeValue)| 1 + name.len() + value_bytes(value);
            3 + map.iter().map(each).sum::<usize>()
        }
        other => panic!("never written: {other:?}"),
    }
}
