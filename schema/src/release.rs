//! What was released: schemas and lines of each version, kept as they were.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use choo_protocol::{Limits, Line, PROTO, WireEvent};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::examples::folded;
use crate::payloads::PayloadType;
use crate::{Breakage, Document, breakages};

/// A released version, frozen in `schema/released/` and `tests/vectors/released/`.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The version, such as `0.1.0`.
    pub version: String,
    /// The version of the protocol that it speaks.
    pub proto: u32,
    /// Its files by their place in the repository.
    pub files: BTreeMap<String, String>,
}

/// Why a release cannot be read or frozen.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReleaseError {
    /// A file or folder could not be read or written.
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A frozen file is not what it was when the version was released.
    Changed {
        /// The version.
        version: String,
        /// The file, by its place in the repository.
        file: String,
    },
    /// The version was released before; what it spoke cannot change any more.
    Exists {
        /// The version.
        version: String,
    },
    /// Not a version such as `1.2.3`.
    Version {
        /// What was given.
        text: String,
    },
    /// A sample line that the reader does not understand.
    Sample {
        /// The line.
        line: String,
    },
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReleaseError::Io { path, error } => write!(f, "{error}: {}", path.display()),
            ReleaseError::Changed { version, file } => write!(
                f,
                "{file} is not what it was when {version} was released; what was released stays as it is: restore it \
                 with `git checkout`"
            ),
            ReleaseError::Exists { version } => {
                write!(f, "{version} was released before and cannot change any more")
            }
            ReleaseError::Version { text } => write!(f, "{text:?} is no version such as 0.2.0"),
            ReleaseError::Sample { line } => {
                write!(f, "a sample line that our reader does not understand: {line}")
            }
        }
    }
}

impl std::error::Error for ReleaseError {}

/// The sums of a release's files, as `sha256sum --check` reads them in the root of the repository.
const SUMS: &str = "SHA256SUMS";

/// The releases frozen in a repository, by version, their files checked against their sums.
pub fn releases(root: &Path) -> Result<Vec<Release>, ReleaseError> {
    let folder = root.join("schema/released");
    let mut versions = Vec::new();
    if !folder.exists() {
        return Ok(Vec::new());
    }
    for entry in fs::read_dir(&folder).map_err(at(&folder))? {
        let entry = entry.map_err(at(&folder))?;
        if entry.path().is_dir() {
            versions.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    versions.sort_by_key(|version| numbers(version));
    versions.into_iter().map(|version| Release::open(root, version)).collect()
}

/// What breaks peers of released versions that speak the same version of the protocol.
pub fn breakages_since(releases: &[Release], documents: &[Document]) -> Vec<Breakage> {
    let mut found = Vec::new();
    for release in releases.iter().filter(|release| release.proto == PROTO) {
        for document in documents {
            let Some(contract) = document.contract else { continue };
            let Some(text) = release.files.get(&release.schema(document.file)) else { continue };
            let old = serde_json::from_str(text).unwrap_or_default();
            found.extend(breakages(contract, &release.version, &old, &document.schema));
        }
    }
    found
}

impl Release {
    fn open(root: &Path, version: String) -> Result<Self, ReleaseError> {
        let sums = root.join("schema/released").join(&version).join(SUMS);
        let mut files = BTreeMap::new();
        for line in fs::read_to_string(&sums).map_err(at(&sums))?.lines() {
            let Some((sum, file)) = line.split_once("  ") else { continue };
            let path = root.join(file);
            let text = fs::read_to_string(&path).map_err(at(&path))?;
            if sum_of(&text) != sum {
                return Err(ReleaseError::Changed { version, file: file.to_owned() });
            }
            files.insert(file.to_owned(), text);
        }
        let about = files.get(&format!("schema/released/{version}/release.json")).map_or("", String::as_str);
        let about: Value = serde_json::from_str(about).unwrap_or_default();
        let proto = about["proto"].as_u64().and_then(|proto| u32::try_from(proto).ok()).unwrap_or_default();
        Ok(Release { version, proto, files })
    }

    /// A version that is being released: these schemas, these sample lines, and what they mean today.
    pub fn new(version: &str, documents: &[Document], lines: &[&str]) -> Result<Self, ReleaseError> {
        if numbers(version).is_none() {
            return Err(ReleaseError::Version { text: version.to_owned() });
        }
        let mut release = Release { version: version.to_owned(), proto: PROTO, files: BTreeMap::new() };
        let about = json!({ "version": version, "proto": PROTO });
        release.files.insert(release.schema("release.json"), format!("{about:#}\n"));
        for document in documents.iter().filter(|document| document.contract.is_some()) {
            release.files.insert(release.schema(document.file), document.text());
        }
        let mut meanings = String::new();
        for line in lines {
            let meaning = meaning(line).ok_or_else(|| ReleaseError::Sample { line: (*line).to_owned() })?;
            let _ = writeln!(meanings, "{meaning}");
        }
        release.files.insert(release.vector("lines.ndjson"), format!("{}\n", lines.join("\n")));
        release.files.insert(release.vector("meanings.ndjson"), meanings);
        release.files.insert(release.vector("state.json"), format!("{:#}\n", folded(lines)));
        Ok(release)
    }

    /// Writes its files. A version is released once.
    pub fn freeze(&self, root: &Path) -> Result<(), ReleaseError> {
        let folder = root.join("schema/released").join(&self.version);
        if folder.exists() {
            return Err(ReleaseError::Exists { version: self.version.clone() });
        }
        let mut sums = String::new();
        for (file, text) in &self.files {
            let path = root.join(file);
            write_file(&path, text)?;
            let _ = writeln!(sums, "{}  {file}", sum_of(text));
        }
        write_file(&folder.join(SUMS), &sums)
    }

    /// Where one of its schemas is, by its place in `schema/`.
    pub fn schema(&self, file: &str) -> String {
        format!("schema/released/{}/{file}", self.version)
    }

    /// Where one of its vectors is.
    pub fn vector(&self, file: &str) -> String {
        format!("tests/vectors/released/{}/{file}", self.version)
    }
}

/// What a line means to our reader: its envelope, and its payload as far as it is understood. `None` for
/// what is no line, and for a payload of a known type that is not understood.
pub fn meaning(text: &str) -> Option<Value> {
    let line = Line::parse(text.as_bytes(), &Limits::default()).ok()?;
    let mut event = serde_json::to_value(WireEvent::from(&line)).ok()?;
    if let Some(payload) = PayloadType::of(&line.kind).and_then(|payload| payload.read(&line)) {
        event["payload"] = payload.ok()?;
    }
    Some(event)
}

/// The first place where `new` does not say what `old` says, as a JSON pointer (RFC 6901). Members that
/// only `new` has are no difference: a later version may know more.
pub fn missing_from(new: &Value, old: &Value) -> Option<String> {
    match (old, new) {
        (Value::Object(old), Value::Object(_)) => old.iter().find_map(|(key, old)| {
            let inner = missing_from(&new[key], old)?;
            Some(format!("/{}{inner}", key.replace('~', "~0").replace('/', "~1")))
        }),
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => old
            .iter()
            .zip(new)
            .enumerate()
            .find_map(|(at, (old, new))| missing_from(new, old).map(|inner| format!("/{at}{inner}"))),
        (old, new) => (old != new).then(String::new),
    }
}

fn numbers(version: &str) -> Option<Vec<u32>> {
    let numbers: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| numbers.len() == 3)
}

fn sum_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut sum, byte| {
        let _ = write!(sum, "{byte:02x}");
        sum
    })
}

fn write_file(path: &Path, text: &str) -> Result<(), ReleaseError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    fs::write(path, text).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ReleaseError {
    let path = path.to_owned();
    move |error| ReleaseError::Io { path, error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{documents, sample_lines};

    #[test]
    fn what_was_frozen_is_read_back_and_a_changed_file_is_told() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let (documents, lines) = (documents(), sample_lines());
        let release = Release::new("0.3.0", &documents, &lines).unwrap();
        release.freeze(root).unwrap();
        Release::new("0.20.0", &documents, &lines).unwrap().freeze(root).unwrap();
        let found = releases(root).unwrap();
        let versions: Vec<&str> = found.iter().map(|release| release.version.as_str()).collect();
        assert_eq!(versions, ["0.3.0", "0.20.0"]);
        assert_eq!(found[0], release);
        assert_eq!(breakages_since(&found, &documents), []);
        assert!(matches!(release.freeze(root), Err(ReleaseError::Exists { .. })));

        let path = root.join(release.vector("lines.ndjson"));
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("running", "walking", 1).replacen("orch.", "orc.", 1)).unwrap();
        let error = releases(root).unwrap_err().to_string();
        let expected = "tests/vectors/released/0.3.0/lines.ndjson is not what it was when 0.3.0 was released";
        assert!(error.starts_with(expected), "{error}");
    }

    #[test]
    fn a_version_has_three_numbers() {
        for text in ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x"] {
            let error = Release::new(text, &[], &[]).unwrap_err().to_string();
            assert_eq!(error, format!("{text:?} is no version such as 0.2.0"));
        }
    }

    #[test]
    fn a_release_of_another_protocol_breaks_nothing() {
        let documents = documents();
        let mut release = Release::new("0.1.0", &documents, &[]).unwrap();
        let mut changed = documents.clone();
        for document in &mut changed {
            document.schema["properties"] = json!({});
        }
        assert!(!breakages_since(std::slice::from_ref(&release), &changed).is_empty());
        release.proto += 1;
        assert_eq!(breakages_since(&[release], &changed), []);
    }

    #[test]
    fn more_is_no_difference_and_less_is() {
        let old = json!({ "a": [{ "b": 1 }], "c/d": "x" });
        assert_eq!(missing_from(&json!({ "a": [{ "b": 1, "new": 2 }], "c/d": "x", "e": 3 }), &old), None);
        for (new, place) in [
            (json!({ "a": [{ "b": 2 }], "c/d": "x" }), "/a/0/b"),
            (json!({ "a": [], "c/d": "x" }), "/a"),
            (json!({ "a": [{ "b": 1 }] }), "/c~1d"),
            (json!([]), ""),
        ] {
            assert_eq!(missing_from(&new, &old).as_deref(), Some(place), "{new}");
        }
    }
}
