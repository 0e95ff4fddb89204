//! Refusals as the caller sees them: RFC 9457 problem bodies with a stable code.

use std::error::Error;

use http::StatusCode;
use scrip_domain::limit::LimitReached;
use scrip_store::{ApplyError, StoreError};
use serde_json::{Map, Value, json};
use thiserror::Error as ThisError;

use crate::keys::KeysError;

/// What went wrong, as a stable word (API.md, "Conventions").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is its own word in the contract")]
pub enum Code {
    InvalidRequest,
    Forbidden,
    NotFound,
    OperationConflict,
    InsufficientValue,
    PlanChanged,
    HoldNotActive,
    CaptureExceedsHold,
    RedemptionNotCaptured,
    RefundExceedsRedemption,
    OrderBelongsToAnotherMember,
    OrderUnknown,
    ReturnExceedsOrder,
    VersionConflict,
    PayloadTooLarge,
    RedemptionStillHeld,
    GiftCardRefused,
    GiftCardNotActive,
    GiftCardHeld,
    GiftCardLocked,
    LimitReached,
    RuleRefused,
    Contended,
    Unavailable,
}

impl Code {
    /// The word in the body.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::OperationConflict => "operation_conflict",
            Self::InsufficientValue => "insufficient_value",
            Self::PlanChanged => "plan_changed",
            Self::HoldNotActive => "hold_not_active",
            Self::CaptureExceedsHold => "capture_exceeds_hold",
            Self::RedemptionNotCaptured => "redemption_not_captured",
            Self::RefundExceedsRedemption => "refund_exceeds_redemption",
            Self::OrderBelongsToAnotherMember => "order_belongs_to_another_member",
            Self::OrderUnknown => "order_unknown",
            Self::ReturnExceedsOrder => "return_exceeds_order",
            Self::VersionConflict => "version_conflict",
            Self::PayloadTooLarge => "payload_too_large",
            Self::RedemptionStillHeld => "redemption_still_held",
            Self::GiftCardRefused => "gift_card_refused",
            Self::GiftCardNotActive => "gift_card_not_active",
            Self::GiftCardHeld => "gift_card_held",
            Self::GiftCardLocked => "gift_card_locked",
            Self::LimitReached => "limit_reached",
            Self::RuleRefused => "rule_refused",
            Self::Contended => "contended",
            Self::Unavailable => "unavailable",
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest => StatusCode::BAD_REQUEST,
            Self::Forbidden | Self::GiftCardRefused => StatusCode::FORBIDDEN,
            Self::GiftCardLocked => StatusCode::TOO_MANY_REQUESTS,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::OperationConflict
            | Self::InsufficientValue
            | Self::PlanChanged
            | Self::HoldNotActive
            | Self::CaptureExceedsHold
            | Self::RedemptionNotCaptured
            | Self::RefundExceedsRedemption
            | Self::OrderBelongsToAnotherMember
            | Self::OrderUnknown
            | Self::ReturnExceedsOrder
            | Self::RedemptionStillHeld
            | Self::GiftCardNotActive
            | Self::GiftCardHeld
            | Self::LimitReached => StatusCode::CONFLICT,
            Self::VersionConflict => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RuleRefused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Contended | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether the same request may succeed later.
    pub const fn is_retryable(self) -> bool {
        matches!(
            self,
            Self::OrderUnknown
                | Self::RedemptionStillHeld
                | Self::GiftCardHeld
                | Self::GiftCardLocked
                | Self::Contended
                | Self::Unavailable
        )
    }

    const fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request is malformed",
            Self::Forbidden => "The caller may not do this",
            Self::NotFound => "There is no such thing",
            Self::OperationConflict => "The id was used for a different request",
            Self::InsufficientValue => "There is not enough value",
            Self::PlanChanged => "The plan is not the one that was quoted",
            Self::HoldNotActive => "The hold does not hold any more",
            Self::CaptureExceedsHold => "The capture is more than was held",
            Self::RedemptionNotCaptured => "The redemption is not captured",
            Self::RefundExceedsRedemption => "The refund is more than is left",
            Self::OrderBelongsToAnotherMember => "The order belongs to another member",
            Self::OrderUnknown => "The order has not been recorded yet",
            Self::ReturnExceedsOrder => "More was returned than was bought",
            Self::VersionConflict => "There is a newer version",
            Self::PayloadTooLarge => "The body is too large",
            Self::RedemptionStillHeld => "The redemption is not captured yet",
            Self::GiftCardRefused => "The number or the PIN is wrong",
            Self::GiftCardNotActive => "Nothing can be done with the gift card any more",
            Self::GiftCardHeld => "A redemption holds the gift card",
            Self::GiftCardLocked => "There were too many wrong PINs for this number",
            Self::LimitReached => "A limit is reached",
            Self::RuleRefused => "The program does not allow this",
            Self::Contended => "Others were faster too often",
            Self::Unavailable => "The ledger did not answer",
        }
    }
}

/// A refusal on its way out. What is internal is logged and never answered.
#[derive(Debug, ThisError)]
#[error("{detail}")]
pub struct Problem {
    /// What went wrong.
    pub code: Code,
    detail: String,
    explanation: Map<String, Value>,
    internal: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem with a sentence for a person.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), explanation: Map::new(), internal: None }
    }

    /// A malformed request: `field` is where, `fault` completes the sentence "`field` …".
    pub fn invalid(field: &str, fault: impl std::fmt::Display) -> Self {
        Self::new(Code::InvalidRequest, format!("`{field}` {fault}")).with("field", json!(field))
    }

    /// Against a rule, which has a name of its own.
    pub fn rule(rule: &str, detail: impl Into<String>) -> Self {
        Self::new(Code::RuleRefused, detail).with("rule", json!(rule))
    }

    /// A named maximum.
    pub fn limit(limit: LimitReached) -> Self {
        Self::new(Code::LimitReached, limit.to_string()).with("limit", json!(limit.limit))
    }

    /// Why an operation was not applied; a refusal is translated by `refused`.
    pub fn of_apply<R: std::error::Error + 'static>(
        error: ApplyError<R>,
        refused: impl FnOnce(R) -> Self,
    ) -> Self {
        match error {
            ApplyError::Refused(refusal) => refused(refusal),
            ApplyError::OperationConflict => Self::new(
                Code::OperationConflict,
                "the id was already used for a different request; nothing was changed",
            ),
            ApplyError::OrderBelongsToAnotherMember => Self::new(
                Code::OrderBelongsToAnotherMember,
                "the order was already recorded for another member",
            ),
            ApplyError::Contended => {
                Self::new(Code::Contended, "nothing was written; send the same request again")
            }
            ApplyError::Store(error) => error.into(),
        }
    }

    /// Adds what explains it.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.explanation.insert(name.to_owned(), value);
        self
    }

    /// What is logged and not answered.
    pub fn internal(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.internal.as_deref()
    }

    /// The body.
    pub fn to_json(&self) -> Value {
        let code = self.code;
        let mut body = self.explanation.clone();
        body.insert("type".into(), json!(format!("urn:scrip:problem:{}", code.as_str())));
        body.insert("title".into(), json!(code.title()));
        body.insert("status".into(), json!(code.status().as_u16()));
        body.insert("detail".into(), json!(self.detail));
        body.insert("code".into(), json!(code.as_str()));
        body.insert("retryable".into(), json!(code.is_retryable()));
        Value::Object(body)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = "the outcome is unknown until the same request is sent again";
        Self { internal: Some(Box::new(error)), ..Self::new(Code::Unavailable, detail) }
    }
}

impl From<KeysError> for Problem {
    fn from(error: KeysError) -> Self {
        let detail = "PINs cannot be made or compared; nothing was changed";
        Self { internal: Some(Box::new(error)), ..Self::new(Code::Unavailable, detail) }
    }
}
