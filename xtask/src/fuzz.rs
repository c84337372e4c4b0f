use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cargo::cargo;
use crate::error::{At as _, Error};
use crate::packages::{self, Need};
use crate::process::{Run as _, headline, not_started};
use crate::repo::Repo;

/// What there is to be fuzzed: the programs of `fuzz/targets`.
const TARGETS: [&str; 4] = ["decoder", "validator", "v8", "fold"];
/// How long each is fuzzed in `cargo xtask test`, in seconds: a minute in all.
const SECS_IN_TESTS: u64 = 15;

/// What makes a program tell the fuzzer where an input has led: the flags of cargo-fuzz 0.13. They are
/// all it does that matters here, and installing it takes longer than a run in CI.
const FLAGS: [&str; 9] = [
    "--cfg=fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Cllvm-args=-sanitizer-coverage-stack-depth",
    "-Cllvm-args=-simplifycfg-branch-fold-threshold=0",
    "-Cdebug-assertions",
];

/// What to begin with: the golden vectors, and files of lines.
const VECTORS: &str = "tests/vectors/lines.json";
const SEEDS: [&str; 5] = [
    "tests/vectors/events.ndjson",
    "fuzz/seeds.ndjson",
    "tests/vectors/go/lines.ndjson",
    "tests/vectors/s0-example.ndjson",
    "tests/vectors/s0-example.document-order.ndjson",
];

/// The longest input in bytes. Lines of 4 KiB hold whatever there is to find.
const MAX_LEN: usize = 4096;

/// Feed the protocol hostile bytes.
#[derive(Debug, clap::Args)]
pub(crate) struct Fuzz {
    /// Only these targets: decoder, validator, v8, fold.
    #[arg(value_name = "TARGET", value_parser = TARGETS)]
    only: Vec<String>,
    /// How long to go on with each target.
    #[arg(long, default_value_t = 20, value_name = "N")]
    secs: u64,
    /// Only this input, for instance one of fuzz/artifacts; with one target.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

/// A minute of it, as a check among others.
pub(crate) fn for_a_minute(repo: &Repo) -> Result<(), Error> {
    fuzz(repo, &Fuzz { only: Vec::new(), secs: SECS_IN_TESTS, input: None })
}

pub(crate) fn fuzz(repo: &Repo, wish: &Fuzz) -> Result<(), Error> {
    packages::ensure(repo, &[Need::Cpp])?;
    let host = host()?;
    build(repo, &host)?;
    let programs = repo.target("fuzz").join(&host).join("release");
    let targets: Vec<&str> = TARGETS
        .into_iter()
        .filter(|name| wish.only.is_empty() || wish.only.iter().any(|n| n == name))
        .collect();
    if let Some(input) = &wish.input {
        for target in targets {
            headline(target);
            let mut program = Command::new(programs.join(target));
            program.current_dir(repo.root()).env("CHOO_FUZZ_BATCH", "1").arg(input).run()?;
        }
        return Ok(());
    }
    let seeds = seeds(repo)?;
    // Two at a time: more than one core is at hand nearly everywhere.
    for pair in targets.chunks(2) {
        let runs =
            pair.iter().map(|target| Ok((*target, start(repo, &programs, &seeds, target, wish.secs)?)));
        let runs = runs.collect::<Result<Vec<_>, Error>>()?;
        let ended: Vec<_> = runs.into_iter().map(|(target, run)| report(target, run)).collect();
        ended.into_iter().collect::<Result<(), Error>>()?;
    }
    Ok(())
}

/// A target that is being fuzzed.
struct Running {
    command: String,
    child: Child,
}

fn start(repo: &Repo, programs: &Path, seeds: &Path, target: &str, secs: u64) -> Result<Running, Error> {
    let mut program = Command::new(programs.join(target));
    program.current_dir(repo.root());
    // What is found is kept from run to run; git does not see it.
    let corpus = repo.path("fuzz/corpus").join(target);
    let artifacts = repo.path("fuzz/artifacts").join(target);
    for dir in [&corpus, &artifacts] {
        fs::create_dir_all(dir).at("create", dir)?;
    }
    let regressions = repo.path("fuzz/regressions").join(target);
    program.arg(&corpus).arg(seeds).args(regressions.is_dir().then_some(regressions));
    program.arg(format!("-max_total_time={secs}"));
    program.arg(format!("-dict={}", repo.path("fuzz/dictionary").display()));
    program.arg(format!("-artifact_prefix={}/", artifacts.display()));
    program.arg(format!("-max_len={MAX_LEN}"));
    // A few bytes that cost much are a fault too.
    program.args(["-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=512"]);
    program.args(["-print_funcs=0", "-verbosity=0", "-print_final_stats=1"]);
    program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let child = program.spawn().map_err(|source| not_started(&program, source))?;
    Ok(Running { command: program.shown(), child })
}

/// Waits for the end, and shows the numbers; all that was said if something was found.
fn report(target: &str, run: Running) -> Result<(), Error> {
    let Running { command, child } = run;
    let output = child.wait_with_output().at("wait for", Path::new(target))?;
    headline(target);
    println!("$ {command}");
    let said = String::from_utf8_lossy(&output.stderr);
    let stats = said.lines().filter(|line| line.starts_with("stat::"));
    if output.status.success() {
        stats.for_each(|line| println!("{line}"));
        return Ok(());
    }
    println!("{said}");
    headline(&format!(
        "look at it with `cargo xtask fuzz {target} --input FILE`; a copy in fuzz/regressions/{target} is \
         replayed by the ordinary tests for ever"
    ));
    Err(Error::Failed { command, status: output.status })
}

fn build(repo: &Repo, host: &str) -> Result<(), Error> {
    let mut command = cargo(repo);
    // The target is named so that the flags do not reach build scripts.
    command.args(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", host]);
    command.arg("--target-dir").arg(repo.target("fuzz"));
    command.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}"));
    command.run()
}

fn host() -> Result<String, Error> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let text = Command::new(rustc).arg("-vV").capture()?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Error::Unsupported("`rustc -vV` names no host".into()))
}

/// A place with the seeds: the golden vectors and a few lines of our own, each in a file of its own, and
/// files of many lines once more as a whole.
fn seeds(repo: &Repo) -> Result<PathBuf, Error> {
    let dir = repo.target("fuzz").join("seeds");
    fs::create_dir_all(&dir).at("create", &dir)?;
    let mut count = 0;
    let mut add = |contents: &[u8]| {
        count += 1;
        let path = dir.join(count.to_string());
        fs::write(&path, contents).at("write", &path)
    };
    let file = repo.path(VECTORS);
    let text = fs::read_to_string(&file).at("read", &file)?;
    let vectors: Vec<serde_json::Value> =
        serde_json::from_str(&text).map_err(|error| Error::Check(format!("{VECTORS}: {error}")))?;
    vectors.iter().filter_map(|vector| vector["line"].as_str()).try_for_each(|line| add(line.as_bytes()))?;
    for name in SEEDS {
        let file = repo.path(name);
        let text = fs::read_to_string(&file).at("read", &file)?;
        text.lines().try_for_each(|line| add(line.as_bytes()))?;
        // Of a long one not even a part could be fuzzed as a whole.
        if text.len() < MAX_LEN {
            add(text.as_bytes())?;
        }
    }
    Ok(dir)
}
