//! Instructions of a warm invocation, as Callgrind counts them: the same in every run.

use std::fs;
use std::path::{Path, PathBuf};

use scrip_local::Sandbox;
use tokio::process::Command;

use crate::calls::Plan;
use crate::rounds::{Bench, Contender, Places, index};
use crate::subject::Subject;

/// Invocations of the two runs that are compared: what both have, such as the start, cancels out.
const FEW: usize = 10;
const MANY: usize = 30;

/// Counts those of a function and of the probe, and leaves Callgrind's files in `target/start`.
pub(crate) async fn count(subject: &Subject, places: &Places) {
    let mut bench = Bench::new(subject, places, 2 * (FEW + MANY)).await;
    let plans = bench.plans().await;
    let mut first = bench.first_number();
    for contender in [Contender::Function, Contender::Probe] {
        let mut totals = Vec::new();
        for invocations in [FEW, MANY] {
            let file = format!("{}-{contender:?}-{invocations}.callgrind", subject.name);
            let file = places.packages.join(file);
            totals.push(run(&bench, &plans, contender, (first, invocations), &file).await);
            first += index(invocations);
        }
        let each = (totals[1] - totals[0]) / index(MANY - FEW);
        println!("| {} | {contender:?} | {each} |", subject.work);
    }
}

/// The instructions of so many invocations in one process.
async fn run(
    bench: &Bench<'_>,
    (cold, warm): &(Plan, Plan),
    contender: Contender,
    (first, invocations): (u64, usize),
    file: &PathBuf,
) -> u64 {
    let _ = fs::remove_file(file);
    let bare = bench.command(contender, bench.embedded.endpoint());
    let mut command = Command::new("/usr/bin/valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", file.display()));
    command.arg("--quiet").arg(bare.as_std().get_program()).env_clear();
    for (name, value) in bare.as_std().get_envs() {
        command.env(name, value.unwrap());
    }
    let mut sandbox = Sandbox::start(command).await.unwrap();
    for turn in 0..invocations {
        let plan = if turn == 0 { cold } else { warm };
        let event = bench.event(contender, plan, first + index(turn));
        let answered = sandbox.invoke(event.to_string()).await.unwrap();
        bench.check(contender, plan, &answered.body);
    }
    // Asked to end, and not killed, it writes its file.
    let process = sandbox.process().unwrap().to_string();
    assert!(Command::new("/bin/kill").args(["-TERM", &process]).status().await.unwrap().success());
    total(file).await
}

/// Waits for the file to be complete.
async fn total(file: &Path) -> u64 {
    loop {
        let text = fs::read_to_string(file).unwrap_or_default();
        if let Some(total) = text.lines().find_map(|line| line.strip_prefix("totals: ")) {
            return total.trim().parse().unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
