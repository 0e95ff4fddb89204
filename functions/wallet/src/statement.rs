//! `GET …/entries` and `GET …/entries/{n}`: the passbook, line by line.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scrip_domain::id::{MemberId, RedemptionId};
use scrip_domain::time::{Instant, Zone};
use scrip_edge::{Answer, ApiRequest, App, Code, PostingAnswer, Problem, operation_path};
use scrip_store::Recorded;
use serde::Serialize;

use crate::summary::summary;

#[derive(Serialize)]
struct PageAnswer {
    entries: Vec<EntryAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

#[derive(Serialize)]
struct EntryAnswer {
    entry: u64,
    kind: &'static str,
    /// The path of the resource below the member that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<String>,
    recorded_at: Instant,
    by: String,
    program: u64,
    summary: String,
    postings: Vec<PostingAnswer>,
    /// Redemptions whose holds had lapsed and were ended by this line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lapsed: Vec<RedemptionId>,
    hash: String,
}

pub(crate) async fn list(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let limit = request.limit()?;
    let before = request.query::<Cursor>("cursor")?.map(|cursor| cursor.0);
    let page = app.ledger.page(&member, before, limit).await?;
    if page.lines.is_empty() && before.is_none() {
        return Err(Problem::new(Code::NotFound, "there is no such member"));
    }
    let program = app.program().await?;
    let zone = &program.program.zone;
    Ok(Answer::read(&PageAnswer {
        entries: page.lines.iter().map(|line| answer(line, zone)).collect(),
        cursor: page.before.map(|before| Cursor(before).to_string()),
    }))
}

pub(crate) async fn get(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let member: MemberId = request.path("member")?;
    let number: u64 = request.path("entry")?;
    let line = app.ledger.line(&member, number).await?;
    let unknown = || Problem::new(Code::NotFound, "the member has no such entry");
    let line = line.ok_or_else(unknown)?;
    let program = app.program().await?;
    Ok(Answer::read(&answer(&line, &program.program.zone)))
}

fn answer(recorded: &Recorded, zone: &Zone) -> EntryAnswer {
    let entry = &recorded.entry;
    EntryAnswer {
        entry: entry.number,
        kind: entry.line.detail.kind(),
        operation: entry.line.detail.operation().as_ref().map(operation_path),
        recorded_at: entry.recorded_at,
        by: entry.by.clone(),
        program: entry.program,
        summary: summary(entry, zone),
        postings: entry.line.postings.iter().map(PostingAnswer::of).collect(),
        lapsed: entry.line.lapsed.clone(),
        hash: hex::encode(recorded.hash),
    }
}

/// Where a page starts: the number of the line before which it does, opaque to callers.
struct Cursor(u64);

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0.to_string()))
    }
}

impl std::str::FromStr for Cursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = "must be the `cursor` of the page before";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| fault)?;
        let number: u64 =
            String::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).ok_or(fault)?;
        if number > 0 { Ok(Self(number)) } else { Err(fault) }
    }
}
