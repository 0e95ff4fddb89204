//! The embedded DynamoDB without a socket: what the SDK's client would send goes to the engine in
//! the same thread, and its answer is there at once.

use std::fmt;

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::embedded::EmbeddedError;

/// What every target of a request begins with.
const TARGET: &str = "DynamoDB_20120810.";

/// A DynamoDB in memory, as an HTTP client of the SDK. Clones are the same database.
///
/// It answers the calls of the store, of the auditor and of whoever makes the table; any other is
/// an `UnknownOperationException`.
#[derive(Clone)]
pub struct Direct {
    database: Database,
}

impl Direct {
    /// An empty database, gone with its last clone.
    ///
    /// # Errors
    /// [`EmbeddedError::Database`].
    pub fn memory() -> Result<Self, EmbeddedError> {
        let database = Database::memory().map_err(|error| EmbeddedError::Database {
            path: "memory".into(),
            detail: error.to_string(),
        })?;
        Ok(Self { database })
    }

    /// Answers one request.
    ///
    /// # Errors
    /// None that is known: the engine's statuses are HTTP's.
    pub fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix(TARGET).unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        match self.run(operation, body) {
            Ok(answer) => response(200, answer),
            Err(error) => response(error.status_code(), error.to_json()),
        }
    }

    fn run(&self, operation: &str, body: &[u8]) -> Result<String, DynoxideError> {
        let database = &self.database;
        match operation {
            "PutItem" => told(&database.put_item(asked(body)?)?),
            "GetItem" => told(&database.get_item(asked(body)?)?),
            "DeleteItem" => told(&database.delete_item(asked(body)?)?),
            "UpdateItem" => told(&database.update_item(asked(body)?)?),
            "Query" => told(&database.query(asked(body)?)?),
            "Scan" => told(&database.scan(asked(body)?)?),
            "BatchGetItem" => told(&database.batch_get_item(asked(body)?)?),
            "TransactWriteItems" => told(&database.transact_write_items(asked(body)?)?),
            "CreateTable" => told(&database.create_table(asked(body)?)?),
            "DescribeTable" => told(&database.describe_table(asked(body)?)?),
            _ => Err(DynoxideError::SerializationException("UnknownOperationException".into())),
        }
    }
}

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct(…)")
    }
}

impl HttpConnector for Direct {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.answer(&request))
    }
}

impl HttpClient for Direct {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn asked<T: DeserializeOwned>(body: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(body)
        .map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn told<T: Serialize>(answer: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// An answer as DynamoDB sends it.
///
/// # Errors
/// [`ConnectorError`] for a status outside 100 to 999.
pub fn response(status: u16, body: String) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status);
    let status = status.map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
