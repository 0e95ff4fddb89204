//! A line of the passbook as a DynamoDB item, and back.
//!
//! | attribute | holds |
//! |---|---|
//! | `pk`, `sk` | the account and the line's number |
//! | `op` | the operation's name; absent where none was named, so that the index has no row |
//! | `format` | of this layout; a reader that knows only lower ones leaves the account alone |
//! | `kind`, `detail` | what was asked and decided |
//! | `at`, `by`, `program` | when, by whom, by which version of the program |
//! | `request` | fingerprint of the request: 16 bytes of SHA-256 |
//! | `postings`, `lapsed`, `reviews`, `level` | what moved, but for what a captured plan in `detail` takes; holds that ended; levels judged; the level changed |
//! | `state` | the account after it |
//! | `armed` | the hour of the earliest due marker |
//! | `hash` | SHA-256 over the hash of the line before and everything above |
//!
//! An asset is a text, such as `points:reward` or `credit:store:AUD`, and amounts are whole numbers
//! of its units. Names inside lists are short because they repeat: `n` an amount, `to` an expiry,
//! `from` an accrual, `of` and `left` what a lot was issued and still has. Instants are milliseconds since
//! the Unix epoch, which DynamoDB keeps in half the bytes of a text.

mod detail;
mod plan;
mod purchase;
mod state;

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use scrip_domain::account::AccountId;
use scrip_domain::amount::{Change, Units};
use scrip_domain::asset::Asset;
use scrip_domain::entry::{Entry, Line};
use scrip_domain::id::{Handle, LotId, RedemptionId};
use scrip_domain::posting::{Posting, PostingReason};
use scrip_domain::tier::{LevelChange, Review};
use scrip_domain::time::Instant;
use serde::{Deserialize, Serialize};
use serde_dynamo::aws_sdk_dynamodb_1::{from_item, to_item};

use crate::StoreError;
use crate::canonical::{self, HASH, Hash};
use crate::hour::Hour;
use crate::key;
use crate::ledger::Recorded;
use crate::operation::Fingerprint;
use crate::table::{OPERATION, PARTITION, SORT};

use detail::DetailDocument;
use state::StateDocument;

/// The format this release writes, and the highest it reads.
pub(crate) const FORMAT: u32 = 1;

const FORMAT_ATTRIBUTE: &str = "format";
const REQUEST: &str = "request";
const DETAIL: &str = "detail";

pub(crate) type Item = HashMap<String, AttributeValue>;

/// Milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub(crate) struct Millis(pub(crate) Instant);

impl TryFrom<i64> for Millis {
    type Error = scrip_domain::time::NotAnInstant;

    fn try_from(millis: i64) -> Result<Self, Self::Error> {
        Instant::from_millis(millis).map(Self).ok_or(scrip_domain::time::NotAnInstant)
    }
}

impl From<Millis> for i64 {
    fn from(millis: Millis) -> i64 {
        millis.0.millis()
    }
}

fn millis(instant: Option<Instant>) -> Option<Millis> {
    instant.map(Millis)
}

fn instant(millis: Option<Millis>) -> Option<Instant> {
    millis.map(|millis| millis.0)
}

fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_zero<T: Default + PartialEq>(amount: &T) -> bool {
    *amount == T::default()
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryDocument {
    format: u32,
    kind: String,
    at: Instant,
    by: String,
    program: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    armed: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lapsed: Vec<RedemptionId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    reviews: Vec<ReviewDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level: Option<LevelDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    postings: Vec<PostingsDocument>,
    state: StateDocument,
}

/// How a level was judged at its anniversary.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReviewDocument {
    at: Millis,
    before: Handle,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Handle>,
}

/// How what was asked changed the level.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LevelDocument {
    before: Handle,
    after: Handle,
}

/// Postings of one asset, reason and instant.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostingsDocument {
    asset: Asset,
    reason: String,
    /// When it is not the instant of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<Millis>,
    moved: Vec<MovedDocument>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MovedDocument {
    n: Change,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<LotId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<Units>,
}

/// The item of a line that follows one with hash `previous`, and its own hash.
pub(crate) fn encode(
    entry: &Entry,
    fingerprint: &Fingerprint,
    armed: Option<Hour>,
    previous: &Hash,
) -> Result<(Item, Hash), StoreError> {
    let account = entry.account.to_string();
    let number = entry.number.to_string();
    let failed = |error: serde_dynamo::Error| StoreError::damaged(&account, &number, error);
    let line = &entry.line;
    let implied = line.detail.implied_postings(entry.recorded_at);
    let stated = line.postings.strip_suffix(implied.as_slice());
    let stated = stated.ok_or_else(|| {
        StoreError::damaged(&account, &number, "the postings are not those of the plan")
    })?;
    let document = EntryDocument {
        format: FORMAT,
        kind: line.detail.kind().to_owned(),
        at: entry.recorded_at,
        by: entry.by.clone(),
        program: entry.program,
        armed: armed.map(|hour| hour.to_string()),
        lapsed: line.lapsed.clone(),
        reviews: line.reviews.iter().map(encode_review).collect(),
        level: line.level.as_ref().map(|change| LevelDocument {
            before: change.before.clone(),
            after: change.after.clone(),
        }),
        postings: encode_postings(stated, entry.recorded_at),
        state: StateDocument::from_wallet(&line.wallet),
    };
    let mut item: Item = to_item(document).map_err(failed)?;
    let detail =
        to_item(DetailDocument::from_detail(&line.detail, &line.wallet)).map_err(failed)?;
    item.insert(DETAIL.to_owned(), AttributeValue::M(detail));
    item.insert(PARTITION.to_owned(), AttributeValue::S(key::account(&entry.account)));
    item.insert(SORT.to_owned(), AttributeValue::S(key::entry(entry.number)));
    if let Some(operation) = line.detail.operation() {
        item.insert(
            OPERATION.to_owned(),
            AttributeValue::S(key::operation(&entry.account, &operation)),
        );
    }
    item.insert(REQUEST.to_owned(), AttributeValue::B(Blob::new(fingerprint.bytes().to_vec())));
    let hash = canonical::hash(previous, &item);
    item.insert(HASH.to_owned(), canonical::hash_value(&hash));
    Ok((item, hash))
}

/// The line in an item of an account's log.
///
/// # Errors
/// [`StoreError::NewerFormat`], or [`StoreError::Damaged`] naming account and entry when the item
/// is not what [`encode`] writes.
pub(crate) fn decode(id: &AccountId, mut item: Item) -> Result<Recorded, StoreError> {
    let account = id.to_string();
    let sort = item.remove(SORT).and_then(into_text).unwrap_or_default();
    let number = key::entry_number(&sort);
    let number = number.ok_or_else(|| StoreError::damaged(&account, &sort, "not an entry"))?;
    let damaged = |detail: &dyn std::fmt::Display| {
        StoreError::damaged(&account, &format!("entry {number}"), detail)
    };
    let format = item.get(FORMAT_ATTRIBUTE).and_then(|format| format.as_n().ok());
    let format: u32 =
        format.and_then(|format| format.parse().ok()).ok_or_else(|| damaged(&"no format"))?;
    if format > FORMAT {
        return Err(StoreError::NewerFormat { account, entry: number, format });
    }
    let hash = canonical::read_hash(item.get(HASH)).ok_or_else(|| damaged(&"no hash"))?;
    let fingerprint = item.remove(REQUEST).and_then(|bytes| Fingerprint::read(&bytes));
    let fingerprint = fingerprint.ok_or_else(|| damaged(&"no request fingerprint"))?;
    let operation = item.remove(OPERATION).and_then(into_text);
    let Some(AttributeValue::M(detail)) = item.remove(DETAIL) else {
        return Err(damaged(&"no detail"));
    };
    item.remove(PARTITION);
    item.remove(HASH);
    let document: EntryDocument = from_item(item).map_err(|error| damaged(&error))?;
    let detail = DetailDocument::read(&document.kind, detail);
    let wallet = document.state.into_wallet().map_err(|error| damaged(&error))?;
    let detail = detail.and_then(|detail| detail.into_detail((id, operation.as_deref()), &wallet));
    let detail = detail.map_err(|error| damaged(&error))?;
    let armed = document.armed.map(|hour| hour.parse::<Hour>()).transpose();
    let postings = decode_postings(document.postings, document.at);
    let mut postings = postings.map_err(|error| damaged(&error))?;
    postings.extend(detail.implied_postings(document.at));
    let reviews = document.reviews.into_iter().map(decode_review).collect();
    let level = document.level.map(|change| {
        let LevelDocument { before, after } = change;
        LevelChange { before, after }
    });
    let line = Line { detail, postings, lapsed: document.lapsed, reviews, level, wallet };
    let entry = Entry {
        account: id.clone(),
        number,
        recorded_at: document.at,
        by: document.by,
        program: document.program,
        line,
    };
    Ok(Recorded { entry, hash, fingerprint, armed: armed.map_err(|error| damaged(&error))? })
}

/// The line in an item of the table, such as a stream brings; `None` when it is something else.
///
/// # Errors
/// [`StoreError`], as for any line that is read.
pub fn line_of_item(item: Item) -> Result<Option<Recorded>, StoreError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let is_line = text(SORT).is_some_and(|sort| key::entry_number(sort).is_some());
    match text(PARTITION).and_then(|partition| key::parse_account(partition)) {
        Some(account) if is_line => decode(&account, item).map(Some),
        _ => Ok(None),
    }
}

fn into_text(value: AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) => Some(text),
        _ => None,
    }
}

fn encode_review(review: &Review) -> ReviewDocument {
    let Review { at, before, after } = review;
    ReviewDocument { at: Millis(*at), before: before.clone(), after: after.clone() }
}

fn decode_review(review: ReviewDocument) -> Review {
    Review { at: review.at.0, before: review.before, after: review.after }
}

fn encode_postings(postings: &[Posting], recorded_at: Instant) -> Vec<PostingsDocument> {
    let together =
        |a: &Posting, b: &Posting| a.asset == b.asset && a.reason == b.reason && a.at == b.at;
    let groups = postings.chunk_by(together);
    let documents = groups.filter_map(|group| {
        let first = group.first()?;
        Some(PostingsDocument {
            asset: first.asset.clone(),
            reason: first.reason.as_str().to_owned(),
            at: (first.at != recorded_at).then_some(Millis(first.at)),
            moved: group
                .iter()
                .map(|posting| MovedDocument {
                    n: posting.amount,
                    id: posting.id.clone(),
                    from: millis(posting.accrue_at),
                    to: millis(posting.expires_at),
                    of: posting.lot_issued,
                })
                .collect(),
        })
    });
    documents.collect()
}

fn decode_postings(
    documents: Vec<PostingsDocument>,
    recorded_at: Instant,
) -> Result<Vec<Posting>, String> {
    let mut postings = Vec::new();
    for group in documents {
        let reason = PostingReason::parse(&group.reason);
        let reason = reason.ok_or_else(|| format!("unknown reason `{}`", group.reason))?;
        let at = instant(group.at).unwrap_or(recorded_at);
        postings.extend(group.moved.into_iter().map(|moved| Posting {
            asset: group.asset.clone(),
            id: moved.id,
            reason,
            amount: moved.n,
            at,
            accrue_at: instant(moved.from),
            expires_at: instant(moved.to),
            lot_issued: moved.of,
        }));
    }
    Ok(postings)
}

#[cfg(test)]
mod tests;
