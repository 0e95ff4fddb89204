//! The functions, each with its everyday work: the sample event that the tests run, of another
//! operation and member each time.

use scrip_edge::system_clock;
use serde_json::{Value, json};

/// Sweeps work through so many shards at once.
const SHARDS_AT_ONCE: usize = 16;
/// More than any member spends.
const SURVEY_POINTS: u64 = 1_000_000;

/// A function that is measured.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    /// What it does at each invocation.
    pub(crate) work: &'static str,
    /// Calls under way at once.
    pub(crate) at_once: usize,
    /// What its environment has, beside what every function's has.
    pub(crate) variables: &'static [(&'static str, &'static str)],
    /// Where its calls go.
    pub(crate) calls: Calls,
    /// An event for a member that has not been sent before.
    pub(crate) event: fn(u64, &str) -> Value,
    pub(crate) done: Done,
    /// Whether its members have points and a few purchases.
    pub(crate) on_members: bool,
    /// Lots of points that its members have besides, each with an expiry of its own.
    pub(crate) lots: u64,
}

/// Where the calls of a function go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    Store,
    /// Only to other services: the probe calls their stand-in, too.
    Others,
}

/// How a function says that it has done its work.
#[derive(Clone, Copy)]
pub(crate) enum Done {
    Status(u64),
    WholeBatch,
    Swept,
    /// The probe, of its reads and writes.
    Calls(usize, usize),
}

impl Done {
    /// Whether this is such an answer.
    pub(crate) fn is(self, answer: &Value) -> bool {
        match self {
            Self::Status(status) => answer["statusCode"] == status,
            Self::WholeBatch => answer["batchItemFailures"] == json!([]),
            Self::Calls(reads, writes) => *answer == json!({"reads": reads, "writes": writes}),
            Self::Swept => answer["failed"] == 0 && answer["left"] == 0,
        }
    }
}

const API: Subject = Subject {
    name: "",
    work: "",
    at_once: 1,
    variables: &[],
    calls: Calls::Store,
    event: |_, _| Value::Null,
    done: Done::Status(201),
    on_members: false,
    lots: 0,
};

const SWEEP: Subject = Subject {
    work: "a sweep with nothing due: a query of each of 64 shards, 16 at once",
    at_once: SHARDS_AT_ONCE,
    event: |_, _| sample(include_str!("../../../../events/expire/01-schedule.json")),
    done: Done::Swept,
    ..API
};

const KEY_RING: &[(&str, &str)] = &[("SCRIP_KEYS_SECRET", "keys")];

/// Every function.
pub(crate) const SUBJECTS: [Subject; 10] = [
    Subject { name: "earn", work: "a purchase", event: purchase, on_members: true, ..API },
    Subject {
        name: "redeem",
        work: "a redemption of points, captured at once",
        event: redemption,
        variables: KEY_RING,
        on_members: true,
        ..API
    },
    Subject { name: "credit", work: "store credit is issued", event: credit, ..API },
    Subject {
        name: "gift-card",
        work: "a gift card is issued; the first reads the key ring",
        event: gift_card,
        variables: KEY_RING,
        ..API
    },
    Subject {
        name: "wallet",
        work: "a balance is read",
        event: balance,
        done: Done::Status(200),
        on_members: true,
        ..API
    },
    Subject {
        name: "program",
        work: "the newest program is read",
        event: |_, _| sample(include_str!("../../../../events/program/02-newest.json")),
        done: Done::Status(200),
        ..API
    },
    Subject {
        name: "ingest",
        work: "a batch of one order",
        event: order,
        variables: &[("SCRIP_QUARANTINE_URL", "http://127.0.0.1/123456789012/quarantine")],
        done: Done::WholeBatch,
        on_members: true,
        ..API
    },
    Subject { name: "expire", ..SWEEP },
    Subject { name: "revert", ..SWEEP },
    Subject {
        name: "publish",
        work: "one line, of three events, put on the bus",
        variables: &[("SCRIP_BUS", "scrip")],
        calls: Calls::Others,
        event: line,
        done: Done::WholeBatch,
        ..API
    },
];

/// What is counted in instructions, too.
pub(crate) const COUNTED: [Subject; 2] = [
    Subject { name: "earn", work: "a purchase", event: purchase, on_members: true, ..API },
    Subject {
        name: "redeem",
        work: "a redemption of 20 lots of 60, captured at once",
        event: whole_redemption,
        lots: 60,
        ..API
    },
];

/// A lot of points for a member, which expires in a year of its own: an event of `earn`.
pub(crate) fn lot(number: u64, member: &str) -> Value {
    let event = sample(include_str!("../../../../events/earn/03-award.json"));
    let body = json!({"points": "survey", "amount": 50, "reason": "a start",
                      "expires_at": format!("{}-01-01T00:00:00Z", 2030 + number)});
    with_body(of(event, &[("member", member), ("award", &format!("lot-{number}"))]), &body)
}

/// Points for a member, for [`Subject::on_members`]: an event of `earn`.
pub(crate) fn award(member: &str) -> Value {
    let event = sample(include_str!("../../../../events/earn/03-award.json"));
    let body = json!({"points": "survey", "amount": SURVEY_POINTS, "reason": "a start"});
    with_body(of(event, &[("member", member), ("award", "start")]), &body)
}

/// A purchase that was just made: an event of `earn`.
pub(crate) fn purchase(number: u64, member: &str) -> Value {
    let event = sample(include_str!("../../../../events/earn/02-purchase.json"));
    let mut body = body_of(&event);
    body["transacted_at"] = now();
    let order = format!("o{number}");
    with_body(of(event, &[("member", member), ("order", &order)]), &body)
}

fn redemption(number: u64, member: &str) -> Value {
    let event = sample(include_str!("../../../../events/redeem/02-redemption.json"));
    let mut body = body_of(&event);
    let members = body.as_object_mut().unwrap();
    members.remove("hold").unwrap();
    members.remove("hold_for").unwrap();
    with_body(of(event, &[("member", member), ("redemption", &format!("r{number}"))]), &body)
}

fn whole_redemption(number: u64, member: &str) -> Value {
    let mut event = redemption(number, member);
    let mut body = body_of(&event);
    body["use"]["points"]["amount"] = json!(1_000);
    body["expected_due"] = json!("90.00");
    event["body"] = json!(body.to_string());
    event
}

fn credit(number: u64, member: &str) -> Value {
    let event = sample(include_str!("../../../../events/credit/01-credit.json"));
    of(event, &[("member", member), ("credit", &format!("c{number}"))])
}

fn gift_card(number: u64, member: &str) -> Value {
    let event = sample(include_str!("../../../../events/gift-card/01-issue.json"));
    of(event, &[("member", member), ("card", &format!("g{number}"))])
}

fn balance(_: u64, member: &str) -> Value {
    of(sample(include_str!("../../../../events/wallet/01-balance.json")), &[("member", member)])
}

fn order(number: u64, member: &str) -> Value {
    let mut event = sample(include_str!("../../../../events/ingest/01-orders.json"));
    let records = event["Records"].as_array_mut().unwrap();
    records.truncate(1);
    let mut body = body_of_text(&records[0]["body"]);
    body["member"] = json!(member);
    body["order"] = json!(format!("o{number}"));
    body["transacted_at"] = now();
    records[0]["body"] = json!(body.to_string());
    event
}

fn line(number: u64, _: &str) -> Value {
    let mut event = sample(include_str!("../../../../events/publish/01-lines.json"));
    let records = event["Records"].as_array_mut().unwrap();
    records.truncate(1);
    records[0]["dynamodb"]["SequenceNumber"] = json!(number.to_string());
    event
}

fn sample(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn body_of(event: &Value) -> Value {
    body_of_text(&event["body"])
}

fn body_of_text(body: &Value) -> Value {
    sample(body.as_str().unwrap())
}

fn of(mut event: Value, path: &[(&str, &str)]) -> Value {
    for (name, value) in path {
        let parameter = event["pathParameters"].get_mut(*name).unwrap();
        *parameter = json!(value);
    }
    event
}

fn with_body(mut event: Value, body: &Value) -> Value {
    event["body"] = json!(body.to_string());
    event
}

/// The present, as requests write it.
fn now() -> Value {
    json!(system_clock()().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITERS: [&str; 5] = ["earn", "redeem", "credit", "gift-card", "ingest"];

    #[track_caller]
    fn check(done: Done, answer: &Value, is_done: bool) {
        assert_eq!(done.is(answer), is_done, "{answer}");
    }

    #[test]
    fn done_is_not_what_answers_with_an_error() {
        check(Done::Status(201), &json!({"statusCode": 201}), true);
        check(Done::Status(201), &json!({"statusCode": 200}), false);
        check(Done::Status(201), &json!({"statusCode": 503}), false);
        check(Done::Status(201), &json!({"errorMessage": "no"}), false);
        check(Done::WholeBatch, &json!({"batchItemFailures": []}), true);
        check(Done::WholeBatch, &json!({"batchItemFailures": [{"itemIdentifier": "1"}]}), false);
        check(Done::WholeBatch, &json!({}), false);
        check(Done::Swept, &json!({"failed": 0, "left": 0}), true);
        check(Done::Swept, &json!({"failed": 1, "left": 0}), false);
        check(Done::Swept, &json!({"failed": 0, "left": 1}), false);
        check(Done::Calls(2, 1), &json!({"reads": 2, "writes": 1}), true);
        check(Done::Calls(2, 1), &json!({"reads": 2, "writes": 0}), false);
    }

    #[test]
    fn event_names_another_operation_each_time() {
        for subject in SUBJECTS.iter().filter(|it| WRITERS.contains(&it.name)) {
            assert_ne!((subject.event)(1, "m"), (subject.event)(2, "m"), "{}", subject.name);
        }
    }
}
