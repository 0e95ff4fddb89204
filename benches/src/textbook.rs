//! Two designs that a textbook would suggest for the same work, on the same engine.
//!
//! | | A, lots as items | B, lots in the balance |
//! |---|---|---|
//! | balance | an item with a version | an item with a version and every lot |
//! | lots | an item each | in the balance |
//! | history | an entry each | an entry each, keyed by the operation |
//! | exactly once | an item for the operation | the entry's own key |
//! | a change | one transaction of all of these | one transaction of two |
//!
//! Both keep less than scrip does: no balance after each line, no chain of hashes, no order marker,
//! nothing that finds what expires.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, Put, ReturnConsumedCapacity, TransactWriteItem,
};
use scrip_local::{Direct, TABLE, builder_at};
use scrip_store::{client_config, create_table, halves};

use crate::units::Units;

/// A transaction has no more items than this.
const ITEMS_MAX: usize = 100;

/// What is done, as both designs know it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    /// Reads what a member has.
    Balance,
    /// Adds so many lots.
    Issue {
        /// How many.
        lots: usize,
    },
    /// Takes from so many lots.
    Spend {
        /// How many.
        lots: usize,
    },
    /// Is asked what was done before.
    Replay,
}

/// Which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Design {
    /// Lots as items.
    A,
    /// Lots in the balance.
    B,
}

struct Book {
    client: Client,
    design: Design,
    units: Units,
}

/// What work costs a member with `lots` lots; `None` where the design cannot do it at all.
pub(crate) async fn cost(design: Design, lots: usize, work: Work) -> Option<Units> {
    let config = builder_at("http://textbook.invalid").http_client(Direct::memory().unwrap());
    let client = Client::from_conf(client_config(config));
    create_table(&client, TABLE).await.unwrap();
    let mut book = Book { client, design, units: Units::default() };
    book.seed(lots).await;
    book.units = Units::default();
    match work {
        Work::Balance => book.read(lots).await,
        Work::Issue { lots: more } => {
            // A lot is added without looking at the others, where they are items.
            book.read(if design == Design::A { 0 } else { lots }).await;
            book.write(lots..lots + more, lots + more).await?;
        }
        Work::Spend { lots: from } => {
            book.read(lots).await;
            book.write(0..from, lots).await?;
        }
        // The transaction is refused; then what was done before is read.
        Work::Replay => {
            book.read(if design == Design::A { 0 } else { lots }).await;
            book.get("ENTRY#seed").await;
        }
    }
    Some(book.units)
}

fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn number(number: impl ToString + Copy) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn lot(place: usize) -> [(String, AttributeValue); 5] {
    [
        ("definition".to_owned(), text("survey")),
        ("issued".to_owned(), number(100)),
        ("remaining".to_owned(), number(100)),
        ("accrue_at".to_owned(), number(1_795_230_245_678_i64)),
        ("expires_at".to_owned(), number(1_795_230_245_678_i64 + i64::try_from(place).unwrap())),
    ]
}

impl Book {
    async fn seed(&mut self, lots: usize) {
        match self.design {
            Design::A => {
                for place in 0..lots {
                    self.put(Self::lot_item(place)).await;
                }
                self.put(self.balance(lots)).await;
            }
            Design::B => self.put(self.balance(lots)).await,
        }
        self.put(Self::entry("seed")).await;
    }

    async fn put(&self, put: Put) {
        let item = put.item().clone();
        self.client.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    fn item(sort: &str) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder().table_name(TABLE).item("pk", text("MEMBER#alice")).item("sk", text(sort))
    }

    fn lot_item(place: usize) -> Put {
        let item = Self::item(&format!("LOT#lot-{place:04}"));
        lot(place)
            .into_iter()
            .fold(item, |item, (name, value)| item.item(name, value))
            .build()
            .unwrap()
    }

    fn balance(&self, lots: usize) -> Put {
        let item =
            Self::item("BALANCE").item("version", number(41)).item("survey", number(100 * lots));
        if self.design == Design::A {
            return item.build().unwrap();
        }
        let lots = (0..lots).map(|place| {
            let mut members = lot(place).into_iter().collect::<std::collections::HashMap<_, _>>();
            members.insert("id".to_owned(), text(format!("lot-{place:04}")));
            AttributeValue::M(members)
        });
        item.item("lots", AttributeValue::L(lots.collect())).build().unwrap()
    }

    fn entry(operation: &str) -> Put {
        Self::item(&format!("ENTRY#{operation}"))
            .item("kind", text("award"))
            .item("amount", number(50))
            .item("recorded_at", text("2026-11-21T03:04:05.678Z"))
            .item("reason", text("spring survey"))
            .item("by", text("arn:aws:iam::123456789012:role/pos-backend"))
            .item("fingerprint", text("f2ca1bb6c7e907d06dafe4687e579fce"))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .unwrap()
    }

    /// Writes these lots anew, the balance with as many as there are then, the entry and, in A, the
    /// operation.
    async fn write(&mut self, changed: std::ops::Range<usize>, lots: usize) -> Option<()> {
        let mut puts = vec![self.balance(lots), Self::entry("next")];
        if self.design == Design::A {
            let key = Self::item("OPERATION#next")
                .item("fingerprint", text("f2ca1bb6c7e907d06dafe4687e579fce"))
                .condition_expression("attribute_not_exists(pk)");
            puts.push(key.build().unwrap());
            puts.extend(changed.map(Self::lot_item));
        }
        if ITEMS_MAX < puts.len() {
            return None;
        }
        let items = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build());
        let written = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items.collect()))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .unwrap();
        self.units.write(written.consumed_capacity());
        Some(())
    }

    /// Reads the balance, and the lots where they are items.
    async fn read(&mut self, lots: usize) {
        self.get("BALANCE").await;
        if self.design == Design::A && 0 < lots {
            let found = self
                .client
                .query()
                .table_name(TABLE)
                .consistent_read(true)
                .key_condition_expression("pk = :pk AND begins_with(sk, :lot)")
                .expression_attribute_values(":pk", text("MEMBER#alice"))
                .expression_attribute_values(":lot", text("LOT#"))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .unwrap();
            self.units.read(found.consumed_capacity().into_iter());
        }
    }

    async fn get(&mut self, sort: &str) {
        let found = self
            .client
            .get_item()
            .table_name(TABLE)
            .key("pk", text("MEMBER#alice"))
            .key("sk", text(sort))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .unwrap();
        assert!(found.item().is_some(), "{sort}");
        self.units.read(found.consumed_capacity().into_iter());
    }
}

impl Units {
    fn read<'a>(&mut self, consumed: impl Iterator<Item = &'a ConsumedCapacity>) {
        self.read_halves += halves(consumed);
    }

    fn write(&mut self, consumed: &[ConsumedCapacity]) {
        self.write_halves += halves(consumed.iter());
    }
}
