//! `choo-schema [--check]`: writes the schema files, or says how they differ from the Rust types.

#![expect(clippy::print_stderr, reason = "a program tells its user what it did")]

use std::path::Path;
use std::process::ExitCode;

use choo_schema::{Drift, compare, documents};

fn main() -> ExitCode {
    let check = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => {
            eprintln!("error: unknown argument {other:?}\nusage: choo-schema [--check]");
            return ExitCode::from(2);
        }
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut failed = false;
    for document in documents() {
        let path = folder.join(document.file);
        let written = std::fs::read_to_string(&path).ok();
        if written.as_deref() == Some(&document.text()) {
            continue;
        }
        if check {
            let drift = written.and_then(|text| {
                let written = serde_json::from_str(&text).unwrap_or_default();
                compare(document.file, &written, &document.schema)
            });
            let missing = || Drift { file: document.file.to_owned(), changes: Vec::new() };
            eprintln!("error: {}", drift.unwrap_or_else(missing));
            failed = true;
        } else if let Err(error) = std::fs::write(&path, document.text()) {
            eprintln!("error: cannot write schema/{}: {error}", document.file);
            failed = true;
        } else {
            eprintln!("wrote schema/{}", document.file);
        }
    }
    if failed && check {
        eprintln!(
            "hint: if the change of the wire is meant, run `cargo xtask schema` and commit the files with it;\n      \
             a member that readers know must not change its name or type"
        );
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
