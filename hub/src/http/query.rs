//! The query of an address (`application/x-www-form-urlencoded`).

use choo_protocol::{Filter, Globs, RunId};

use super::respond::ApiError;
use crate::core::{Cursor, Since};

/// The parameters of a request, decoded, in their order.
#[derive(Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Decodes what stands behind the `?`.
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, ApiError> {
        let pairs = text.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let decoded = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        });
        let pairs: Option<_> = decoded.collect();
        pairs.map(Query).ok_or_else(|| ApiError::bad_request("query", "the query is not URL-encoded UTF-8"))
    }

    /// The one value of a parameter; an empty one counts as none.
    pub(crate) fn one(&self, name: &str) -> Result<Option<&str>, ApiError> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(ApiError::bad_request("query", format!("{name} is there twice"))),
        }
    }

    /// The number of a task.
    pub(crate) fn task(&self) -> Result<Option<i64>, ApiError> {
        let task = self.one("task")?.map(str::parse).transpose();
        task.map_err(|_| ApiError::bad_request("task", "task is not a whole number"))
    }

    /// How many items a page has: `default` if the request does not say, `most` if it wants more.
    pub(crate) fn limit(&self, default: usize, most: usize) -> Result<usize, ApiError> {
        let Some(text) = self.one("limit")? else { return Ok(default) };
        // Too large a number for us is a number all the same.
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().unwrap_or(most));
        match number {
            Some(limit @ 1..) => Ok(limit.min(most)),
            _ => Err(ApiError::bad_request("limit", format!("limit is not a number from 1 to {most}"))),
        }
    }

    /// All values of a parameter that may be repeated, or hold several with commas between.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |pair| pair.0 == name)
            .map(|pair| &*pair.1)
            .filter(|value| !value.is_empty())
    }

    /// The items of a list. A comma within one is written `\,`.
    fn list(&self, name: &str) -> impl Iterator<Item = String> {
        self.all(name).flat_map(items)
    }

    /// `run`, `types`, `units` and `repositories`.
    pub(crate) fn filter(&self) -> Result<Filter, ApiError> {
        let bad = |error: &dyn std::fmt::Display| ApiError::bad_request("filter", error.to_string());
        let globs = |name| Globs::parse(self.list(name)).map_err(|error| bad(&error));
        let mut filter = Filter::all();
        filter.types = globs("types")?;
        filter.units = globs("units")?;
        filter.repositories = globs("repositories")?;
        filter.run = self.one("run")?.map(str::parse::<RunId>).transpose().map_err(|error| bad(&error))?;
        Ok(filter)
    }

    /// `since`; the id of the last event, which `EventSource` sends when it comes back, beats it.
    pub(crate) fn since(&self, last_event_id: Option<&str>) -> Result<Since, ApiError> {
        let cursor = |text: &str| {
            let cursor = text.parse::<Cursor>();
            cursor.map(Since::Cursor).map_err(|e| ApiError::bad_request("cursor", e.to_string()))
        };
        match (last_event_id, self.one("since")?) {
            (Some(id), _) => cursor(id),
            (None, None | Some("snapshot")) => Ok(Since::Snapshot),
            (None, Some("earliest")) => Ok(Since::Earliest),
            (None, Some("now")) => Ok(Since::Now),
            (None, Some(text)) => cursor(text),
        }
    }
}

/// What stands between the commas, without blanks around it; empty items count as none.
fn items(value: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut chars = value.chars();
    while let Some(char) = chars.next() {
        match (char, items.last_mut()) {
            (',', _) => items.push(String::new()),
            ('\\', Some(item)) => match chars.next() {
                Some(',') => item.push(','),
                // Every other escape is the pattern's.
                next => item.extend(['\\'].into_iter().chain(next)),
            },
            (char, Some(item)) => item.push(char),
            (_, None) => {}
        }
    }
    items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// A segment of a path; `None` if the bytes are not UTF-8 or an escape is not one.
pub(super) fn decode_segment(text: &str) -> Option<String> {
    // A plus is one there.
    decode(&text.replace('+', "%2B"))
}

/// `None` if the bytes are not UTF-8 or an escape is not one.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match first {
            b'+' => b' ',
            b'%' => {
                let [high, low, tail @ ..] = rest else { return None };
                rest = tail;
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                u8::try_from(digit(high)? << 4 | digit(low)?).ok()?
            }
            other => *other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(Some(text)).unwrap()
    }

    #[test]
    fn values_are_decoded() {
        let query = query("a=b+c%20d&&e&f=%C3%BC&g=1=2&%61=x");
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["b c d", "x"]);
        assert_eq!(query.one("e").unwrap(), None);
        assert_eq!(query.one("f").unwrap(), Some("ü"));
        assert_eq!(query.one("g").unwrap(), Some("1=2"));
        assert!(query.one("a").is_err());
        for bad in ["a=%", "a=%f", "a=%zz", "a=%ff", "a=%+1"] {
            assert!(Query::parse(Some(bad)).is_err(), "{bad}");
        }
        assert!(Query::parse(None).unwrap().one("a").unwrap().is_none());
    }

    #[test]
    fn s0_81_filters_come_repeated_or_with_commas() {
        let filter = query("types=task.*,unit.*&types=orch.*&units=a,,b&run=r").filter().unwrap();
        assert_eq!(
            filter.types.iter().map(choo_protocol::Glob::as_str).collect::<Vec<_>>(),
            ["task.*", "unit.*", "orch.*"]
        );
        assert_eq!(filter.units.iter().count(), 2);
        assert_eq!(filter.run.unwrap().as_str(), "r");
        assert!(query("run=a%20b").filter().is_err());
        assert!(query("run=a&run=b").filter().is_err());
        assert!(query(&format!("types={}", "x".repeat(5000))).filter().is_err());
        assert!(query(&format!("units={}", "x,".repeat(65))).filter().is_err());
        let filter = query("repositories=o/r,*").filter().unwrap();
        assert_eq!(filter.repositories.iter().count(), 2);
        assert_eq!(query("").filter().unwrap(), Filter::all());
    }

    #[test]
    fn a_page_has_from_one_to_the_most_items() {
        let limit = |text: &str| query(text).limit(10, 99).ok();
        assert_eq!((limit(""), limit("limit="), limit("limit=1")), (Some(10), Some(10), Some(1)));
        assert_eq!((limit("limit=100"), limit(&format!("limit={}", "9".repeat(40)))), (Some(99), Some(99)));
        for bad in ["limit=0", "limit=-1", "limit=x", "limit=1.5", "limit=%2B1", "limit=1&limit=2"] {
            assert_eq!(limit(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_unit_with_a_comma_can_be_named() {
        let texts = |text| {
            let filter = query(text).filter().unwrap();
            filter.units.iter().map(|glob| glob.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(texts(r"units=a\,b,%20c%5C%2Cd&units=e"), ["a,b", "c,d", "e"]);
        assert_eq!(texts(r"units=\*\\,b\x\"), [r"\*\\", r"b\x\"]);
        assert!(query(r"units=a\,b").filter().unwrap().admits("unit.started", "a,b", None));
    }

    #[test]
    fn the_last_event_id_beats_since() {
        let cursor = |text: &str| Since::Cursor(text.parse().unwrap());
        assert_eq!(query("since=earliest").since(Some("a:1")).unwrap(), cursor("a:1"));
        assert_eq!(query("since=a:2").since(None).unwrap(), cursor("a:2"));
        assert_eq!(query("since=a%3A2").since(None).unwrap(), cursor("a:2"));
        assert_eq!(query("").since(None).unwrap(), Since::Snapshot);
        assert_eq!(query("since=now").since(None).unwrap(), Since::Now);
        assert_eq!(query("since=earliest").since(None).unwrap(), Since::Earliest);
        for bad in ["since=yesterday", "since=a:1&since=a:2", "since=12"] {
            assert!(query(bad).since(None).is_err(), "{bad}");
        }
        assert!(query("").since(Some("nonsense")).is_err());
        assert!(query("").since(Some("")).is_err());
    }
}
