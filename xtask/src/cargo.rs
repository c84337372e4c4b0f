use std::env;
use std::process::Command;

use crate::repo::Repo;

/// The cargo that runs this program, for the whole workspace.
pub(crate) fn cargo(repo: &Repo) -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(repo.root());
    forget_package(&mut command);
    command
}

/// Another cargo than the one that runs this program: nothing that steers the first may reach it.
/// `cargo xtask` passes on its own `CARGO` and library path, rustup adds its toolchain, and the user's
/// flags are meant for the native build.
pub(crate) fn foreign_cargo(program: &str, repo: &Repo) -> Command {
    let mut command = Command::new(program);
    command.current_dir(repo.root());
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if steers_a_build(text) {
            command.env_remove(&name);
        }
    }
    command
}

/// `cargo run` describes the package it runs in the environment; a build script below must not see it.
fn forget_package(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(&name);
        }
    }
}

fn steers_a_build(name: &str) -> bool {
    const KEPT: [&str; 6] =
        ["CARGO_HOME", "CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTR", "CARGO_SOURCE_", "CARGO_TERM_"];
    const DROPPED: [&str; 6] = ["CARGO", "RUSTUP_", "RUSTC", "RUSTDOC", "RUSTFLAGS", "LD_LIBRARY_PATH"];
    DROPPED.iter().any(|start| name.starts_with(start)) && !KEPT.iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::steers_a_build;

    #[test]
    fn a_foreign_cargo_keeps_the_caches_and_the_network_settings_only() {
        for dropped in
            ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR"]
        {
            assert!(steers_a_build(dropped), "{dropped}");
        }
        for kept in ["PATH", "CARGO_HOME", "CARGO_HTTP_CAINFO", "CARGO_REGISTRIES_CRATES_IO_PROTOCOL", "HOME"]
        {
            assert!(!steers_a_build(kept), "{kept}");
        }
    }
}
