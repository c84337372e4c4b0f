//! Which changes of a contract break peers of a released version, in words.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use crate::Contract;
use crate::outline::{is_required, map_values, shape};

/// A change that a peer of a released version does not survive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakage {
    /// Where, such as `` `unit.started` payload``.
    pub place: String,
    /// What has become of it.
    pub what: What,
    /// The contract that is broken.
    pub contract: Contract,
    /// The released version whose peers suffer.
    pub version: String,
}

/// What breaks a peer. The first three concern what we write, the others what we read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A member that was written is not any more.
    Gone {
        /// Its name.
        member: String,
        /// A new member of the same shape.
        renamed: Option<String>,
    },
    /// A member that was always written may be absent.
    Optional {
        /// Its name.
        member: String,
    },
    /// What is written fits no more what readers expect.
    Widened {
        /// What was written.
        was: String,
        /// What is written now.
        now: String,
    },
    /// A member that was read, under this name, is overlooked.
    Unread {
        /// Its name.
        member: String,
        /// A new member of the same shape.
        renamed: Option<String>,
    },
    /// A member that was free to be absent has to be there.
    Required {
        /// Its name.
        member: String,
    },
    /// Something that was read is refused.
    Narrowed {
        /// What was read.
        was: String,
        /// What is read now.
        now: String,
    },
    /// Members that are not known were passed over and are refused.
    Closed,
    /// An event type or a file that was described is not any more.
    Undescribed,
}

impl fmt::Display for Breakage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Breakage { place, version, .. } = self;
        write!(f, "{place}: ")?;
        let hint = |name: &Option<String>| {
            name.as_ref().map_or_else(String::new, |name| format!(" (renamed to `{name}`?)"))
        };
        match &self.what {
            What::Gone { member, renamed } => write!(
                f,
                "member `{member}` is gone{}. Readers of version {version} look for it. Keep writing it, and add \
                 the new member beside it.",
                hint(renamed)
            ),
            What::Optional { member } => write!(
                f,
                "member `{member}` was always written and may now be absent. Readers of version {version} count \
                 on it. Keep writing it."
            ),
            What::Widened { was, now } => write!(
                f,
                "was `{was}` and is now `{now}`. Readers of version {version} do not expect that. Leave it as it \
                 was, and add a new member for what is new."
            ),
            What::Unread { member, renamed } => write!(
                f,
                "member `{member}` is no longer read{}. Programs of version {version} still write it. Go on reading it.",
                hint(renamed)
            ),
            What::Required { member } => write!(
                f,
                "member `{member}` was free to be absent and must now be there. Programs of version {version} may \
                 leave it out. Give it a default."
            ),
            What::Narrowed { was, now } => write!(
                f,
                "`{was}` was read, and now only `{now}` is. Programs of version {version} may still write what it \
                 was. Go on reading that."
            ),
            What::Closed => write!(
                f,
                "members that are not known were passed over and are now refused. A later version could never add \
                 one. Pass them over."
            ),
            What::Undescribed => {
                write!(f, "is no longer described. Peers of version {version} know it. Keep it.")
            }
        }
    }
}

/// Everything that breaks peers of `version`, whose schema was `old`, now that it is `new`.
///
/// What is written may only say more: no member goes, changes its type or becomes optional. What is read
/// may only take more: no member becomes required, no type narrower, no name forgotten.
pub fn breakages(contract: Contract, version: &str, old: &Value, new: &Value) -> Vec<Breakage> {
    let none = Map::new();
    let mut walk = Walk {
        contract,
        version,
        old: old["$defs"].as_object().unwrap_or(&none),
        new: new["$defs"].as_object().unwrap_or(&none),
        seen: BTreeSet::new(),
        found: Vec::new(),
    };
    let head = match old["title"].as_str() {
        Some("Event") => "every event",
        Some("Line") => "every line",
        _ => "the run's state",
    };
    walk.value(&Place::new(head), old, new);
    for (name, definition) in walk.old.iter().filter(|(name, _)| is_kind(name)) {
        let place = Place::new(&format!("`{name}`"));
        match walk.new.get(name) {
            Some(other) => walk.value(&place, definition, other),
            None => walk.report(&place, What::Undescribed),
        }
    }
    walk.found
}

/// Definitions with a small first letter are event types, the others structures.
fn is_kind(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A value in what is described: an event, and the members on the way.
#[derive(Clone)]
struct Place {
    head: String,
    path: String,
}

impl Place {
    fn new(head: &str) -> Self {
        Place { head: head.to_owned(), path: String::new() }
    }

    fn member(&self, name: &str) -> Self {
        let Place { head, path } = self;
        if head.ends_with('`') && path.is_empty() && ["payload", "data"].contains(&name) {
            return Place::new(&format!("{head} payload"));
        }
        let dot = if path.is_empty() { "" } else { "." };
        Place { head: head.clone(), path: format!("{path}{dot}{name}") }
    }

    fn items(&self) -> Self {
        Place { head: self.head.clone(), path: format!("{}[]", self.path) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.head)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ", `{}`", self.path) }
    }
}

struct Walk<'a> {
    contract: Contract,
    version: &'a str,
    old: &'a Map<String, Value>,
    new: &'a Map<String, Value>,
    /// Pairs of definitions that were compared: each is told of once, where it is met first.
    seen: BTreeSet<(String, String)>,
    found: Vec<Breakage>,
}

impl Walk<'_> {
    fn report(&mut self, place: &Place, what: What) {
        let (place, version) = (place.to_string(), self.version.to_owned());
        self.found.push(Breakage { place, what, contract: self.contract, version });
    }

    fn value(&mut self, place: &Place, old: &Value, new: &Value) {
        let (olds, news) = (choices(None, old, self.old), choices(None, new, self.new));
        // Each value of the inner side must be one of the outer side's.
        let (inner, outer) = match self.contract {
            Contract::Write => (&news, &olds),
            Contract::Read => (&olds, &news),
        };
        if outer.iter().any(|choice| is_anything(&choice.schema)) {
            return;
        }
        for choice in inner {
            let of_type: Vec<&Choice> = outer.iter().filter(|other| is_type_within(choice, other)).collect();
            let Some(other) = of_type.first() else { return self.report_shape(place, old, new) };
            let (was, now) = match self.contract {
                Contract::Write => (*other, choice),
                Contract::Read => (choice, *other),
            };
            match choice.schema["type"].as_str() {
                Some("object") => self.object(place, was, now),
                Some("array") => self.value(&place.items(), &was.schema["items"], &now.schema["items"]),
                _ if of_type.iter().any(|outer| is_scalar_within(&choice.schema, &outer.schema)) => {}
                _ => return self.report_shape(place, old, new),
            }
        }
    }

    fn report_shape(&mut self, place: &Place, old: &Value, new: &Value) {
        let (was, now) = (shape(old), shape(new));
        let what = match self.contract {
            Contract::Write => What::Widened { was, now },
            Contract::Read => What::Narrowed { was, now },
        };
        self.report(place, what);
    }

    fn object(&mut self, place: &Place, was: &Choice, now: &Choice) {
        if let (Some(old), Some(new)) = (&was.name, &now.name)
            && !self.seen.insert((old.clone(), new.clone()))
        {
            return;
        }
        let (old, new) = (&was.schema, &now.schema);
        let none = Map::new();
        let olds = old["properties"].as_object().unwrap_or(&none);
        let news = new["properties"].as_object().unwrap_or(&none);
        for (member, was) in olds {
            let Some(now) = news.get(member) else {
                let alike = |(name, schema): &(&String, &Value)| {
                    !olds.contains_key(*name) && shape(schema) == shape(was)
                };
                let renamed = news.iter().find(alike).map(|(name, _)| name.clone());
                let member = member.clone();
                let what = match self.contract {
                    Contract::Write => What::Gone { member, renamed },
                    Contract::Read => What::Unread { member, renamed },
                };
                self.report(place, what);
                continue;
            };
            if self.contract == Contract::Write && is_required(old, member) && !is_required(new, member) {
                self.report(place, What::Optional { member: member.clone() });
            }
            self.value(&place.member(member), was, now);
        }
        if self.contract == Contract::Read {
            for member in news.keys().filter(|member| is_required(new, member) && !is_required(old, member)) {
                self.report(place, What::Required { member: member.clone() });
            }
            let is_closed = |schema: &Value| schema["additionalProperties"] == Value::Bool(false);
            if is_closed(new) && !is_closed(old) {
                self.report(place, What::Closed);
            }
        }
        if let (old @ Value::Object(_), new @ Value::Object(_)) = (map_values(old), map_values(new)) {
            self.value(&place.member("*"), old, new);
        }
    }
}

/// One of the things that a value may be.
struct Choice {
    /// The definition's name, if it has one.
    name: Option<String>,
    /// Of one type, with references followed.
    schema: Value,
}

fn choices(name: Option<&str>, schema: &Value, definitions: &Map<String, Value>) -> Vec<Choice> {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"))
        && let Some(definition) = definitions.get(name)
    {
        return choices(Some(name), definition, definitions);
    }
    if let Some(listed) = ["anyOf", "oneOf"].iter().find_map(|keyword| schema[*keyword].as_array()) {
        return listed.iter().flat_map(|choice| choices(None, choice, definitions)).collect();
    }
    let choice = |schema| Choice { name: name.map(str::to_owned), schema };
    match schema["type"].as_array() {
        Some(types) => {
            let of_type = |name: &Value| {
                let mut schema = schema.clone();
                schema["type"] = name.clone();
                choice(schema)
            };
            types.iter().map(of_type).collect()
        }
        None => vec![choice(schema.clone())],
    }
}

fn is_anything(schema: &Value) -> bool {
    const PROSE: [&str; 4] = ["title", "description", "default", "examples"];
    match schema {
        Value::Object(object) => object.keys().all(|keyword| PROSE.contains(&keyword.as_str())),
        other => other == &Value::Bool(true),
    }
}

fn is_type_within(inner: &Choice, outer: &Choice) -> bool {
    let (inner, outer) = (&inner.schema["type"], &outer.schema["type"]);
    !inner.is_null() && (inner == outer || (inner == "integer" && outer == "number"))
}

fn is_scalar_within(inner: &Value, outer: &Value) -> bool {
    let names = |schema: &Value| match schema.get("const") {
        Some(only) => Some(vec![only.clone()]),
        None => schema["enum"].as_array().cloned(),
    };
    let bound = |schema: &Value, keyword: &str, open: f64| schema[keyword].as_f64().unwrap_or(open);
    let listed = match (names(inner), names(outer)) {
        (Some(inner), Some(outer)) => inner.iter().all(|name| outer.contains(name)),
        // Names have the patterns and lengths of their set; nobody lists those that it refuses.
        (Some(_), None) => return true,
        (None, Some(_)) => false,
        (None, None) => true,
    };
    let least =
        |keyword| bound(inner, keyword, f64::NEG_INFINITY) >= bound(outer, keyword, f64::NEG_INFINITY);
    let most = |keyword| bound(inner, keyword, f64::INFINITY) <= bound(outer, keyword, f64::INFINITY);
    let same = |keyword| outer.get(keyword).is_none_or(|rule| inner.get(keyword) == Some(rule));
    listed
        && ["minimum", "exclusiveMinimum", "minLength"].into_iter().all(least)
        && ["maximum", "exclusiveMaximum", "maxLength"].into_iter().all(most)
        && ["pattern", "format"].into_iter().all(same)
}

#[cfg(test)]
mod tests;
