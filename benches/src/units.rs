//! Read and write units of every operation, by lots; beside two designs of a textbook.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use aws_sdk_dynamodb::types::AttributeValue;
use scrip_local::TABLE;
use scrip_store::Usage;
use serde_json::Value;

use crate::chart::{Chart, draw};
use crate::operations::{Ask, lot, operations};
use crate::textbook::{Design, Work, cost};
use crate::till::Till;

/// Wallets that are compared, by their lots.
pub const LOTS: [usize; 4] = [1, 10, 30, 100];
/// What a million units cost on demand in us-east-1, in thousandths of a dollar, as of November
/// 2026 (<https://aws.amazon.com/dynamodb/pricing/on-demand/>).
const READ_MILLION: u64 = 125;
const WRITE_MILLION: u64 = 625;

/// Units of DynamoDB, in halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Units {
    /// Of reads.
    pub read_halves: u64,
    /// Of writes.
    pub write_halves: u64,
}

/// An operation, at each number of lots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What is done.
    pub name: &'static str,
    /// What it costs.
    pub units: Vec<Units>,
    /// The newest line of the member after it, in bytes as DynamoDB counts them.
    pub line_bytes: Vec<usize>,
    /// What designs A and B cost; `None` where one cannot do it.
    pub textbook: Option<[Vec<Option<Units>>; 2]>,
}

impl Units {
    /// What a million of these cost, in hundredths of a dollar, rounded up.
    pub fn cents_a_million(self) -> u64 {
        let thousandths_twice = self.read_halves * READ_MILLION + self.write_halves * WRITE_MILLION;
        thousandths_twice.div_ceil(20)
    }

    fn dollars(self) -> String {
        let cents = self.cents_a_million();
        format!("{}.{:02}", cents / 100, cents % 100)
    }
}

impl From<Usage> for Units {
    fn from(usage: Usage) -> Self {
        Self { read_halves: usage.read_halves, write_halves: usage.write_halves }
    }
}

impl std::fmt::Display for Units {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { read_halves, write_halves } = *self;
        let usage = Usage { read_halves, write_halves, races_lost: 0 };
        write!(f, "{} / {}", usage.read_units(), usage.write_units())
    }
}

/// Measures every operation at each of these numbers of lots.
pub async fn measure(lots: &[usize]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for &lots in lots {
        for (place, operation) in operations(lots).into_iter().enumerate() {
            let (units, bytes) = one(lots, &operation.asks).await;
            if rows.len() <= place {
                let (units, line_bytes) = (Vec::new(), Vec::new());
                let textbook = operation.work.map(|_| [Vec::new(), Vec::new()]);
                rows.push(Row { name: operation.name, units, line_bytes, textbook });
            }
            rows[place].units.push(units);
            rows[place].line_bytes.push(bytes);
            if let (Some(work), Some(designs)) = (operation.work, &mut rows[place].textbook) {
                designs[0].push(textbook(Design::A, lots, work).await);
                designs[1].push(textbook(Design::B, lots, work).await);
            }
        }
    }
    rows
}

async fn textbook(design: Design, lots: usize, work: Work) -> Option<Units> {
    Box::pin(cost(design, lots, work)).await
}

/// What the last of some requests costs a member with `lots` lots, and their newest line.
async fn one(lots: usize, asks: &[Ask]) -> (Units, usize) {
    let till = Till::open().await;
    for number in 0..lots {
        let (route, ids, body) = lot(number);
        till.ask(route, &ids, &body).await;
        till.pass(60);
    }
    let mut card = Value::Null;
    let mut units = Units::default();
    for (route, ids, body) in asks {
        let mut text = body.to_string();
        for (name, member) in [("$number", "number"), ("$pin", "pin")] {
            text = text.replace(name, card[member].as_str().unwrap_or_default());
        }
        let told = till.ask(route, ids, &serde_json::from_str(&text).unwrap()).await;
        if told.body["pin"].is_string() {
            card = told.body;
        }
        units = told.usage.into();
    }
    (units, newest_line_bytes(&till).await)
}

async fn newest_line_bytes(till: &Till) -> usize {
    let newest = till
        .client
        .query()
        .table_name(TABLE)
        .key_condition_expression("pk = :pk AND begins_with(sk, :line)")
        .expression_attribute_values(":pk", AttributeValue::S("MEMBER#alice".to_owned()))
        .expression_attribute_values(":line", AttributeValue::S("E#".to_owned()))
        .scan_index_forward(false)
        .limit(1)
        .send()
        .await
        .unwrap();
    newest
        .items()
        .first()
        .map_or(0, |item| item.iter().map(|(name, value)| name.len() + bytes(value)).sum())
}

/// As DynamoDB counts: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.
fn bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => {
            let digits = number.trim_start_matches('-').replace('.', "");
            digits.trim_matches('0').len().div_ceil(2) + 1 + usize::from(number.starts_with('-'))
        }
        AttributeValue::B(blob) => blob.as_ref().len(),
        AttributeValue::L(items) => 3 + items.iter().map(|item| 1 + bytes(item)).sum::<usize>(),
        AttributeValue::M(members) => {
            3 + members.iter().map(|(name, it)| 1 + name.len() + bytes(it)).sum::<usize>()
        }
        _ => 1,
    }
}

/// What is told of each operation of wallets of 1, 10 and 30 lots: the beginnings of the lines of the
/// page.
pub fn lines(rows: &[Row]) -> Vec<String> {
    let mut lines = Vec::new();
    for row in rows {
        let bytes = format!("{} / {}", row.line_bytes[1], row.line_bytes[2]);
        let units: Vec<Option<Units>> = row.units.iter().copied().map(Some).collect();
        lines.push(format!("| {} | {} | {bytes} |", row.name, first(&units)));
    }
    for row in rows {
        let Some(textbook) = &row.textbook else { continue };
        let ours: Vec<Option<Units>> = row.units.iter().copied().map(Some).collect();
        for (design, units) in [("scrip", &ours), ("A", &textbook[0]), ("B", &textbook[1])] {
            lines.push(format!("| {} | {design} | {} |", row.name, first(units)));
        }
    }
    lines
}

fn first(units: &[Option<Units>]) -> String {
    units.iter().take(3).copied().map(cell).collect::<Vec<_>>().join(" | ")
}

fn cell(units: Option<Units>) -> String {
    units.map_or_else(|| "not possible".to_owned(), |units| units.to_string())
}

/// The tables, as a page for a person.
pub fn page(rows: &[Row]) -> String {
    let mut page = String::from(
        "# Units of each operation\n\n\
         Read and write units as the engine counts them (`read / write`), for a member with so many lots. The \
         price is that of a million such operations at 30 lots, on demand in us-east-1 ($0.625 for a million \
         write units, $0.125 for a million read units). `cargo run --profile simulate -p scrip-benches --bin \
         units` writes this page, and a test compares the figures up to 30 lots.\n\n\
         ![Price by lots, beside two textbook designs](units.svg)\n\n\
         | operation | 1 lot | 10 lots | 30 lots | the line, bytes at 10 / 30 lots | 100 lots | $ a million |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let lines = lines(rows);
    let (operations, compared) = lines.split_at(rows.len());
    for (row, line) in rows.iter().zip(operations) {
        let _ = writeln!(page, "{line} {} | {} |", row.units[3], row.units[2].dollars());
    }
    page.push_str(
        "\n## Beside two textbook designs\n\n\
         The same work on the same engine. **A** keeps each lot, the balance, the entry and the operation as \
         items and changes them in one transaction. **B** keeps the lots in the balance, and changes it and an \
         entry that is keyed by the operation in one transaction. Neither keeps what scrip does besides: a \
         balance after each line, hashes, an order's owner, what expires when.\n\n\
         | operation | design | 1 lot | 10 lots | 30 lots | 100 lots | $ a million at 30 lots | of scrip's |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let compared_rows = rows.iter().filter_map(|row| Some((row, row.textbook.as_ref()?)));
    let designs = compared_rows.flat_map(|(row, [a, b])| {
        let ours = (Some(row.units[3]), Some(row.units[2]));
        [ours, (a[3], a[2]), (b[3], b[2])].map(|units| (row, units))
    });
    for ((row, (at_100, at_30)), line) in designs.zip(compared) {
        let price = at_30.map_or_else(String::new, |units| {
            let times = units.cents_a_million() * 100 / row.units[2].cents_a_million().max(1);
            format!("{} | {}.{:02}", units.dollars(), times / 100, times % 100)
        });
        let _ = writeln!(page, "{line} {} | {price} |", cell(at_100));
    }
    page
}

/// The price of the compared operations by lots, as a picture.
///
/// # Errors
/// When the file cannot be written.
pub fn plot(rows: &[Row], path: &Path) -> Result<(), Box<dyn Error>> {
    let price = |units: &Option<Units>| units.map(|units| units.cents_a_million() * 10);
    let charts = rows.iter().filter_map(|row| {
        let [a, b] = row.textbook.as_ref()?;
        let ours = row.units.iter().map(|units| price(&Some(*units))).collect();
        let textbook = |units: &[Option<Units>]| units.iter().map(price).collect();
        Some(Chart {
            title: format!("$ for a million: {}", row.name),
            across: ("lots", LOTS.iter().map(usize::to_string).collect()),
            series: vec![("scrip", ours), ("A", textbook(a)), ("B", textbook(b))],
        })
    });
    draw(&charts.collect::<Vec<_>>(), path)
}
