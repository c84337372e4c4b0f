//! Our own structures, read member by member.
//!
//! serde's derived readers take three times the code, and in the browser most of what is loaded was
//! that. These say what a payload means to the fold; [`Line::payload`](crate::Line::payload) says it to
//! everybody's types, and a test holds the two together.

use std::borrow::Cow;

use super::integer::Integer;
use super::{Fields, PayloadMismatch, Reader, Result, check_case};
use crate::json::Scanner;
use crate::printable::printable;
use crate::{IdMap, MAX_INTEGER, RunId, Timestamp, Usd};

/// A type that the fold reads. `null` reads as the default where there is one.
///
/// Values are read into their places, so that nothing is moved and a member costs one call.
pub(crate) trait Read: Sized {
    /// What stands in the place of a member that is not there.
    fn blank() -> Self;

    /// Reads the next value, whatever the place held before. Of a value with another shape anything may
    /// be left.
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()>;
}

/// Reads a value. `json` is one value with nothing around it.
pub(crate) fn read_ours<T: Read>(json: &str) -> Result<T> {
    let mut value = T::blank();
    value.read(&mut Reader { text: json, json: Scanner::new(json, usize::MAX), last_wins: true })?;
    Ok(value)
}

/// Implements [`Read`] for a structure, given its members: those that must be there before the
/// semicolon, behind it those that have a default, and behind another one those that JSON never has. For an
/// enum, given its variants and their names.
macro_rules! readable {
    (enum $type:ident { $($variant:ident = $name:literal,)* }) => {
        impl $crate::reader::Read for $type {
            fn blank() -> Self {
                Self::default()
            }

            fn read(&mut self, reader: &mut $crate::reader::Reader<'_>) -> Result<(), $crate::PayloadMismatch> {
                const VALUES: &[$type] = &[$($type::$variant),*];
                let value = reader.variant(&[$($name),*])?.and_then(|at| VALUES.get(at).copied());
                *self = value.unwrap_or_default();
                Ok(())
            }
        }
    };
    ($type:ident { $($required:ident),* ; $($optional:ident),* $(,)? $(; $($unread:ident),*)? }) => {
        impl $crate::reader::Read for $type {
            fn blank() -> Self {
                $type {
                    $($required: $crate::reader::Read::blank(),)*
                    $($optional: $crate::reader::Read::blank(),)*
                    $($($unread: Default::default(),)*)?
                }
            }

            #[inline(never)]
            fn read(&mut self, reader: &mut $crate::reader::Reader<'_>) -> Result<(), $crate::PayloadMismatch> {
                #[expect(non_camel_case_types, reason = "the members' names")]
                enum Member { $($required,)* $($optional,)* }
                const REQUIRED: usize = <[&str]>::len(&[$(stringify!($required)),*]);
                *self = Self::blank();
                let names = &[$(stringify!($required),)* $(stringify!($optional),)*];
                reader.members(names, REQUIRED, &mut |member, reader| match member {
                    $(member if member == Member::$required as usize => {
                        $crate::reader::Read::read(&mut self.$required, reader)
                    })*
                    $(member if member == Member::$optional as usize => {
                        $crate::reader::Read::read(&mut self.$optional, reader)
                    })*
                    _ => Ok(()),
                })
            }
        }
    };
}
pub(crate) use readable;

// None of these is inlined: they stand for what every member of every structure would otherwise repeat.
impl Reader<'_> {
    /// Reads an object: calls `read` with the number of each known member, at its value. Of a member
    /// that comes twice the last counts, also if the first could not be read. So many of the first
    /// members must be there.
    #[inline(never)]
    pub(crate) fn members(
        &mut self,
        known: Fields,
        required: usize,
        read: &mut dyn FnMut(usize, &mut Self) -> Result<()>,
    ) -> Result<()> {
        let mut failed: Vec<(usize, PayloadMismatch)> = Vec::new();
        // A bit for each known member. No structure has 64.
        let mut seen: u64 = 0;
        if !self.null()? {
            self.begin(b'{', "an object")?;
            let mut first = true;
            while self.advance(&mut first, b'}')? {
                let key = self.key()?;
                check_case(&key, known)?;
                let Some(member) = known.iter().position(|name| *name == key) else {
                    self.skip()?;
                    continue;
                };
                seen |= 1 << member;
                failed.retain(|(other, _)| *other != member);
                let value = self.json.pos;
                if let Err(error) = read(member, self) {
                    failed.push((member, error));
                    self.json.pos = value;
                    self.skip()?;
                }
            }
        }
        if let Some((_, error)) = failed.pop() {
            return Err(error);
        }
        match known.get(seen.trailing_ones() as usize..required).and_then(<[_]>::first) {
            Some(missing) => Err(PayloadMismatch::new(format!("no \"{missing}\" in it"))),
            None => Ok(()),
        }
    }

    /// Whether there is a `null`, which is passed over.
    #[inline(never)]
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
    fn integer_or_null(&mut self, least: i64, most: i64) -> Result<i64> {
        if self.null()? {
            return Ok(0);
        }
        let number = self.integer()?.into_i64();
        if (least..=most).contains(&number) {
            return Ok(number);
        }
        Err(PayloadMismatch::new(format!("expected an integer from {least} to {most}")))
    }

    /// The place of a name among those of an enum's variants; `None` for `null`.
    #[inline(never)]
    pub(crate) fn variant(&mut self, names: Fields) -> Result<Option<usize>> {
        if self.null()? {
            return Ok(None);
        }
        let name = self.string()?;
        let at = names.iter().position(|known| *known == name);
        let unknown = || PayloadMismatch::new(format!("unknown variant `{}`", printable(&name)));
        at.map(Some).ok_or_else(unknown)
    }

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
        text.parse().map_err(|_| PayloadMismatch::new(format!("expected a number, found {text}")))
    }
}

impl<T: Read> Read for Option<T> {
    fn blank() -> Self {
        None
    }

    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        *self = None;
        if reader.null()? { Ok(()) } else { self.insert(T::blank()).read(reader) }
    }
}

impl<T: Read> Read for Vec<T> {
    fn blank() -> Self {
        Vec::new()
    }

    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        self.clear();
        if reader.null()? {
            return Ok(());
        }
        reader.begin(b'[', "a list")?;
        let mut first = true;
        while reader.advance(&mut first, b']')? {
            let at = self.len();
            self.push(T::blank());
            self[at].read(reader)?;
        }
        Ok(())
    }
}

impl<K: Key, T: Read> Read for IdMap<K, T> {
    fn blank() -> Self {
        IdMap::new()
    }

    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        *self = IdMap::new();
        if reader.null()? {
            return Ok(());
        }
        reader.begin(b'{', "an object")?;
        let mut first = true;
        while reader.advance(&mut first, b'}')? {
            let key = K::of(reader.key()?)?;
            self.get_or_insert_with(&key, T::blank).read(reader)?;
        }
        Ok(())
    }
}

/// What a map may be keyed by.
pub(crate) trait Key: Ord + Clone {
    fn of(text: Cow<'_, str>) -> Result<Self>;
}

impl Key for String {
    fn of(text: Cow<'_, str>) -> Result<Self> {
        Ok(text.into_owned())
    }
}

impl Key for i64 {
    fn of(text: Cow<'_, str>) -> Result<Self> {
        Integer::key(&text).map(Integer::into_i64)
    }
}

impl Read for String {
    fn blank() -> Self {
        String::new()
    }

    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        *self = reader.text_or_null()?.into_owned();
        Ok(())
    }
}

macro_rules! read_integers {
    ($($type:ident $least:expr, $most:expr;)*) => {
        $(impl Read for $type {
            fn blank() -> Self {
                0
            }

            #[inline(never)]
            fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
                // Within the bounds it fits.
                *self = $type::try_from(reader.integer_or_null($least, $most)?).unwrap_or_default();
                Ok(())
            }
        })*
    };
}

read_integers! {
    u32 0, u32::MAX.into();
    u64 0, MAX_INTEGER;
    i64 -MAX_INTEGER, MAX_INTEGER;
}

impl Read for f64 {
    fn blank() -> Self {
        0.0
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        *self = reader.float_or_null()?;
        Ok(())
    }
}

impl Read for bool {
    fn blank() -> Self {
        false
    }

    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        if !matches!(reader.json.peek(), Some(b't' | b'f' | b'n')) {
            return Err(reader.expected("true or false"));
        }
        *self = reader.skip()? == "true";
        Ok(())
    }
}

impl Read for Usd {
    fn blank() -> Self {
        Usd::default()
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        *self = match reader.json.peek() {
            Some(b'-' | b'0'..=b'9') => Usd::from_json(reader.skip()?),
            Some(b'n') => reader.skip().map(|_| Usd::default())?,
            _ => return Err(reader.expected("a number")),
        };
        Ok(())
    }
}

impl Read for RunId {
    fn blank() -> Self {
        RunId::blank()
    }

    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        *self = reader.string()?.parse().map_err(|error| PayloadMismatch::new(format!("{error}")))?;
        Ok(())
    }
}

impl Read for Timestamp {
    fn blank() -> Self {
        Timestamp::from_unix_nanos(0)
    }

    #[inline(never)]
    fn read(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        *self = reader.string()?.parse().map_err(|error| PayloadMismatch::new(format!("{error}")))?;
        Ok(())
    }
}
