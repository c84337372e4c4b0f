//! The request path of an event stream.

use std::fmt::Write as _;

use choo_protocol::Glob;

/// What to ask for.
#[derive(Debug)]
pub(super) struct Query<'a> {
    pub since: &'a str,
    pub run: Option<&'a str>,
    pub types: &'a [Glob],
    pub units: &'a [Glob],
}

impl Query<'_> {
    /// Path and query, escaped.
    pub(super) fn path(&self) -> String {
        let mut path = String::from("/api/v1/events?since=");
        escape(self.since, &mut path);
        if let Some(run) = self.run {
            path.push_str("&run=");
            escape(run, &mut path);
        }
        for (name, globs) in [("types", self.types), ("units", self.units)] {
            for glob in globs {
                let _ = write!(path, "&{name}=");
                // A comma would begin another pattern.
                escape(&glob.as_str().replace(',', "\\,"), &mut path);
            }
        }
        path
    }
}

/// Percent-encodes everything but the characters that never need it.
fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'*') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_escaped() {
        let globs = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Glob>>();
        let (types, units) = (globs(&["unit.*", "orch.*"]), globs(&["a b,", "x&y=ü"]));
        let query = Query { since: "7:12", run: Some("nightly.1"), types: &types, units: &units };
        assert_eq!(
            query.path(),
            "/api/v1/events?since=7%3A12&run=nightly.1&types=unit.*&types=orch.*\
             &units=a%20b%5C%2C&units=x%26y%3D%C3%BC"
        );
        let bare = Query { since: "snapshot", run: None, types: &[], units: &[] };
        assert_eq!(bare.path(), "/api/v1/events?since=snapshot");
    }
}
