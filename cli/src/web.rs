//! `choo web`: the hub as a daemon in the foreground.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use choo_hub::{Config, HistorySource, Hub, StartError, TokenSource, default_data_dir};
use choo_transport::Listener;
use clap::Args;
use tracing_subscriber::EnvFilter;

use crate::exit::{self, Exit, Failure};
use crate::signals::Interrupts;
use crate::size;
use crate::socket::SocketArg;

/// Start the hub: takes events, serves the page, and prints its address
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct WebArgs {
    /// Address of the page; loopback only, port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value_t = Config::LISTEN)]
    listen: SocketAddr,

    /// Directory for what outlives the hub: token and history
    #[arg(long, value_name = "DIR", help = DATA_HELP)]
    data: Option<PathBuf>,

    /// File with the token, made if it is not there [default: `token` in the data directory]
    #[arg(long, value_name = "FILE", conflicts_with = "no_token")]
    token_file: Option<PathBuf>,

    /// Ask for no token: every process and page that reaches the port may read
    #[arg(long)]
    no_token: bool,

    /// Further name by which browsers may reach the hub, `host` or `host:port`; may be repeated
    #[arg(long, value_name = "HOST")]
    allow_host: Vec<String>,

    /// Further origin whose pages may read, `http://host:port`; may be repeated
    #[arg(long, value_name = "ORIGIN")]
    allow_origin: Vec<String>,

    /// Events kept in memory, in bytes or with K, M, G; older ones are read from the history file
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = size::parse)]
    history_bytes: usize,

    /// Keep no history file: events are in memory only, and gone when the hub ends
    #[arg(long)]
    no_history: bool,

    /// Days for which a run is kept behind its latest event, 0 for ever
    #[arg(long, value_name = "N", default_value_t = 30)]
    keep_days: u16,

    /// Runs that are kept; the longest finished ones go first
    #[arg(long, value_name = "N", default_value_t = Config::KEEP_RUNS)]
    keep_runs: usize,

    /// Size of the history file at which its oldest events are removed, in bytes or with K, M, G; 0 for any
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = size_or_zero)]
    keep_bytes: usize,

    /// Streams that may be read at the same time
    #[arg(long, value_name = "N", default_value_t = Config::MAX_CLIENTS)]
    max_clients: usize,

    /// Print the address of the hub that is running, and end
    #[arg(long)]
    url: bool,

    #[command(flatten)]
    socket: SocketArg,
}

const DATA_HELP: &str = "Directory for what outlives the hub: token and history [default: $XDG_STATE_HOME/choo, \
                         else ~/.local/state/choo]";

const AFTER_HELP: &str = "\
The first line on standard output is the address of the page, with the token behind the #; whoever has it \
can read along. SIGTERM or Ctrl-C ends the hub; runs do not notice. CHOO_LOG=info or debug says more on \
standard error. The Unix socket speaks HTTP as well, without a token.

Examples:
  choo web
  curl --unix-socket ~/.choo/web.sock http://localhost/api/v1/runs
  choo web --listen 127.0.0.1:0 --socket /tmp/me/web.sock --data /tmp/me
  xdg-open \"$(choo web --url)\"

Exit codes: 0 ended by a signal, 1 another hub is running or nothing could be started, 2 wrong usage.";

/// Serves until a signal.
pub(crate) fn main(args: WebArgs) -> Result<Exit, Failure> {
    let socket = args.socket.resolve()?;
    if args.url {
        let url = Listener::announced(&socket).ok_or_else(|| {
            Failure::new(format_args!("no hub is running ({})", socket.display()))
                .hint("start one with `choo web`")
        })?;
        exit::say(&url);
        return Ok(Exit::Success);
    }
    log_to_stderr();
    let mut interrupts =
        Interrupts::new().map_err(|error| Failure::new(format_args!("cannot catch signals: {error}")))?;
    let mut config = Config::default();
    config.socket = socket;
    config.listen = args.listen;
    let in_data = |name| args.data.clone().or_else(default_data_dir).map(|dir| dir.join(name));
    config.token = if args.no_token {
        TokenSource::None
    } else {
        TokenSource::File(args.token_file.or_else(|| in_data("token")).unwrap_or_default())
    };
    config.history = if args.no_history {
        HistorySource::Memory
    } else {
        HistorySource::File(in_data("history.db").unwrap_or_default())
    };
    config.keep_runs = args.keep_runs;
    config.keep_age = (args.keep_days > 0).then(|| Duration::from_hours(24 * u64::from(args.keep_days)));
    config.keep_bytes = (args.keep_bytes > 0).then_some(args.keep_bytes as u64);
    config.allow_hosts = args.allow_host;
    config.allow_origins = args.allow_origin;
    config.history_bytes = args.history_bytes;
    config.max_clients = args.max_clients;
    let hub = Hub::start(config).map_err(|error| failure(&error))?;
    exit::say(hub.url());
    hub.run_until(interrupts.next());
    Ok(Exit::Success)
}

fn size_or_zero(text: &str) -> Result<usize, String> {
    if text == "0" { Ok(0) } else { size::parse(text) }
}

/// The message of the hub names thing and remedy; here it is only decided whose fault it is.
fn failure(error: &StartError) -> Failure {
    match error {
        StartError::NotLoopback { .. } | StartError::AllowHost { .. } | StartError::AllowOrigin { .. } => {
            Failure::usage(error)
        }
        _ => Failure::new(error),
    }
}

fn log_to_stderr() {
    let filter = EnvFilter::try_from_env("CHOO_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let colours = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
}
