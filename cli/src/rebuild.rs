//! `scrip rebuild`: one account's state made again from its postings, beside the one it prints.
//!
//! Unlike an audit, which takes each line from the one before as it is printed, this carries its own
//! state from the first line on. It stops where the two part. Nothing is written.

use std::fmt::Write;

use scrip_domain::account::AccountId;
use scrip_domain::replay::replay;
use scrip_domain::wallet::Wallet;
use scrip_store::{Found, Ledger, RawLine, StoreError};
use serde_json::{Value, json};

use crate::verify::Fault;

/// What came of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Whose log.
    pub account: AccountId,
    /// Lines that were replayed and print what they must; 0 when the account has none.
    pub lines: u64,
    /// Where the replayed state and the printed one part; `None`: nowhere.
    pub parting: Option<Parting>,
}

/// The first line at which the replayed state and the printed one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// Its number.
    pub line: u64,
    /// What differs, member by member; or why it could not be replayed.
    pub faults: Vec<Fault>,
}

/// Replays an account from its first line on, as far as its lines print what they must.
///
/// # Errors
/// [`StoreError`] when the log could not be read to its end. A line that does not parse is where
/// the two part.
pub async fn rebuild(
    ledger: &Ledger,
    account: &AccountId,
    progress: impl Fn(u64),
) -> Result<Rebuilt, StoreError> {
    let mut rebuilt = Rebuilt { account: account.clone(), lines: 0, parting: None };
    let (mut state, mut next) = (Wallet::default(), None);
    loop {
        let page = ledger.log(account, 1, next.take()).await?;
        progress(u64::try_from(page.found.len()).unwrap_or(0));
        for found in page.found {
            let after = match found {
                Found::Line(raw) => after(&state, rebuilt.lines, &raw),
                Found::Unknown { partition, sort } => {
                    Err(vec![Fault::UnknownItem { partition, sort }])
                }
                Found::Misplaced { .. } | Found::Other => continue,
            };
            let line = rebuilt.lines.saturating_add(1);
            match after {
                Ok(wallet) => state = wallet,
                Err(faults) => {
                    rebuilt.parting = Some(Parting { line, faults });
                    return Ok(rebuilt);
                }
            }
            rebuilt.lines = line;
        }
        next = page.next;
        if next.is_none() {
            return Ok(rebuilt);
        }
    }
}

/// The state after a line, or why it is not the one that is printed.
fn after(state: &Wallet, number: u64, raw: &RawLine) -> Result<Wallet, Vec<Fault>> {
    let expected = number.saturating_add(1);
    if raw.number != expected {
        let to = raw.number.saturating_sub(1);
        return Err(vec![Fault::LinesMissing { from: expected, to }]);
    }
    let entry = raw.read().map_err(|error| vec![Fault::of_unreadable(error)])?.entry;
    let replayed = replay(state, &entry);
    if replayed.misfits.is_empty() {
        Ok(replayed.wallet)
    } else {
        Err(replayed.misfits.into_iter().map(Fault::Replay).collect())
    }
}

impl Rebuilt {
    /// In words: one sentence, and a row for every member that differs.
    pub fn describe(&self) -> String {
        let Self { account, lines, parting } = self;
        let Some(Parting { line, faults }) = parting else {
            return match lines {
                0 => format!("{account} has no line"),
                _ => format!("{account}: {lines} lines replayed, and the state is what they make"),
            };
        };
        let mut text =
            format!("{account}: replay and state part at line {line}; nothing was written");
        for fault in faults {
            // Writing to a text never fails.
            let _ = write!(text, "\n[{}] {fault}", fault.kind());
        }
        text
    }

    /// As one JSON object: `account`, `lines`, `clean`, and of the line at which they part `line`
    /// and `differences` with `kind` and `detail` each.
    pub fn to_json(&self) -> Value {
        let faults = self.parting.iter().flat_map(|parting| &parting.faults);
        let differences =
            faults.map(|fault| json!({"kind": fault.kind(), "detail": fault.to_string()}));
        json!({
            "account": self.account.to_string(),
            "lines": self.lines,
            "clean": self.parting.is_none(),
            "line": self.parting.as_ref().map(|parting| parting.line),
            "differences": differences.collect::<Vec<_>>(),
        })
    }
}
