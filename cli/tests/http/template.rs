//! `template.yaml` is what the code needs: the same table, every route with its scope, and what linters
//! do not see. Tags such as `!Ref` and `!GetAtt` are dropped in reading, so that what they name is left.

mod policies;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use scrip_edge::Function;
use scrip_local::{Embedded, TABLE};
use serde_json::{Map, Value, json};

/// The template, or a part of it.
pub(crate) fn template() -> Value {
    serde_saphyr::from_str(include_str!("../../../template.yaml")).unwrap()
}

fn resources(of_type: &str) -> BTreeMap<String, Value> {
    let template = template();
    let all = template["Resources"].as_object().unwrap().clone();
    all.into_iter().filter(|(_, resource)| resource["Type"] == of_type).collect()
}

fn properties(name: &str) -> Value {
    template()["Resources"][name]["Properties"].clone()
}

/// The functions: what their logical ids begin with, and their folders.
const FUNCTIONS: [(&str, &str); 10] = [
    ("Earn", "earn"),
    ("Credit", "credit"),
    ("Redeem", "redeem"),
    ("GiftCard", "gift-card"),
    ("Wallet", "wallet"),
    ("Program", "program"),
    ("Ingest", "ingest"),
    ("Expire", "expire"),
    ("Revert", "revert"),
    ("Publish", "publish"),
];

#[tokio::test]
async fn template_has_the_table_that_the_store_makes() {
    let embedded = Embedded::memory().await.unwrap();
    let made = embedded.client().describe_table().table_name(TABLE).send().await.unwrap();
    let made = made.table.unwrap();
    let schema = |keys: &[aws_sdk_dynamodb::types::KeySchemaElement]| -> Value {
        let keys = keys.iter().map(|key| {
            json!({"AttributeName": key.attribute_name(), "KeyType": key.key_type().as_str()})
        });
        keys.collect()
    };
    let attributes: BTreeSet<String> = made
        .attribute_definitions()
        .iter()
        .map(|it| format!("{} {}", it.attribute_name(), it.attribute_type().as_str()))
        .collect();
    let index = &made.local_secondary_indexes()[0];
    let declared = properties("Table");
    let declared_attributes: BTreeSet<String> = declared["AttributeDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!(
                "{} {}",
                it["AttributeName"].as_str().unwrap(),
                it["AttributeType"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(declared_attributes, attributes);
    assert_eq!(declared["KeySchema"], schema(made.key_schema()));
    let projection = index.projection().unwrap().projection_type().unwrap().as_str();
    assert_eq!(
        declared["LocalSecondaryIndexes"],
        json!([{"IndexName": index.index_name(), "KeySchema": schema(index.key_schema()),
                "Projection": {"ProjectionType": projection}}])
    );
    let billing = made.billing_mode_summary().and_then(|summary| summary.billing_mode());
    assert_eq!(declared["BillingMode"], billing.unwrap().as_str());
}

#[test]
fn what_cannot_be_made_again_is_kept_and_protected() {
    let template = template();
    for name in ["Table", "KeyRing"] {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(template["Resources"][name][policy], "Retain", "{name} {policy}");
        }
    }
    let table = properties("Table");
    assert_eq!(table["DeletionProtectionEnabled"], true);
    assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true);
    assert_eq!(table["StreamSpecification"]["StreamViewType"], "NEW_IMAGE");
    assert_eq!(table["TimeToLiveSpecification"], json!({"AttributeName": "ttl", "Enabled": true}));
    let seed = properties("KeyRing")["GenerateSecretString"].clone();
    let expected = json!({"SecretStringTemplate": r#"{"current": "1"}"#, "GenerateStringKey": "1",
        "PasswordLength": 64, "ExcludePunctuation": true});
    assert_eq!(seed, expected, "another seed would replace the ring, and every PIN with it");
}

fn routes_of<F: Function>(logical: &str) -> impl Iterator<Item = (String, (String, String))> {
    F::ROUTES.iter().map(move |route| {
        let target = format!("integrations/${{{logical}Integration}}");
        (route.key.to_owned(), (route.scope.as_str().to_owned(), target))
    })
}

#[test]
fn api_has_every_route_with_its_scope_and_no_other() {
    let routes: BTreeMap<_, _> = routes_of::<scrip_earn::Earn>("Earn")
        .chain(routes_of::<scrip_credit::Credit>("Credit"))
        .chain(routes_of::<scrip_redeem::Redeem>("Redeem"))
        .chain(routes_of::<scrip_gift_card::GiftCard>("GiftCard"))
        .chain(routes_of::<scrip_wallet::Wallet>("Wallet"))
        .chain(routes_of::<scrip_program::ProgramFunction>("Program"))
        .collect();
    let mut declared = BTreeMap::new();
    for (name, route) in resources("AWS::ApiGatewayV2::Route") {
        let route = &route["Properties"];
        assert_eq!(route["AuthorizationType"], json!(["UseJwt", "JWT", "AWS_IAM"]), "{name}");
        assert_eq!(route["AuthorizerId"][1], "JwtAuthorizer", "{name}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let scope = text(&route["AuthorizationScopes"][1][0]);
        declared.insert(text(&route["RouteKey"]), (scope, text(&route["Target"])));
    }
    assert_eq!(declared, routes);
    for route in properties("Stage")["RouteSettings"].as_object().unwrap().keys() {
        assert!(routes.contains_key(route), "{route} is throttled, and is not there");
    }
    for (name, integration) in resources("AWS::ApiGatewayV2::Integration") {
        let logical = name.strip_suffix("Integration").unwrap();
        assert_eq!(integration["Properties"]["IntegrationUri"], format!("{logical}Function.Alias"));
        let permission = properties(&format!("{logical}Permission"));
        assert_eq!(permission["FunctionName"], format!("{logical}Function.Alias"));
    }
}

#[test]
fn every_function_is_there_with_an_alarm_that_takes_a_release_back() {
    let folders: BTreeSet<String> =
        std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions"))
            .unwrap()
            .map(|folder| folder.unwrap().file_name().to_str().unwrap().to_owned())
            .collect();
    let named = FUNCTIONS.map(|(_, folder)| folder.to_owned());
    assert_eq!(folders, named.into());
    assert_eq!(resources("AWS::Serverless::Function").len(), FUNCTIONS.len());
    for (logical, folder) in FUNCTIONS {
        let function = properties(&format!("{logical}Function"));
        assert_eq!(function["CodeUri"], format!("functions/{folder}"));
        let alarm = format!("{logical}Errors");
        assert_eq!(function["DeploymentPreference"]["Alarms"], json!([alarm]));
        let dimensions = json!([{"Name": "FunctionName", "Value": format!("{logical}Function")}]);
        assert_eq!(properties(&alarm)["Dimensions"], dimensions);
        assert_eq!(properties(&alarm)["MetricName"], "Errors");
    }
    let globals = template()["Globals"]["Function"].clone();
    assert_eq!(globals["DeploymentPreference"]["Enabled"], "Canary");
    assert_eq!(globals["AutoPublishAlias"], "live");
}

#[test]
fn functions_are_given_what_they_read_from_the_environment() {
    let given = |logical: &str| -> Map<String, Value> {
        let all = template()["Globals"]["Function"]["Environment"]["Variables"].clone();
        let own = properties(&format!("{logical}Function"))["Environment"]["Variables"].clone();
        let own = own.as_object().cloned().unwrap_or_default();
        all.as_object().unwrap().clone().into_iter().chain(own).collect()
    };
    let common = json!({"SCRIP_TABLE": "TableName", "SCRIP_METRICS": "scrip/${AWS::StackName}"});
    for (logical, _) in FUNCTIONS {
        let more = match logical {
            "Redeem" | "GiftCard" => json!({"SCRIP_KEYS_SECRET": "KeyRing.Id"}),
            "Ingest" => json!({"SCRIP_QUARANTINE_URL": "QuarantineQueue"}),
            "Publish" => json!({"SCRIP_BUS": "EventBus"}),
            _ => json!({}),
        };
        let mut expected = common.as_object().unwrap().clone();
        expected.extend(more.as_object().unwrap().clone());
        assert_eq!(given(logical), expected, "{logical}");
    }
}

#[test]
fn queues_wait_long_enough_and_lose_nothing() {
    let queues = resources("AWS::SQS::Queue");
    let mut ends = BTreeSet::new();
    for queue in queues.values() {
        if let Some(target) = queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"].as_str() {
            ends.insert(target.trim_end_matches(".Arn").to_owned());
        }
        assert_eq!(
            queue["Properties"]["MessageRetentionPeriod"], 1_209_600,
            "14 days, the longest"
        );
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true);
    }
    // What is set aside by something else than a queue.
    ends.extend(["QuarantineQueue", "UnpublishedQueue", "UnstartedQueue"].map(str::to_owned));
    let reading: BTreeSet<String> =
        queues.keys().filter(|name| !ends.contains(*name)).cloned().collect();
    assert_eq!(reading, ["OrderQueue".to_owned()].into());
    assert_eq!(ends.len() + reading.len(), queues.len(), "every end is there");

    let (source, queue) = (properties("OrderSource"), properties("OrderQueue"));
    let timeout = properties("IngestFunction")["Timeout"].as_u64().unwrap();
    let window = source["MaximumBatchingWindowInSeconds"].as_u64().unwrap();
    assert!(1 <= window && 10 < source["BatchSize"].as_u64().unwrap());
    assert!(6 * timeout + window <= queue["VisibilityTimeout"].as_u64().unwrap());
    assert_eq!(source["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    assert!(source["FilterCriteria"].is_null(), "what a filter does not match is deleted");
    let covered = properties("QueuePolicy")["Queues"].as_array().unwrap().clone();
    let covered: BTreeSet<&str> = covered.iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(covered, queues.keys().map(String::as_str).collect(), "all refuse what has no TLS");

    let stream = properties("StreamSource");
    assert_eq!(stream["ParallelizationFactor"], 1, "events of an account stay in their order");
    assert_eq!(stream["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    assert_eq!(stream["StartingPosition"], "TRIM_HORIZON");
    assert_eq!(stream["DestinationConfig"]["OnFailure"]["Destination"], "UnpublishedQueue.Arn");
}

#[test]
fn jobs_run_on_their_schedule_with_time_to_finish() {
    for logical in ["ExpireFunction", "RevertFunction"] {
        let function = properties(logical);
        assert_eq!(function["Timeout"], 900, "the longest: a run ends 30 s before");
        let schedule = &function["Events"]["Schedule"];
        assert_eq!(schedule["Type"], "ScheduleV2");
        assert_eq!(schedule["Properties"]["ScheduleExpression"], "SweepSchedule");
        assert_eq!(schedule["Properties"]["DeadLetterConfig"]["Arn"], "UnstartedQueue.Arn");
    }
}

/// The headings of a page, as links to them are written.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    let anchors = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    anchors.map(|heading| heading.replace(' ', "-")).collect()
}

#[test]
fn every_alarm_is_told_and_explained() {
    let anchors = anchors(include_str!("../../../docs/operations.md"));
    let mut watched = BTreeSet::new();
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        assert_eq!(alarm["AlarmActions"], json!(["AlarmTopic"]), "{name}");
        let description = alarm["AlarmDescription"].as_str().unwrap();
        let (_, anchor) = description.split_once("docs/operations.md#").unwrap();
        let anchor = anchor.trim_end_matches('.');
        assert!(anchors.contains(anchor), "{name}: docs/operations.md has no heading {anchor}");
        watched.insert(alarm["MetricName"].as_str().unwrap().to_owned());
        // The age of what is due comes from the job: none means that it did not run.
        let missing = if name.ends_with("DueAge") { "breaching" } else { "notBreaching" };
        assert_eq!(alarm["TreatMissingData"], missing, "{name}");
    }
    for metric in ["Throttles", "5xx", "Latency", "IteratorAge", "due_age_s", "failed", "refusals"]
    {
        assert!(watched.contains(metric), "nobody watches {metric}");
    }
    for queue in resources("AWS::SQS::Queue").keys().filter(|name| *name != "OrderQueue") {
        let alarms = resources("AWS::CloudWatch::Alarm");
        let dimension = json!([{"Name": "QueueName", "Value": format!("{queue}.QueueName")}]);
        let found = alarms.values().any(|alarm| {
            alarm["Properties"]["Dimensions"] == dimension
                && alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
        });
        assert!(found, "nobody watches {queue}");
    }
}

#[test]
fn dashboard_is_one() {
    let body = properties("Dashboard")["DashboardBody"].as_str().unwrap().to_owned();
    let body: Value = serde_json::from_str(&body).unwrap();
    let shown = body.to_string();
    for metric in [
        "operations",
        "refusals",
        "races_lost",
        "write_units",
        "read_units",
        "value",
        "due_age_s",
        "visited",
    ] {
        assert!(shown.contains(metric), "{metric}");
    }
}
