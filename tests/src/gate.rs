//! A step of a plan that ends when the test says so.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

/// A named pipe; a task that runs [`Gate::command`] stands until [`Gate::open`].
#[derive(Debug)]
pub struct Gate(PathBuf);

impl Gate {
    /// Makes one in `dir`.
    pub fn new(dir: &Path, name: &str) -> Self {
        let path = dir.join(name);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from(0o600)).unwrap();
        Gate(path)
    }

    /// A shell command that ends once the gate has been opened.
    pub fn command(&self) -> String {
        format!("cat {}", self.0.display())
    }

    /// Lets the task go on; waits until it stands at the gate.
    pub fn open(self) {
        drop(OpenOptions::new().write(true).open(&self.0).unwrap());
    }
}
