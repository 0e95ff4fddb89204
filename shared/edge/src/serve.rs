//! One invocation of a function.

use std::time::{Duration, Instant as Stopwatch};

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use http::{HeaderMap, HeaderValue, StatusCode};
use lambda_runtime::{Context, LambdaEvent, service_fn};
use scrip_store::Usage;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::answer::Answer;
use crate::app::App;
use crate::caller::{Scope, authorise};
use crate::problem::{Code, Problem};
use crate::request::ApiRequest;
use crate::telemetry::{Measurement, Unit};

/// The kind and the outcome of what was refused.
const REFUSED: &str = "refused";

/// One Lambda function behind the HTTP API.
pub trait Function {
    /// Its name, as in the template.
    const NAME: &'static str;
    /// Every route it answers.
    const ROUTES: &'static [Route];

    /// Answers one authorised request for one of [`Self::ROUTES`].
    fn answer(
        app: &App,
        request: &ApiRequest,
    ) -> impl Future<Output = Result<Answer, Problem>> + Send;
}

/// A route and what a caller needs for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Method and path as API Gateway writes them, such as `PUT /v1/members/{member}`.
    pub key: &'static str,
    /// The scope that a token must have.
    pub scope: Scope,
}

/// An answered invocation.
pub struct Handled {
    /// What goes back to API Gateway.
    pub response: ApiGatewayV2httpResponse,
    /// What it cost.
    pub usage: Usage,
    /// The kind of the line that was written or is shown again, `program` for a version of it,
    /// `read`, or `refused`.
    pub kind: &'static str,
    /// What came of it: `written`, `replayed`, `read` or `refused`.
    pub outcome: &'static str,
}

/// Runs a function under Lambda until it is stopped.
///
/// # Errors
/// When it cannot start, or the Runtime API fails.
pub async fn run<F: Function>() -> Result<(), lambda_runtime::Error> {
    start_logging();
    let app = App::from_environment().await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<ApiGatewayV2httpRequest>| {
        let app = app.clone();
        // Boxed: the layers of the runtime pass it on by value.
        Box::pin(async move {
            let handled = serve::<F>(&app, event.payload).await;
            Ok::<_, lambda_runtime::Error>(handled.response)
        })
    }))
    .await
}

/// One JSON object a line, as CloudWatch reads it.
pub fn start_logging() {
    let lines =
        tracing_subscriber::fmt::layer().json().flatten_event(true).with_current_span(false);
    let filter = log_filter(Targets::new().with_default(LevelFilter::INFO));
    tracing_subscriber::registry().with(lines).with(filter).init();
}

/// What is logged: what `SCRIP_LOG` says, such as `info,hyper=debug`, or else this.
pub fn log_filter(otherwise: Targets) -> Targets {
    let said = std::env::var("SCRIP_LOG").ok();
    said.and_then(|said| said.parse().ok()).unwrap_or(otherwise)
}

/// When a function must begin nothing more, to be done `before` Lambda would end it.
pub fn stop_at(context: &Context, before: Duration) -> Option<Stopwatch> {
    #[expect(clippy::disallowed_types, reason = "the edge is where the clock is read")]
    let left = context.deadline().duration_since(std::time::SystemTime::now()).ok()?;
    Stopwatch::now().checked_add(left.saturating_sub(before))
}

/// Answers one event and says what it came to.
pub async fn serve<F: Function>(app: &App, event: ApiGatewayV2httpRequest) -> Handled {
    let started = Stopwatch::now();
    let app = app.for_request();
    let route = event.route_key.clone().unwrap_or_default();
    let answer = answer::<F>(&app, event).await;
    let usage = app.ledger.usage();
    let code = answer.as_ref().err().map(|problem| problem.code.as_str());
    if let Some(internal) = answer.as_ref().err().and_then(Problem::internal) {
        tracing::error!(function = F::NAME, route, error = %internal, "no answer could be had");
    }
    let (kind, outcome) =
        answer.as_ref().map_or((REFUSED, REFUSED), |answer| (answer.kind, answer.outcome()));
    let response = answer.map_or_else(|problem| refuse(&problem), respond);
    let measurement = Measurement::of(F::NAME)
        .with("route", route)
        .with("status", response.status_code)
        .with_operations(kind, outcome, 1)
        .with_usage(usage)
        .with_latency(started);
    app.telemetry.tell([match code {
        Some(code) => measurement
            .with("code", code)
            .with("refusals", 1)
            .counted(&["code"], &[("refusals", Unit::Count)]),
        None => measurement,
    }]);
    Handled { response, usage, kind, outcome }
}

async fn answer<F: Function>(app: &App, event: ApiGatewayV2httpRequest) -> Result<Answer, Problem> {
    let key = event.route_key.as_deref().unwrap_or_default();
    let route = F::ROUTES.iter().find(|route| route.key == key);
    let unknown = || Problem::new(Code::NotFound, "there is no such route");
    let caller = authorise(&event, route.ok_or_else(unknown)?.scope)?;
    F::answer(app, &ApiRequest::new(event, caller)).await
}

fn respond(answer: Answer) -> ApiGatewayV2httpResponse {
    let Ok(body) = answer.body else {
        // Answers are maps with text keys and numbers: all of them can be written.
        return refuse(&Problem::new(Code::Unavailable, "the answer could not be written"));
    };
    let mut response = response(answer.status, "application/json", body);
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers.insert(name, value);
        }
    }
    response
}

fn refuse(problem: &Problem) -> ApiGatewayV2httpResponse {
    let body = problem.to_json().to_string();
    response(problem.code.status(), "application/problem+json", body)
}

fn response(
    status: StatusCode,
    content_type: &'static str,
    body: String,
) -> ApiGatewayV2httpResponse {
    let mut headers = HeaderMap::new();
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let mut response = ApiGatewayV2httpResponse::default();
    response.status_code = i64::from(status.as_u16());
    response.headers = headers;
    response.body = Some(Body::Text(body));
    response
}
