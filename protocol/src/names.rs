//! Names and their numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

/// Numbers names from 0 in the order in which they come. Hashed with fixed keys: the same names get
/// the same treatment in every run of the program.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<String, usize, BuildHasherDefault<DefaultHasher>>,
    by_number: Vec<String>,
    /// The number given last: neighbours often have the same name, and comparing costs less than hashing.
    last: usize,
}

impl Names {
    /// The name's number, and whether it is new.
    pub(crate) fn add(&mut self, name: &str) -> (usize, bool) {
        if self.by_number.get(self.last).is_some_and(|last| last == name) {
            return (self.last, false);
        }
        if let Some(number) = self.find(name) {
            self.last = number;
            return (number, false);
        }
        let number = self.by_number.len();
        self.last = number;
        self.numbers.insert(name.to_owned(), number);
        self.by_number.push(name.to_owned());
        (number, true)
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// The name with a number that was given.
    pub(crate) fn name(&self, number: usize) -> &str {
        self.by_number.get(number).map_or("", String::as_str)
    }

    pub(crate) fn into_names(self) -> Vec<String> {
        self.by_number
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }
}
