//! Messages of the order queue: one JSON object each, `{"type", "version": 1, …}`.
//!
//! | type | beside the body that HTTP takes |
//! |---|---|
//! | `order.completed` | `member`, `order` |
//! | `order.returned` | `order`, `return`; `member`, or it is found by the order |
//! | `credit.issued` | `member`, `id` |
//! | `award.granted` | `member`, `award` |

use scrip_credit::issue::CreditBody;
use scrip_domain::id::{AwardId, LotId, MemberId, OrderId, ReturnId};
use scrip_domain::time::Instant;
use scrip_earn::award::AwardBody;
use scrip_earn::purchase::PurchaseBody;
use scrip_earn::returns::ReturnBody;
use scrip_edge::{Object, Problem, parse_body, require_body_size};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The types there are.
const TYPES: [&str; 4] = ["order.completed", "order.returned", "credit.issued", "award.granted"];
/// The only version of them.
const VERSION: u64 = 1;

/// A message that is well formed.
#[derive(Debug)]
pub enum Message {
    /// An order was completed.
    Completed(MemberId, OrderId, PurchaseBody),
    /// Some of an order came back.
    Returned(Option<MemberId>, OrderId, ReturnId, ReturnBody),
    /// A credit is to be issued.
    CreditIssued(MemberId, LotId, CreditBody),
    /// Points are to be given.
    AwardGranted(MemberId, AwardId, AwardBody),
}

impl Message {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// `invalid_request` naming the field, or `payload_too_large`.
    pub fn read(text: &str) -> Result<Self, Problem> {
        require_body_size(text.len())?;
        let fields: Result<Fields, _> = serde_json::from_str(text);
        let mut fields = fields.map_err(|_| Problem::invalid("body", "must be one JSON object"))?;
        let kind: String = fields.required("type")?;
        let version: u64 = fields.required("version")?;
        if !TYPES.contains(&kind.as_str()) {
            let fault = format!("must be one of {}", TYPES.join(", "));
            return Err(Problem::invalid("type", fault));
        }
        if version != VERSION {
            return Err(Problem::invalid("version", format!("must be {VERSION}")));
        }
        Ok(match kind.as_str() {
            "order.completed" => {
                let (member, order) = (fields.required("member")?, fields.required("order")?);
                Self::Completed(member, order, fields.body()?)
            }
            "order.returned" => {
                let (member, order) = (fields.take("member")?, fields.required("order")?);
                Self::Returned(member, order, fields.required("return")?, fields.body()?)
            }
            "credit.issued" => {
                let (member, id) = (fields.required("member")?, fields.required("id")?);
                Self::CreditIssued(member, id, fields.body()?)
            }
            _ => {
                let (member, award) = (fields.required("member")?, fields.required("award")?);
                Self::AwardGranted(member, award, fields.body()?)
            }
        })
    }

    /// Where it stands among the messages of its member: by when it happened, what happens now
    /// last; an order before what came back of it at that instant.
    pub(crate) fn order(&self) -> impl Ord + use<> {
        let (at, is_return) = match self {
            Self::Completed(_, _, body) => (Some(body.transacted_at()), false),
            Self::Returned(_, _, _, body) => (Some(body.returned_at()), true),
            Self::AwardGranted(_, _, body) => (body.issued_at(), false),
            Self::CreditIssued(..) => (None, false),
        };
        (at.is_none(), at.unwrap_or(Instant::EPOCH), is_return)
    }
}

/// The members of an object as they were written, so that those of the body are read by the body's
/// own rules.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields, M::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}

impl Fields {
    /// Takes a member out; `None` when there is none.
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Problem> {
        let mut taken = self.0.extract_if(.., |(each, _)| each == name);
        let Some((_, value)) = taken.next() else { return Ok(None) };
        if taken.next().is_some() {
            return Err(Problem::invalid(name, "is there twice"));
        }
        let read = serde_json::from_str(value.get()).map_err(|error| {
            let message = error.to_string();
            Problem::invalid(name, message.split(" at line ").next().unwrap_or_default())
        });
        read.map(Some)
    }

    fn required<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Problem> {
        self.take(name)?.ok_or_else(|| Problem::invalid(name, "is missing"))
    }

    /// What is left, as the body that HTTP takes.
    fn body<T: DeserializeOwned>(self) -> Result<T, Problem> {
        let members = self.0.iter().map(|(name, value)| {
            // A text can always be written.
            let name = serde_json::to_string(name).unwrap_or_default();
            format!("{name}:{}", value.get())
        });
        let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
        parse_body(text.as_bytes()).map(|Object(body)| body)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(text: &str, field: &str, detail: &str) {
        let problem = Message::read(text).unwrap_err().to_json();
        assert_eq!(
            (&problem["code"], &problem["field"]),
            (&json!("invalid_request"), &json!(field))
        );
        assert_eq!(problem["detail"], json!(detail));
    }

    #[test]
    fn fault_names_its_field() {
        check("", "body", "`body` must be one JSON object");
        check("rubbish", "body", "`body` must be one JSON object");
        check("[]", "body", "`body` must be one JSON object");
        check("{} {}", "body", "`body` must be one JSON object");
        check("{}", "type", "`type` is missing");
        check(r#"{"type": "order.completed"}"#, "version", "`version` is missing");
        let types = "`type` must be one of order.completed, order.returned, credit.issued, \
                     award.granted";
        check(r#"{"type": "order.lost", "version": 1}"#, "type", types);
        check(r#"{"type": "order.completed", "version": 2}"#, "version", "`version` must be 1");
        let completed =
            |rest: &str| format!(r#"{{"type": "order.completed", "version": 1, {rest}}}"#);
        check(&completed(r#""order": "1""#), "member", "`member` is missing");
        check(
            &completed(r#""member": "a", "member": "b", "order": "1""#),
            "member",
            "`member` is there twice",
        );
        check(
            &completed(r#""member": 1, "order": "1""#),
            "member",
            "`member` invalid type: integer `1`, expected a string",
        );
        let named = |rest: &str| completed(&format!(r#""member": "a", "order": "1", {rest}"#));
        check(&named(r#""currency": "AUD""#), "transacted_at", "`transacted_at` is missing");
        check(&named(r#""x": 1"#), "x", "`x` is unknown");
        check(
            &named(r#""currency": "AUD", "currency": "AUD""#),
            "currency",
            "`currency` is there twice",
        );
        let line = r#""currency": "AUD", "transacted_at": "2026-11-21T03:04:05Z",
                      "lines": [{"id": "1", "net": 5}]"#;
        check(
            &named(line),
            "lines[0].net",
            "`lines[0].net` invalid type: integer `5`, expected a string",
        );
    }

    #[test]
    fn member_of_a_return_may_be_left_out() {
        let text = |member: &str| {
            format!(
                r#"{{"type": "order.returned", "version": 1, {member} "order": "1", "return": "r",
                     "returned_at": "2026-11-21T03:04:05Z", "lines": [{{"id": "1", "net": "5.00"}}]}}"#
            )
        };
        let member = |text: &str| match Message::read(text).unwrap() {
            Message::Returned(member, ..) => member.map(|member| member.to_string()),
            other => panic!("{other:?}"),
        };
        assert_eq!(member(&text("")), None);
        assert_eq!(member(&text(r#""member": "alice","#)).as_deref(), Some("alice"));
    }
}
