//! Differences between a schema file and the Rust types, in words.

use std::fmt;

use serde_json::Value;

/// A file that no longer says what the types say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The file.
    pub file: String,
    /// What differs, one line each, by JSON pointer (RFC 6901); empty if the file is missing.
    pub changes: Vec<String>,
}

/// More differences than these are counted only.
const MAX_CHANGES: usize = 20;

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return write!(f, "schema/{} is missing", self.file);
        }
        writeln!(f, "schema/{} does not say what the Rust types say:", self.file)?;
        for change in self.changes.iter().take(MAX_CHANGES) {
            writeln!(f, "  {change}")?;
        }
        if let Some(more) = self.changes.len().checked_sub(MAX_CHANGES).filter(|more| *more > 0) {
            writeln!(f, "  and {more} more")?;
        }
        Ok(())
    }
}

/// Compares a file's schema with the one made from the types; `None` if they are equal.
pub fn compare(file: &str, written: &Value, made: &Value) -> Option<Drift> {
    let mut changes = Vec::new();
    walk("", written, made, &mut changes);
    (!changes.is_empty()).then(|| Drift { file: file.to_owned(), changes })
}

fn walk(pointer: &str, written: &Value, made: &Value, changes: &mut Vec<String>) {
    match (written, made) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                match new.get(key) {
                    Some(other) => walk(&pointer, value, other, changes),
                    None => changes.push(format!("{pointer} is in the file, but no longer in the types")),
                }
            }
            for key in new.keys().filter(|key| !old.contains_key(*key)) {
                changes.push(format!("{pointer}/{key} is new in the types"));
            }
        }
        (old, new) if old == new => {}
        (old, new) => changes.push(format!("{pointer} was {old} and is now {new}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_renamed_field_is_told_by_its_place() {
        let written = json!({ "properties": { "unit": { "type": "string" }, "seq": 1 } });
        let made = json!({ "properties": { "unit_id": { "type": "string" }, "seq": 2 } });
        let drift = compare("line.schema.json", &written, &made).unwrap();
        assert_eq!(
            drift.to_string(),
            "schema/line.schema.json does not say what the Rust types say:\n  \
             /properties/seq was 1 and is now 2\n  \
             /properties/unit is in the file, but no longer in the types\n  \
             /properties/unit_id is new in the types\n"
        );
        assert_eq!(compare("line.schema.json", &made, &made), None);
    }
}
