//! How soon and how fast each function answers: its real release binary under Lambda's Runtime API,
//! on an embedded DynamoDB, beside a bare probe that makes as many calls from Rust, from Node and from
//! Python.
//!
//! `scripts/bench-start` builds and installs what this starts.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a report; one that panics has failed"
)]

mod calls;
mod instructions;
mod machine;
mod plot;
mod report;
mod rounds;
mod subject;

use std::fs;
use std::path::PathBuf;

use clap::Parser;

use crate::rounds::{Often, Places, measure};
use crate::subject::{COUNTED, SUBJECTS};

/// Measures cold starts and warm invocations of the functions' release binaries.
#[derive(Parser)]
struct Options {
    /// Starts of each function and of each to compare it with.
    #[arg(long, default_value_t = 11, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Further invocations of each.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..))]
    warm: u16,
    /// Only these functions, by name.
    functions: Vec<String>,
    /// Counts the instructions of a warm invocation instead, under Valgrind.
    #[arg(long)]
    instructions: bool,
    /// Writes the page into this file, too, and beside it the plot.
    #[arg(long)]
    write: Option<PathBuf>,
}

#[tokio::main]
async fn main() {
    let options = Options::parse();
    let often = Often { rounds: options.rounds.into(), warm: options.warm.into() };
    let release = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let places = Places { packages: release.join("../start"), node: node(), release };
    if options.instructions {
        fs::create_dir_all(&places.packages).unwrap();
        for subject in &COUNTED {
            instructions::count(subject, &places).await;
        }
        return;
    }
    let machine = machine::described(&places);
    let mut rows = Vec::new();
    for subject in &SUBJECTS {
        let is_asked = options.functions.iter().any(|name| name == subject.name);
        if is_asked || options.functions.is_empty() {
            rows.push(measure(subject, &places, often).await);
        }
    }
    let plot = options.write.as_ref().map(|page| page.with_extension("svg"));
    let name = plot.as_ref().and_then(|plot| plot.file_name()).unwrap_or_default();
    let page = report::page(&rows, often, &machine, &name.to_string_lossy());
    print!("{page}");
    if let (Some(file), Some(plot)) = (options.write, plot) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, page).unwrap();
        plot::draw(&rows, &plot).unwrap();
    }
}

/// Where Node is: what is started has no search path.
fn node() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join("node"));
    places.find(|place| place.is_file()).expect("Node is needed")
}
