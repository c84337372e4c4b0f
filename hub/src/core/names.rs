//! Names that records share with those before them: of event types and of units.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use choo_protocol::kind;

/// An event type.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// One that the wire names: nearly all that occur.
    Known(&'static str),
    /// The set is open.
    Other(Arc<str>),
}

impl From<&str> for Kind {
    fn from(name: &str) -> Self {
        let known = kind::ALL.iter().find(|known| **known == name);
        known.map_or_else(|| Kind::Other(name.into()), |known| Kind::Known(known))
    }
}

impl Deref for Kind {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Kind::Known(name) => name,
            Kind::Other(name) => name,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl PartialEq<str> for Kind {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

/// How many names are remembered: of the units that work at the same time.
const REMEMBERED: usize = 16;

/// The names that came last, newest first, so that one that comes again costs neither a search nor memory.
#[derive(Debug)]
pub(super) struct Names<T>(Vec<T>);

impl<T> Default for Names<T> {
    fn default() -> Self {
        Names(Vec::new())
    }
}

impl<T> Names<T>
where
    T: Clone + Deref<Target = str> + for<'a> From<&'a str>,
{
    /// This name, shared with those who had it lately.
    pub(super) fn share(&mut self, name: &str) -> T {
        match self.0.first() {
            Some(first) if **first == *name => first.clone(),
            _ => self.find(name),
        }
    }

    fn find(&mut self, name: &str) -> T {
        let place = self.0.iter().position(|known| **known == *name);
        let place = place.unwrap_or_else(|| {
            self.0.truncate(REMEMBERED - 1);
            self.0.push(name.into());
            self.0.len() - 1
        });
        self.0[..=place].rotate_right(1);
        self.0[0].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_use_are_shared() {
        let mut names = Names::<Arc<str>>::default();
        let first = names.share("a");
        for n in 0..REMEMBERED - 1 {
            names.share(&n.to_string());
        }
        assert!(Arc::ptr_eq(&first, &names.share("a")));
        assert!(Arc::ptr_eq(&first, &names.share("a")));
        for n in 0..REMEMBERED {
            names.share(&n.to_string());
        }
        let again = names.share("a");
        assert!(*again == *first && !Arc::ptr_eq(&first, &again));
        assert_eq!(names.0.len(), REMEMBERED);
    }

    #[test]
    fn known_types_take_no_memory_and_others_are_shared() {
        let mut kinds = Names::<Kind>::default();
        assert!(matches!(kinds.share(kind::UNIT_STARTED), Kind::Known(kind::UNIT_STARTED)));
        let (Kind::Other(one), _) = (kinds.share("x.own"), kinds.share("unit.started")) else { panic!() };
        let Kind::Other(two) = kinds.share("x.own") else { panic!() };
        assert!(Arc::ptr_eq(&one, &two) && &*one == "x.own");
    }
}
