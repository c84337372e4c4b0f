use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;

use rustix::process::Pid;

use crate::cargo::cargo;
use crate::error::{At as _, Error};
use crate::process::{Run as _, headline, not_started};
use crate::repo::Repo;
use crate::signals::{Group, Interrupt, end};
use crate::ui;

const LISTEN: &str = "127.0.0.1:8080";
const PLAN: &str = "examples/self/plan.toml";

/// The main job on real input: this repository's own checks, run as a plan and watched in a browser.
///
/// With `exit` it ends with the run, and with its exit code; otherwise the page stays until Ctrl-C.
pub(crate) fn demo(repo: &Repo, exit: bool) -> Result<ExitCode, Error> {
    ui::build(repo)?;
    cargo(repo).args(["build", "--release", "-p", "choo"]).run()?;
    let choo = repo.target("release/choo");

    let interrupt = Interrupt::listen().at("listen for signals in", repo.root())?;
    let private = Private::if_needed();
    let mut hub = start_hub(&choo, private.as_ref())?;
    let Some(url) = read_url(&mut hub) else {
        return Err(ended(&choo, &mut hub)?);
    };
    headline(&format!("Open {url}"));
    println!();

    let mut run = Command::new(&choo);
    run.current_dir(repo.root()).args(["run", "--web", PLAN]);
    if let Some(private) = &private {
        run.arg("--socket").arg(private.socket());
    }
    let mut child = run.spawn().map_err(|source| not_started(&run, source))?;
    let status = interrupt.wait(&mut child, Group::Ours).at("wait for", &choo)?;

    let over = exit || interrupt.seen();
    if over {
        end(Pid::from_child(&hub));
    } else {
        headline(&format!("The run has ended ({status}). The page stays at {url} until Ctrl-C."));
    }
    interrupt.wait(&mut hub, Group::Its).at("wait for", &choo)?;
    Ok(if over && !status.success() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn start_hub(choo: &Path, private: Option<&Private>) -> Result<Child, Error> {
    let listen = if TcpListener::bind(LISTEN).is_ok() { LISTEN } else { "127.0.0.1:0" };
    let mut command = Command::new(choo);
    // Ctrl-C ends the run first: what the run says at its end is still to be shown.
    command.args(["web", "--listen", listen]).stdout(Stdio::piped()).process_group(0);
    if let Some(private) = private {
        command.arg("--socket").arg(private.socket()).arg("--data").arg(&private.dir);
    }
    command.spawn().map_err(|source| not_started(&command, source))
}

/// The first line that the hub prints. The rest is read on, so that the hub never waits for us.
fn read_url(hub: &mut Child) -> Option<String> {
    let mut output = BufReader::new(hub.stdout.take()?);
    let mut line = String::new();
    output.read_line(&mut line).ok()?;
    let copy = move || {
        for line in output.lines().map_while(Result::ok) {
            println!("{line}");
        }
    };
    thread::Builder::new().name("hub output".to_owned()).spawn(copy).ok()?;
    let url = line.trim();
    (!url.is_empty()).then(|| url.to_owned())
}

fn ended(choo: &Path, hub: &mut Child) -> Result<Error, Error> {
    end(Pid::from_child(hub));
    let status = hub.wait().at("wait for", choo)?;
    Ok(Error::Failed { command: format!("{} web", choo.display()), status })
}

/// Where the demo keeps its socket and token while a hub of the user's own has the usual place.
struct Private {
    dir: PathBuf,
}

impl Private {
    fn if_needed() -> Option<Private> {
        let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
        let usual = match runtime {
            Some(dir) => dir.join("choo/web.sock"),
            None => PathBuf::from(env::var_os("HOME")?).join(".choo/web.sock"),
        };
        UnixStream::connect(&usual).ok()?;
        println!("A hub is listening on {} already: the demo takes a place of its own.", usual.display());
        // Not below the clone, whose path may be too long for a socket.
        Some(Private { dir: env::temp_dir().join(format!("choo-demo-{}", std::process::id())) })
    }

    fn socket(&self) -> PathBuf {
        self.dir.join("web.sock")
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // It may not have come into being.
        let _absent = fs::remove_dir_all(&self.dir);
    }
}
