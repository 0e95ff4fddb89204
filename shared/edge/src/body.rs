//! JSON bodies: read strictly, and every fault says where it is.

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::problem::Problem;

/// An object, and nothing else: by itself serde would read a struct from an array, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Object<T>, M::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(std::marker::PhantomData))
    }
}

/// Reads a body. An empty one is an empty object, for actions that need no words.
///
/// # Errors
/// `invalid_request` naming the field.
pub fn parse_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let body = if body.is_empty() { b"{}" } else { body };
    let mut json = serde_json::Deserializer::from_slice(body);
    let read = serde_path_to_error::deserialize(&mut json);
    let Object(value) = read.map_err(|error| fault(&error))?;
    json.end()
        .map_err(|_| Problem::invalid("body", "must be one JSON object and nothing after it"))?;
    Ok(value)
}

fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let cause = error.inner();
    let message = cause.to_string();
    let path = error.path().to_string();
    // Serde calls a value of the wrong kind a fault of syntax where it wants an enum's word.
    let placed = path != "." && !path.ends_with('?') && !cause.is_eof();
    if !cause.is_data() && !placed {
        return Problem::invalid("body", format!("must be JSON: {message}"));
    }
    // The place in the text means little to a caller who did not type it.
    let message = message.split(" at line ").next().unwrap_or_default();
    let parent = if path == "." { "" } else { path.as_str() };
    let (field, message) = match named_field(message) {
        Some((kind, name)) => (join(parent, name), format!("is {kind}")),
        None if parent.is_empty() => ("body".to_owned(), message.to_owned()),
        None => (parent.to_owned(), message.to_owned()),
    };
    Problem::invalid(&field, message)
}

/// Serde reports these three at the object, not at the field.
fn named_field(message: &str) -> Option<(&'static str, &str)> {
    for (start, kind) in [
        ("missing field `", "missing"),
        ("unknown field `", "unknown"),
        ("duplicate field `", "there twice"),
    ] {
        if let Some(rest) = message.strip_prefix(start) {
            return Some((kind, rest.split('`').next()?));
        }
    }
    None
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else if parent == name || parent.ends_with(&format!(".{name}")) {
        parent.to_owned()
    } else {
        format!("{parent}.{name}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        name: String,
        #[serde(default)]
        lines: Vec<Object<Inner>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        id: u32,
    }

    #[track_caller]
    fn check(body: &str, field: &str, detail: &str) {
        let problem = parse_body::<Outer>(body.as_bytes()).unwrap_err().to_json();
        assert_eq!(problem["field"], json!(field), "{problem}");
        assert_eq!(problem["detail"], json!(detail));
    }

    #[test]
    fn fault_names_its_field() {
        check("{}", "name", "`name` is missing");
        check("", "name", "`name` is missing");
        check(r#"{"name": "a", "x": 1}"#, "x", "`x` is unknown");
        check(r#"{"name": "a", "name": "b"}"#, "name", "`name` is there twice");
        check(r#"{"name": 1}"#, "name", "`name` invalid type: integer `1`, expected a string");
        check(
            r#"{"name": "a", "lines": [{"id": 1}, {}]}"#,
            "lines[1].id",
            "`lines[1].id` is missing",
        );
        check(
            r#"{"name": "a", "lines": [{"id": 1, "y": 2}]}"#,
            "lines[0].y",
            "`lines[0].y` is unknown",
        );
        check(
            r#"{"name": "a", "lines": [[1]]}"#,
            "lines[0]",
            "`lines[0]` invalid type: sequence, expected an object",
        );
        check(
            r#"{"name": "a", "lines": [{"id": -1}]}"#,
            "lines[0].id",
            "`lines[0].id` invalid value: integer `-1`, expected u32",
        );
        check(r#"["a"]"#, "body", "`body` invalid type: sequence, expected an object");
        check(r#"{"name": "a"} 1"#, "body", "`body` must be one JSON object and nothing after it");
        check("{", "body", "`body` must be JSON: EOF while parsing an object at line 1 column 1");
    }
}
