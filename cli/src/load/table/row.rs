//! The rows of a table, one by one.

use std::collections::HashMap;
use std::str::FromStr;

use chrono::NaiveDateTime;
use csv::StringRecord;
use rust_decimal::Decimal;
use scrip_domain::currency::Currency;
use scrip_domain::time::Zone;
use serde_json::{Map, Value, json};

use super::{Columns, LoadError, NAMES};

/// What stands for bytes that are no text.
const NOT_UTF_8: char = char::REPLACEMENT_CHARACTER;

/// A row that could be read.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) order: String,
    pub(super) member: String,
    pub(super) at: String,
    pub(super) currency: Currency,
    /// Whether it came back.
    pub(super) is_back: bool,
    /// Minor units; of what came back below nothing.
    pub(super) net: i64,
    pub(super) returns: Option<String>,
    /// `sku`, `category` and `kind` of the line, `quantity`.
    pub(super) of_line: Map<String, Value>,
    /// `location` and `country` of the order.
    pub(super) of_order: Map<String, Value>,
}

/// Where each column is.
pub(super) fn places(
    headers: &StringRecord,
    columns: &Columns,
) -> Result<HashMap<&'static str, usize>, LoadError> {
    let mut places = HashMap::new();
    for name in NAMES {
        let header = columns.headers.get(name).map_or(name, String::as_str);
        match headers.iter().position(|each| each.trim() == header) {
            Some(place) => drop(places.insert(name, place)),
            None if columns.headers.contains_key(name) => {
                return Err(LoadError::Table(format!("there is no column `{header}`")));
            }
            None => {}
        }
    }
    let has = |name: &str| places.contains_key(name);
    let missing = ["order", "member", "transacted_at"].into_iter().find(|name| !has(name));
    let missing = missing.or_else(|| (!has("net") && !has("unit_price")).then_some("net"));
    let missing =
        missing.or_else(|| (!has("currency") && columns.currency.is_none()).then_some("currency"));
    match missing {
        None => Ok(places),
        Some(name) => Err(LoadError::Table(format!(
            "there is no column `{name}`: name it with --column {name}=HEADER"
        ))),
    }
}

/// Reads a row. Bytes that are no text are of no matter in columns that nobody reads.
pub(super) fn row(
    line: u64,
    record: &StringRecord,
    places: &HashMap<&'static str, usize>,
    columns: &Columns,
) -> Result<Row, String> {
    let unreadable = |place: &&usize| record.get(**place).is_some_and(|it| it.contains(NOT_UTF_8));
    if let Some((name, _)) = places.iter().find(|(_, place)| unreadable(place)) {
        return Err(format!("`{name}` is not UTF-8"));
    }
    let cell = |name: &str| {
        let text = places.get(name).and_then(|place| record.get(*place)).map(str::trim);
        text.filter(|text| !text.is_empty())
    };
    let needed =
        |name: &str| cell(name).map(str::to_owned).ok_or_else(|| format!("`{name}` is missing"));
    let currency = cell("currency").or(columns.currency.as_deref()).unwrap_or_default();
    let currency = Currency::parse(currency).map_err(|error| format!("`currency` {error}"))?;
    let number = |name: &str| {
        let text = needed(name)?;
        Decimal::from_str(&text).map_err(|_| format!("`{name}` must be a number"))
    };
    let net = match cell("net") {
        Some(_) => number("net")?,
        None => number("quantity")?
            .checked_mul(number("unit_price")?)
            .ok_or("`unit_price` is too large")?,
    };
    let quantity = cell("quantity").map(|_| number("quantity")).transpose()?;
    let is_back = quantity.unwrap_or(net).is_sign_negative();
    let net = minor(if is_back { -net.abs() } else { net }, currency)?;
    if is_back && net == 0 {
        return Err("`net` of what came back must be more than nothing".to_owned());
    }
    let labels = |names: &[&str]| {
        let named = names.iter().filter_map(|name| Some(((*name).to_owned(), json!(cell(name)?))));
        named.collect::<Map<String, Value>>()
    };
    let mut of_line = labels(&["sku", "category", "kind"]);
    if let Some(quantity) =
        quantity.and_then(|it| u64::try_from(it.abs()).ok()).filter(|it| 0 < *it)
    {
        of_line.insert("quantity".to_owned(), json!(quantity));
    }
    Ok(Row {
        line,
        order: needed("order")?,
        member: needed("member")?,
        at: time(&needed("transacted_at")?, columns)?,
        currency,
        is_back,
        net,
        returns: cell("returns").map(str::to_owned),
        of_line,
        of_order: labels(&["location", "country"]),
    })
}

/// Minor units of a currency, exactly.
fn minor(amount: Decimal, currency: Currency) -> Result<i64, String> {
    let unit = Decimal::from(10_u64.pow(u32::from(currency.digits())));
    let minor = amount.checked_mul(unit).filter(|minor| minor.fract().is_zero());
    let minor = minor.and_then(|minor| i64::try_from(minor).ok());
    minor.ok_or_else(|| format!("`net` {amount} is not a whole number of {currency}'s minor units"))
}

fn time(text: &str, columns: &Columns) -> Result<String, String> {
    let Some(format) = &columns.time_format else { return Ok(text.to_owned()) };
    let wrong = || format!("`transacted_at` {text} is not written as {format}");
    let local = NaiveDateTime::parse_from_str(text, format).map_err(|_| wrong())?;
    let zone = columns.time_zone.clone().unwrap_or_else(Zone::utc);
    let at = zone.instant_at(local);
    let at = at.ok_or_else(|| format!("`transacted_at` {text} does not exist in {zone}"))?;
    Ok(at.to_string())
}
