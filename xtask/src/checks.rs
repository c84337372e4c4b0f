//! Rules about files that no tool checks for us.

use std::fs;

use crate::cargo::cargo;
use crate::error::{At as _, Error};
use crate::npm;
use crate::process::Run as _;
use crate::repo::Repo;

/// The npm lock names no download addresses: they would be those of one person's registry.
pub(crate) fn npm_lock(repo: &Repo) -> Result<(), Error> {
    let path = npm::lock_file(repo);
    let text = fs::read_to_string(&path).at("read", &path)?;
    match stray_address(&text) {
        None => Ok(()),
        Some(number) => Err(Error::Check(format!(
            "package-lock.json:{number} has a download address: remove the file and node_modules, and run \
             `npm install` in the root, where .npmrc leaves addresses out"
        ))),
    }
}

/// hyper brings tokio for its `sync` module. Any other feature would mean a second runtime in the program.
pub(crate) fn tokio_features(repo: &Repo) -> Result<(), Error> {
    let tree =
        cargo(repo).args(["tree", "--workspace", "--edges", "features", "--prefix", "none"]).capture()?;
    match stray_feature(&tree) {
        None => Ok(()),
        Some(feature) => Err(Error::Check(format!(
            "tokio has the feature {feature}: see who asks with `cargo tree --workspace -e features -i tokio`"
        ))),
    }
}

/// The number of the first line that tells where a package was fetched from.
fn stray_address(lock: &str) -> Option<usize> {
    let is_address = |line: &str| line.contains("\"resolved\":") && line.contains("://");
    lock.lines().position(is_address).map(|index| index + 1)
}

fn stray_feature(tree: &str) -> Option<&str> {
    tree.lines()
        .filter_map(|line| line.strip_prefix("tokio feature \"")?.split('"').next())
        .find(|feature| !["default", "sync"].contains(feature))
}

#[cfg(test)]
mod tests {
    use super::{stray_address, stray_feature};

    #[test]
    fn an_address_in_the_lock_is_found_and_a_workspace_link_is_not() {
        let link = "{\n\"node_modules/ui\": {\n\"resolved\": \"ui\",\n\"link\": true\n}";
        assert_eq!(stray_address(link), None);
        let address = format!("{link}\n\"resolved\": \"https://registry.example/a.tgz\"");
        assert_eq!(stray_address(&address), Some(6));
    }

    #[test]
    fn tokio_may_have_its_sync_module_only() {
        assert_eq!(
            stray_feature("hyper v1.12.0\ntokio feature \"default\"\ntokio feature \"sync\" (*)"),
            None
        );
        assert_eq!(stray_feature("tokio feature \"sync\"\ntokio feature \"rt\"\n"), Some("rt"));
        assert_eq!(stray_feature("smol v2.0.2\n"), None);
    }
}
