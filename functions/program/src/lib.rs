//! The program: reading it, and setting a new version of it.

use http::StatusCode;
use scrip_domain::program::{Document, Fault, Program, faults_as_successor};
use scrip_edge::{Answer, ApiRequest, App, Code, Function, Object, Problem, Route, Scope};
use scrip_store::ProgramVersion;
use serde::Serialize;
use serde_json::json;

const NEWEST: &str = "GET /v1/program";
const SET: &str = "PUT /v1/program";
const VERSION: &str = "GET /v1/program/versions/{version}";

/// The function `program`.
pub struct ProgramFunction;

#[derive(Serialize)]
struct ProgramAnswer<'a> {
    version: u64,
    #[serde(flatten)]
    document: &'a Document,
}

impl Function for ProgramFunction {
    const NAME: &'static str = "program";
    const ROUTES: &'static [Route] = &[
        Route { key: NEWEST, scope: Scope::Read },
        Route { key: SET, scope: Scope::Admin },
        Route { key: VERSION, scope: Scope::Read },
    ];

    async fn answer(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
        match request.route() {
            NEWEST => newest(app).await,
            SET => set(app, request).await,
            VERSION => version(app, request).await,
            _ => Err(Problem::new(Code::NotFound, "there is no such route")),
        }
    }
}

async fn newest(app: &App) -> Result<Answer, Problem> {
    let newest = app.ledger.newest_program().await?;
    let none = || {
        let detail = "no program is set: PUT /v1/program with `If-None-Match: *` sets one";
        Problem::new(Code::NotFound, detail)
    };
    Ok(answer(StatusCode::OK, &newest.ok_or_else(none)?, "read"))
}

async fn version(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let number: u64 = request.path("version")?;
    let version = app.ledger.program(number).await?;
    let none = || Problem::new(Code::NotFound, "there is no such version of the program");
    Ok(answer(StatusCode::OK, &version.ok_or_else(none)?, "read"))
}

/// Sets the version after the one that the caller has seen. The document that is newest already
/// is answered as it is, so that a request whose answer was lost can be repeated.
async fn set(app: &App, request: &ApiRequest) -> Result<Answer, Problem> {
    let Object(document): Object<Document> = request.body()?;
    let newest = app.ledger.newest_program().await?;
    if let Some(newest) = newest.as_ref().filter(|newest| newest.document == document) {
        return Ok(answer(StatusCode::OK, newest, "program").replay());
    }
    let seen = seen_version(request)?;
    let mut faults = Program::from_document(&document).err().unwrap_or_default();
    if let Some(newest) = &newest {
        faults.extend(faults_as_successor(&document, &newest.document));
    }
    if !faults.is_empty() {
        return Err(faulty(&faults));
    }
    let number = newest.map_or(0, |newest| newest.version);
    if seen != number {
        return Err(version_conflict(number));
    }
    let set = app.ledger.set_program(document, seen, request.caller().as_str()).await?;
    app.forget_program();
    let set = set.ok_or_else(|| version_conflict(number.saturating_add(1)))?;
    Ok(answer(StatusCode::CREATED, &set, "program"))
}

/// The version in `If-Match`; 0 for `If-None-Match: *`.
fn seen_version(request: &ApiRequest) -> Result<u64, Problem> {
    if request.header("if-none-match") == Some("*") {
        return Ok(0);
    }
    let fault = "must be the version in the `ETag` of the newest program, such as \"3\"; for the \
                 first program send `If-None-Match: *`";
    let tag = request.header("if-match").ok_or_else(|| Problem::invalid("If-Match", fault))?;
    let number = tag.trim().trim_matches('"').parse::<u64>().ok().filter(|number| *number > 0);
    number.ok_or_else(|| Problem::invalid("If-Match", fault))
}

fn faulty(faults: &[Fault]) -> Problem {
    let first = faults.first().map(|fault| (fault.field.as_str(), fault.detail.as_str()));
    let (field, detail) = first.unwrap_or_default();
    let all: Vec<_> =
        faults.iter().map(|fault| json!({"field": fault.field, "detail": fault.detail})).collect();
    Problem::invalid(field, detail).with("faults", json!(all))
}

fn version_conflict(newest: u64) -> Problem {
    let detail = format!("the newest version is {newest}: read it, and decide again");
    Problem::new(Code::VersionConflict, detail).with("version", json!(newest))
}

fn answer(status: StatusCode, version: &ProgramVersion, kind: &'static str) -> Answer {
    let body = ProgramAnswer { version: version.version, document: &version.document };
    Answer::new(status, &body, kind).header("etag", format!("\"{}\"", version.version))
}
