//! API Gateway on loopback: HTTP into version 2.0 events, answers back into HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body as LambdaBody;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use scrip_edge::{Code, Function, Problem, serve};
use serde_json::{Value, json};

use crate::local::Stack;

/// The largest body that API Gateway passes on, in bytes. The functions refuse smaller ones.
const BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Adds every route of a function.
pub(crate) fn mount<F: Function + 'static>(mut router: Router<Arc<Stack>>) -> Router<Arc<Stack>> {
    for route in F::ROUTES {
        let (method, path) = route.key.split_once(' ').unwrap_or_default();
        let filter = match method {
            "GET" => MethodFilter::GET,
            "POST" => MethodFilter::POST,
            "PUT" => MethodFilter::PUT,
            _ => MethodFilter::OPTIONS,
        };
        let key = route.key;
        let handler = move |State(stack): State<Arc<Stack>>,
                            path: RawPathParams,
                            request: Request| async move {
            pass::<F>(&stack, key, &path, request).await
        };
        router = router.route(path, on(filter, handler));
    }
    router
}

async fn pass<F: Function>(
    stack: &Stack,
    key: &str,
    path: &RawPathParams,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        let detail = format!("a body has at most {BODY_BYTES_MAX} bytes");
        return problem(&Problem::new(Code::PayloadTooLarge, detail));
    };
    let event = match event(key, path, &parts, &body) {
        Ok(event) => event,
        Err(error) => return problem(&Problem::invalid("request", error)),
    };
    let handled = Box::pin(serve::<F>(&stack.app, event)).await;
    let kind = if handled.outcome == "written" { handled.kind } else { handled.outcome };
    stack.capacity.add(F::NAME, kind, handled.usage);
    answer(handled.response)
}

/// The event that API Gateway would send: path and query decoded, lists of one name joined.
fn event(
    key: &str,
    path: &RawPathParams,
    parts: &Parts,
    body: &Bytes,
) -> Result<ApiGatewayV2httpRequest, String> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let Query(query) = query.map_err(|error| error.to_string())?;
    let mut joined: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in query {
        let known = joined.entry(name).and_modify(|values| {
            values.push(',');
            values.push_str(&value);
        });
        known.or_insert(value);
    }
    let (body, is_base64_encoded) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (base64::Engine::encode(&base64::engine::general_purpose::STANDARD, body), true),
    };
    let headers = parts.headers.iter();
    Gateway {
        key,
        path: parts.uri.path(),
        path_parameters: path.iter().collect(),
        raw_query: parts.uri.query().unwrap_or_default(),
        query: joined,
        headers: headers
            .filter_map(|(name, it)| Some((name.as_str(), it.to_str().ok()?)))
            .collect(),
        body,
        is_base64_encoded,
    }
    .event()
}

/// What an event of API Gateway is made of.
pub(crate) struct Gateway<'a> {
    /// The route: method and path as API Gateway writes them.
    pub(crate) key: &'a str,
    pub(crate) path: &'a str,
    pub(crate) path_parameters: BTreeMap<&'a str, &'a str>,
    pub(crate) raw_query: &'a str,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) headers: BTreeMap<&'a str, &'a str>,
    pub(crate) body: String,
    pub(crate) is_base64_encoded: bool,
}

impl Gateway<'_> {
    /// The event, of a caller that IAM has let pass.
    ///
    /// # Errors
    /// What the event's type says that cannot be in it.
    pub(crate) fn event(self) -> Result<ApiGatewayV2httpRequest, String> {
        let method = self.key.split_once(' ').map_or("", |(method, _)| method);
        let event: Value = json!({
            "version": "2.0",
            "routeKey": self.key,
            "rawPath": self.path,
            "rawQueryString": self.raw_query,
            "headers": self.headers,
            "queryStringParameters": self.query,
            "pathParameters": self.path_parameters,
            "requestContext": {
                "authorizer": {"iam": {"userArn": "local"}},
                "http": {"method": method, "path": self.path, "protocol": "HTTP/1.1"},
                "routeKey": self.key,
                "stage": "$default",
            },
            "body": self.body,
            "isBase64Encoded": self.is_base64_encoded,
        });
        serde_json::from_value(event).map_err(|error| error.to_string())
    }
}

fn answer(response: ApiGatewayV2httpResponse) -> Response {
    let status = u16::try_from(response.status_code).ok();
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let body = match response.body {
        Some(LambdaBody::Text(text)) => Body::from(text),
        Some(LambdaBody::Binary(bytes)) => Body::from(bytes),
        _ => Body::empty(),
    };
    let mut http = Response::new(body);
    *http.status_mut() = status.unwrap_or(StatusCode::BAD_GATEWAY);
    *http.headers_mut() = response.headers;
    http
}

/// A refusal that no function made.
pub(crate) fn problem(problem: &Problem) -> Response {
    let content_type = HeaderValue::from_static("application/problem+json");
    let headers = [(header::CONTENT_TYPE, content_type)];
    (problem.code.status(), headers, problem.to_json().to_string()).into_response()
}
