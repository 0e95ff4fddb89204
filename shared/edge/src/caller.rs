//! Who asks. API Gateway has authenticated the caller; the function still checks the scope.

use aws_lambda_events::apigw::ApiGatewayV2httpRequest;

use crate::problem::{Code, Problem};

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
    const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "scrip/read",
            Self::Earn => "scrip/earn",
            Self::Redeem => "scrip/redeem",
            Self::Issue => "scrip/issue",
            Self::Admin => "scrip/admin",
        }
    }
}

/// The longest caller's name that is kept, in characters; an ARN is shorter.
const CALLER_CHARS_MAX: usize = 256;

/// The authenticated caller, as every entry keeps it.
pub(crate) fn authorise(event: &ApiGatewayV2httpRequest, scope: Scope) -> Result<String, Problem> {
    let forbidden = |detail: &str| Problem::new(Code::Forbidden, detail);
    let authorizer = event.request_context.authorizer.as_ref();
    let unauthenticated = || forbidden("the route has no authoriser");
    let authorizer = authorizer.ok_or_else(unauthenticated)?;
    if let Some(arn) = authorizer.iam.as_ref().and_then(|iam| iam.user_arn.as_ref()) {
        return Ok(shortened(arn));
    }
    let jwt = authorizer.jwt.as_ref().ok_or_else(unauthenticated)?;
    let granted = jwt.claims.get("scope").map(|scopes| scopes.split(' ')).into_iter().flatten();
    let granted = granted.chain(jwt.scopes.iter().flatten().map(String::as_str));
    if !granted.into_iter().any(|granted| granted == scope.as_str()) {
        return Err(forbidden(&format!("the caller lacks the scope {}", scope.as_str())));
    }
    jwt.claims.get("sub").map(|subject| shortened(subject)).ok_or_else(unauthenticated)
}

fn shortened(name: &str) -> String {
    name.chars().take(CALLER_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn caller(authorizer: &Value) -> Result<String, Code> {
        let event =
            json!({"requestContext": {"authorizer": authorizer, "http": {"method": "GET"}}});
        let event = serde_json::from_value(event).unwrap();
        authorise(&event, Scope::Redeem).map_err(|problem| problem.code)
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
