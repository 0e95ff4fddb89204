//! What the figures are of.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::rounds::Places;

const LOCK: &str = include_str!("../../../../Cargo.lock");
const TOOLCHAIN: &str = include_str!("../../../../rust-toolchain.toml");

/// The machine, the runtimes and the SDKs, each a line.
pub(crate) fn described(places: &Places) -> Vec<String> {
    let read = |path: &str| fs::read_to_string(path).unwrap();
    let processor = field(&read("/proc/cpuinfo"), "model name").unwrap_or("unknown").to_owned();
    let cores = std::thread::available_parallelism().unwrap();
    let memory_kb: u64 = field(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.strip_suffix(" kB"))
        .and_then(|text| text.parse().ok())
        .unwrap();
    let kernel = read("/proc/sys/kernel/osrelease");
    let rust = TOOLCHAIN.split('"').nth(1).unwrap();
    let python = places.packages.join("venv/bin/python");
    vec![
        format!(
            "{processor}, {cores} cores, {} GB, Linux {}",
            memory_kb.div_ceil(1024 * 1024),
            kernel.trim()
        ),
        format!("Rust {rust}, aws-sdk-dynamodb {}", rust_sdk()),
        format!(
            "Node {}, @aws-sdk/client-dynamodb {}",
            said(&places.node, "--version"),
            node_sdk(places)
        ),
        format!("{}, boto3 {}", said(&python, "--version"), python_sdk(&python)),
    ]
}

/// What follows the colon on the line that begins with this.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim())
}

fn rust_sdk() -> &'static str {
    let (_, rest) = LOCK.split_once("name = \"aws-sdk-dynamodb\"\nversion = \"").unwrap();
    rest.split('"').next().unwrap()
}

fn node_sdk(places: &Places) -> String {
    let package = places.packages.join("node_modules/@aws-sdk/client-dynamodb/package.json");
    let package: Value = serde_json::from_slice(&fs::read(package).unwrap()).unwrap();
    package["version"].as_str().unwrap().to_owned()
}

fn python_sdk(python: &Path) -> String {
    output(Command::new(python).args(["-c", "import boto3; print(boto3.__version__)"]))
}

fn said(program: &Path, argument: &str) -> String {
    output(Command::new(program).arg(argument))
}

fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
