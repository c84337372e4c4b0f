//! Our own structures, read member by member.
//!
//! serde's derived readers take three times the code, and in the browser most of what is loaded was
//! that. These say what a payload means to the fold; [`Line::payload`](crate::Line::payload) says it to
//! everybody's types, and a test holds the two together.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use super::integer::Integer;
use super::{Fields, PayloadMismatch, Reader, Result, Text, check_case};
use crate::json::Scanner;
use crate::{IdMap, RunId, Timestamp, Usd};

/// A type that the fold reads. `null` reads as the default where there is one.
pub(crate) trait Read: Sized {
    fn read(reader: &mut Reader<'_>) -> Result<Self>;
}

/// Reads a value. `json` is one value with nothing around it.
pub(crate) fn read_ours<T: Read>(json: &str) -> Result<T> {
    T::read(&mut Reader { text: json, json: Scanner::new(json, usize::MAX), last_wins: true })
}

/// Implements [`Read`] for a structure, given its members: those that must be there before the
/// semicolon, behind it those that have a default. For an enum its names are serde's.
macro_rules! readable {
    (enum $type:ident) => {
        impl $crate::reader::Read for $type {
            fn read(reader: &mut $crate::reader::Reader<'_>) -> Result<Self, $crate::PayloadMismatch> {
                $crate::reader::read_variant(reader)
            }
        }
    };
    ($type:ident { $($required:ident),* ; $($optional:ident),* $(,)? }) => {
        impl $crate::reader::Read for $type {
            fn read(reader: &mut $crate::reader::Reader<'_>) -> Result<Self, $crate::PayloadMismatch> {
                #[expect(non_camel_case_types, reason = "the members' names")]
                enum Member { $($required,)* $($optional,)* }
                $(let mut $required = None;)*
                $(let mut $optional = Default::default();)*
                let names = &[$(stringify!($required),)* $(stringify!($optional),)*];
                reader.members(names, &mut |member, reader| {
                    match member {
                        $(member if member == Member::$required as usize => {
                            $required = Some($crate::reader::Read::read(reader)?);
                        })*
                        $(member if member == Member::$optional as usize => {
                            $optional = $crate::reader::Read::read(reader)?;
                        })*
                        _ => {}
                    }
                    Ok(())
                })?;
                Ok($type {
                    $($required: $required.ok_or_else(|| $crate::reader::missing(stringify!($required)))?,)*
                    $($optional,)*
                })
            }
        }
    };
}
pub(crate) use readable;

/// What is wrong with a structure that lacks a member.
#[cold]
pub(crate) fn missing(name: &str) -> PayloadMismatch {
    PayloadMismatch { message: format!("no \"{name}\" in it") }
}

impl Reader<'_> {
    /// Reads an object: calls `read` with the number of each known member, at its value. Of a member
    /// that comes twice the last counts, also if the first could not be read.
    pub(crate) fn members(
        &mut self,
        known: Fields,
        read: &mut dyn FnMut(usize, &mut Self) -> Result<()>,
    ) -> Result<()> {
        if self.null()? {
            return Ok(());
        }
        self.begin(b'{', "an object")?;
        let mut failed: Vec<(usize, PayloadMismatch)> = Vec::new();
        let mut first = true;
        while self.advance(&mut first, b'}')? {
            let key = self.key()?;
            check_case(&key, known)?;
            let Some(member) = known.iter().position(|name| *name == key) else {
                self.skip()?;
                continue;
            };
            failed.retain(|(other, _)| *other != member);
            let value = self.json.pos;
            if let Err(error) = read(member, self) {
                failed.push((member, error));
                self.json.pos = value;
                self.skip()?;
            }
        }
        failed.pop().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Whether there is a `null`, which is passed over.
    fn null(&mut self) -> Result<bool> {
        let null = self.json.peek() == Some(b'n');
        if null {
            self.skip()?;
        }
        Ok(null)
    }

    #[inline(never)]
    fn text_or_null(&mut self) -> Result<Cow<'_, str>> {
        if self.null()? { Ok(Cow::Borrowed("")) } else { self.string() }
    }

    #[inline(never)]
    fn integer_or_null(&mut self) -> Result<Integer> {
        if self.null()? { Ok(Integer::Positive(0)) } else { self.integer() }
    }
}

impl Reader<'_> {
    /// A number, rounded to the nearest double as every reader does. The scanner refuses one beyond the
    /// range of a double, so this one is finite.
    #[inline(never)]
    fn float_or_null(&mut self) -> Result<f64> {
        if self.null()? {
            return Ok(0.0);
        }
        if !matches!(self.json.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.expected("a number"));
        }
        let text = self.skip()?;
        text.parse().map_err(|_| PayloadMismatch { message: format!("expected a number, found {text}") })
    }
}

impl<T: Read> Read for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.null()? { Ok(None) } else { T::read(reader).map(Some) }
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut list = Vec::new();
        if reader.null()? {
            return Ok(list);
        }
        reader.begin(b'[', "a list")?;
        let mut first = true;
        while reader.advance(&mut first, b']')? {
            list.push(T::read(reader)?);
        }
        Ok(list)
    }
}

impl<K: Key, T: Read> Read for IdMap<K, T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let mut map = IdMap::new();
        if reader.null()? {
            return Ok(map);
        }
        reader.begin(b'{', "an object")?;
        let mut first = true;
        while reader.advance(&mut first, b'}')? {
            let key = K::of(reader.key()?)?;
            map.insert(key, T::read(reader)?);
        }
        Ok(map)
    }
}

/// What a map may be keyed by.
pub(crate) trait Key: Ord + Sized {
    fn of(text: Cow<'_, str>) -> Result<Self>;
}

impl Key for String {
    fn of(text: Cow<'_, str>) -> Result<Self> {
        Ok(text.into_owned())
    }
}

impl Key for i64 {
    fn of(text: Cow<'_, str>) -> Result<Self> {
        Integer::key(&text)?.try_into()
    }
}

impl Read for String {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(reader.text_or_null()?.into_owned())
    }
}

macro_rules! read_integers {
    ($($type:ty)*) => {
        $(impl Read for $type {
            fn read(reader: &mut Reader<'_>) -> Result<Self> {
                reader.integer_or_null()?.try_into()
            }
        })*
    };
}

read_integers!(u32 u64 i64);

impl Read for f64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.float_or_null()
    }
}

impl Read for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if !matches!(reader.json.peek(), Some(b't' | b'f' | b'n')) {
            return Err(reader.expected("true or false"));
        }
        Ok(reader.skip()? == "true")
    }
}

impl Read for Usd {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        match reader.json.peek() {
            Some(b'-' | b'0'..=b'9') => Ok(Usd::from_json(reader.skip()?)),
            Some(b'n') => reader.skip().map(|_| Usd::default()),
            _ => Err(reader.expected("a number")),
        }
    }
}

impl Read for RunId {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.string()?.parse().map_err(|error| PayloadMismatch { message: format!("{error}") })
    }
}

impl Read for Timestamp {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.string()?.parse().map_err(|error| PayloadMismatch { message: format!("{error}") })
    }
}

/// Reads the name of a variant; `null` is the default.
pub(crate) fn read_variant<T: DeserializeOwned + Default>(reader: &mut Reader<'_>) -> Result<T> {
    if reader.null()? { Ok(T::default()) } else { T::deserialize(Text(reader.string()?)) }
}
