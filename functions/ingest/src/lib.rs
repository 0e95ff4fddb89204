//! Orders from the queue, exactly once (API.md, "The order queue").
//!
//! The messages of one member in a batch are applied one after the other, in the order in which
//! they happened; different members in parallel. The decisions are those of the HTTP functions.
//!
//! | a message that | goes |
//! |---|---|
//! | was applied, now or before | nowhere: it is acknowledged |
//! | can be applied later: a return before its order, contention, a store that does not answer, no time left in this batch | back to its queue |
//! | never can be: malformed, refused | to the quarantine with its reason, and is acknowledged |
//!
//! Nothing is dropped: what the quarantine does not take goes back to its queue.

mod message;
mod quarantine;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant as Stopwatch};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_sqs::Client;
use lambda_runtime::{LambdaEvent, service_fn};
use scrip_credit::issue;
use scrip_domain::id::{MemberId, OrderId};
use scrip_earn::{award, purchase, returns};
use scrip_edge::{
    Answer, App, Caller, Code, Measurement, Problem, StartError, Unit, aws, start_logging, stop_at,
};
use scrip_store::Usage;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

pub use message::Message;
pub use quarantine::{NotTaken, Quarantine, Quarantined};

/// The name of the function.
const NAME: &str = "ingest";
/// The variable with the URL of the quarantine queue.
const QUARANTINE: &str = "SCRIP_QUARANTINE_URL";
/// Members whose messages are applied at once: as many calls are under way, which one connection
/// each carries easily.
const MEMBERS_AT_ONCE: usize = 16;
/// No message is begun this long before Lambda would end the function: one that meets contention
/// is tried for 10 s, and looked up once more.
const BEFORE_DEADLINE: Duration = Duration::from_secs(15);
/// Why a message was not begun.
const NO_TIME: &str = "the batch has no time left";
/// Who asks, when the queue does not say who sent a message.
const QUEUE: &str = "order-queue";

/// The function `ingest`.
#[derive(Clone)]
pub struct Ingest {
    /// What every function works with.
    pub app: App,
    /// Where refused messages go.
    pub quarantine: Quarantine,
}

/// What a batch came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Messages applied by this batch.
    pub applied: usize,
    /// Messages that were applied before.
    pub replayed: usize,
    /// Messages put in quarantine.
    pub quarantined: usize,
    /// Ids of the messages that go back to their queue, and why.
    pub given_back: Vec<(String, Problem)>,
    /// What was applied or had been, by the kind of its line and what came of it.
    pub operations: BTreeMap<(&'static str, &'static str), u64>,
    /// What it cost.
    pub usage: Usage,
}

/// A message of a batch.
struct Delivery {
    /// Its place in the batch.
    place: usize,
    id: String,
    caller: Caller,
    body: String,
}

/// A message that was not applied, and why.
type Refused = (Delivery, Problem);

/// What became of one message.
enum Outcome {
    /// With the kind of its line, and whether it was written or had been.
    Done(&'static str, &'static str),
    Quarantined,
    GivenBack(Problem),
}

/// Runs the function under Lambda until it is stopped.
///
/// # Errors
/// When it cannot start, or the Runtime API fails.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    start_logging();
    let shared = aws().await;
    let url = std::env::var(QUARANTINE).map_err(|_| StartError::Variable(QUARANTINE))?;
    let quarantine = Quarantine::Queue { client: Client::new(&shared), url: url.into() };
    let ingest = Ingest { app: App::from_aws(&shared)?, quarantine };
    lambda_runtime::run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let ingest = ingest.clone();
        Box::pin(async move {
            let stop_at = stop_at(&event.context, BEFORE_DEADLINE);
            let report = ingest.handle(event.payload, stop_at).await;
            let mut response = SqsBatchResponse::default();
            report.given_back.into_iter().for_each(|(id, _)| response.add_failure(id));
            Ok::<_, lambda_runtime::Error>(response)
        })
    }))
    .await
}

impl Ingest {
    /// Applies a batch, begins no message after `stop_at`, and logs what it came to.
    pub async fn handle(&self, event: SqsEvent, stop_at: Option<Stopwatch>) -> Report {
        let started = Stopwatch::now();
        let ingest = Self { app: self.app.for_request(), quarantine: self.quarantine.clone() };
        let mut report = ingest.apply(event, stop_at).await;
        report.usage = ingest.app.ledger.usage();
        ingest.app.telemetry.tell(report.measurements(started));
        report
    }

    async fn apply(&self, event: SqsEvent, stop_at: Option<Stopwatch>) -> Report {
        let mut report = Report::default();
        let deliveries: Vec<Delivery> =
            event.records.into_iter().enumerate().map(|(place, it)| delivery(place, it)).collect();
        // Without a program nothing can be decided yet, and nothing is anybody's fault.
        if let Err(problem) = self.app.program().await {
            log_given_back("batch", &problem);
            let reason = || Problem::new(problem.code, problem.to_string());
            report.given_back = deliveries.into_iter().map(|it| (it.id, reason())).collect();
            return report;
        }
        let mut members = JoinSet::new();
        let gate = Arc::new(Semaphore::new(MEMBERS_AT_ONCE));
        let mut open: BTreeSet<String> = deliveries.iter().map(|it| it.id.clone()).collect();
        let (grouped, mut refused) = self.grouped(deliveries, stop_at).await;
        for (member, messages) in grouped {
            let (ingest, gate) = (self.clone(), Arc::clone(&gate));
            members.spawn(async move {
                // It is never closed.
                let _turn = gate.acquire_owned().await;
                ingest.apply_all(&member, messages, stop_at).await
            });
        }
        while let Some(ended) = members.join_next().await {
            let (done, not) = ended.unwrap_or_default();
            refused.extend(not);
            for (id, outcome) in done {
                open.remove(&id);
                report.count(id, outcome);
            }
        }
        // Last: a quarantine that does not answer holds up nothing.
        for (id, outcome) in self.refuse_all(refused, stop_at).await {
            open.remove(&id);
            report.count(id, outcome);
        }
        // Of what a task did not live to tell nothing is known: it comes again.
        report.given_back.extend(open.into_iter().map(|id| {
            let problem = Problem::new(Code::Unavailable, "it is not known what became of it");
            (id, problem)
        }));
        report
    }

    /// The messages of each member in the order in which they happened, and those that cannot be
    /// attributed to one, or not in time.
    async fn grouped(
        &self,
        deliveries: Vec<Delivery>,
        stop_at: Option<Stopwatch>,
    ) -> (BTreeMap<MemberId, Vec<(Delivery, Message)>>, Vec<Refused>) {
        let (mut groups, mut strays) = (BTreeMap::<_, Vec<_>>::new(), Vec::new());
        let (mut completed, mut unattributed) = (HashMap::new(), Vec::new());
        for delivery in deliveries {
            let message = match Message::read(&delivery.body) {
                Ok(message) => message,
                Err(problem) => {
                    strays.push((delivery, problem));
                    continue;
                }
            };
            let member = match &message {
                Message::Completed(member, order, _) => {
                    completed.insert(order.clone(), member.clone());
                    member.clone()
                }
                Message::CreditIssued(member, ..)
                | Message::AwardGranted(member, ..)
                | Message::Returned(Some(member), ..) => member.clone(),
                Message::Returned(None, order, ..) => {
                    unattributed.push((order.clone(), delivery, message));
                    continue;
                }
            };
            groups.entry(member).or_default().push((delivery, message));
        }
        for (order, delivery, message) in unattributed {
            if is_over(stop_at) {
                strays.push((delivery, Problem::new(Code::Unavailable, NO_TIME)));
                continue;
            }
            match self.member_of(&order, &completed).await {
                Ok(member) => groups.entry(member).or_default().push((delivery, message)),
                Err(problem) => strays.push((delivery, problem)),
            }
        }
        for messages in groups.values_mut() {
            messages.sort_by_key(|(delivery, message)| (message.order(), delivery.place));
        }
        (groups, strays)
    }

    /// Whose order it is: as its marker says, or the same batch.
    async fn member_of(
        &self,
        order: &OrderId,
        completed: &HashMap<OrderId, MemberId>,
    ) -> Result<MemberId, Problem> {
        let marked = self.app.ledger.member_of_order(order).await?;
        let member = marked.or_else(|| completed.get(order).cloned());
        member.ok_or_else(order_unknown)
    }

    /// Applies the messages of one member; those that are not applied come back with why. When the
    /// wallet is contended or the store does not answer, the later ones wait, too, so that they
    /// stay in their order.
    async fn apply_all(
        &self,
        member: &MemberId,
        messages: Vec<(Delivery, Message)>,
        stop_at: Option<Stopwatch>,
    ) -> (Vec<(String, Outcome)>, Vec<Refused>) {
        let (mut outcomes, mut refused) = (Vec::with_capacity(messages.len()), Vec::new());
        let mut waits: Option<&str> = None;
        for (delivery, message) in messages {
            if is_over(stop_at) {
                waits = Some(NO_TIME);
            }
            if let Some(why) = waits {
                let problem = Problem::new(Code::Unavailable, why);
                outcomes.push((delivery.id, Outcome::GivenBack(problem)));
                continue;
            }
            match self.apply_one(member, &delivery.caller, message).await {
                Ok(answer) => {
                    let done = Outcome::Done(answer.kind(), answer.outcome());
                    outcomes.push((delivery.id, done));
                }
                Err(problem) => {
                    if matches!(problem.code, Code::Contended | Code::Unavailable) {
                        waits = Some("an earlier message of the member waits");
                    }
                    refused.push((delivery, problem));
                }
            }
        }
        (outcomes, refused)
    }

    async fn refuse_all(
        &self,
        refused: Vec<Refused>,
        stop_at: Option<Stopwatch>,
    ) -> Vec<(String, Outcome)> {
        let mut outcomes = Vec::with_capacity(refused.len());
        for (delivery, problem) in refused {
            let outcome = if is_over(stop_at) {
                Outcome::GivenBack(Problem::new(Code::Unavailable, NO_TIME))
            } else {
                self.refuse(&delivery, problem).await
            };
            outcomes.push((delivery.id, outcome));
        }
        outcomes
    }

    async fn apply_one(
        &self,
        member: &MemberId,
        caller: &Caller,
        message: Message,
    ) -> Result<Answer, Problem> {
        let (app, member) = (&self.app, member.clone());
        match message {
            Message::Completed(_, order, body) => {
                purchase::record(app, caller, member, order, &body).await
            }
            Message::Returned(named, order, id, body) => {
                let recorded = returns::record(app, caller, member, (order, id), &body).await;
                recorded.map_err(|problem| match problem.code {
                    // Its batch had the order under another name; the next time a marker knows.
                    Code::OrderBelongsToAnotherMember if named.is_none() => order_unknown(),
                    _ => problem,
                })
            }
            Message::CreditIssued(_, id, body) => {
                issue::record_credit(app, caller, member, id, &body).await
            }
            Message::AwardGranted(_, award, body) => {
                award::record(app, caller, member, award, body).await
            }
        }
    }

    /// Gives a message back that may be applied later, and puts one in quarantine that never will.
    async fn refuse(&self, delivery: &Delivery, problem: Problem) -> Outcome {
        let Delivery { id, body, .. } = delivery;
        if problem.code.is_retryable() {
            log_given_back(id, &problem);
            return Outcome::GivenBack(problem);
        }
        match self.quarantine.put(id, body, &problem).await {
            Ok(()) => {
                let code = problem.code.as_str();
                tracing::warn!(function = NAME, message = id, code, "quarantined");
                Outcome::Quarantined
            }
            Err(error) => {
                tracing::error!(function = NAME, message = id, %error, "not quarantined");
                Outcome::GivenBack(problem)
            }
        }
    }
}

impl Report {
    fn count(&mut self, id: String, outcome: Outcome) {
        let count = match outcome {
            Outcome::Done(kind, outcome) => {
                let operations = self.operations.entry((kind, outcome)).or_default();
                *operations = operations.saturating_add(1);
                if outcome == "replayed" { &mut self.replayed } else { &mut self.applied }
            }
            Outcome::Quarantined => &mut self.quarantined,
            Outcome::GivenBack(problem) => return self.given_back.push((id, problem)),
        };
        *count = count.saturating_add(1);
    }

    /// One of the batch, and one of each kind of operation in it.
    fn measurements(&self, started: Stopwatch) -> Vec<Measurement> {
        let messages = [
            ("applied", self.applied),
            ("replayed", self.replayed),
            ("quarantined", self.quarantined),
            ("given_back", self.given_back.len()),
        ];
        let batch = messages.into_iter().fold(Measurement::of(NAME), |batch, (name, count)| {
            batch.with(name, count).counted(&["function"], &[(name, Unit::Count)])
        });
        let operations = self.operations.iter().map(|((kind, outcome), count)| {
            Measurement::of(NAME).with_operations(kind, outcome, *count)
        });
        let batch = batch.with_usage(self.usage).with_latency(started);
        std::iter::once(batch).chain(operations).collect()
    }
}

fn delivery(place: usize, message: SqsMessage) -> Delivery {
    let caller = message.attributes.get("SenderId").map_or(QUEUE, String::as_str);
    Delivery {
        place,
        id: message.message_id.unwrap_or_default(),
        caller: Caller::named(caller),
        body: message.body.unwrap_or_default(),
    }
}

/// Whether a batch has no time left to begin anything more.
fn is_over(stop_at: Option<Stopwatch>) -> bool {
    stop_at.is_some_and(|stop_at| stop_at <= Stopwatch::now())
}

fn order_unknown() -> Problem {
    Problem::new(Code::OrderUnknown, "nobody has such an order yet")
}

fn log_given_back(message: &str, problem: &Problem) {
    let code = problem.code.as_str();
    if let Some(error) = problem.internal() {
        tracing::error!(function = NAME, message, code, %error, "given back");
    } else {
        tracing::info!(function = NAME, message, code, "given back");
    }
}
