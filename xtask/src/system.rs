use std::fs;

use crate::error::Error;
use crate::packages::Need;
use crate::repo::find_program;

/// Who installs packages here, and whether we may call it.
pub(crate) struct System {
    packager: Packager,
    root: bool,
    rustup: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packager {
    Debian,
    /// apt on something made from Debian, where packages may be called the same.
    Apt,
    Homebrew,
    Unknown,
}

impl System {
    pub(crate) fn here() -> System {
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let has = |program| find_program(program).is_some();
        let packager = if release.lines().any(|line| line == "ID=debian") {
            Packager::Debian
        } else if has("apt-get") {
            Packager::Apt
        } else if has("brew") {
            Packager::Homebrew
        } else {
            Packager::Unknown
        };
        System { packager, root: rustix::process::geteuid().is_root(), rustup: has("rustup") }
    }

    /// System packages are installed unasked by root on Debian, and nowhere else.
    pub(crate) fn installs_itself(&self) -> bool {
        self.packager == Packager::Debian && self.root
    }

    /// One command for everything that is missing, where one is known.
    pub(crate) fn explain(&self, missing: &[Need]) -> Error {
        let what = missing.iter().map(|need| need.name()).collect::<Vec<_>>().join(", ");
        let mut commands = Vec::new();
        let mut packages: Vec<&str> = Vec::new();
        for need in missing {
            match (need, self.packager) {
                // Needs no root, and the compiler is the one that builds everything else.
                (Need::Wasm, _) if self.rustup => {
                    commands.push("rustup target add wasm32-unknown-unknown".to_owned());
                }
                (_, Packager::Debian | Packager::Apt) => packages.extend(need.debian()),
                (Need::Browser | Need::NetTools | Need::Judges, Packager::Homebrew) => {
                    packages.extend(need.homebrew());
                }
                (Need::Wasm | Need::Cpp | Need::Websockets, Packager::Homebrew) | (_, Packager::Unknown) => {
                    return Error::Unsupported(format!("{what}: missing; install it and run this again"));
                }
            }
        }
        if !packages.is_empty() {
            let install = match self.packager {
                Packager::Homebrew => "brew install",
                _ if self.root => "apt-get install --yes",
                _ => "sudo apt-get install --yes",
            };
            commands.push(format!("{install} {}", packages.join(" ")));
        }
        Error::Missing { what, command: commands.join(" && ") }
    }
}

#[cfg(test)]
mod tests {
    use super::{Packager, System};
    use crate::packages::{FOR_TESTS, Need};

    fn system(packager: Packager, root: bool, rustup: bool) -> System {
        System { packager, root, rustup }
    }

    fn command(system: &System, missing: &[Need]) -> String {
        let message = system.explain(missing).to_string();
        message.lines().find_map(|line| line.strip_prefix("    ")).unwrap_or(&message).to_owned()
    }

    #[test]
    fn one_command_covers_everything_that_is_missing() {
        assert_eq!(
            command(&system(Packager::Debian, false, false), &FOR_TESTS),
            "sudo apt-get install --yes rustc-web cargo-web rust-web-src lld-19 chromium socat \
             netcat-openbsd jq curl g++ golang-go python3 python3-websockets"
        );
        assert_eq!(
            command(&system(Packager::Homebrew, false, true), &[Need::Wasm, Need::NetTools]),
            "rustup target add wasm32-unknown-unknown && brew install socat jq"
        );
    }

    #[test]
    fn an_unknown_system_is_told_what_is_missing() {
        let message = command(&system(Packager::Unknown, true, false), &[Need::Browser]);
        assert!(message.starts_with("Chromium: missing"), "{message}");
    }

    #[test]
    fn only_root_on_debian_installs_system_packages() {
        assert!(system(Packager::Debian, true, true).installs_itself());
        assert!(!system(Packager::Debian, false, true).installs_itself());
        assert!(!system(Packager::Apt, true, true).installs_itself());
    }
}
