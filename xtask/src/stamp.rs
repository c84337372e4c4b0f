use std::collections::BTreeSet;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::error::{At as _, Error};
use crate::repo::Repo;

/// Remembers that some outputs were made from some inputs, by content: neither a fresh clone's file
/// times nor a rebuild that changes nothing make it stale, and an output changed by hand does.
pub(crate) struct Stamp {
    file: PathBuf,
    /// Whatever else the outputs depend on: flags, versions of tools.
    recipe: String,
    inputs: Vec<PathBuf>,
    outputs: Vec<PathBuf>,
}

impl Stamp {
    /// A missing output makes the stamp stale; a missing input is as good as an empty one.
    pub(crate) fn new(
        repo: &Repo,
        name: &str,
        recipe: impl Into<String>,
        inputs: Vec<PathBuf>,
        outputs: Vec<PathBuf>,
    ) -> Result<Stamp, Error> {
        let file = repo.scratch()?.join(name).with_extension("stamp");
        Ok(Stamp { file, recipe: recipe.into(), inputs, outputs })
    }

    pub(crate) fn is_fresh(&self) -> bool {
        let there = self.outputs.iter().all(|output| output.exists());
        there && fs::read_to_string(&self.file).is_ok_and(|text| self.text().is_ok_and(|now| now == text))
    }

    /// To be called when the outputs have been made.
    pub(crate) fn press(&self) -> Result<(), Error> {
        fs::write(&self.file, self.text()?).at("write", &self.file)
    }

    fn text(&self) -> Result<String, Error> {
        let mut hasher = DefaultHasher::new();
        self.recipe.hash(&mut hasher);
        for path in self.inputs.iter().chain(&self.outputs) {
            for file in files(path)? {
                file.hash(&mut hasher);
                fs::read(&file).at("read", &file)?.hash(&mut hasher);
            }
        }
        Ok(format!("{:016x}\n", hasher.finish()))
    }
}

/// The files at or below a path, in a fixed order, without those that a build brings.
fn files(path: &Path) -> Result<BTreeSet<PathBuf>, Error> {
    let mut found = BTreeSet::new();
    let mut open = vec![path.to_path_buf()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path).at("list", &path)? {
                let entry = entry.at("list", &path)?;
                if entry.file_name() != "node_modules" {
                    open.push(entry.path());
                }
            }
        } else if path.is_file() {
            found.insert(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Stamp;

    #[test]
    fn a_stamp_goes_stale_with_any_input_output_or_recipe_and_not_with_time() {
        let dir = tempfile::tempdir().unwrap();
        let source = dir.path().join("src");
        let output = dir.path().join("dist");
        for (path, text) in [("src/a", "a"), ("src/deep/b", "b"), ("dist/out", "ab")] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let stamp = |recipe: &str| Stamp {
            file: dir.path().join("stamp"),
            recipe: recipe.to_owned(),
            inputs: vec![source.clone()],
            outputs: vec![output.clone()],
        };
        assert!(!stamp("-O3").is_fresh());
        stamp("-O3").press().unwrap();
        assert!(stamp("-O3").is_fresh());
        assert!(!stamp("-O1").is_fresh());

        fs::write(source.join("deep/b"), "b").unwrap();
        assert!(stamp("-O3").is_fresh(), "the same bytes again");
        fs::write(source.join("deep/b"), "c").unwrap();
        assert!(!stamp("-O3").is_fresh(), "an input changed");
        fs::write(source.join("deep/b"), "b").unwrap();
        fs::write(output.join("out"), "by hand").unwrap();
        assert!(!stamp("-O3").is_fresh(), "an output changed");
        fs::remove_dir_all(&output).unwrap();
        assert!(!stamp("-O3").is_fresh(), "the output is gone");
    }
}
