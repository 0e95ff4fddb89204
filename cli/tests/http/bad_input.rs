//! Bad input: always a clear refusal that names the field, never a 500, nothing written.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{START, Stack};

/// A good request of every route that takes a body.
fn good() -> Vec<(Method, &'static str, Value)> {
    let basket = json!({
        "currency": "AUD",
        "lines": [{"id": "1", "sku": "SHIRT", "kind": "product", "category": "apparel", "quantity": 1, "amount": "100.00"}],
        "use": {"benefits": ["hem"], "rewards": "1.00", "points": {"definition": "survey", "amount": 10},
                "credits": [{"id": "spare", "amount": "2.00"}]},
        "hold": true, "hold_for": "PT10M", "expected_due": "96.90",
    });
    let mut quote = basket.clone();
    quote.as_object_mut().unwrap().retain(|name, _| !name.starts_with("hold"));
    vec![
        (
            Method::PUT,
            "/v1/members/alice",
            json!({
                "birth_month": 11, "time_zone": "Australia/Melbourne", "joined_on": "2026-01-31", "country": "AU",
            }),
        ),
        (
            Method::PUT,
            "/v1/members/alice/purchases/p1",
            json!({
                "currency": "AUD", "transacted_at": START, "location": "mel-01", "country": "AU",
                "lines": [{"id": "1", "sku": "SHIRT", "category": "apparel", "kind": "product", "quantity": 1, "net": "59.95"}],
                "paid_by_promotional_credit": "1.00",
            }),
        ),
        (
            Method::PUT,
            "/v1/members/alice/awards/a1",
            json!({
                "points": "survey", "amount": 50, "reason": "spring survey", "issued_at": START,
                "accrue_at": START, "expires_at": "2027-11-21T00:00:00Z",
            }),
        ),
        (
            Method::PUT,
            "/v1/members/alice/adjustments/j1",
            json!({
                "points": "survey", "amount": -5, "reason": "goodwill reversal", "actor": "jo",
            }),
        ),
        (
            Method::PUT,
            "/v1/members/alice/tier-assignments/t1",
            json!({
                "level": "silver", "reason": "status match", "actor": "jo",
            }),
        ),
        (Method::POST, "/v1/members/alice/quotes", quote),
        (Method::PUT, "/v1/members/alice/redemptions/r1", basket),
        (
            Method::POST,
            "/v1/members/alice/redemptions/seed/capture",
            json!({"lines": [{"id": "1", "amount": "50.00"}]}),
        ),
        (Method::POST, "/v1/members/alice/redemptions/seed/release", json!({})),
        (
            Method::PUT,
            "/v1/members/alice/redemptions/spent/refunds/f1",
            json!({"lines": [{"id": "1", "amount": "50.00"}]}),
        ),
        (
            Method::PUT,
            "/v1/members/alice/credits/c1",
            json!({"credit": "store", "amount": "150.00", "reason": "return R-88", "expires_at": "2027-11-21T00:00:00Z"}),
        ),
        (
            Method::PUT,
            "/v1/members/alice/rewards/b1",
            json!({"reward": "birthday", "amount": "25.00", "expires_at": "2027-11-21T00:00:00Z"}),
        ),
        (
            Method::PUT,
            "/v1/members/alice/benefits/x1",
            json!({"benefit": "free-hem", "uses": 2, "expires_at": "2027-11-21T00:00:00Z"}),
        ),
        (
            Method::PUT,
            "/v1/members/alice/credits/c1/extensions/e1",
            json!({"expires_at": "2028-11-21T00:00:00Z", "reason": "was ill"}),
        ),
        (Method::POST, "/v1/members/alice/rewards/b1/void", json!({"reason": "issued by mistake"})),
        (
            Method::PUT,
            "/v1/members/alice/conversions/v1",
            json!({"points": "reward", "amount": 500}),
        ),
        (
            Method::PUT,
            "/v1/members/alice/transfers/t1",
            json!({"points": "reward", "amount": 500, "to": "airline", "reference": "FF-1"}),
        ),
        (Method::PUT, "/v1/members/alice/transfers/t1/refunds/f1", json!({"amount": 200})),
    ]
}

/// Fields that may be left out.
const OPTIONAL: &[&str] = &[
    "birth_month",
    "time_zone",
    "joined_on",
    "country",
    "location",
    "sku",
    "category",
    "kind",
    "quantity",
    "paid_by_promotional_credit",
    "issued_at",
    "accrue_at",
    "expires_at",
    "use",
    "use.points",
    "use.benefits",
    "use.rewards",
    "use.credits",
    "uses",
    "hold",
    "hold_for",
    "expected_due",
];

/// Every place in a document, as a path such as `lines[0].net`.
fn places(value: &Value, path: &str, found: &mut Vec<String>) {
    let join =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                found.push(join(name));
                places(member, &join(name), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                found.push(format!("{path}[{index}]"));
                places(item, &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}

fn set(body: &Value, path: &str, value: Value) -> Value {
    let mut changed = body.clone();
    *changed.pointer_mut(&pointer(path)).unwrap() = value;
    changed
}

fn remove(body: &Value, path: &str) -> Value {
    let mut changed = body.clone();
    let pointer = pointer(path);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent =
        if parent.is_empty() { &mut changed } else { changed.pointer_mut(parent).unwrap() };
    parent.as_object_mut().unwrap().remove(name);
    changed
}

fn add(body: &Value, path: &str) -> Value {
    let mut changed = body.clone();
    let parent =
        if path.is_empty() { &mut changed } else { changed.pointer_mut(&pointer(path)).unwrap() };
    parent.as_object_mut().unwrap().insert("surprise".to_owned(), json!(1));
    changed
}

/// Values that a place must not have, whatever is right there.
fn wrong_values(right: &Value) -> Vec<Value> {
    let long = "x".repeat(300);
    let mut wrong =
        vec![json!([[]]), json!({"surprise": 1}), json!(1.5), json!(-1.5), json!(1e300)];
    match right {
        Value::String(text) => {
            wrong.extend([
                json!(1),
                json!(true),
                json!(""),
                json!(long),
                json!("a\u{0}b"),
                json!([text]),
            ]);
            if text.parse::<u32>().is_err() && text.contains('.') && !text.contains(':') {
                // Money.
                let texts = [
                    "-1.00",
                    "+1.00",
                    "1.000",
                    "1.0",
                    "1",
                    "1e2",
                    "01.00",
                    "1,00",
                    " 1.00",
                    "99999999999999999999.00",
                    "NaN",
                    "1.0٣",
                ];
                wrong.extend(texts.map(|text| json!(text)));
            }
        }
        Value::Number(_) => wrong.extend([
            json!("1"),
            json!(true),
            json!(9_007_199_254_740_992_u64),
            json!(u64::MAX),
        ]),
        Value::Bool(_) => wrong.extend([json!("true"), json!(1), json!(0)]),
        Value::Array(_) => wrong.extend([json!("x"), json!(1), json!([])]),
        Value::Object(_) => wrong.extend([json!("x"), json!(1)]),
        Value::Null => {}
    }
    wrong
}

struct Prober {
    stack: Stack,
    entries: u64,
    probes: u32,
}

impl Prober {
    async fn refused(&mut self, method: &Method, path: &str, body: &Value, field: &str) {
        let reply = self.stack.send(method.clone(), path, Some(body.to_string())).await;
        assert_eq!(reply.status, 400, "{method} {path} with {field} of {body}: {}", reply.body);
        reply.refused(400, "invalid_request");
        let named = reply.body["field"].as_str().unwrap_or_default();
        let within = named == field
            || named.starts_with(&format!("{field}."))
            || named.starts_with(&format!("{field}["));
        assert!(within, "{method} {path} {body}: `{named}` instead of `{field}`: {}", reply.body);
        self.probes += 1;
    }
}

async fn prober() -> Prober {
    let stack = Stack::new().await;
    stack.give("alice", "seed", 1000).await;
    for (path, body) in [
        (
            "awards/convert",
            json!({"points": "reward", "amount": 1000, "reason": "x", "accrue_at": START}),
        ),
        ("benefits/hem", json!({"benefit": "free-hem", "uses": 9})),
        ("rewards/small", json!({"reward": "points-reward", "amount": "9.00"})),
        ("credits/spare", json!({"credit": "store", "amount": "9.00", "reason": "x"})),
    ] {
        stack.put(&format!("/v1/members/alice/{path}"), &body).await.is(201);
    }
    let mut held = good()[6].2.clone();
    stack.put("/v1/members/alice/redemptions/seed", &held).await.is(201);
    held.as_object_mut().unwrap().retain(|name, _| !name.starts_with("hold"));
    stack.put("/v1/members/alice/redemptions/spent", &held).await.is(201);
    let entries = stack.entry_count("alice").await;
    Prober { stack, entries, probes: 0 }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_every_body_is_checked_and_named() {
    let mut prober = prober().await;
    for (method, path, body) in good() {
        let mut all = Vec::new();
        places(&body, "", &mut all);
        for place in &all {
            let right = body.pointer(&pointer(place)).unwrap();
            // To use nothing is fine.
            let wrong = wrong_values(right).into_iter();
            for wrong in wrong.filter(|wrong| !place.starts_with("use.") || *wrong != json!([])) {
                prober.refused(&method, path, &set(&body, place, wrong), place).await;
            }
            let is_member = !place.ends_with(']');
            let name = place.rsplit('.').next().unwrap();
            if is_member
                && !OPTIONAL.contains(&name)
                && !OPTIONAL.contains(&place.as_str())
                && name != "lines"
            {
                prober.refused(&method, path, &remove(&body, place), place).await;
            }
            if right.is_object() {
                prober
                    .refused(&method, path, &add(&body, place), &format!("{place}.surprise"))
                    .await;
            }
        }
        prober.refused(&method, path, &add(&body, ""), "surprise").await;
        for whole in [json!([]), json!("x"), json!(1), Value::Null] {
            prober.refused(&method, path, &whole, "body").await;
        }
    }
    assert!(prober.probes > 1000, "{} probes", prober.probes);
    assert_eq!(prober.stack.entry_count("alice").await, prober.entries, "nothing was written");
    // The requests they were made from are good: a probe that fails for another reason would
    // prove nothing.
    for (method, path, body) in good() {
        if path.ends_with("release") {
            continue;
        }
        prober.stack.send(method, path, Some(body.to_string())).await.ok();
    }
}

#[tokio::test]
async fn lists_of_lines_have_one_to_two_hundred_with_unique_ids() {
    let mut prober = prober().await;
    let line = |id: usize, amount: &str| json!({"id": id.to_string(), amount: "1.00"});
    for (path, amount) in
        [("/v1/members/alice/purchases/l", "net"), ("/v1/members/alice/redemptions/l", "amount")]
    {
        let body = |lines: Vec<Value>| json!({"currency": "AUD", "lines": lines});
        let with_time = |mut body: Value| {
            if amount == "net" {
                body["transacted_at"] = json!(START);
            }
            body
        };
        let lines = |count: usize| (0..count).map(|id| line(id, amount)).collect::<Vec<_>>();
        prober.refused(&Method::PUT, path, &with_time(body(lines(0))), "lines").await;
        prober.refused(&Method::PUT, path, &with_time(body(lines(201))), "lines").await;
        let twice = with_time(body(vec![line(1, amount), line(2, amount), line(1, amount)]));
        prober.refused(&Method::PUT, path, &twice, "lines[2].id").await;
        prober.stack.put(path, &with_time(body(lines(200)))).await.is(201);
    }
}

#[tokio::test]
async fn duplicate_keys_and_broken_json_are_refused() {
    let stack = Stack::new().await;
    for (text, field) in [
        (r#"{"points": "survey", "points": "survey", "amount": 1, "reason": "x"}"#, "points"),
        (r#"{"points": "survey", "amount": 1, "reason": "x"} {}"#, "body"),
        (r#"{"points": "survey", "amount": 1, "reason": "x""#, "body"),
        ("\u{feff}{}", "body"),
        ("null", "body"),
    ] {
        let reply =
            stack.send(Method::PUT, "/v1/members/alice/awards/a", Some(text.to_owned())).await;
        reply.refused(400, "invalid_request");
        assert_eq!(reply.body["field"], json!(field), "{text}");
    }
    assert_eq!(stack.get("/v1/members/alice").await.status, 404);
}

#[tokio::test]
async fn body_over_a_quarter_of_a_megabyte_is_refused() {
    let stack = Stack::new().await;
    let body = |bytes: usize| {
        let text = r#"{"points": "survey", "amount": 1, "reason": "x"}"#;
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    let limit = 256 * 1024;
    let path = "/v1/members/alice/awards/a";
    let over = stack.send(Method::PUT, path, Some(body(limit + 1))).await;
    over.refused(413, "payload_too_large");
    assert_eq!(stack.get("/v1/members/alice").await.status, 404);
    stack.send(Method::PUT, path, Some(body(limit))).await.is(201);
    let far_over = stack.send(Method::PUT, path, Some(body(11 * 1024 * 1024))).await;
    far_over.refused(413, "payload_too_large");
}

#[tokio::test]
async fn ids_of_odd_characters_are_refused_and_named() {
    let stack = Stack::new().await;
    let award = json!({"points": "survey", "amount": 1, "reason": "x"});
    let long = "x".repeat(129);
    for odd in ["a%20b", "a%2Fb", "%23", "a%00b", "%C3%A4", "a%25b", "a+b", "a,b", "~", &long] {
        for (path, field) in [
            (format!("/v1/members/{odd}/awards/a"), "member"),
            (format!("/v1/members/alice/awards/{odd}"), "award"),
        ] {
            let reply = stack.put(&path, &award).await;
            reply.refused(400, "invalid_request");
            assert_eq!(reply.body["field"], json!(field), "{path}");
        }
    }
    assert_eq!(stack.get("/v1/members/alice").await.status, 404);
    // Every allowed character, encoded or not, is the same id.
    stack.put("/v1/members/a.b_c:d@e-1/awards/a", &award).await.is(201);
    let encoded = stack.put("/v1/members/a%2Eb_c%3Ad%40e-1/awards/a", &award).await;
    assert_eq!((encoded.status, encoded.replayed), (200, true));
}

#[tokio::test]
async fn queries_are_checked_and_named() {
    let stack = Stack::new().await;
    stack.give("alice", "a", 1).await;
    for (path, field) in [
        ("/v1/members/alice?at=yesterday", "at"),
        ("/v1/members/alice/entries?limit=0", "limit"),
        ("/v1/members/alice/entries?limit=101", "limit"),
        ("/v1/members/alice/entries?limit=-1", "limit"),
        ("/v1/members/alice/entries?limit=1.5", "limit"),
        ("/v1/members/alice/entries?cursor=x", "cursor"),
        ("/v1/members/alice/entries?cursor=", "cursor"),
        ("/v1/members/alice/entries/first", "entry"),
        ("/v1/members/alice/redemptions", "status"),
        ("/v1/members/alice/redemptions?status=captured", "status"),
        ("/v1/program/versions/x", "version"),
    ] {
        let reply = stack.get(path).await;
        reply.refused(400, "invalid_request");
        assert_eq!(reply.body["field"], json!(field), "{path}");
    }
    for path in [
        "/v1/members/nobody",
        "/v1/members/nobody/entries",
        "/v1/members/alice/entries/2",
        "/v1/members/alice/entries/0",
        "/v1/members/alice/entries/18446744073709551615",
        "/v1/members/alice/redemptions/r",
        "/v1/members/nobody/redemptions?status=held",
        "/v1/program/versions/0",
        "/v1/program/versions/99",
        "/v2/program",
        "/",
        "/v1/members/alice/awards/a",
    ] {
        stack.get(path).await.refused(404, "not_found");
    }
}
