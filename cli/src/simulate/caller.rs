//! Callers as they are: they send again what was not answered, now and then though it was, twice at
//! once, or under the same name something else.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::encodings::Body;
use scrip_domain::wallet::Job;
use scrip_edge::{App, Handled, SweepOptions, serve, sweep};
use scrip_expire::Expire;
use scrip_revert::Revert;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use crate::simulate::ask::Ask;
use crate::simulate::dice::Dice;
use crate::simulate::invocation::Invocation;
use crate::simulate::journal::Reply;
use crate::simulate::kind::Kind;
use crate::simulate::plan::{Act, Step};
use crate::simulate::request::{Maker, as_number};
use crate::simulate::run::Run;
use crate::simulate::world::Function;
use crate::simulate::{passbook, queue, time_of};

/// How often a request is sent until its caller gives up.
const TRIES_MAX: u64 = 6;
/// Until API Gateway answers that it has waited long enough, in milliseconds.
const GATEWAY_MS: u64 = 29_000;
/// Where the attempts of a second sender begin.
const TWIN: u64 = 100;
/// Where those begin that come though there was an answer.
const AGAIN: u64 = 200;

/// Does one step.
pub(crate) async fn act(run: &Arc<Run>, step: &Step) {
    match step.act {
        Act::Http(kind) => Box::pin(http(run, step, kind)).await,
        Act::Queue => Box::pin(queue::deliver(run, step)).await,
        Act::Sweep(job) => Box::pin(swept(run, step, job)).await,
        Act::Publish => {
            let mut dice = Dice::of(&[run.world.seed, as_number(step.index), 3]);
            Box::pin(super::consumer::consume(run, Some(step.index), &mut dice)).await;
        }
        Act::Jump(_) => {}
    }
}

async fn http(run: &Arc<Run>, step: &Step, kind: Kind) {
    let mut dice = Dice::of(&[run.world.seed, as_number(step.index), 4]);
    let (is_other, is_twin, is_again) = (dice.percent(3), dice.percent(8), dice.percent(10));
    let Some(ask) = asked(run, step, 0, kind, is_other) else { return };
    if is_twin {
        let (one, other) = (tries(run, &ask, 0), tries(run, &ask, TWIN));
        tokio::join!(one, other);
    } else {
        tries(run, &ask, 0).await;
    }
    if is_again {
        sleep(Duration::from_millis(dice.below(2_000))).await;
        tries(run, &ask, AGAIN).await;
    }
}

/// The request of a step, as it was sent first when it has a name.
pub(crate) fn asked(run: &Run, step: &Step, place: u64, kind: Kind, is_other: bool) -> Option<Ask> {
    let now = run.world.time.now();
    let mut journal = run.journal();
    let maker = Maker::new((run.world.seed, run.members), (step, place), now, &journal);
    let mut ask = maker.ask(kind)?;
    if is_other {
        change(&mut ask.body);
    }
    if kind == Kind::Spend
        && let Some(name) = ask.operation()
    {
        let number = ask.body.get("number").and_then(|it| it.as_str());
        let known = journal.cards.values().find(|card| Some(card.number.as_str()) == number);
        if let Some(card) = known.cloned() {
            journal.spent.entry(name).or_insert(card);
        }
    }
    Some(journal.named(ask, is_other))
}

/// Asks for another amount.
fn change(body: &mut Value) {
    for place in ["/amount", "/lines/0/amount", "/lines/0/net"] {
        match body.pointer_mut(place) {
            Some(amount) if amount.is_string() => *amount = "12.00".into(),
            Some(amount) if amount.is_number() => *amount = 12.into(),
            _ => {}
        }
    }
}

/// Sends a request until it is answered for good.
async fn tries(run: &Arc<Run>, ask: &Ask, first: u64) {
    run.journal().begin(ask, false);
    try_on(run, ask, first).await;
    run.journal().end(ask);
}

async fn try_on(run: &Arc<Run>, ask: &Ask, first: u64) {
    for attempt in first..first.saturating_add(TRIES_MAX) {
        let mut dice = Dice::of(&[run.world.seed, as_number(ask.step), attempt, 5]);
        let patience_ms = if dice.percent(5) { dice.between(50, 3_000) } else { GATEWAY_MS };
        let reply = send(run, ask, attempt, Duration::from_millis(patience_ms)).await;
        let is_again = match &reply {
            None => true,
            Some(reply) if reply.status == 503 => true,
            Some(reply) => {
                let is_retryable = reply.body.get("retryable") == Some(&true.into());
                is_retryable && dice.percent(30)
            }
        };
        note(run, ask, attempt, reply.as_ref());
        if reply.is_some_and(|reply| reply.code() == "contended") {
            check_nothing_written(run, ask).await;
        }
        if !is_again {
            return;
        }
        sleep(Duration::from_millis(dice.between(20, 2_000))).await;
    }
}

/// `contended` says that nothing was written.
async fn check_nothing_written(run: &Arc<Run>, ask: &Ask) {
    let name = run.journal().name_if_known(ask);
    let Some(name) = name.filter(|name| name.starts_with("members/")) else { return };
    let Ok(Some(book)) = passbook::of_member(run, ask.member).await else { return };
    if book.operations().iter().any(|(each, _)| *each == name) {
        let what = format!("{name} was answered `contended`, and is written");
        run.journal().violate(Some(ask.step), what);
    }
}

fn note(run: &Run, ask: &Ask, attempt: u64, reply: Option<&Reply>) {
    let now = run.world.time.now();
    let mut journal = run.journal();
    let outcome = match reply {
        None => "nothing".to_owned(),
        Some(reply) if reply.code().is_empty() => reply.status.to_string(),
        Some(reply) => format!("{} {}", reply.status, reply.code()),
    };
    let seconds = run.world.time.elapsed_ms() / 1_000;
    let (step, resource) = (ask.step, ask.resource());
    journal.history.push(format!("{seconds:>9} s  #{step} {resource} ({attempt}) {outcome}"));
    let Some(reply) = reply else { return journal.silence(ask) };
    journal.hear(ask, reply);
    if ask.kind == Kind::Past
        && let Some(at) = ask.query.first().and_then(|(_, at)| time_of(at))
    {
        journal.hear_past(ask, at, reply, now);
    }
}

/// Sends a request once. `None` when nothing was heard of it while its caller was patient.
pub(crate) async fn send(
    run: &Arc<Run>,
    ask: &Ask,
    attempt: u64,
    patience: Duration,
) -> Option<Reply> {
    let function = ask.kind.function();
    let purpose = [run.world.seed, as_number(ask.step), attempt];
    let (app, invocation) = run.world.invoke(function, purpose);
    let event = ask.event().ok()?;
    let handled = invoked(run, invocation, invoke(function, app, event));
    timeout(patience, handled).await.ok().flatten().map(|handled| reply(&handled.response))
}

/// Sends a request once, and nothing goes wrong.
pub(crate) async fn send_calmly(run: &Arc<Run>, ask: &Ask, attempt: u64) -> Option<Reply> {
    let function = ask.kind.function();
    let purpose = [run.world.seed, as_number(ask.step), attempt];
    let (app, _) = run.world.invoke_calmly(function, purpose);
    let handled = invoke(function, app, ask.event().ok()?).await;
    Some(reply(&handled.response))
}

/// Runs an invocation by itself: it goes on when its caller does not wait any more. `None` when it
/// was killed.
pub(crate) async fn invoked<T: Send + 'static>(
    run: &Arc<Run>,
    invocation: Arc<Invocation>,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let network = Arc::clone(&run.world.network);
    network.begin();
    let task = tokio::spawn(async move {
        let ended = invocation.run(work).await;
        if let Some(fault) = invocation.interruption() {
            network.meet(fault);
        }
        network.end();
        ended
    });
    task.await.ok().flatten()
}

async fn invoke(function: Function, app: App, event: ApiGatewayV2httpRequest) -> Handled {
    // Boxed: the futures of the SDK are deep.
    match function {
        Function::Earn => Box::pin(serve::<scrip_earn::Earn>(&app, event)).await,
        Function::Credit => Box::pin(serve::<scrip_credit::Credit>(&app, event)).await,
        Function::Redeem => Box::pin(serve::<scrip_redeem::Redeem>(&app, event)).await,
        Function::GiftCard => Box::pin(serve::<scrip_gift_card::GiftCard>(&app, event)).await,
        Function::Wallet => Box::pin(serve::<scrip_wallet::Wallet>(&app, event)).await,
        // The others have no routes: none of their requests is ever made.
        Function::Program | Function::Ingest | Function::Sweep => {
            Box::pin(serve::<scrip_program::ProgramFunction>(&app, event)).await
        }
    }
}

fn reply(response: &ApiGatewayV2httpResponse) -> Reply {
    let body = match &response.body {
        Some(Body::Text(text)) => serde_json::from_str(text).unwrap_or_default(),
        _ => Value::Null,
    };
    let status = u16::try_from(response.status_code).unwrap_or(0);
    Reply { status, body, is_replay: response.headers.contains_key("idempotency-replayed") }
}

async fn swept(run: &Arc<Run>, step: &Step, job: Job) {
    let purpose = [run.world.seed, as_number(step.index), 0];
    let (app, invocation) = run.world.invoke(Function::Sweep, purpose);
    let report = invoked(run, invocation, async move {
        match job {
            Job::Expire => Box::pin(sweep::<Expire>(&app, SweepOptions::default())).await,
            Job::Revert => Box::pin(sweep::<Revert>(&app, SweepOptions::default())).await,
        }
    });
    let report = report.await;
    let seconds = run.world.time.elapsed_ms() / 1_000;
    let mut journal = run.journal();
    let (outcome, failed) = match &report {
        None => ("killed".to_owned(), 0),
        Some(Err(_)) => ("not ended".to_owned(), 0),
        Some(Ok((report, _))) => {
            (format!("{} visited, {} posted", report.visited, report.posted), report.failed)
        }
    };
    let line = format!("{seconds:>9} s  #{} sweep {}: {outcome}", step.index, job.as_str());
    journal.history.push(line);
    if 0 < failed {
        let what = format!("{} set {failed} accounts aside", job.as_str());
        journal.violate(Some(step.index), what);
    }
}
