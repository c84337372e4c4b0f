//! The block of YAML between two `---` lines at the top of a spec.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde_saphyr::{MessageFormatter as _, UserMessageFormatter};

use super::error::{Place, PlanError, PlanErrorKind};

/// A spec cut in two.
#[derive(Debug)]
pub(super) struct Spec<'a> {
    /// The YAML, without the `---` lines. Its first line is line 2 of the file.
    yaml: &'a str,
    /// The text after it.
    pub body: &'a str,
}

impl<'a> Spec<'a> {
    /// Cuts `text` at its second `---` line; `None` if it does not begin with one or never closes it.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.split_inclusive('\n');
        let first = lines.next().filter(|line| is_rule(line))?;
        let mut end = first.len();
        for line in lines {
            if is_rule(line) {
                return Some(Self { yaml: &text[first.len()..end], body: &text[end + line.len()..] });
            }
            end += line.len();
        }
        None
    }

    /// Reads the YAML as `T`; an error names the line of the file.
    pub(super) fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<T, PlanError> {
        // An empty block is an empty mapping here, not a null.
        let yaml = if self.yaml.trim().is_empty() { "{}" } else { self.yaml };
        serde_saphyr::from_str(yaml).map_err(|error| {
            let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
            let place = line.map_or_else(|| Place::file(path), |line| Place::line(path, line + 1));
            let message = UserMessageFormatter.format_message(error.without_snippet());
            // The message quotes the file, which may hold anything; it goes to a terminal.
            PlanError::new(PlanErrorKind::Syntax(message.escape_debug().to_string()), place)
        })
    }

    /// The text of the first `# ` heading.
    pub(super) fn title(&self) -> Option<&'a str> {
        let heading = self.body.lines().find_map(|line| line.strip_prefix("# "))?;
        Some(heading.trim()).filter(|title| !title.is_empty())
    }
}

fn is_rule(line: &str) -> bool {
    line.trim_end() == "---"
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Keys {
        unit: String,
        #[serde(default)]
        depends_on: Vec<String>,
    }

    #[test]
    fn yaml_and_body_are_cut_apart() {
        let spec = Spec::split("---\nunit: a\ndepends_on: [b, c]\n---\n\n# Title \ntext\n---\n").unwrap();
        let keys: Keys = spec.read(Path::new("x.md")).unwrap();
        assert_eq!(keys, Keys { unit: "a".into(), depends_on: vec!["b".into(), "c".into()] });
        assert_eq!(spec.title(), Some("Title"));
    }

    #[test]
    fn carriage_returns_and_a_byte_order_mark_do_no_harm() {
        let spec = Spec::split("\u{feff}---\r\nunit: a\r\n---\r\n# T\r\n").unwrap();
        assert_eq!(spec.read::<Keys>(Path::new("x.md")).unwrap().unit, "a");
        assert_eq!(spec.title(), Some("T"));
    }

    #[test]
    fn no_block_or_an_open_one_is_none() {
        for text in ["", "# Title\n", "---\nunit: a\n", "----\nunit: a\n---\n"] {
            assert!(Spec::split(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn an_error_names_the_line_of_the_file() {
        let spec = Spec::split("---\nunit: a\ndepends_on: 7\n---\n").unwrap();
        let error = spec.read::<Keys>(Path::new("x.md")).unwrap_err().to_string();
        assert!(error.ends_with("(x.md:3)") && !error.contains('\n'), "{error}");
    }
}
