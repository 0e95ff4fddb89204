//! What readers are told in the end, beside the logs: balances, statements and events.

use std::collections::BTreeMap;
use std::sync::Arc;

use scrip_domain::asset::Asset;
use scrip_domain::draft::Draft;
use scrip_domain::posting::Posting;
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Holding, Wallet};
use scrip_edge::operation_path;
use serde_json::Value;

use crate::simulate::caller::send_calmly;
use crate::simulate::check::{account, get};
use crate::simulate::kind::Kind;
use crate::simulate::passbook::Passbook;
use crate::simulate::run::Run;
use crate::simulate::time_of;

/// The definition of the program that is progress, and no balance.
const PROGRESS: &str = "tier";

/// The reason of a posting, and its amount in units of its asset.
pub(crate) type Moved = (String, i128);

/// What is available, pending, held and owed of a definition, in units of its asset.
type Balances = BTreeMap<(&'static str, String), [i128; 4]>;

/// Where readers are told something else than the logs say.
pub(crate) async fn faults(run: &Arc<Run>, books: &[Passbook]) -> Vec<String> {
    let mut faults = Vec::new();
    for member in 0..run.members {
        let of = account(member);
        let Some(book) = books.iter().find(|book| Some(&book.account) == of.as_ref()) else {
            continue;
        };
        faults.extend(balance(run, member, book).await);
        faults.extend(statement(run, member, book).await);
    }
    let consumer = run.consumer();
    for book in books {
        let account = book.event_account();
        for line in book.lines() {
            let entry = &line.entry;
            let (heard, posted) =
                (consumer.postings(&account, entry.number), posted(&entry.line.postings));
            if heard != posted {
                let number = entry.number;
                faults.push(format!("{account}/{number}: {posted:?}, and events of {heard:?}"));
            }
        }
    }
    faults
}

/// The postings that a statement's line or an event tells of.
pub(crate) fn moved(told: &Value) -> Vec<Moved> {
    let postings = told.get("postings").and_then(Value::as_array).into_iter().flatten();
    let moved = postings.map(|posting| {
        let reason = posting.get("reason").and_then(Value::as_str).unwrap_or_default();
        (reason.to_owned(), units(posting.get("amount")))
    });
    moved.collect()
}

fn posted(postings: &[Posting]) -> Vec<Moved> {
    let moved = postings
        .iter()
        .map(|posting| (posting.reason.as_str().to_owned(), i128::from(posting.amount.get())));
    let mut moved: Vec<Moved> = moved.collect();
    moved.sort();
    moved
}

/// What a balance says, beside the newest line carried to its instant.
async fn balance(run: &Arc<Run>, member: u64, book: &Passbook) -> Option<String> {
    let newest = book.lines().last()?;
    let ask = get(Kind::Balance, member, Vec::new(), Vec::new());
    let body = send_calmly(run, &ask, 0).await?.body;
    let at: Instant = time_of(body.get("at")?.as_str()?)?;
    let wallet = Draft::open(&newest.entry.line.wallet, at).into_wallet();
    let (told, is) = (told(&body), balances(&wallet));
    let entry = body.get("entry").and_then(Value::as_u64);
    let is_right = told == is && entry == Some(newest.entry.number);
    (!is_right).then(|| format!("{}: the log says {is:?}, and the balance {body}", book.account))
}

fn told(body: &Value) -> Balances {
    let lists = [
        ("points", "definition", "available"),
        ("rewards", "reward", "available"),
        ("benefits", "benefit", "uses"),
        ("credits", "credit", "available"),
    ];
    let mut told = Balances::new();
    for (list, definition, available) in lists {
        for lot in body.get(list).and_then(Value::as_array).into_iter().flatten() {
            let definition = lot.get(definition).and_then(Value::as_str).unwrap_or_default();
            let counts = [available, "pending", "held", "debt"].map(|name| units(lot.get(name)));
            add(&mut told, (list, definition.to_owned()), counts);
        }
    }
    told.retain(|_, counts| *counts != [0; 4]);
    told
}

fn balances(wallet: &Wallet) -> Balances {
    let mut is = Balances::new();
    let held = wallet.holds.iter().flat_map(|hold| &hold.draws).map(|draw| &draw.asset);
    let mut assets: Vec<&Asset> = wallet.assets.keys().chain(held).collect();
    assets.sort();
    assets.dedup();
    let none = Holding::default();
    for asset in assets {
        let list = match asset {
            Asset::Points(_) => "points",
            Asset::Reward(..) => "rewards",
            Asset::Benefit(_) => "benefits",
            // A wallet has none of a card's own.
            Asset::Credit(..) | Asset::GiftCard(..) => "credits",
        };
        let holding = wallet.holding(asset).unwrap_or(&none);
        let counts =
            [holding.available(), holding.pending(), wallet.held(asset), holding.debt.into()];
        let counts = counts.map(|units| i128::from(units.get()));
        add(&mut is, (list, asset.definition().to_string()), counts);
    }
    is.retain(|(list, definition), counts| {
        *counts != [0; 4] && (*list, definition.as_str()) != ("points", PROGRESS)
    });
    is
}

fn add(balances: &mut Balances, definition: (&'static str, String), counts: [i128; 4]) {
    let sums = balances.entry(definition).or_default();
    for (sum, count) in sums.iter_mut().zip(counts) {
        *sum = sum.saturating_add(count);
    }
}

/// What the statement says, page by page, beside the log.
async fn statement(run: &Arc<Run>, member: u64, book: &Passbook) -> Option<String> {
    let mut lines = book.lines().iter().rev();
    let mut cursor = None;
    loop {
        let query = cursor.map(|cursor| vec![("cursor", cursor)]).unwrap_or_default();
        let page = send_calmly(run, &get(Kind::Entries, member, Vec::new(), query), 0).await?.body;
        for told in page.get("entries").and_then(Value::as_array).into_iter().flatten() {
            let Some(line) = lines.next() else {
                return Some(format!("{}: the statement has {told}, too", book.account));
            };
            let entry = &line.entry;
            let operation = entry.line.detail.operation().as_ref().map(operation_path);
            let mut moved = moved(told);
            moved.sort();
            let is_right = told.get("entry").and_then(Value::as_u64) == Some(entry.number)
                && told.get("operation").and_then(Value::as_str) == operation.as_deref()
                && moved == posted(&entry.line.postings);
            if !is_right {
                return Some(format!("{}: the statement says {told} of {entry:?}", book.account));
            }
        }
        cursor = page.get("cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            let left = lines.count();
            let fault = || format!("{}: {left} lines are not in the statement", book.account);
            return (0 < left).then(fault);
        }
    }
}

/// An amount in units of its asset: `"12.50"` are 1,250 cents, and 7 are 7 points.
fn units(amount: Option<&Value>) -> i128 {
    match amount {
        Some(Value::String(money)) => money.replace('.', "").parse().unwrap_or(i128::MAX),
        Some(count) => count.as_i64().map_or(i128::MAX, i128::from),
        None => 0,
    }
}
