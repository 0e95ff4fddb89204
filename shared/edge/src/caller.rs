//! Who asks. API Gateway has authenticated the caller; the function still checks the scope.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

use scrip_domain::account::AccountId;
use scrip_domain::entry::Operation;
use scrip_store::{Fingerprint, Request};
use serde::Serialize;

use crate::problem::{Code, Problem};
use crate::programs::CurrentProgram;

/// What a caller with a token must have been granted. Callers with IAM credentials are limited
/// by their policy, route by route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `scrip/read`
    Read,
    /// `scrip/earn`
    Earn,
    /// `scrip/redeem`
    Redeem,
    /// `scrip/issue`
    Issue,
    /// `scrip/admin`
    Admin,
}

impl Scope {
    /// The scope as a token has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "scrip/read",
            Self::Earn => "scrip/earn",
            Self::Redeem => "scrip/redeem",
            Self::Issue => "scrip/issue",
            Self::Admin => "scrip/admin",
        }
    }
}

/// Who asks, as every entry keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller(String);

impl Caller {
    /// A caller of this name, of which the first 256 characters are kept.
    pub fn named(name: &str) -> Self {
        Self(name.chars().take(CALLER_CHARS_MAX).collect())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This caller's request as an operation on an account, decided by `program`. `body`
    /// is what is compared when the same operation is sent again.
    ///
    /// # Errors
    /// `invalid_request`, for a body that cannot be written as JSON again; none is.
    pub fn part(
        &self,
        account: impl Into<AccountId>,
        operation: Option<Operation>,
        body: &impl Serialize,
        program: &CurrentProgram,
    ) -> Result<Request, Problem> {
        let unwritable = |_| Problem::invalid("body", "cannot be written as JSON");
        Ok(Request {
            account: account.into(),
            operation,
            fingerprint: Fingerprint::of(body).map_err(unwritable)?,
            by: self.0.clone(),
            program: program.version,
            about: None,
        })
    }
}

/// The longest caller's name that is kept, in characters; an ARN is shorter.
const CALLER_CHARS_MAX: usize = 256;

/// The authenticated caller, as every entry keeps it.
pub(crate) fn authorise(event: &ApiGatewayV2httpRequest, scope: Scope) -> Result<Caller, Problem> {
    let forbidden = |detail: &str| Problem::new(Code::Forbidden, detail);
    let authorizer = event.request_context.authorizer.as_ref();
    let unauthenticated = || forbidden("the route has no authoriser");
    let authorizer = authorizer.ok_or_else(unauthenticated)?;
    if let Some(arn) = authorizer.iam.as_ref().and_then(|iam| iam.user_arn.as_ref()) {
        return Ok(Caller::named(arn));
    }
    let jwt = authorizer.jwt.as_ref().ok_or_else(unauthenticated)?;
    let granted = jwt.claims.get("scope").map(|scopes| scopes.split(' ')).into_iter().flatten();
    let granted = granted.chain(jwt.scopes.iter().flatten().map(String::as_str));
    if !granted.into_iter().any(|granted| granted == scope.as_str()) {
        return Err(forbidden(&format!("the caller lacks the scope {}", scope.as_str())));
    }
    jwt.claims.get("sub").map(|subject| Caller::named(subject)).ok_or_else(unauthenticated)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn caller(authorizer: &Value) -> Result<String, Code> {
        let event =
            json!({"requestContext": {"authorizer": authorizer, "http": {"method": "GET"}}});
        let event = serde_json::from_value(event).unwrap();
        let caller = authorise(&event, Scope::Redeem).map(|caller| caller.0);
        caller.map_err(|problem| problem.code)
    }

    #[test]
    fn caller_is_named_by_its_credentials_and_needs_the_scope() {
        let iam = json!({"iam": {"userArn": "arn:aws:iam::1:role/pos"}});
        assert_eq!(caller(&iam).as_deref(), Ok("arn:aws:iam::1:role/pos"));
        let granted =
            json!({"jwt": {"claims": {"sub": "shop", "scope": "scrip/read scrip/redeem"}}});
        assert_eq!(caller(&granted).as_deref(), Ok("shop"));
        let listed = json!({"jwt": {"claims": {"sub": "shop"}, "scopes": ["scrip/redeem"]}});
        assert_eq!(caller(&listed).as_deref(), Ok("shop"));
        let other =
            json!({"jwt": {"claims": {"sub": "shop", "scope": "scrip/redeemer scrip/read"}}});
        assert_eq!(caller(&other), Err(Code::Forbidden));
        assert_eq!(caller(&json!({})), Err(Code::Forbidden));
        assert_eq!(caller(&Value::Null), Err(Code::Forbidden));
    }
}
