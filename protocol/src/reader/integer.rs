//! Integers as every reader holds them.

use serde::de::Visitor;

use super::{PayloadMismatch, Result};
use crate::MAX_INTEGER;

/// An integer as it stands in JSON.
pub(super) enum Integer {
    Negative(i64),
    Positive(u64),
}

impl Integer {
    pub(super) fn parse(text: &str) -> Result<Integer> {
        let integer = if text == "-0" {
            // To Go it is no unsigned integer, to JavaScript no integer like others.
            None
        } else if text.starts_with('-') {
            text.parse().ok().map(Integer::Negative)
        } else {
            text.parse().ok().map(Integer::Positive)
        };
        integer.ok_or_else(|| PayloadMismatch::new(format!("expected an integer, found {text}")))
    }

    /// At most 53 bits: more would be another number in JavaScript.
    pub(super) fn in_range(self) -> Result<Integer> {
        let fits = match self {
            Integer::Negative(number) => number >= -MAX_INTEGER,
            Integer::Positive(number) => number <= MAX_INTEGER.unsigned_abs(),
        };
        let message = || PayloadMismatch::new("expected an integer of at most 53 bits".to_owned());
        if fits { Ok(self) } else { Err(message()) }
    }

    /// An integer that is a key: written in the one way that all write it.
    pub(super) fn key(text: &str) -> Result<Integer> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let odd = digits.starts_with('+') || digits.len() > 1 && digits.starts_with('0');
        if odd {
            return Err(PayloadMismatch::new(format!("expected an integer, found {text}")));
        }
        Integer::parse(text)?.in_range()
    }

    /// The integer, which is in range.
    pub(super) fn into_i64(self) -> i64 {
        match self {
            Integer::Negative(number) => number,
            Integer::Positive(number) => number.cast_signed(),
        }
    }

    pub(super) fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Integer::Negative(number) => visitor.visit_i64(number),
            Integer::Positive(number) => visitor.visit_u64(number),
        }
    }
}
