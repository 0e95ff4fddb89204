//! The `scrip` command. Without a subcommand it is `scrip local`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use scrip_cli::jobs::{self, By, JobArg};
use scrip_cli::keys;
use scrip_cli::load::{self, Columns, Load, Target};
use scrip_cli::local::{Local, LocalError, Options, Storage};
use scrip_cli::rebuild::rebuild;
use scrip_cli::simulate::{Faults, Simulation, Trial, simulate};
use scrip_cli::verify::{self, SEGMENTS_DEFAULT};
use scrip_domain::account::AccountId;
use scrip_domain::time::{Instant, UnknownZone, Zone};
use scrip_edge::{App, aws, log_filter};
use scrip_local::{Embedded, client_at};
use scrip_store::{Ledger, account_of_key};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// What to paste into a second terminal.
const WALK_THROUGH: &str = include_str!("../walk-through.sh");
/// The address that the walk-through names.
const DEFAULT_URL: &str = "http://127.0.0.1:9000";

/// A serverless ledger for loyalty points, rewards, store credit and gift cards.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    local: LocalArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Runs every function on this machine, behind one port.
    Local(LocalArgs),
    /// Runs a scheduled job now, over everything that the schedule would take.
    Sweep(SweepArgs),
    /// Shows how many accounts have something due, day by day.
    Due(LedgerArgs),
    /// Reads every line of every account a second time, and tells what is wrong.
    ///
    /// Line numbers, hashes, operations, instants, what each line makes of the state before it, the
    /// markers it needs, and what accounts say of each other. The ledger may be in use. Exit code 0:
    /// nothing is wrong; 1: something is; 2: it could not be read to its end.
    Verify(VerifyArgs),
    /// Replays one account from its first line on, and shows where replay and state part.
    ///
    /// Nothing is written. Exit code 0: nowhere; 1: somewhere; 2: it could not be read to its end.
    Rebuild(RebuildArgs),
    /// Sends a file of orders to a local stack, or to the order queue.
    Load(LoadArgs),
    /// Runs the whole system under faults, each run made from one number, and looks for what must
    /// not be.
    Simulate(SimulateArgs),
    /// The ring of keys that the PINs of gift cards are derived with.
    #[command(subcommand)]
    Keys(KeysCommand),
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Adds a key for cards sold from now on. No PIN changes, and no key is removed.
    Rotate {
        /// The secret with the ring, by its name or ARN.
        #[arg(long)]
        secret: String,
    },
}

#[derive(Args)]
struct SweepArgs {
    /// Which job.
    job: JobArg,
    /// Only what was due before the hour of this RFC 3339 instant.
    #[arg(long)]
    until: Option<Instant>,
    /// Count what is due, and change nothing.
    #[arg(long, conflicts_with = "set_aside")]
    dry_run: bool,
    /// Try the accounts again that earlier runs could not decide.
    #[arg(long)]
    set_aside: bool,
    #[command(flatten)]
    ledger: LedgerArgs,
}

#[derive(Args)]
struct VerifyArgs {
    /// One account: a member's id, MEMBER#id, or CARD#number.
    #[arg(long, value_parser = account)]
    account: Option<AccountId>,
    /// Only lines recorded at this RFC 3339 instant or later, the first against the one before.
    #[arg(long)]
    since: Option<Instant>,
    /// Parts of the table that are read at once.
    #[arg(long, default_value_t = SEGMENTS_DEFAULT, value_parser = clap::value_parser!(u16).range(1..=1000))]
    segments: u16,
    /// Say it in JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    ledger: LedgerArgs,
}

#[derive(Args)]
struct RebuildArgs {
    /// The account: a member's id, MEMBER#id, or CARD#number.
    #[arg(long, value_parser = account)]
    account: AccountId,
    /// Say it in JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    ledger: LedgerArgs,
}

#[derive(Args)]
struct LoadArgs {
    /// One message of the order queue a line, or a table of order lines when it ends in .csv.
    file: PathBuf,
    /// The local stack that they are sent to.
    #[arg(long, default_value = DEFAULT_URL, conflicts_with = "queue_url")]
    to: String,
    /// The queue of SQS that they are sent to instead, as the environment's credentials find it.
    #[arg(long)]
    queue_url: Option<String>,
    /// The header of a column of a table, such as member=CustomerID. May be given again.
    #[arg(long, value_name = "NAME=HEADER")]
    column: Vec<String>,
    /// The currency of a table, where no column says it.
    #[arg(long)]
    currency: Option<String>,
    /// How times are written in a table, as strftime does, such as "%Y-%m-%d %H:%M:%S".
    #[arg(long)]
    time_format: Option<String>,
    /// Where such times are, such as Europe/London; UTC when not given.
    #[arg(long, requires = "time_format", value_parser = zone)]
    time_zone: Option<Zone>,
    /// Send the whole file, whatever was sent of it before.
    #[arg(long)]
    restart: bool,
}

#[derive(Args)]
struct SimulateArgs {
    /// The first seed: the same seed gives the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many seeds, each a run.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// What is done in a run.
    #[arg(long, default_value_t = 500)]
    operations: usize,
    /// Members who do it.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    members: u64,
    /// What goes wrong: all, none, or a list of failed, lost, late, throttled, conflict, slow,
    /// killed, frozen, stale, skewed.
    #[arg(long, default_value = "all")]
    faults: Faults,
    /// Only these of the operations, by their numbers.
    #[arg(long, value_delimiter = ',')]
    only: Option<Vec<usize>>,
    /// Do them one by one, and check the logs after each.
    #[arg(long)]
    audit_each: bool,
    /// Runs at once.
    #[arg(long, default_value_t = 1)]
    jobs: usize,
    /// Tell a run that fails as it is, and look for no smaller one.
    #[arg(long)]
    as_found: bool,
}

/// Where the ledger is: a table in AWS, as the environment's credentials find it, or what a local
/// stack keeps.
#[derive(Args)]
struct LedgerArgs {
    /// The table in AWS.
    #[arg(long, conflicts_with = "data")]
    table: Option<String>,
    /// The file of a local stack that is not running.
    #[arg(long, default_value = "scrip.db", conflicts_with = "endpoint_url")]
    data: PathBuf,
    /// The DynamoDB that answers there, such as DynamoDB Local.
    #[arg(long, conflicts_with = "table")]
    endpoint_url: Option<String>,
}

#[derive(Args)]
struct LocalArgs {
    /// The port of 127.0.0.1 to answer on; 0 for any free one.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// Keep the ledger in memory: it is gone at the end.
    #[arg(long, conflicts_with_all = ["data", "endpoint_url"])]
    memory: bool,
    /// The file that the ledger is kept in.
    #[arg(long, default_value = "scrip.db", conflicts_with = "endpoint_url")]
    data: PathBuf,
    /// Keep the ledger in the DynamoDB that answers there, such as DynamoDB Local.
    #[arg(long)]
    endpoint_url: Option<String>,
    /// Let time stand at this RFC 3339 instant until told otherwise.
    #[arg(long)]
    clock: Option<Instant>,
}

fn account(text: &str) -> Result<AccountId, String> {
    let member = || text.parse().ok().map(AccountId::Member);
    account_of_key(text).or_else(member).ok_or_else(|| "is no member and no card".to_owned())
}

fn zone(text: &str) -> Result<Zone, UnknownZone> {
    text.to_owned().try_into()
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let quiet = if let Some(Command::Simulate(_)) = cli.command {
        // Everything goes wrong there all the time.
        Targets::new()
    } else {
        // The embedded database logs every failed condition, which to a ledger is a lost race.
        Targets::new().with_default(LevelFilter::WARN).with_target("dynoxide", LevelFilter::OFF)
    };
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines).with(log_filter(quiet)).init();
    let ended = match cli.command {
        Some(Command::Local(args)) => local(args).await,
        Some(Command::Sweep(args)) => run_sweep(args).await,
        Some(Command::Due(args)) => show_due(args).await,
        Some(Command::Verify(args)) => return told(verify_ledger(args).await),
        Some(Command::Rebuild(args)) => return told(rebuild_account(args).await),
        Some(Command::Load(args)) => return load_file(args).await,
        Some(Command::Simulate(args)) => return run_simulation(args),
        Some(Command::Keys(KeysCommand::Rotate { secret })) => return rotate(&secret).await,
        None => local(cli.local).await,
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("scrip: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn local(args: LocalArgs) -> Result<(), LocalError> {
    let (storage, kept) = match (args.memory, args.endpoint_url) {
        (true, _) => (Storage::Memory, "in memory".to_owned()),
        (false, Some(url)) => {
            let kept = format!("at {url}");
            (Storage::Elsewhere(client_at(&url)), kept)
        }
        (false, None) => {
            let kept = format!("in {}", args.data.display());
            (Storage::File(args.data), kept)
        }
    };
    let options = Options { port: args.port, storage, clock: args.clock };
    let stack = Local::start(&options).await?;
    let url = stack.url();
    let asked_to_end = asked_to_end();
    say(&format!("scrip answers at {url}; its ledger is {kept}. Ctrl-C ends it.\n"));
    say("Paste this into a second terminal:\n");
    say(&WALK_THROUGH.replace(DEFAULT_URL, &url));
    asked_to_end.await;
    say("finishing what is under way");
    stack.stop().await
}

async fn run_sweep(args: SweepArgs) -> Result<(), LocalError> {
    let (_embedded, ledger) = ledger(args.ledger).await?;
    let by = By { until: args.until, dry_run: args.dry_run, set_aside: args.set_aside };
    let report = jobs::run(&App::new(ledger), args.job, by).await?;
    say(&jobs::describe(&report, by));
    Ok(())
}

async fn show_due(args: LedgerArgs) -> Result<(), LocalError> {
    let (_embedded, ledger) = ledger(args).await?;
    say(&jobs::due(&ledger).await?);
    Ok(())
}

/// The exit code of a command that looks for faults: whether there is none, or why that is not
/// known.
fn told(is_clean: Result<bool, LocalError>) -> ExitCode {
    match is_clean {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            say(&format!("scrip: {error}"));
            ExitCode::from(2)
        }
    }
}

async fn verify_ledger(args: VerifyArgs) -> Result<bool, LocalError> {
    let (_embedded, ledger) = ledger(args.ledger).await?;
    let (ledger, bar) = (ledger.metered(), verify::bar());
    let counter = bar.clone();
    let progress: verify::Progress = Arc::new(move |lines| counter.inc(lines));
    let options =
        verify::Options { account: args.account, since: args.since, segments: args.segments };
    // Boxed: the futures of the SDK are deep.
    let report = Box::pin(verify::audit(&ledger, &options, Some(progress))).await;
    bar.finish_and_clear();
    let report = report?;
    if args.json {
        say(&report.to_json(ledger.usage()).to_string());
    } else {
        say(&report.describe());
    }
    Ok(report.is_clean())
}

async fn rebuild_account(args: RebuildArgs) -> Result<bool, LocalError> {
    let (_embedded, ledger) = ledger(args.ledger).await?;
    let bar = verify::bar();
    let rebuilt = Box::pin(rebuild(&ledger, &args.account, |lines| bar.inc(lines))).await;
    bar.finish_and_clear();
    let rebuilt = rebuilt?;
    say(&if args.json { rebuilt.to_json().to_string() } else { rebuilt.describe() });
    Ok(rebuilt.parting.is_none())
}

/// Loads a file. Refused lines are told, and make it fail.
async fn load_file(args: LoadArgs) -> ExitCode {
    let mut columns = Columns {
        currency: args.currency,
        time_format: args.time_format,
        time_zone: args.time_zone,
        ..Columns::default()
    };
    for column in &args.column {
        if let Err(error) = columns.name(column) {
            say(&format!("scrip: --column {column} {error}"));
            return ExitCode::FAILURE;
        }
    }
    let target = match args.queue_url {
        Some(url) => Target::Sqs { client: aws_sdk_sqs::Client::new(&aws().await), url },
        None => Target::Local(args.to.trim_end_matches('/').to_owned()),
    };
    let load = Load { file: args.file, columns, restart: args.restart };
    match load::run(&load, &target).await {
        Ok(report) => {
            say(&load::describe(&report));
            if report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            say(&format!("scrip: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Simulates. What is found is told, and makes it fail.
fn run_simulation(args: SimulateArgs) -> ExitCode {
    let first = Trial {
        seed: args.seed,
        operations: args.operations,
        members: args.members,
        faults: args.faults,
        only: args.only.map(|only| only.into_iter().collect()),
        is_audited_each: args.audit_each,
    };
    let simulation =
        Simulation { first, seeds: args.seeds, jobs: args.jobs, is_told_as_found: args.as_found };
    match simulate(&simulation) {
        Ok(Ok(survived)) => {
            say(&survived.describe());
            ExitCode::SUCCESS
        }
        Ok(Err(found)) => {
            say(&found.describe());
            ExitCode::FAILURE
        }
        Err(error) => {
            say(&format!("scrip: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn rotate(secret: &str) -> ExitCode {
    let client = aws_sdk_secretsmanager::Client::new(&aws().await);
    match keys::rotate(&client, secret).await {
        Ok(key) => {
            say(&format!("new gift cards use key {key} within a minute"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("scrip: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The ledger, and the DynamoDB in this process that it is in, if it is.
async fn ledger(args: LedgerArgs) -> Result<(Option<Embedded>, Ledger), LocalError> {
    if let Some(table) = args.table {
        return Ok((None, scrip_cli::local::in_aws(&table).await));
    }
    match args.endpoint_url {
        Some(url) => Storage::Elsewhere(client_at(&url)),
        None if args.data.exists() => Storage::File(args.data),
        None => return Err(LocalError::NoLedger(args.data)),
    }
    .ledger()
    .await
}

/// Ctrl-C, or SIGTERM as a supervisor sends it. Both are listened for from the call on, not only when
/// somebody waits.
#[cfg(unix)]
fn asked_to_end() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupted), Ok(mut terminated)) = signals else {
            // There is only being killed, which loses nothing.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(not(unix))]
async fn asked_to_end() {
    let _ = tokio::signal::ctrl_c().await;
}

/// Writes to the terminal; one that is gone is no reason to end.
fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
