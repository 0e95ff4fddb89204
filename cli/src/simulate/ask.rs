//! One request of a caller: to which function, what it says, and what may be answered.

use serde_json::Value;

use crate::gateway::Gateway;
use crate::simulate::journal::Reply;
use crate::simulate::kind::Kind;
use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

/// A request, as it is sent once or several times.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) kind: Kind,
    /// Whose wallet it is about; of a redemption without a member, who had the card sold.
    pub(crate) member: u64,
    /// The step that it belongs to.
    pub(crate) step: usize,
    /// The parameters of the path, in their order.
    pub(crate) path: Vec<(&'static str, String)>,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Value,
}

impl Ask {
    /// Method and path, with its parameters in it.
    pub(crate) fn resource(&self) -> String {
        let resource =
            self.path.iter().fold(self.kind.route().to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value)
            });
        let query: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { resource } else { format!("{resource}?{}", query.join("&")) }
    }

    /// The path below `/v1/` of what it creates under a name of its caller; `None` when it creates
    /// nothing.
    pub(crate) fn operation(&self) -> Option<String> {
        let resource = self.resource();
        let path = resource.strip_prefix("PUT /v1/")?;
        self.kind.is_named().then(|| path.to_owned())
    }

    /// Whether it does something to what is there, and has no name for that.
    pub(crate) fn is_action(&self) -> bool {
        let is_post = self.kind.route().starts_with("POST ");
        is_post && !matches!(self.kind, Kind::Quote | Kind::CardBalance)
    }

    /// What a repetition has to share with the first request to be the same.
    pub(crate) fn fingerprint(&self) -> String {
        self.body.to_string()
    }

    /// Whether this is an answer that the contract knows to this request.
    pub(crate) fn may_answer(&self, reply: &Reply) -> bool {
        match reply.status {
            200 => true,
            201 => self.kind.may_create(),
            503 => matches!(reply.code(), "contended" | "unavailable"),
            _ => self.kind.refusals().contains(&reply.code()),
        }
    }

    /// The event that API Gateway makes of it.
    ///
    /// # Errors
    /// As [`Gateway::event`].
    pub(crate) fn event(&self) -> Result<ApiGatewayV2httpRequest, String> {
        let resource = self.resource();
        let path = resource.split_once(' ').map_or("", |(_, path)| path);
        let (path, raw_query) = path.split_once('?').unwrap_or((path, ""));
        Gateway {
            key: self.kind.route(),
            path,
            path_parameters: self.path.iter().map(|(name, it)| (*name, it.as_str())).collect(),
            raw_query,
            query: self.query.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect(),
            headers: self.headers.iter().map(|(name, it)| (*name, it.as_str())).collect(),
            body: if self.body.is_null() { String::new() } else { self.body.to_string() },
            is_base64_encoded: false,
        }
        .event()
    }
}
