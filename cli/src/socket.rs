//! The `--socket` of every command.

use std::path::PathBuf;

use clap::Args;

use crate::exit::Failure;

/// Where the hub listens for orchestrators and for us.
#[derive(Debug, Clone, Args)]
pub(crate) struct SocketArg {
    /// Unix socket of the hub
    #[arg(long, value_name = "PATH", help = HELP)]
    socket: Option<PathBuf>,
}

const HELP: &str = "Unix socket of the hub [default: $XDG_RUNTIME_DIR/choo/web.sock, else ~/.choo/web.sock]";

impl SocketArg {
    /// The path to use, or what is wrong with it.
    pub(crate) fn path(&self) -> Result<PathBuf, String> {
        let path = match &self.socket {
            Some(path) => choo_transport::check_socket_path(path).map(|()| path.clone()),
            None => choo_transport::default_socket_path(),
        };
        let path = path.map_err(|error| error.to_string())?;
        if path.is_dir() {
            return Err(format!("socket path is a directory; name a file in it: {}", path.display()));
        }
        Ok(path)
    }

    /// The path to use; a wrong one ends the command.
    pub(crate) fn resolve(&self) -> Result<PathBuf, Failure> {
        self.path().map_err(Failure::usage)
    }
}
