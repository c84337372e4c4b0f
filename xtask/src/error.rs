use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why a routine stopped. The message ends in the remedy where there is one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The machine lacks something that this program may not or cannot install.
    #[error("{what}: missing; this installs it:\n\n    {command}\n")]
    Missing { what: String, command: String },
    /// The machine lacks something, and no single command is known to help.
    #[error("{0}")]
    Unsupported(String),
    #[error("`{command}` ended with {status}")]
    Failed { command: String, status: ExitStatus },
    #[error("cannot start `{program}`: {source}")]
    Start { program: String, source: io::Error },
    #[error("cannot {doing} {}: {source}", path.display())]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("wasm-bindgen refused the module: {0}")]
    Bindgen(String),
    /// The repository is not as it should be.
    #[error("{0}")]
    Check(String),
}

/// Gives an I/O error the file it is about.
pub(crate) trait At<T> {
    fn at(self, doing: &'static str, path: impl Into<PathBuf>) -> Result<T, Error>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: impl Into<PathBuf>) -> Result<T, Error> {
        self.map_err(|source| Error::File { doing, path: path.into(), source })
    }
}
