use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::process::Run as _;
use crate::repo::{Repo, find_program};
use crate::system::System;
use crate::toolchain::{Toolchain, version};

/// Something a routine wants from the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// A way to build for wasm32.
    Wasm,
    /// A browser for the tests.
    Browser,
    /// The programs that the interop tests use as producers and readers.
    NetTools,
    /// A compiler for C++, which the fuzzer is written in.
    Cpp,
    /// Readers of JSON that our own are held against.
    Judges,
    /// A WebSocket client of another language.
    Websockets,
}

/// What the tests need on top of what a build needs.
pub(crate) const FOR_TESTS: [Need; 6] =
    [Need::Wasm, Need::Browser, Need::NetTools, Need::Cpp, Need::Judges, Need::Websockets];

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const NET_TOOLS: [&str; 4] = ["socat", "nc", "jq", "curl"];
const JUDGES: [&str; 2] = ["go", "python3"];
/// The system's own comes first, whose packages the system installs.
const PYTHONS: [&str; 2] = ["/usr/bin/python3", "python3"];
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Sees to it that the needs are met: installs as root on Debian, otherwise stops and names the command.
pub(crate) fn ensure(repo: &Repo, needs: &[Need]) -> Result<(), Error> {
    check_node()?;
    let missing = || needs.iter().copied().filter(|need| !need.is_met()).collect::<Vec<_>>();
    let wanted = missing();
    if wanted.is_empty() {
        return Ok(());
    }
    let system = System::here();
    if !system.installs_itself() {
        return Err(system.explain(&wanted));
    }
    let _turn = repo.lock("packages")?;
    let packages: Vec<_> = wanted.iter().flat_map(|need| need.debian()).copied().collect();
    // A machine that was just set up has no package lists, an old one has lists that are out of date:
    // both show when the install fails or brings something too old.
    let installed = apt_install(&packages).is_ok();
    if !installed || !missing().is_empty() {
        apt(&["update"]).run()?;
        apt_install(&packages)?;
    }
    let still = missing();
    if still.is_empty() { Ok(()) } else { Err(system.explain(&still)) }
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Need::Wasm => Toolchain::find().is_some(),
            Need::Browser => browser().is_some(),
            Need::NetTools => NET_TOOLS.iter().all(|tool| find_program(tool).is_some()) && nc_knows_unix(),
            Need::Cpp => find_program("c++").is_some(),
            Need::Judges => JUDGES.iter().all(|judge| find_program(judge).is_some()),
            Need::Websockets => PYTHONS.iter().any(|python| has_websockets(python)),
        }
    }

    /// As the beginning of a sentence about its absence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Need::Wasm => "a compiler for wasm32-unknown-unknown",
            Need::Browser => "Chromium",
            Need::NetTools => "socat, nc with Unix sockets, jq or curl",
            Need::Cpp => "a C++ compiler",
            Need::Judges => "Go or Python",
            Need::Websockets => "Python's package websockets",
        }
    }

    pub(crate) fn debian(self) -> &'static [&'static str] {
        match self {
            Need::Wasm => &["rustc-web", "cargo-web", "rust-web-src", "lld-19"],
            Need::Browser => &["chromium"],
            Need::NetTools => &["socat", "netcat-openbsd", "jq", "curl"],
            Need::Cpp => &["g++"],
            Need::Judges => &["golang-go", "python3"],
            Need::Websockets => &["python3-websockets"],
        }
    }

    pub(crate) fn homebrew(self) -> &'static [&'static str] {
        match self {
            // The compiler for C++ comes with what Rust needs there, the package by `pip install`.
            Need::Wasm | Need::Cpp | Need::Websockets => &[],
            Need::Browser => &["chromium"],
            // nc and curl are part of macOS.
            Need::NetTools => &["socat", "jq"],
            Need::Judges => &["go", "python"],
        }
    }
}

/// The browser that the tests drive.
pub(crate) fn browser() -> Option<PathBuf> {
    BROWSERS.iter().find_map(|name| find_program(name))
}

/// Debian has two programs of that name, and the traditional one speaks TCP and UDP only. The other's
/// help begins with its letters: `usage: nc [-46CDdFhklNnrStUuvZz] ...`.
fn nc_knows_unix() -> bool {
    let Ok(help) = Command::new("nc").arg("-h").output() else {
        return false;
    };
    let text = [help.stdout, help.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    text.split_whitespace().any(|word| word.starts_with("[-") && word.contains('U'))
}

fn has_websockets(python: &str) -> bool {
    let asked = Command::new(python).args(["-c", "import websockets"]).output();
    asked.is_ok_and(|answer| answer.status.success())
}

fn check_node() -> Result<(), Error> {
    let found = Command::new("node").arg("--version").capture().ok();
    let found = found.as_deref().map(str::trim);
    match found.and_then(version) {
        Some(version) if version >= OLDEST_NODE && find_program("npm").is_some() => Ok(()),
        Some(version) if version >= OLDEST_NODE => {
            Err(Error::Unsupported("npm is not in PATH, though node is: install npm beside it".into()))
        }
        _ => Err(Error::Unsupported(format!(
            "Node.js {}, but 20.19 or later is needed: see https://nodejs.org/en/download",
            found.map_or("is not in PATH".to_owned(), |version| format!("{version} is in PATH")),
        ))),
    }
}

fn apt(words: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    // Another apt may be at work on a machine that has just come up: wait for it.
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-o", "DPkg::Lock::Timeout=300", "-qq"])
        .args(words);
    command
}

fn apt_install(packages: &[&str]) -> Result<(), Error> {
    apt(&["install", "--yes", "--no-install-recommends"]).args(packages).run()
}
