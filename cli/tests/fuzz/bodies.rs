//! Requests over HTTP: bodies, path parameters, queries and headers.

use proptest::prop_assert;
use serde_json::{Value, json};

use crate::change::{changed, changed_document};
use crate::check;
use crate::system::{System, is_answer};

/// A request with its body changed, under a name of its own, so that it is decided and not only
/// compared with what was asked under the old one.
#[test]
fn changed_bodies_are_answered_or_refused() {
    let system = System::new();
    let with_body: Vec<&(&str, Value)> =
        system.samples.iter().filter(|(_, event)| event["body"].is_string()).collect();
    check(1_500, |which, changes| {
        let (function, sample) = with_body[which % with_body.len()];
        let body = serde_json::from_str(sample["body"].as_str().unwrap()).unwrap();
        let mut event = system.renamed(sample);
        event["body"] = json!(changed(&body, &changes));
        let reply = system.send(function, &event);
        prop_assert!(is_answer(&reply), "{}: {} {}", event, reply.status, reply.body);
        Ok(())
    });
}

/// Everything of an event that a caller has a say in, but for the body.
#[test]
fn changed_paths_queries_and_headers_are_answered_or_refused() {
    let system = System::new();
    check(1_000, |which, changes| {
        let (function, sample) = &system.samples[which % system.samples.len()];
        let mut event = system.renamed(sample);
        let open = json!({
            "path": event["pathParameters"], "query": {"limit": "2", "at": "2026-11-21T03:04:05Z", "before": "3"},
            "headers": {"if-match": "\"1\"", "x-scrip-number": "6000000000000007", "x-scrip-pin": "482913"},
        });
        let changed = changed_document(&open, &changes);
        for (part, name) in
            [("path", "pathParameters"), ("query", "queryStringParameters"), ("headers", "headers")]
        {
            for (key, value) in changed[part].as_object().into_iter().flatten() {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                event[name][key] = json!(text);
            }
        }
        // API Gateway hands on header values of visible characters only.
        for (_, value) in event["headers"].as_object_mut().unwrap() {
            let text = value.as_str().unwrap().replace(|c: char| !(' '..='~').contains(&c), "?");
            *value = json!(text);
        }
        let names = event["headers"].as_object().unwrap().clone();
        event["headers"] = names
            .into_iter()
            .filter(|(name, _)| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
            .collect();
        let reply = system.send(function, &event);
        prop_assert!(is_answer(&reply), "{}: {} {}", event, reply.status, reply.body);
        Ok(())
    });
}
