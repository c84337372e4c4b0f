use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::cargo::cargo;
use crate::error::{At as _, Error};
use crate::goals::{Samples, print_goals};
use crate::npm;
use crate::process::{Run as _, headline};
use crate::repo::Repo;
use crate::ui;
use crate::wasm;

/// The peers' driver.
const DRIVER: &str = "run.py";
/// What each benchmark consists of: bench/README.md.
const ENTRIES: &str = "bench/entries.json";
/// Our programs for Node.
const NODE: &str = "bench/node";

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// What to measure.
    subject: Subject,
    /// Runs of each program, interleaved.
    #[arg(long, default_value_t = 9)]
    runs: u32,
    /// Only the peers with one of these words in their names, separated by commas.
    #[arg(long, value_name = "NAMES")]
    only: Option<String>,
    /// The directory with the peers' programs and their driver run.py; default `$BENCH_PEERS`, else
    /// ../shared/bench. Without it only our own programs run. `$BENCH_OUT` is where the peers are built.
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,
    /// Build the peers, also if they seem to be built.
    #[arg(long)]
    build_peers: bool,
    /// Of `protocol`, leave out the table of the browser's module beside `JSON.parse`, or measure nothing else.
    #[arg(long, value_name = "WHEN", default_value = "too")]
    browser: Browser,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// Split, validate and decode lines, encode events, on one core.
    Protocol,
    /// From emit to a reader of the socket: throughput, bursts, a stalled peer, latency.
    Pusher,
    /// Fan-out to many readers.
    Hub,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Browser {
    /// Everything.
    Too,
    /// All else.
    Not,
    /// That alone.
    Only,
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Subject::Protocol => "protocol",
            Subject::Pusher => "pusher",
            Subject::Hub => "hub",
        }
    }
}

/// Measures our programs beside the peers in one run, since only ratios of one run say anything.
pub(crate) fn bench(repo: &Repo, bench: &Bench) -> Result<(), Error> {
    let entries = read_json(&repo.path(ENTRIES))?;
    let subject = &entries[bench.subject.name()];
    let mut build = cargo(repo);
    build.args(["build", "--release", "-p", "choo-bench"]);
    if bench.subject == Subject::Hub {
        build.args(["-p", "choo"]);
    }
    build.run()?;
    if bench.subject == Subject::Protocol && bench.browser != Browser::Not {
        wasm::build(repo)?;
        ui::build_wire(repo)?;
        // Its peers are the engines' own: JSON.parse, and Ajv behind it.
        npm::node(repo).arg(repo.path(NODE).join("decode.js")).arg(bench.runs.to_string()).run()?;
    }
    if bench.browser == Browser::Only {
        return Ok(());
    }
    let mut samples = run_programs(repo, bench, &subject["programs"])?;
    let named = bench.peers.clone().or_else(|| env::var_os("BENCH_PEERS").map(PathBuf::from));
    let peers = named.unwrap_or_else(|| repo.path("../shared/bench"));
    if peers.join(DRIVER).is_file() {
        samples.extend(run_harness(repo, bench, subject, &peers)?);
    } else {
        headline(&format!(
            "no {DRIVER} in {}: the peers are not measured. Name their directory with --peers or BENCH_PEERS.",
            peers.display()
        ));
    }
    print_goals(subject["goals"].as_array().map_or(&[], Vec::as_slice), &samples);
    Ok(())
}

/// Runs our own programs in turn (A B C, A B C, …). Each prints one JSON object of numbers.
fn run_programs(repo: &Repo, bench: &Bench, programs: &Value) -> Result<Samples, Error> {
    let mut samples = Samples::new();
    for _ in 0..bench.runs {
        for (name, line) in members(programs) {
            let line = line.as_str().unwrap_or_default().replace("{release}", &release(repo));
            let mut words = line.split_whitespace();
            let program = words.next().unwrap_or_default();
            let said = Command::new(program).args(words).current_dir(repo.root()).capture()?;
            let said: Value = parse(&said, &line)?;
            for (metric, value) in members(&said) {
                samples.entry(format!("{name}/{metric}")).or_default().extend(value.as_f64());
            }
        }
    }
    Ok(samples)
}

/// Lets the peers' driver run ours among the peers, and takes from its results what a goal is about.
fn run_harness(repo: &Repo, bench: &Bench, subject: &Value, peers: &Path) -> Result<Samples, Error> {
    // The default is build.sh's and the driver's.
    let out = env::var_os("BENCH_OUT").map_or_else(|| PathBuf::from("/tmp/bench-target"), PathBuf::from);
    if bench.build_peers || !out.join("cargo/release/ingest").is_file() {
        Command::new(peers.join("build.sh")).env("BENCH_OUT", &out).run()?;
    }
    let ours = repo.scratch()?.join("contenders.json");
    let node = repo.path(NODE).display().to_string();
    let contenders =
        subject["contenders"].to_string().replace("{release}", &release(repo)).replace("{node}", &node);
    fs::write(&ours, contenders).at("write", &ours)?;
    let mut samples = Samples::new();
    for measurement in subject["harness"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut command = Command::new("python3");
        command
            .env("BENCH_OUT", &out)
            .env("BENCH_EXTRA", &ours)
            .arg(peers.join(DRIVER))
            .arg(measurement)
            .args(["--runs", &bench.runs.to_string()]);
        if let Some(only) = &bench.only {
            command.args(["--only", &format!("choo,{only}")]);
        }
        command.run()?;
        samples.extend(harness_samples(
            measurement,
            &read_json(&out.join("run").join(measurement).with_extension("json"))?,
        ));
    }
    Ok(samples)
}

/// What the driver kept of each run: tables, contenders, runs. Of `ingest` the CPU time of a line counts; of
/// `fan` several things, by the number of readers that the table's title ends with.
fn harness_samples(measurement: &str, tables: &Value) -> Samples {
    let mut samples = Samples::new();
    for (title, table) in members(tables) {
        let readers = title.rsplit(' ').next().unwrap_or_default();
        for (contender, run) in members(table).flat_map(|(contender, runs)| {
            runs.as_array().into_iter().flatten().map(move |run| (contender, run))
        }) {
            let mut add = |name: String, value: Option<f64>| {
                samples.entry(name).or_default().extend(value);
            };
            if measurement == "fan" {
                for (metric, value) in fan_metrics(run) {
                    add(format!("fan/{readers}/{contender}/{metric}"), value);
                }
            } else {
                let of_a_line =
                    run["cpu_ns"].as_f64().zip(run["lines"].as_f64()).map(|(cpu, lines)| cpu / lines);
                add(format!("{measurement}/{contender}"), of_a_line);
            }
        }
    }
    samples.retain(|_, values| !values.is_empty());
    samples
}

/// What counts of a fan-out: for all of it less is better.
fn fan_metrics(run: &Value) -> [(&'static str, Option<f64>); 6] {
    let kib = |key: &str| run[key].as_f64().map(|bytes| bytes / 1024.0);
    [
        ("cpu", run["closed"]["hub_cpu_ns_per"].as_f64()),
        ("wall", run["closed"]["per_s"].as_f64().map(|per_s| 1e9 / per_s)),
        ("idle cpu", run["latency_ns"]["hub_cpu_ns_per"].as_f64()),
        ("idle p50", run["latency_ns"]["p50"].as_f64()),
        ("memory", kib("rss_per_sub")),
        ("memory after", kib("rss_per_sub_after")),
    ]
}

fn release(repo: &Repo) -> String {
    repo.target("release").display().to_string()
}

fn read_json(path: &Path) -> Result<Value, Error> {
    parse(&fs::read_to_string(path).at("read", path)?, &path.display().to_string())
}

fn parse(text: &str, whose: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::Check(format!("{whose}: not JSON: {error}")))
}

/// The members of an object; none where there is no object.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
