//! What must be true in the end, when nothing goes wrong any more: beside what callers were told,
//! which the journal compares as it hears it.
//!
//! | check | of |
//! |---|---|
//! | every name and action is asked again | the same answer for ever; what was not known becomes known; nothing is unavailable |
//! | every balance as of a past instant is asked again | nothing is put before what was told |
//! | the logs are read | what was acknowledged stands there once, what was not does not |
//! | balances, statements and events are read | they tell what the logs do |
//! | refunds are added up | no redemption gave back more than was paid |
//! | gift cards are followed | what left a card came into one wallet |
//! | both jobs are run, and run again | nothing that is due is left to nobody |
//! | the rest of the stream is published | every line, in whole |
//! | the auditor reads the table | hashes, state and lots |

use std::collections::BTreeMap;
use std::sync::Arc;

use scrip_domain::account::AccountId;
use scrip_domain::id::MemberId;
use scrip_domain::time::Instant;
use scrip_domain::wallet::{Due, Job};
use scrip_edge::{SweepOptions, sweep};
use scrip_expire::Expire;
use scrip_revert::Revert;
use scrip_store::{Hour, Ledger};
use serde_json::Value;

use crate::simulate::Failure;
use crate::simulate::ask::Ask;
use crate::simulate::caller::send_calmly;
use crate::simulate::consumer::consume;
use crate::simulate::dice::Dice;
use crate::simulate::journal::Journal;
use crate::simulate::kind::Kind;
use crate::simulate::passbook::{Passbook, passbooks};
use crate::simulate::request::name;
use crate::simulate::run::Run;
use crate::simulate::shown;
use crate::simulate::world::Function;
use crate::verify::{self, Options};

/// The step that requests of the end belong to: beyond every plan.
const END: usize = 1 << 40;
/// How long after everything else the jobs are run, in milliseconds: every hour that was begun has
/// ended, and so has the margin of the jobs.
const SWEEP_AFTER_MS: u64 = 76 * 60 * 1_000;

/// Every check.
///
/// # Errors
/// [`Failure`]: the machine.
pub(crate) async fn at_the_end(run: &Arc<Run>) -> Result<(), Failure> {
    ask_again(run).await;
    sweep_all(run).await?;
    let passed_by = late(&passbooks(run).await?, run.world.time.now());
    // What one job did may be the other's to go on with: a hold lapses, so its card reverts.
    sweep_all(run).await?;
    publish_all(run).await;
    let books = passbooks(run).await?;
    {
        let mut journal = run.journal();
        let mut faults = standing(&journal, &books);
        faults.extend(cards(&books));
        let late = late(&books, run.world.time.now());
        faults.extend(
            late.into_iter()
                .filter(|(account, _)| passed_by.contains_key(account))
                .map(|(account, due)| format!("{account}: due at {}, and no job came by", due.at)),
        );
        let consumer = run.consumer();
        faults.extend(consumer.gap());
        faults.extend(books.iter().filter_map(|book| {
            let heard = consumer.lines(&book.event_account());
            let count = book.count();
            (heard != count).then(|| format!("{}: {count} lines, events of {heard}", book.account))
        }));
        drop(consumer);
        for fault in faults {
            journal.violate(None, fault);
        }
    }
    refunds(run).await;
    for fault in shown::faults(run, &books).await {
        run.journal().violate(None, fault);
    }
    audit(run).await
}

/// Lets the auditor read the table.
///
/// # Errors
/// [`Failure`]: the machine.
pub(crate) async fn audit(run: &Arc<Run>) -> Result<(), Failure> {
    // One part after the other: there is one thread.
    let options = Options { segments: 1, ..Options::default() };
    let report = Box::pin(verify::audit(&run.world.ledger(), &options, None)).await?;
    let mut journal = run.journal();
    journal.audits = journal.audits.saturating_add(1);
    for violation in report.violations {
        journal.violate(None, format!("the auditor: {violation}"));
    }
    Ok(())
}

/// Everything that has a name, and every balance that can be the same for ever.
async fn ask_again(run: &Arc<Run>) {
    let asked: Vec<Ask> = {
        let journal = run.journal();
        let named = journal.operations.values().filter_map(|known| {
            let is_open = known.is_unknown || known.is_taken;
            let first = known.first.as_ref().filter(|_| is_open);
            known.acknowledged.as_ref().map(|(ask, _)| ask).or(first)
        });
        let actions = journal.actions.values().filter_map(|acted| {
            let first = acted.first.as_ref().filter(|_| acted.is_unknown);
            acted.acknowledged.as_ref().map(|(ask, _)| ask).or(first)
        });
        named.chain(actions).cloned().collect()
    };
    for ask in asked {
        let ask = Ask { step: END, ..ask };
        let reply = send_calmly(run, &ask, 0).await;
        let mut journal = run.journal();
        match reply {
            Some(reply) if reply.status < 500 => {
                journal.hear(&ask, &reply);
                if 400 <= reply.status && reply.code() != "operation_conflict" {
                    journal.settle(&ask);
                }
            }
            other => journal.violate(None, format!("{}: {other:?}", ask.resource())),
        }
    }
    let past: Vec<_> = run.journal().past.keys().copied().collect();
    for (member, at) in past {
        let ask = get(Kind::Past, member, Vec::new(), vec![("at", at.to_string())]);
        let now = run.world.time.now();
        if let Some(reply) = send_calmly(run, &ask, 0).await {
            run.journal().hear_past(&ask, at, &reply, now);
        }
    }
}

pub(crate) fn get(
    kind: Kind,
    member: u64,
    path: Vec<(&'static str, String)>,
    query: Vec<(&'static str, String)>,
) -> Ask {
    let mut all = vec![("member", name(member))];
    all.extend(path);
    let (headers, body) = (Vec::new(), Value::Null);
    Ask { kind, member, step: END, path: all, query, headers, body }
}

async fn sweep_all(run: &Arc<Run>) -> Result<(), Failure> {
    run.world.pass(SWEEP_AFTER_MS).await;
    let calm = |place| run.world.invoke_calmly(Function::Sweep, [run.world.seed, u64::MAX, place]);
    let ((expire, _), (revert, _)) = (calm(0), calm(1));
    let (expired, _) = Box::pin(sweep::<Expire>(&expire, SweepOptions::default())).await?;
    let (reverted, _) = Box::pin(sweep::<Revert>(&revert, SweepOptions::default())).await?;
    for (job, report) in [(Job::Expire, expired), (Job::Revert, reverted)] {
        if 0 < report.failed || 0 < report.left {
            let what = format!("{}: {report:?}", job.as_str());
            run.journal().violate(None, what);
        }
    }
    Ok(())
}

async fn publish_all(run: &Arc<Run>) {
    let mut dice = Dice::named(run.world.seed, "the rest of the stream");
    while consume(run, None, &mut dice).await {}
}

/// What was acknowledged stands in a log once; what was not, and cannot have been, does not.
fn standing(journal: &Journal, books: &[Passbook]) -> Vec<String> {
    let mut found: BTreeMap<String, Vec<(String, u64)>> = BTreeMap::new();
    for book in books {
        for (operation, number) in book.operations() {
            found.entry(operation).or_default().push((book.account.to_string(), number));
        }
    }
    let twice = found.iter().filter(|(_, lines)| 1 < lines.len());
    let mut faults: Vec<String> = twice
        .map(|(name, lines)| format!("{name} was applied more than once: {lines:?}"))
        .collect();
    let is_asked =
        |name: &String| journal.operations.contains_key(name) || journal.actions.contains_key(name);
    let unasked = found.iter().filter(|(name, _)| !is_asked(name));
    faults.extend(unasked.map(|(name, lines)| format!("nobody asked for {name}: {lines:?}")));
    for (name, acted) in &journal.actions {
        let line = found.get(name).and_then(|lines| lines.first());
        let told = acted.acknowledged.as_ref().map(|(_, answer)| answer);
        match (line, told) {
            (Some((_, number)), Some(answer)) if is_line(answer, *number) => {}
            (_, Some(answer)) if !was_so(name, answer, &found) => {
                faults.push(format!("{name} was acknowledged with {answer}, and is {line:?}"));
            }
            (Some((account, number)), None) if !acted.is_unknown => {
                faults.push(format!("{name} was refused, and is line {number} of {account}"));
            }
            _ => {}
        }
    }
    for (name, known) in &journal.operations {
        let line = found.get(name).and_then(|lines| lines.first());
        match (line, &known.acknowledged) {
            (None, Some((_, answer))) => {
                faults.push(format!("{name} was acknowledged with {answer}, and is in no log"));
            }
            (None, None) if known.is_taken => {
                faults.push(format!("{name} was taken from the queue, and is in no log"));
            }
            (Some((account, number)), Some((_, answer))) if !is_line(answer, *number) => {
                let what = format!("{name} is line {number} of {account}, and answered {answer}");
                faults.push(what);
            }
            (Some((account, number)), None) if !known.is_unknown && !known.is_taken => {
                let what = format!("{name} was refused, and is line {number} of {account}");
                faults.push(what);
            }
            _ => {}
        }
    }
    faults
}

/// Whether an answer names this line, or none.
fn is_line(answer: &Value, number: u64) -> bool {
    answer.get("entry").and_then(Value::as_u64).is_none_or(|told| told == number)
}

/// Whether an action found what it asks for: the answer names a line of what it is about, as that of a
/// redemption captured at once, or of a refund since; or none, where nothing remained to be voided.
fn was_so(action: &str, answer: &Value, found: &BTreeMap<String, Vec<(String, u64)>>) -> bool {
    let Some((about, _)) = action.rsplit_once('/') else { return false };
    let own = found.range(about.to_owned()..).take_while(|(name, _)| name.starts_with(about));
    let mut own =
        own.filter(|(name, _)| matches!(name.as_bytes().get(about.len()), None | Some(b'/')));
    own.any(|(_, lines)| lines.iter().any(|(_, number)| is_line(answer, *number)))
}

/// What has left a card by going to somebody has come into one wallet.
fn cards(books: &[Passbook]) -> Vec<String> {
    let left: i128 = books.iter().map(Passbook::left_cards).sum();
    let came: i128 = books.iter().map(Passbook::came_from_cards).sum();
    let fault =
        (left != came).then(|| format!("{left} left gift cards, and {came} came to members"));
    fault.into_iter().collect()
}

/// What is due of which accounts, where a job that has run could have come by.
fn late(books: &[Passbook], now: Instant) -> BTreeMap<AccountId, Due> {
    let swept = Ledger::unswept(now);
    let late = books.iter().filter_map(|book| {
        let due = book.next_due()?;
        (Hour::of(due.at) < swept).then(|| (book.account.clone(), due))
    });
    late.collect()
}

/// Adds up what each redemption gave back, as its callers were told.
async fn refunds(run: &Arc<Run>) {
    let mut told: BTreeMap<String, (u64, Vec<Value>)> = BTreeMap::new();
    {
        let journal = run.journal();
        for (name, known) in &journal.operations {
            let Some((ask, answer)) = &known.acknowledged else { continue };
            if ask.kind == Kind::Refund
                && let Some((redemption, _)) = name.split_once("/refunds/")
            {
                let refunds = told.entry(redemption.to_owned()).or_insert((ask.member, Vec::new()));
                refunds.1.push(answer.clone());
            }
        }
    }
    for (path, (member, refunds)) in told {
        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
        let ask = get(Kind::OneRedemption, member, vec![("redemption", id)], Vec::new());
        let Some(reply) = send_calmly(run, &ask, 0).await else { continue };
        let net = cents(reply.body.get("net"));
        let back: i128 = refunds.iter().map(given_back).sum();
        let shown = cents(reply.body.pointer("/refunded/amount"));
        if net < back || shown < back {
            let what = format!("{path}: {back} of {net} given back by {refunds:?}, shown {shown}");
            run.journal().violate(None, what);
        }
    }
}

/// Money that a refund gave back, in cents.
fn given_back(refund: &Value) -> i128 {
    let restored = refund.get("restored").and_then(Value::as_array);
    let money = restored.into_iter().flatten().filter(|lot| {
        let source = lot.get("source").and_then(Value::as_str);
        matches!(source, Some("credit" | "gift_card"))
    });
    money.map(|lot| cents(lot.get("amount"))).sum::<i128>() + cents(refund.get("external"))
}

fn cents(money: Option<&Value>) -> i128 {
    let text = money.and_then(Value::as_str).unwrap_or("0.00");
    text.replace('.', "").parse().unwrap_or(0)
}

/// A member's account.
pub(crate) fn account(member: u64) -> Option<AccountId> {
    name(member).parse::<MemberId>().ok().map(AccountId::Member)
}
