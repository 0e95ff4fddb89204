//! Rounds: each starts the function, the probe, Node and Python one after the other, so that whatever
//! else the machine does hits all of them alike.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use scrip_domain::time::Instant;
use scrip_local::{Embedded, SAMPLE_PROGRAM, Sandbox, TABLE};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::calls::{Plan, Recorder, items, services, way_to};
use crate::subject::{Calls, Done, Subject, award, lot, purchase};

/// Who is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Contender {
    Function,
    Probe,
    Node,
    Python,
}

impl Contender {
    pub(crate) const ALL: [Self; 4] = [Self::Function, Self::Probe, Self::Node, Self::Python];
}

/// How often.
#[derive(Clone, Copy)]
pub(crate) struct Often {
    /// Starts of each contender.
    pub(crate) rounds: usize,
    /// Invocations of each start, after the first.
    pub(crate) warm: usize,
}

/// Where things are.
pub(crate) struct Places {
    /// The binaries.
    pub(crate) release: PathBuf,
    /// Node's and Python's packages.
    pub(crate) packages: PathBuf,
    pub(crate) node: PathBuf,
}

/// Medians of a contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Medians {
    /// From the start of the process to its first answer.
    pub(crate) cold: Duration,
    /// From handing out an event to its answer.
    pub(crate) warm: Duration,
    /// The most memory that the process had, at the end of a round.
    pub(crate) peak_kb: u64,
}

/// What was measured of a function.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) work: &'static str,
    /// The calls of a first invocation, and of a later one.
    pub(crate) calls: (Plan, Plan),
    pub(crate) medians: BTreeMap<Contender, Medians>,
    pub(crate) binary_bytes: u64,
    pub(crate) zip_bytes: u64,
}

/// A function with a ledger of its own.
pub(crate) struct Bench<'a> {
    pub(crate) subject: &'a Subject,
    places: &'a Places,
    pub(crate) embedded: Embedded,
    recorder: Recorder,
    /// Where every service but the store is.
    services: String,
    members: u64,
    /// What the function puts or finds, for the probes.
    items: Vec<Value>,
}

#[derive(Default)]
struct Samples {
    cold: Vec<Duration>,
    warm: Vec<Duration>,
    peak_kb: Vec<u64>,
}

/// Measures a function beside the others.
pub(crate) async fn measure(subject: &Subject, places: &Places, often: Often) -> Row {
    let mut bench = Bench::new(subject, places, often.rounds * (often.warm + 1)).await;
    let (cold, warm) = bench.plans().await;
    let mut samples: BTreeMap<Contender, Samples> = BTreeMap::new();
    for round in 0..often.rounds {
        eprint!("\r{:<10} {:>2} of {}", subject.name, round + 1, often.rounds);
        for contender in Contender::ALL {
            let samples = samples.entry(contender).or_default();
            let mut sandbox = bench.start(contender, bench.embedded.endpoint()).await;
            for turn in 0..=often.warm {
                let plan = if turn == 0 { &cold } else { &warm };
                let number = bench.first_number() + index(round * (often.warm + 1) + turn);
                let event = bench.event(contender, plan, number);
                let answered = sandbox.invoke(event.to_string()).await.unwrap();
                bench.check(contender, plan, &answered.body);
                if turn == 0 {
                    samples.cold.push(answered.at - sandbox.started_at);
                } else {
                    samples.warm.push(answered.at - answered.handed_out_at);
                }
            }
            samples.peak_kb.push(peak_kb(sandbox.process().unwrap()));
            sandbox.stop().await.unwrap();
        }
    }
    eprintln!();
    let binary = places.release.join(subject.name);
    let zip = places.packages.join(format!("{}.zip", subject.name));
    Row {
        name: subject.name,
        work: subject.work,
        calls: (cold, warm),
        medians: samples.into_iter().map(|(who, samples)| (who, samples.medians())).collect(),
        binary_bytes: fs::metadata(binary).unwrap().len(),
        zip_bytes: fs::metadata(zip).unwrap().len(),
    }
}

impl<'a> Bench<'a> {
    /// With a member for each operation: all of them find and write lines of one size, and so do the
    /// probes.
    pub(crate) async fn new(subject: &'a Subject, places: &'a Places, operations: usize) -> Self {
        let embedded = Embedded::memory().await.unwrap();
        let ledger = embedded.ledger(Arc::new(|| Instant::EPOCH));
        let program = serde_json::from_str(SAMPLE_PROGRAM).unwrap();
        ledger.set_program(program, 0, "bench").await.unwrap();
        let recorder = Recorder::default();
        let services = services(recorder.clone()).await;
        let members = index(operations);
        let items = Vec::new();
        let bench = Self { subject, places, embedded, recorder, services, members, items };
        bench.seed().await;
        bench
    }

    /// Gives every member what they begin with.
    async fn seed(&self) {
        let Subject { on_members, lots, .. } = *self.subject;
        if !on_members && lots == 0 {
            return;
        }
        let mut earn = Command::new(self.places.release.join("earn"));
        earn.env_clear().envs(self.variables(self.embedded.endpoint()));
        let mut earn = Sandbox::start(earn).await.unwrap();
        for number in 0..self.members {
            let member = self.member(number);
            let start = on_members.then(|| [award(&member), purchase(number, &member)]);
            let lots = (0..lots).map(|number| lot(number, &member));
            for event in start.into_iter().flatten().chain(lots) {
                let answered = earn.invoke(event.to_string()).await.unwrap();
                assert_done(Done::Status(201), &answered.body);
            }
        }
        earn.stop().await.unwrap();
    }

    /// What the function calls at a first and at a later invocation, for members that have been there
    /// before.
    pub(crate) async fn plans(&mut self) -> (Plan, Plan) {
        let way = way_to(self.embedded.endpoint().to_owned(), self.recorder.clone()).await;
        let mut later = Vec::new();
        let mut sandbox = self.start(Contender::Function, &way).await;
        for number in self.members..self.first_number() - 1 {
            self.recorder.take();
            self.invoke_function(&mut sandbox, number).await;
            later = self.recorder.take();
        }
        sandbox.stop().await.unwrap();
        let mut sandbox = self.start(Contender::Function, &way).await;
        self.invoke_function(&mut sandbox, self.first_number() - 1).await;
        let first = self.recorder.take();
        sandbox.stop().await.unwrap();
        self.items = items(&later);
        let (cold, warm) =
            [first, later].map(|calls| Plan::of(&calls, self.subject.at_once)).into();
        self.let_be_found().await;
        (cold, warm)
    }

    async fn invoke_function(&self, sandbox: &mut Sandbox, number: u64) {
        let event = (self.subject.event)(number, &self.member(number));
        let answered = sandbox.invoke(event.to_string()).await.unwrap();
        assert_done(self.subject.done, &answered.body);
    }

    /// Gives each partition of the probes the newest line of a member.
    async fn let_be_found(&self) {
        let items = serde_json::from_value::<Vec<serde_dynamo::Item>>(json!(self.items)).unwrap();
        let Some(item) = items.into_iter().next_back() else { return };
        let item: HashMap<String, AttributeValue> = item.into();
        for contender in [Contender::Probe, Contender::Node, Contender::Python] {
            for number in 0..self.members {
                let put = self.embedded.client().put_item().table_name(TABLE);
                put.set_item(Some(item.clone()))
                    .item("pk", AttributeValue::S(self.partition(contender, number)))
                    .item("sk", AttributeValue::S("E#000000000000".to_owned()))
                    .item("op", AttributeValue::S("OP#0#".to_owned()))
                    .send()
                    .await
                    .unwrap();
            }
        }
    }

    /// The number of the first operation that is measured: every member has had a purchase, where
    /// they begin with one, and two operations of the function.
    pub(crate) fn first_number(&self) -> u64 {
        self.members * 3 + 1
    }

    fn member(&self, number: u64) -> String {
        format!("m{}", number % self.members)
    }

    fn partition(&self, contender: Contender, number: u64) -> String {
        format!("{contender:?}#{}", self.member(number))
    }

    pub(crate) fn event(&self, contender: Contender, plan: &Plan, number: u64) -> Value {
        match contender {
            Contender::Function => (self.subject.event)(number, &self.member(number)),
            other => plan.event(&self.partition(other, number), number),
        }
    }

    pub(crate) fn check(&self, contender: Contender, plan: &Plan, answer: &[u8]) {
        let done = match contender {
            Contender::Function => self.subject.done,
            _ => Done::Calls(plan.reads, plan.writes),
        };
        assert_done(done, answer);
    }

    async fn start(&self, contender: Contender, store: &str) -> Sandbox {
        Sandbox::start(self.command(contender, store)).await.unwrap()
    }

    pub(crate) fn command(&self, contender: Contender, store: &str) -> Command {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("start");
        let Places { release, packages, node } = self.places;
        let mut command = match contender {
            Contender::Function => Command::new(release.join(self.subject.name)),
            Contender::Probe => Command::new(release.join("probe")),
            Contender::Node => {
                let mut command = Command::new(node);
                command.arg(sources.join("probe.cjs"));
                command
            }
            Contender::Python => {
                let mut command = Command::new(packages.join("venv/bin/python"));
                command.arg(sources.join("probe.py"));
                command
            }
        };
        let elsewhere = contender != Contender::Function && self.subject.calls == Calls::Others;
        let store = if elsewhere { &self.services } else { store };
        command.env_clear().envs(self.variables(store));
        if contender == Contender::Node {
            command.env("NODE_PATH", packages.join("node_modules"));
        }
        if contender == Contender::Function {
            command.envs(self.subject.variables.iter().copied());
        } else {
            command.env("PROBE_ITEMS", json!(self.items).to_string());
        }
        command
    }

    fn variables<'b>(&'b self, store: &'b str) -> [(&'static str, &'b str); 9] {
        [
            ("AWS_ENDPOINT_URL_DYNAMODB", store),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", &self.services),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &self.services),
            ("AWS_ENDPOINT_URL_SQS", &self.services),
            ("AWS_ACCESS_KEY_ID", self.embedded.access_key()),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("AWS_REGION", "us-east-1"),
            ("SCRIP_TABLE", TABLE),
            ("SCRIP_METRICS", "scrip/bench"),
        ]
    }
}

impl Samples {
    fn medians(self) -> Medians {
        Medians { cold: median(self.cold), warm: median(self.warm), peak_kb: median(self.peak_kb) }
    }
}

/// The middle one, or the later of the two.
fn median<T: Copy + Ord>(mut samples: Vec<T>) -> T {
    samples.sort_unstable();
    samples[samples.len() / 2]
}

#[track_caller]
fn assert_done(done: Done, answer: &[u8]) {
    let answer: Value = serde_json::from_slice(answer).unwrap();
    assert!(done.is(&answer), "{answer}");
}

pub(crate) fn index(count: usize) -> u64 {
    u64::try_from(count).unwrap()
}

/// The most memory that a process has had so far, in KB.
fn peak_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}
