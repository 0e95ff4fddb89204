//! A request as a function reads it.

use std::collections::BTreeSet;
use std::str::FromStr;

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use scrip_domain::account::AccountId;
use scrip_domain::entry::Operation;
use scrip_domain::id::LineId;
use scrip_store::Request;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body::parse_body;
use crate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::programs::CurrentProgram;

/// The largest body, in bytes: a basket or order of 200 lines takes a tenth of it.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// The most items of a page.
const PAGE_MAX: u32 = 100;
/// The most lines of an order or basket.
const LINES_MAX: usize = 200;
/// The items of a page when the caller does not say.
const PAGE_DEFAULT: u32 = 20;

/// An authenticated request for one route.
pub struct ApiRequest {
    event: ApiGatewayV2httpRequest,
    caller: Caller,
}

impl ApiRequest {
    pub(crate) fn new(event: ApiGatewayV2httpRequest, caller: Caller) -> Self {
        Self { event, caller }
    }

    /// The route, such as `PUT /v1/members/{member}`.
    pub fn route(&self) -> &str {
        self.event.route_key.as_deref().unwrap_or_default()
    }

    /// The authenticated caller.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// A parameter of the path. API Gateway has decoded it.
    ///
    /// # Errors
    /// `invalid_request` naming it.
    pub fn path<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T, Problem> {
        let text = self.event.path_parameters.get(name).map(String::as_str).unwrap_or_default();
        text.parse().map_err(|error| Problem::invalid(name, error))
    }

    /// A parameter of the query; `None` when it is not given.
    ///
    /// # Errors
    /// `invalid_request` naming it.
    pub fn query<T: FromStr<Err: std::fmt::Display>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Problem> {
        let text = self.event.query_string_parameters.first(name);
        text.map(str::parse).transpose().map_err(|error| Problem::invalid(name, error))
    }

    /// [`Caller::part`] of the one who sent it.
    ///
    /// # Errors
    /// As there.
    pub fn part(
        &self,
        account: impl Into<AccountId>,
        operation: Option<Operation>,
        body: &impl Serialize,
        program: &CurrentProgram,
    ) -> Result<Request, Problem> {
        self.caller.part(account, operation, body, program)
    }

    /// The size of a page: `limit`, 1 to 100.
    ///
    /// # Errors
    /// `invalid_request` naming it.
    pub fn limit(&self) -> Result<u32, Problem> {
        let limit = self.query::<u32>("limit")?.unwrap_or(PAGE_DEFAULT);
        if (1..=PAGE_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::invalid("limit", format!("must be 1 to {PAGE_MAX}")))
        }
    }

    /// A header; `None` when it is not given or not text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.event.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body.
    ///
    /// # Errors
    /// `payload_too_large`, or `invalid_request` naming the field.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text = self.event.body.as_deref().unwrap_or_default();
        if !self.event.is_base64_encoded {
            require_body_size(text.len())?;
            return parse_body(text.as_bytes());
        }
        // Four characters of base64 are three bytes.
        require_body_size(text.len() / 4 * 3)?;
        let bytes = STANDARD.decode(text);
        let bytes = bytes.map_err(|_| Problem::invalid("body", "must be JSON"))?;
        parse_body(&bytes)
    }
}

/// Requires 1 to 200 lines with unique ids.
///
/// # Errors
/// `invalid_request` naming `lines`, or the first id that is there twice.
pub fn require_lines<'a>(ids: impl Iterator<Item = &'a LineId>) -> Result<(), Problem> {
    let count = require_unique("lines", "id", ids)?;
    if (1..=LINES_MAX).contains(&count) {
        Ok(())
    } else {
        Err(Problem::invalid("lines", format!("must be 1 to {LINES_MAX}")))
    }
}

/// Requires at most as many items as there may be lines, each once: `list[index].member` is where
/// one says what it is. Returns how many there are.
///
/// # Errors
/// `invalid_request` naming `list`, or the first item that is there twice.
pub fn require_unique<T: Ord>(
    list: &str,
    member: &str,
    ids: impl Iterator<Item = T>,
) -> Result<usize, Problem> {
    let mut seen = BTreeSet::new();
    for (index, id) in ids.enumerate() {
        if !seen.insert(id) {
            let place = format!("{list}[{index}]");
            let field = if member.is_empty() { place } else { format!("{place}.{member}") };
            return Err(Problem::invalid(&field, "is there twice"));
        }
    }
    if LINES_MAX < seen.len() {
        return Err(Problem::invalid(list, format!("must be at most {LINES_MAX}")));
    }
    Ok(seen.len())
}

/// Requires that a body or message is not too large.
///
/// # Errors
/// `payload_too_large`.
pub fn require_body_size(bytes: usize) -> Result<(), Problem> {
    if bytes <= BODY_BYTES_MAX {
        return Ok(());
    }
    let detail = format!("a body has at most {BODY_BYTES_MAX} bytes");
    Err(Problem::new(Code::PayloadTooLarge, detail).with("limit", BODY_BYTES_MAX.into()))
}
