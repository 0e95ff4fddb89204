//! Instructions of the domain's decisions, as Callgrind counts them. Two runs of one build count the
//! same, so a decision that does more than before shows, on any machine.
//!
//! ```text
//! cargo run -p scrip-benches --bin decisions               prints them
//! cargo run -p scrip-benches --bin decisions -- --write    into docs/performance/decisions.md
//! cargo run -p scrip-benches --bin decisions -- --check    fails when one does more than that page says
//! ```
//!
//! The page has those of the build that the tests run in: nothing else need be built to compare.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a report; one that panics has failed"
)]

#[path = "../../../shared/domain/tests/support/sample.rs"]
mod sample;

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
use scrip_domain::amount::Minor;
use scrip_domain::award::{self, Award};
use scrip_domain::draft::Draft;
use scrip_domain::posting::PostingReason;
use scrip_domain::program::Program;
use scrip_domain::purchase::{self, LineKind, Purchase, PurchaseLine};
use scrip_domain::redeem::{
    self, Basket, BasketLine, PointsUse, Redemption, Settlement, Uses, Wanted,
};
use scrip_domain::time::Instant;
use scrip_domain::wallet::Wallet;

use sample::{at, minor, named, points, program};

/// The lots of a regular shopper's wallet, and ten times as many.
const LOTS: [u64; 2] = [10, 100];
const POINTS_PER_LOT: u64 = 100;
const DAY_SECONDS: u64 = 24 * 60 * 60;
/// Decisions of the two runs that are compared: what both have, such as the start, cancels out.
const FEW: u64 = 1;
const MANY: u64 = 11;
/// How much more than on the page is a failure, in percent. Two builds of one source differ by less.
const TOLERANCE: u64 = 2;

/// Counts instructions of decisions.
#[derive(Parser)]
struct Options {
    /// Writes the page.
    #[arg(long, conflicts_with = "check")]
    write: bool,
    /// Compares with the page.
    #[arg(long)]
    check: bool,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// What is run under Callgrind: decides this, on a wallet of so many lots, so often.
    Decide { decision: Decision, lots: u64, times: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Decision {
    Award,
    Purchase,
    Redemption,
    NothingDue,
    AllDue,
}

impl Decision {
    fn name(self) -> &'static str {
        match self {
            Self::Award => "an award",
            Self::Purchase => "a purchase of three lines",
            Self::Redemption => "a redemption of every lot",
            Self::NothingDue => "carrying a wallet to an instant when nothing is due",
            Self::AllDue => "the same when all of it has expired",
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(Task::Decide { decision, lots, times }) = options.task {
        decide(decision, lots, times);
        return ExitCode::SUCCESS;
    }
    let rows = Decision::value_variants().iter().map(|decision| (*decision, counted(*decision)));
    let rows: Vec<(Decision, [u64; 2])> = rows.collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|(decision, [few, many])| format!("| {} | {few} | {many} |", decision.name()))
        .collect();
    let page = page(&lines);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance/decisions.md");
    if options.check {
        return check(&rows, &fs::read_to_string(file).unwrap());
    }
    if options.write {
        fs::write(file, &page).unwrap();
    }
    print!("{page}");
    ExitCode::SUCCESS
}

fn page(lines: &[String]) -> String {
    let mut page = format!(
        "# Instructions of decisions\n\n\
         What one decision executes, in the build that the tests run in, which is not optimised. `cargo run -p scrip-benches --bin decisions -- --write` \
         writes this page (it needs Valgrind); with `--check` it fails where a decision executes over \
         {TOLERANCE}% more.\n\n\
         | decision | of {} lots | of {} lots |\n|---|---|---|\n",
        LOTS[0], LOTS[1]
    );
    for line in lines {
        let _ = writeln!(page, "{line}");
    }
    page
}

/// Compares each decision with its line of the page. What begins a run may, once in a while, execute
/// some thousands more: what seems to do more is counted again.
fn check(rows: &[(Decision, [u64; 2])], page: &str) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (decision, found) in rows {
        let told = told(page, *decision);
        let is_more = |found: &[u64; 2]| {
            told.iter().zip(found).any(|(told, found)| told * (100 + TOLERANCE) < found * 100)
        };
        if is_more(found) && is_more(&counted(*decision)) {
            let name = decision.name();
            eprintln!("{name} executes {found:?} instructions, of which the page has {told:?}");
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// What the page says of a decision.
fn told(page: &str, decision: Decision) -> [u64; 2] {
    let cells = |line: &str| line.split('|').map(|it| it.trim().to_owned()).collect::<Vec<_>>();
    let line =
        page.lines().map(cells).find(|cells| cells.get(1).is_some_and(|it| it == decision.name()));
    let line = line.expect("the page has each decision");
    [2, 3].map(|place| line[place].parse().unwrap())
}

/// Instructions of one decision, at each number of lots.
fn counted(decision: Decision) -> [u64; 2] {
    LOTS.map(|lots| {
        let [few, many] = [FEW, MANY].map(|times| callgrind(decision, lots, times));
        (many - few) / (MANY - FEW)
    })
}

fn callgrind(decision: Decision, lots: u64, times: u64) -> u64 {
    let name = decision.to_possible_value().unwrap();
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["decide", name.get_name(), &lots.to_string(), &times.to_string()])
        .output()
        .expect("Valgrind is needed");
    let said = String::from_utf8(output.stderr).unwrap();
    let total = said.lines().find_map(|line| line.split_once("Collected : "));
    let (_, total) = total.unwrap_or_else(|| panic!("{said}"));
    total.trim().parse().unwrap()
}

fn decide(decision: Decision, lots: u64, times: u64) {
    let program = program();
    let now = at("2026-11-21T03:04:05Z");
    let wallet = wallet(lots, now);
    let (award, purchase) = (award(), purchase(&program, now));
    let redemption = redemption(&program, lots);
    let later = now.plus_seconds(lots * DAY_SECONDS).unwrap();
    for _ in 0..times {
        let wallet = black_box(&wallet);
        match decision {
            Decision::Award => {
                assert!(award::decide(wallet, &program, &award, now).is_ok());
            }
            Decision::Purchase => {
                assert!(purchase::decide(wallet, &program, &purchase, None, now).is_ok());
            }
            Decision::Redemption => {
                assert!(redeem::decide(wallet, &program, &redemption, now).is_ok());
            }
            Decision::NothingDue => drop(black_box(Draft::open(wallet, now))),
            Decision::AllDue => drop(black_box(Draft::open(wallet, later))),
        }
    }
}

/// A wallet of reward points, which expire on as many days from tomorrow on.
fn wallet(lots: u64, now: Instant) -> Wallet {
    let mut draft = Draft::open(&Wallet::default(), now);
    for day in 1..=lots {
        let (reward, count) = (named("reward"), points(POINTS_PER_LOT));
        let expires_at = now.plus_seconds(day * DAY_SECONDS);
        let issued = PostingReason::Issued;
        draft.issue(&reward, count, issued, None, expires_at).unwrap();
    }
    draft.into_wallet()
}

fn purchase(program: &Program, now: Instant) -> Purchase {
    let line = |id: &str| PurchaseLine {
        id: named(id),
        category: Some(named("apparel")),
        kind: LineKind::Product,
        net: minor(5995),
    };
    Purchase {
        order: named("1000234"),
        currency: program.currency,
        transacted_at: now,
        location: Some(named("mel-01")),
        country: None,
        lines: vec![line("1"), line("2"), line("3")],
        paid_by_promotional_credit: Minor::ZERO,
        redemption: None,
    }
}

fn award() -> Award {
    Award {
        award: named("spring"),
        points: named("survey"),
        amount: points(50),
        reason: named("spring survey"),
        issued_at: None,
        accrue_at: None,
        expires_at: None,
    }
}

/// Takes every point of every lot.
fn redemption(program: &Program, lots: u64) -> Redemption {
    Redemption {
        redemption: named("basket-77"),
        basket: Basket {
            currency: program.currency,
            lines: vec![BasketLine {
                id: named("1"),
                kind: LineKind::Product,
                category: None,
                amount: minor(lots * POINTS_PER_LOT),
            }],
            uses: Uses {
                points: vec![PointsUse { points: named("reward"), amount: Wanted::Max }],
                ..Uses::default()
            },
        },
        settlement: Settlement::AtOnce,
        expected_due: Some(Minor::ZERO),
    }
}
