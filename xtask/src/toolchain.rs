use std::env;
use std::path::Path;
use std::process::Command;

use crate::cargo::{cargo, foreign_cargo};
use crate::process::Run as _;
use crate::repo::{Repo, find_program};

const TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_STD: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
const DEBIAN_LINKER: &str = "wasm-ld-19";
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";
/// Inlining as far as it makes the module faster: the default, twice as much, makes it a tenth larger.
const INLINE: &str = "-Cllvm-args=-inline-threshold=100";
/// Vectors of 16 bytes make the validator a tenth faster. Chrome 91, Firefox 89, Safari 16.4 and Node 16.4 are
/// the first that know them.
const VECTORS: &str = "-Ctarget-feature=+simd128";
/// A panic is a trap, whose message nobody would see. The standard library has to be built with it.
const TRAP: &str = "-Zunstable-options -Cpanic=immediate-abort";
/// The oldest compiler that the workspace takes.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// What can build for wasm32 on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The everyday compiler, which has the target's standard library.
    Target,
    /// Debian's compiler, which has the library's source and builds it on the way.
    Debian,
}

impl Toolchain {
    pub(crate) fn find() -> Option<Toolchain> {
        if target_is_installed() {
            Some(Toolchain::Target)
        } else if debian_is_complete() {
            Some(Toolchain::Debian)
        } else {
            None
        }
    }

    /// The cargo that builds, and the directory below `target` that it builds in. Two compilers in one
    /// directory would make each other's work stale.
    pub(crate) fn cargo(self, repo: &Repo) -> (Command, &'static str) {
        match self {
            Toolchain::Target => {
                let mut command = cargo(repo);
                command.env(FLAGS, format!("{INLINE} {VECTORS}")).arg("build");
                (command, "wasm")
            }
            Toolchain::Debian => {
                let mut command = foreign_cargo(DEBIAN_CARGO, repo);
                command
                    .env("RUSTC", DEBIAN_RUSTC)
                    // The only way to a standard library that Debian does not ship compiled. What is slower in the
                    // small one (sorting, printing numbers) happens here once for many lines, or never.
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER)
                    .env(FLAGS, format!("{INLINE} {VECTORS} {TRAP}"))
                    .args(["build", "-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
                (command, "wasm-debian")
            }
        }
    }
}

fn target_is_installed() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    // The directory is named whether or not it is there.
    let named = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).capture();
    named.is_ok_and(|dir| Path::new(dir.trim()).is_dir())
}

fn debian_is_complete() -> bool {
    Path::new(DEBIAN_CARGO).is_file()
        && Path::new(DEBIAN_STD).is_file()
        && find_program(DEBIAN_LINKER).is_some()
        && Command::new(DEBIAN_RUSTC)
            .arg("--version")
            .capture()
            .is_ok_and(|text| version(&text).is_some() && version(&text) >= version(OLDEST))
}

/// `rustc 1.96.0 (ac68faa20 2026-05-25)` and `v20.20.2` alike.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let number = text.split_whitespace().find(|word| word.contains('.'))?.trim_start_matches('v');
    let mut parts = number.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read_as_the_tools_print_them() {
        assert_eq!(
            version("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"),
            Some((1, 96))
        );
        assert_eq!(version("v20.20.2\n"), Some((20, 20)));
        assert!(version(super::OLDEST).is_some());
        assert_eq!(version(""), None);
        assert_eq!(version("rustc unknown"), None);
    }
}
