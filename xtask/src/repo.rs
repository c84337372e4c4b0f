use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::{At as _, Error};

/// Where things are: the clone this program was started in, and the build directory it lives in.
pub(crate) struct Repo {
    root: PathBuf,
    target: PathBuf,
}

impl Repo {
    pub(crate) fn find() -> Result<Repo, Error> {
        // Cargo sets the variable when it runs us, also when several clones share one target directory
        // and the path compiled in is another clone's.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().unwrap_or(Path::new(".")).to_path_buf();
        let program = env::current_exe().at("find", "this program")?;
        // target/debug/xtask
        let target = program.ancestors().nth(2).map_or_else(|| root.join("target"), Path::to_path_buf);
        Ok(Repo { root, target })
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn target(&self, below: &str) -> PathBuf {
        self.target.join(below)
    }

    /// The place for this program's own files, made if need be.
    pub(crate) fn scratch(&self) -> Result<PathBuf, Error> {
        let path = self.target.join("xtask");
        fs::create_dir_all(&path).at("create", &path)?;
        Ok(path)
    }

    /// Waits until no other xtask of this clone holds the lock of that name. The demo's own plan runs
    /// several at once, and two of them must not write one package directory.
    pub(crate) fn lock(&self, name: &str) -> Result<File, Error> {
        let path = self.scratch()?.join(name).with_extension("lock");
        let file = File::create(&path).at("create", &path)?;
        file.lock().at("lock", &path)?;
        Ok(file)
    }
}

/// A program's full path by the rules of the shell, or `None`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}
