//! Names and their numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

/// Numbers names from 0 in the order in which they come. Hashed with fixed keys: the same names get
/// the same treatment in every run of the program.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<String, usize, BuildHasherDefault<DefaultHasher>>,
    names: Vec<String>,
}

impl Names {
    /// The name's number, and whether it is new.
    pub(crate) fn add(&mut self, name: &str) -> (usize, bool) {
        if let Some(number) = self.find(name) {
            return (number, false);
        }
        let number = self.names.len();
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        (number, true)
    }

    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.numbers.get(name).copied()
    }

    /// The name with a number that was given.
    pub(crate) fn name(&self, number: usize) -> &str {
        self.names.get(number).map_or("", String::as_str)
    }

    pub(crate) fn into_names(self) -> Vec<String> {
        self.names
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}
