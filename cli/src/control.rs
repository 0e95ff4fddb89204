//! What only a local stack answers, below `/_local`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use scrip_domain::time::{Instant, Period, Zone};
use scrip_edge::{Code, Object, Problem, parse_body};
use serde::Deserialize;
use serde_json::json;

use crate::gateway::problem;
use crate::local::Stack;
use crate::{queue, stream, sweeps};

/// The largest request with messages, in bytes: as many as one may have, each of them small.
const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Adds the routes.
pub(crate) fn mount(router: Router<Arc<Stack>>) -> Router<Arc<Stack>> {
    router
        .route("/_local/health", get(health))
        .route("/_local/clock", post(clock))
        .route("/_local/capacity", get(capacity))
        .route("/_local/sweeps/{job}", post(sweeps::post))
        .route("/_local/queue", post(queue::post).layer(DefaultBodyLimit::max(QUEUE_BYTES_MAX)))
        .route("/_local/events", get(stream::get))
        .route("/_local/dead-letters", get(queue::dead_letters))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
}

async fn health(State(stack): State<Arc<Stack>>) -> Response {
    match stack.app.ledger.newest_program().await {
        Ok(_) => Json(json!({"status": "ready", "now": stack.clock.now()})).into_response(),
        Err(error) => problem(&error.into()),
    }
}

async fn capacity(State(stack): State<Arc<Stack>>) -> Response {
    Json(stack.capacity.to_json()).into_response()
}

async fn unknown() -> Response {
    problem(&Problem::new(Code::NotFound, "there is no such route"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    #[serde(default)]
    now: Option<Instant>,
    /// Days and months are counted in UTC.
    #[serde(default)]
    advance: Option<Period>,
}

async fn clock(State(stack): State<Arc<Stack>>, body: Bytes) -> Response {
    match tell(&stack, &body).await {
        Ok(now) => Json(json!({"now": now})).into_response(),
        Err(refusal) => problem(&refusal),
    }
}

/// Moves the clock and remembers it in the ledger's file, first there: a killed stack never
/// starts again in its own past.
async fn tell(stack: &Stack, body: &[u8]) -> Result<Instant, Problem> {
    let Object(body): Object<ClockBody> = parse_body(body)?;
    // One after the other, or the file might remember an earlier time than the clock shows.
    let _alone = stack.telling.lock().await;
    let present = stack.clock.now();
    let (field, now) = match (body.now, body.advance) {
        (Some(now), None) => ("now", now),
        (None, Some(period)) => {
            let now = period.after(present, &Zone::utc());
            (
                "advance",
                now.ok_or_else(|| Problem::invalid("advance", "leads outside the calendar"))?,
            )
        }
        _ => return Err(Problem::invalid("now", "or `advance` must be given, and not both")),
    };
    if now < present {
        let fault = format!("must not be before {present}: time never goes backwards");
        return Err(Problem::invalid(field, fault));
    }
    stack.app.ledger.set_local_clock(now).await?;
    stack.clock.tell(now);
    Ok(now)
}
