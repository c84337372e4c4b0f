use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cargo::cargo;
use crate::error::{At as _, Error};
use crate::process::{Run as _, headline};
use crate::repo::Repo;

/// What there is to be fuzzed: the programs of `fuzz/targets`.
const TARGETS: [&str; 3] = ["decoder", "validator", "fold"];

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

/// Feed the protocol hostile bytes.
#[derive(Debug, clap::Args)]
pub(crate) struct Fuzz {
    /// Only these targets: decoder, validator, fold.
    #[arg(value_name = "TARGET", value_parser = TARGETS)]
    only: Vec<String>,
    /// How long to go on with each target.
    #[arg(long, default_value_t = 20, value_name = "N")]
    secs: u64,
    /// Only this input, for instance one of fuzz/artifacts; with one target.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
}

pub(crate) fn fuzz(repo: &Repo, wish: &Fuzz) -> Result<(), Error> {
    let host = host()?;
    build(repo, &host)?;
    let seeds = seeds(repo)?;
    for target in TARGETS.iter().filter(|name| wish.only.is_empty() || wish.only.iter().any(|n| n == *name)) {
        headline(target);
        let mut program = Command::new(repo.target("fuzz").join(&host).join("release").join(target));
        if let Some(input) = &wish.input {
            program.arg(input).run()?;
            continue;
        }
        // What is found is kept from run to run; git does not see it.
        let corpus = repo.path("fuzz/corpus").join(target);
        let artifacts = repo.path("fuzz/artifacts").join(target);
        for dir in [&corpus, &artifacts] {
            fs::create_dir_all(dir).at("create", dir)?;
        }
        program.arg(&corpus).arg(&seeds);
        program.arg(format!("-max_total_time={}", wish.secs));
        program.arg(format!("-dict={}", repo.path("fuzz/dictionary").display()));
        program.arg(format!("-artifact_prefix={}/", artifacts.display()));
        // A few bytes that cost much are a fault too. Lines of 4 KiB hold whatever there is to find.
        program.args(["-max_len=4096", "-timeout=10", "-rss_limit_mb=1024", "-malloc_limit_mb=512"]);
        program.args(["-print_funcs=0", "-verbosity=0", "-print_final_stats=1"]);
        program.run()?;
    }
    Ok(())
}

fn build(repo: &Repo, host: &str) -> Result<(), Error> {
    let mut command = cargo(repo);
    // The target is named so that the flags do not reach build scripts.
    command.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--target", host]);
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

/// A place with the seed lines, each in a file of its own and all in one.
fn seeds(repo: &Repo) -> Result<PathBuf, Error> {
    let file = repo.path("fuzz/seeds.ndjson");
    let text = fs::read_to_string(&file).at("read", &file)?;
    let dir = repo.target("fuzz").join("seeds");
    fs::create_dir_all(&dir).at("create", &dir)?;
    let whole = ("all".to_owned(), text.as_str());
    let lines = text.lines().enumerate().map(|(number, line)| (number.to_string(), line));
    for (name, contents) in lines.chain([whole]) {
        let path = dir.join(name);
        fs::write(&path, contents).at("write", &path)?;
    }
    Ok(dir)
}
