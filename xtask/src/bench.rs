use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, ValueEnum};

use crate::cargo::cargo;
use crate::error::{At as _, Error};
use crate::npm;
use crate::process::Run as _;
use crate::repo::Repo;
use crate::ui;
use crate::wasm;

/// The peers' driver, and our entry in its list.
const DRIVER: &str = "run.py";
const OURS: &str = "choo";
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
    /// The directory with the peers' programs and their driver run.py.
    #[arg(long, value_name = "DIR", default_value = "../shared/bench")]
    peers: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// Split, validate and decode lines on one core.
    Protocol,
    /// From emit to a reader of the socket: throughput, bursts, a stalled peer, latency.
    Pusher,
    /// Fan-out to many readers.
    Hub,
}

impl Subject {
    /// The driver's names for it.
    fn measurements(self) -> &'static [&'static str] {
        match self {
            Subject::Protocol => &["ingest"],
            Subject::Pusher => &["push", "latency"],
            Subject::Hub => &["fan"],
        }
    }
}

/// Measures our programs beside the peers in one run, since only ratios of one run say anything.
pub(crate) fn bench(repo: &Repo, bench: &Bench) -> Result<(), Error> {
    cargo(repo).args(["build", "--release", "-p", "choo-bench", "-p", "choo"]).run()?;
    if bench.subject == Subject::Protocol {
        // Writing has no peer in the harness; the program has serde_json beside it.
        Command::new(repo.target("release/encode")).arg("1000000").run()?;
        wasm::build(repo)?;
        ui::build_wire(repo)?;
        // Its peers are the engines' own: JSON.parse, and Ajv behind it.
        npm::node(repo).arg(repo.path(NODE).join("decode.js")).arg(bench.runs.to_string()).run()?;
    }
    let peers = repo.path("").join(&bench.peers);
    let driver = peers.join(DRIVER);
    if !driver.is_file() {
        return Err(Error::Check(format!(
            "no {DRIVER} in {}: name the directory of the peers' programs with --peers",
            peers.display()
        )));
    }
    Command::new(peers.join("build.sh")).run()?;
    let contenders = repo.scratch()?.join("contenders.json");
    let ours = our_contenders(&repo.target("release"), &repo.path(NODE));
    fs::write(&contenders, ours).at("write", &contenders)?;
    for measurement in bench.subject.measurements() {
        let mut command = Command::new("python3");
        command
            .env("BENCH_EXTRA", &contenders)
            .arg(&driver)
            .arg(measurement)
            .args(["--runs", &bench.runs.to_string()]);
        if let Some(only) = &bench.only {
            command.args(["--only", &format!("{OURS},{only}")]);
        }
        command.run()?;
    }
    Ok(())
}

/// Our programs in the form of the peers' list; the words in braces are the driver's to fill in.
fn our_contenders(release: &Path, node: &Path) -> String {
    let (release, node) = (release.display(), node.display());
    format!(
        r#"{{
  "ingest": {{
    "{OURS}": "{release}/ingest",
    "{OURS} wasm in Node": "node {node}/ingest.js check",
    "{OURS} wasm in Node, objects": "node {node}/ingest.js decode"
  }},
  "pusher": {{"{OURS}": "{release}/pusher"}},
  "hub": {{
    "{OURS} sse": {{
      "cmd": "{release}/choo web --socket {{sock}} --listen {{addr}} --data {{run}}/choo --no-token",
      "sub": "sse",
      "at": "{{addr}}/api/v1/events?since=now"
    }}
  }}
}}
"#
    )
}
