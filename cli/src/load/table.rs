//! A table of order lines, as shops export them, into messages: rows with one order are one order,
//! and rows with a negative quantity are a return.
//!
//! | column | what it is |
//! |---|---|
//! | `order`, `member`, `transacted_at` | needed |
//! | `net`; or `quantity` and `unit_price` | needed: the line's total after discounts |
//! | `currency` | or one for the whole table |
//! | `sku`, `category`, `kind`, `location`, `country` | as in a message |
//! | `returns` | of a return: the order it is of |
//!
//! An order of which a row is refused is refused as a whole, with what came back of it, and so is a
//! return: what was sent under an id cannot be sent again as something else.
//!
//! A return that does not say its order is of the member's newest order before it in the table that
//! has so much of its `sku` left.

mod row;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use scrip_domain::amount::Minor;
use scrip_domain::currency::Currency;
use scrip_domain::time::Zone;
use scrip_ingest::Message;
use serde_json::{Map, Value, json};
use thiserror::Error;

use row::{Row, places, row};

use super::{Line, LoadError, Refused, reason};

/// The columns that may be named.
const NAMES: [&str; 13] = [
    "order",
    "member",
    "transacted_at",
    "net",
    "quantity",
    "unit_price",
    "currency",
    "sku",
    "category",
    "kind",
    "location",
    "country",
    "returns",
];

/// How the columns of a table are read.
#[derive(Debug, Default, Clone)]
pub struct Columns {
    /// Headers of columns that are not called by their own names.
    pub headers: HashMap<String, String>,
    /// The currency, where no column says it.
    pub currency: Option<String>,
    /// How times are written, as `strftime` does; RFC 3339 when not given.
    pub time_format: Option<String>,
    /// Where such times are.
    pub time_zone: Option<Zone>,
}

/// A text that does not say which header a column has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be NAME=HEADER, where NAME is one of {}", NAMES.join(", "))]
pub struct NotAColumn;

impl Columns {
    /// Adds `member=CustomerID`.
    ///
    /// # Errors
    /// [`NotAColumn`].
    pub fn name(&mut self, text: &str) -> Result<(), NotAColumn> {
        let (name, header) = text.split_once('=').ok_or(NotAColumn)?;
        if !NAMES.contains(&name) {
            return Err(NotAColumn);
        }
        self.headers.insert(name.to_owned(), header.to_owned());
        Ok(())
    }
}

/// An order of the table, while it is put together.
struct Order {
    line: u64,
    id: String,
    member: String,
    currency: Currency,
    message: Map<String, Value>,
    lines: Vec<Sold>,
}

/// A line of an order, and what has not come back of it.
struct Sold {
    sku: Option<Value>,
    left: i64,
}

/// The messages of a table, orders before what came back of them, and the rows that are none.
pub(super) fn read(file: &Path, columns: &Columns) -> Result<(Vec<Line>, Vec<Refused>), LoadError> {
    let failed = |error: csv::Error| LoadError::Table(format!("{}: {error}", file.display()));
    let mut reader = ReaderBuilder::new().flexible(true).from_path(file).map_err(failed)?;
    let headers = reader.headers().map_err(failed)?.clone();
    let places = places(&headers, columns)?;
    let (mut orders, mut refused): (Vec<Order>, Vec<Refused>) = (Vec::new(), Vec::new());
    let mut known: HashMap<String, usize> = HashMap::new();
    let (mut back, mut broken): (Vec<Row>, BTreeSet<String>) = (Vec::new(), BTreeSet::new());
    for record in reader.byte_records() {
        let record = record.map_err(failed)?;
        let line = record.position().map_or(0, csv::Position::line);
        let record = StringRecord::from_byte_record_lossy(record);
        if record.len() != headers.len() {
            let reason = format!("has {} columns, not {}", record.len(), headers.len());
            refused.push(Refused { line, reason });
            // Which of them names its order is not known.
            broken.extend(record.iter().map(|cell| cell.trim().to_owned()));
            continue;
        }
        let added = row(line, &record, &places, columns).and_then(|row| {
            if row.is_back {
                back.push(row);
                return Ok(());
            }
            let place = *known.entry(row.order.clone()).or_insert(orders.len());
            if place == orders.len() {
                orders.push(Order::new(&row));
            }
            orders.get_mut(place).map_or(Ok(()), |order| order.add(row))
        });
        if let Err(reason) = added {
            refused.push(Refused { line, reason });
            let order = places.get("order").and_then(|place| record.get(*place));
            broken.extend(order.map(|order| order.trim().to_owned()));
        }
    }
    let returns = returned(&mut orders, &known, back, &mut refused, &mut broken);
    let all = orders.into_iter().map(|order| (order.line, order.id, order.message)).chain(returns);
    let lines = whole(all, &mut broken, &mut refused);
    Ok((lines, refused))
}

/// The messages of which no line is refused, nor any of the order that they are of.
fn whole(
    all: impl Iterator<Item = (u64, String, Map<String, Value>)>,
    broken: &mut BTreeSet<String>,
    refused: &mut Vec<Refused>,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for (number, id, message) in all {
        let order = message.get("order").and_then(Value::as_str).unwrap_or_default();
        let gone = [&id, order].into_iter().find(|of| broken.contains(*of));
        let gone = gone.map(|of| format!("another line of `{of}` is refused"));
        let text = Value::Object(message).to_string();
        let fault = || Message::read(&text).err().map(|problem| reason(&problem.to_json()));
        match gone.or_else(fault) {
            None => lines.push(Line { number, text }),
            Some(reason) => {
                refused.push(Refused { line: number, reason });
                broken.insert(id);
            }
        }
    }
    lines
}

impl Order {
    fn new(row: &Row) -> Self {
        let mut message = row.of_order.clone();
        let about = json!({"type": "order.completed", "version": 1, "member": row.member,
            "order": row.order, "currency": row.currency, "transacted_at": row.at, "lines": []});
        if let Value::Object(about) = about {
            message.extend(about);
        }
        let Row { line, currency, .. } = *row;
        let (id, member) = (row.order.clone(), row.member.clone());
        Self { line, id, member, currency, message, lines: Vec::new() }
    }

    fn add(&mut self, row: Row) -> Result<(), String> {
        if (&self.member, self.currency) != (&row.member, row.currency) {
            return Err(format!("`{}` has another member or currency above", self.id));
        }
        self.lines.push(Sold { sku: row.of_line.get("sku").cloned(), left: row.net });
        let mut line = row.of_line;
        line.insert("id".to_owned(), json!(self.lines.len().to_string()));
        line.insert("net".to_owned(), json!(money(row.net, row.currency)));
        if let Some(lines) = self.message.get_mut("lines").and_then(Value::as_array_mut) {
            lines.push(Value::Object(line));
        }
        Ok(())
    }

    /// The lines that so much of `sku` came back of, and how much of each; `None` when there is not
    /// so much left.
    fn give_back(&mut self, sku: Option<&Value>, wanted: i64) -> Option<Vec<(usize, i64)>> {
        let is_its = |sold: &&mut Sold| sold.sku.as_ref() == sku && 0 < sold.left;
        let there: i64 =
            self.lines.iter_mut().filter(is_its).map(|sold| sold.left).fold(0, i64::saturating_add);
        if there < wanted {
            return None;
        }
        let (mut rest, mut parts) = (wanted, Vec::new());
        for (place, sold) in self.lines.iter_mut().enumerate() {
            if sold.sku.as_ref() != sku {
                continue;
            }
            let part = rest.min(sold.left);
            if 0 < part {
                sold.left = sold.left.saturating_sub(part);
                rest = rest.saturating_sub(part);
                parts.push((place, part));
            }
        }
        Some(parts)
    }
}

/// Never negative: what is given here was counted so.
fn money(minor: i64, currency: Currency) -> String {
    let minor = Minor::try_from(minor.unsigned_abs()).unwrap_or(Minor::MAX);
    currency.format_amount(minor)
}

/// What came back of one order with one return.
struct Return {
    line: u64,
    /// The place of its order.
    order: usize,
    id: String,
    at: String,
    currency: Currency,
    /// Minor units by the place of the order's line.
    parts: BTreeMap<usize, i64>,
}

impl Return {
    fn into_message(self, orders: &[Order]) -> (u64, String, Map<String, Value>) {
        let of = |name: &str| orders.get(self.order).and_then(|order| order.message.get(name));
        let lines = self.parts.iter().map(|(place, part)| {
            let id = place.saturating_add(1).to_string();
            json!({"id": id, "net": money(*part, self.currency)})
        });
        let message = json!({"type": "order.returned", "version": 1, "member": of("member"),
            "order": of("order"), "return": self.id, "returned_at": self.at,
            "lines": lines.collect::<Vec<_>>()});
        // It was written as an object.
        let message = message.as_object().cloned().unwrap_or_default();
        (self.line, self.id, message)
    }
}

/// The messages of what came back, one for each return and order.
fn returned(
    orders: &mut [Order],
    known: &HashMap<String, usize>,
    back: Vec<Row>,
    refused: &mut Vec<Refused>,
    broken: &mut BTreeSet<String>,
) -> Vec<(u64, String, Map<String, Value>)> {
    let mut returns: Vec<Return> = Vec::new();
    for row in back {
        let wanted = row.net.saturating_neg();
        let sku = row.of_line.get("sku");
        let candidates = match &row.returns {
            Some(order) => known.get(order).copied().into_iter().collect(),
            None => earlier(orders, &row),
        };
        let found = candidates
            .into_iter()
            .find_map(|place| Some((place, orders.get_mut(place)?.give_back(sku, wanted)?)));
        let Some((order, parts)) = found else {
            let reason = format!("no earlier order of `{}` has so much of it", row.member);
            refused.push(Refused { line: row.line, reason });
            broken.insert(row.order);
            continue;
        };
        let is_its = |back: &Return| back.order == order && back.id == row.order;
        let place = returns.iter().position(is_its).unwrap_or(returns.len());
        if place == returns.len() {
            let Row { line, order: id, at, currency, .. } = row;
            returns.push(Return { line, order, id, at, currency, parts: BTreeMap::new() });
        }
        for (line, part) in parts {
            if let Some(back) = returns.get_mut(place) {
                let sum = back.parts.entry(line).or_default();
                *sum = sum.saturating_add(part);
            }
        }
    }
    returns.into_iter().map(|back| back.into_message(orders)).collect()
}

/// The member's orders that stand before a row in the table, the newest first.
fn earlier(orders: &[Order], row: &Row) -> Vec<usize> {
    let before = orders.iter().enumerate();
    let before = before.filter(|(_, order)| order.member == row.member && order.line < row.line);
    let mut places: Vec<usize> = before.map(|(place, _)| place).collect();
    places.reverse();
    places
}
