use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::cargo::cargo;
use crate::error::{At as _, Error};
use crate::goals::{Samples, print_goals};
use crate::harness::harness_samples;
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

/// Runs our own programs in turn (A B C, A B C, …). Each prints one JSON object of numbers, or of such objects.
fn run_programs(repo: &Repo, bench: &Bench, programs: &Value) -> Result<Samples, Error> {
    let mut samples = Samples::new();
    for run in 0..bench.runs {
        for (name, program) in members(programs) {
            // What takes minutes is named with how often it is to run at most.
            let often = program["runs"].as_u64().is_none_or(|runs| u64::from(run) < runs);
            let line = program["command"].as_str().or(program.as_str()).filter(|_| often);
            let Some(line) = line.map(|line| line.replace("{release}", &release(repo))) else { continue };
            let mut words = line.split_whitespace();
            let program = words.next().unwrap_or_default();
            let said = Command::new(program).args(words).current_dir(repo.root()).capture()?;
            keep_numbers(name, &parse(&said, &line)?, &mut samples);
        }
    }
    Ok(samples)
}

fn keep_numbers(name: &str, said: &Value, samples: &mut Samples) {
    if let Some(number) = said.as_f64() {
        samples.entry(name.to_owned()).or_default().push(number);
    }
    for (metric, value) in members(said) {
        keep_numbers(&format!("{name}/{metric}"), value, samples);
    }
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
    for wanted in subject["harness"].as_array().into_iter().flatten() {
        // Where one contender is enough, its name stands beside the measurement's.
        let Some(measurement) = wanted["what"].as_str().or(wanted.as_str()) else { continue };
        let mut command = Command::new("python3");
        command
            // Cargo has every program look for its libraries in seven more directories, and system calls are counted.
            .env_remove("LD_LIBRARY_PATH")
            .env("BENCH_OUT", &out)
            .env("BENCH_EXTRA", &ours)
            .arg(peers.join(DRIVER))
            .arg(measurement)
            .args(["--runs", &bench.runs.to_string()]);
        if let Some(only) = wanted["only"].as_str() {
            command.args(["--only", only]);
        } else if let Some(only) = &bench.only {
            command.args(["--only", &format!("choo,{only}")]);
        }
        let said = command.follow()?;
        let results = read_json(&out.join("run").join(measurement).with_extension("json"))?;
        samples.extend(harness_samples(measurement, &results, &said));
    }
    Ok(samples)
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
pub(crate) fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
