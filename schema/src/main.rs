//! `choo-schema [--check | --release VERSION]`: writes the schema files, or says how they differ from the
//! Rust types; says what breaks peers of released versions; freezes a version that is being released.

#![expect(clippy::print_stderr, reason = "a program tells its user what it did")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use choo_schema::{
    Document, Drift, Release, ReleaseError, breakages_since, compare, documents, openapi, releases,
    sample_lines,
};

enum Task {
    Write,
    Check,
    Release(String),
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = match (arguments.next().as_deref(), arguments.next(), arguments.next()) {
        (None, None, None) => Task::Write,
        (Some("--check"), None, None) => Task::Check,
        (Some("--release"), Some(version), None) => Task::Release(version),
        _ => {
            eprintln!("usage: choo-schema [--check | --release VERSION]");
            return ExitCode::from(2);
        }
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let documents = documents();
    // Not of the wire, so no release freezes it.
    let files = [documents.clone(), vec![openapi()]].concat();
    let done = match task {
        Task::Write => write(&root, &files) & report_breakages(&root, &documents),
        Task::Check => report_breakages(&root, &documents) & report_drift(&root, &files),
        Task::Release(version) => release(&root, &documents, &version),
    };
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn path(root: &Path, document: &Document) -> PathBuf {
    root.join("schema").join(document.file)
}

fn write(root: &Path, documents: &[Document]) -> bool {
    let mut done = true;
    for document in documents {
        let path = path(root, document);
        if std::fs::read_to_string(&path).ok().as_deref() == Some(&document.text()) {
            continue;
        }
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        if let Err(error) = folder.and_then(|()| std::fs::write(&path, document.text())) {
            eprintln!("error: cannot write schema/{}: {error}", document.file);
            done = false;
        } else {
            eprintln!("wrote schema/{}", document.file);
        }
    }
    done
}

fn report_drift(root: &Path, documents: &[Document]) -> bool {
    let mut drifted = false;
    for document in documents {
        let written = std::fs::read_to_string(path(root, document)).ok();
        if written.as_deref() == Some(&document.text()) {
            continue;
        }
        let drift = written.and_then(|text| {
            let written = serde_json::from_str(&text).unwrap_or_default();
            compare(document.file, &written, &document.schema)
        });
        let missing = || Drift { file: document.file.to_owned(), changes: Vec::new() };
        eprintln!("error: {}", drift.unwrap_or_else(missing));
        drifted = true;
    }
    if drifted {
        eprintln!(
            "hint: if the change of the wire is meant, run `cargo xtask schema` and commit the files with it"
        );
    }
    !drifted
}

fn report_breakages(root: &Path, documents: &[Document]) -> bool {
    let releases = match releases(root) {
        Ok(releases) => releases,
        Err(error) => {
            eprintln!("error: {error}");
            return false;
        }
    };
    let found = breakages_since(&releases, documents);
    if found.is_empty() {
        return true;
    }
    eprintln!("error: this change of the wire breaks programs that people run already:\n");
    let mut told: Vec<String> = Vec::new();
    for breakage in found {
        let text = breakage.to_string();
        if !told.contains(&text) {
            let (what, why) = text.split_once(". ").unwrap_or((&text, ""));
            eprintln!("  {}: {what}.\n      {why}\n", breakage.contract.folder());
            told.push(text);
        }
    }
    eprintln!(
        "hint: `write` is what our programs produce (schema/write), `read` what they accept (schema/read).\n      \
         See \"Changing the wire\" in CONTRIBUTING.md. If it must be, raise PROTO in protocol/src/control.rs\n      \
         and tell in CHANGELOG.md who has to do what.\n"
    );
    false
}

fn release(root: &Path, documents: &[Document], version: &str) -> bool {
    let frozen: Result<(), ReleaseError> =
        Release::new(version, documents, &sample_lines()).and_then(|release| release.freeze(root));
    match frozen {
        Ok(()) => eprintln!("froze {version} in schema/released and tests/vectors/released"),
        Err(error) => eprintln!("error: {error}"),
    }
    report_drift(root, documents)
}
