//! Typed values from JSON text that the scanner has accepted.
//!
//! What a payload means is ours to say, and must be what readers in other languages make of it. So it
//! differs from the usual parser: of equal keys the last one wins, a list is not taken for a structure,
//! an integer has at most 53 bits, and a key that differs from one of the structure's by case only
//! (which Go overlooks) is no key of it and no other. Knowing that the text is valid it is also a third
//! of the size in the browser.

/// One reading for integers of every width.
macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.deserialize_i64(visitor)
        })*
    };
}

mod integer;
mod members;
mod text;

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, Visitor};
use serde::forward_to_deserialize_any;

use crate::case::differs_by_case;
use crate::json::{Fault, Scanner};
use crate::printable::printable;
use crate::unescape::unescape;
use integer::Integer;
use text::Text;

pub(crate) use members::{Read, read_ours, readable};

/// A payload does not have the shape of the type it was to be read as. The producer's fault; the event
/// is folded by its envelope all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadMismatch {
    /// In a box, as it is handed up through every level of a payload, and nearly always is not there.
    found: Box<Found>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    message: String,
}

impl PayloadMismatch {
    #[cold]
    fn new(message: String) -> Self {
        PayloadMismatch { found: Box::new(Found { message }) }
    }
}

impl fmt::Display for PayloadMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "payload of another shape: {}", self.found.message)
    }
}

impl std::error::Error for PayloadMismatch {}

impl de::Error for PayloadMismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        PayloadMismatch::new(message.to_string())
    }

    // The defaults can also print floats, and the tables for that weigh more than this whole reader.
    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        PayloadMismatch::new(format!("expected {expected}, found something else"))
    }

    fn invalid_value(found: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        let message = match found {
            de::Unexpected::Unsigned(number) => format!("expected {expected}, found {number}"),
            de::Unexpected::Signed(number) => format!("expected {expected}, found {number}"),
            de::Unexpected::Str(text) => format!("expected {expected}, found \"{}\"", printable(text)),
            _ => format!("expected {expected}, found something else"),
        };
        PayloadMismatch::new(message)
    }
}

impl From<Fault> for PayloadMismatch {
    /// Only text that the scanner has not seen gets here.
    fn from(fault: Fault) -> Self {
        PayloadMismatch::new(format!("not JSON at byte {}", fault.offset()))
    }
}

/// Reads a value. `json` is one value with nothing around it.
pub(crate) fn read<T: DeserializeOwned>(json: &str) -> Result<T, PayloadMismatch> {
    let attempt = |last_wins| {
        T::deserialize(&mut Reader { text: json, json: Scanner::new(json, usize::MAX), last_wins })
    };
    // Derived readers refuse a key that comes twice, as hardly one does. Only what failed pays.
    attempt(false).or_else(|_| attempt(true))
}

pub(crate) struct Reader<'de> {
    text: &'de str,
    json: Scanner<'de>,
    /// Whether to look for keys that come twice in a structure.
    last_wins: bool,
}

type Result<T, E = PayloadMismatch> = std::result::Result<T, E>;

// These stand for what every field of every type would otherwise repeat: a call for each member, and
// the browser's module is a fifth smaller.
impl<'de> Reader<'de> {
    /// The next value's text.
    #[inline(never)]
    fn skip(&mut self) -> Result<&'de str> {
        let span = self.json.value(0)?;
        Ok(&self.text[span.start..span.end])
    }

    #[inline(never)]
    fn string(&mut self) -> Result<Cow<'de, str>> {
        if self.json.peek() != Some(b'"') {
            return Err(self.expected("a string"));
        }
        let span = self.json.string()?;
        let raw = &self.text[span.start..span.end];
        Ok(if span.escaped { unescape(raw) } else { Cow::Borrowed(raw) })
    }

    #[inline(never)]
    fn integer(&mut self) -> Result<Integer> {
        if !matches!(self.json.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.expected("an integer"));
        }
        Integer::parse(self.skip()?)?.in_range()
    }

    #[inline(never)]
    fn expected(&mut self, what: &str) -> PayloadMismatch {
        let found = match self.json.peek() {
            Some(b'"') => "a string",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        };
        PayloadMismatch::new(format!("expected {what}, found {found} at byte {}", self.json.pos))
    }

    #[inline(never)]
    fn begin(&mut self, open: u8, what: &str) -> Result<()> {
        if self.json.peek() != Some(open) {
            return Err(self.expected(what));
        }
        self.json.pos += 1;
        self.json.skip_whitespace();
        Ok(())
    }

    /// Moves to the next element; `false` behind the closing bracket.
    #[inline(never)]
    fn advance(&mut self, first: &mut bool, close: u8) -> Result<bool> {
        if std::mem::take(first) {
            let empty = self.json.peek() == Some(close);
            self.json.pos += usize::from(empty);
            return Ok(!empty);
        }
        Ok(!self.json.close_or_comma(close, "a comma or the end")?)
    }

    /// Where the members of a structure stand, of equal keys the last, and where the structure ends.
    /// The cursor is behind the opening brace.
    #[inline(never)]
    fn last_members(&mut self, fields: Fields) -> Result<(Vec<Member<'de>>, usize)> {
        let mut members: Vec<Member<'de>> = Vec::with_capacity(fields.len());
        let mut first = true;
        while self.advance(&mut first, b'}')? {
            let key = self.key()?;
            check_case(&key, fields)?;
            let value = self.json.pos;
            self.skip()?;
            // Others say nothing to the structure, and a hostile one may have any number of them.
            if !fields.contains(&&*key) {
                continue;
            }
            match members.iter_mut().find(|other| other.key == key) {
                Some(other) => other.value = value,
                None => members.push(Member { key, value }),
            }
        }
        Ok((members, self.json.pos))
    }

    #[inline(never)]
    fn key(&mut self) -> Result<Cow<'de, str>> {
        let span = self.json.key()?;
        let raw = &self.text[span.start..span.end];
        Ok(if span.escaped { unescape(raw) } else { Cow::Borrowed(raw) })
    }
}

/// The keys of a structure; none where any key will do.
type Fields = &'static [&'static str];

/// Refuses a key that Go would take for one of the structure's.
fn check_case(key: &str, fields: Fields) -> Result<()> {
    // All of ours are in small letters, and so is nearly every key that comes.
    if key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Ok(());
    }
    match fields.iter().find(|field| differs_by_case(key, field)) {
        Some(field) => {
            let key = printable(key);
            Err(PayloadMismatch::new(format!("\"{key}\" differs from \"{field}\" by case only")))
        }
        None => Ok(()),
    }
}

fn visit_text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

macro_rules! texts {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.deserialize_str(visitor)
        })*
    };
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = PayloadMismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.json.peek() {
            Some(b'"') => self.deserialize_str(visitor),
            Some(b'{') => self.deserialize_map(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            Some(b't' | b'f') => self.deserialize_bool(visitor),
            Some(b'n') => self.deserialize_unit(visitor),
            _ => {
                let text = self.skip()?;
                match Integer::parse(text) {
                    Ok(integer) => integer.visit(visitor),
                    Err(error) => visitor.visit_f64(text.parse().map_err(|_| error)?),
                }
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !matches!(self.json.peek(), Some(b't' | b'f')) {
            return Err(self.expected("true or false"));
        }
        visitor.visit_bool(self.skip()? == "true")
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.integer()?.visit(visitor)
    }

    integers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i128);
    integers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visit_text(self.string()?, visitor)
    }

    texts!(deserialize_string deserialize_char deserialize_identifier);

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.json.peek() == Some(b'n') {
            self.skip()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.json.peek() != Some(b'n') {
            return Err(self.expected("null"));
        }
        self.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.begin(b'[', "a list")?;
        visitor.visit_seq(Elements { reader: self, first: true })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.begin(b'{', "an object")?;
        visitor.visit_map(Members { reader: self, fields: &[], first: true, chosen: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: Fields,
        visitor: V,
    ) -> Result<V::Value> {
        self.begin(b'{', "an object")?;
        let chosen = if self.last_wins { Some(Chosen::new(self.last_members(fields)?)) } else { None };
        visitor.visit_map(Members { reader: self, fields, first: true, chosen })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(Text(self.string()?))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { f32 f64 bytes byte_buf unit_struct tuple tuple_struct }
}

struct Elements<'r, 'de> {
    reader: &'r mut Reader<'de>,
    first: bool,
}

impl<'de> de::SeqAccess<'de> for Elements<'_, 'de> {
    type Error = PayloadMismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.reader.advance(&mut self.first, b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

struct Member<'de> {
    key: Cow<'de, str>,
    /// Where its value begins.
    value: usize,
}

/// The members of a structure that count, each key once.
struct Chosen<'de> {
    members: std::vec::IntoIter<Member<'de>>,
    end: usize,
}

impl<'de> Chosen<'de> {
    fn new((members, end): (Vec<Member<'de>>, usize)) -> Self {
        Chosen { members: members.into_iter(), end }
    }
}

/// One type for maps and structures in either mode, so that each type's reader exists once.
struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    fields: Fields,
    first: bool,
    chosen: Option<Chosen<'de>>,
}

impl<'de> Members<'_, 'de> {
    /// The next key; the cursor is at its value then.
    #[inline(never)]
    fn next_key(&mut self) -> Result<Option<Cow<'de, str>>> {
        if let Some(chosen) = &mut self.chosen {
            let member = chosen.members.next();
            self.reader.json.pos = member.as_ref().map_or(chosen.end, |member| member.value);
            return Ok(member.map(|member| member.key));
        }
        if !self.reader.advance(&mut self.first, b'}')? {
            return Ok(None);
        }
        let key = self.reader.key()?;
        check_case(&key, self.fields)?;
        Ok(Some(key))
    }
}

impl<'de> de::MapAccess<'de> for Members<'_, 'de> {
    type Error = PayloadMismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some(key) = self.next_key()? else { return Ok(None) };
        seed.deserialize(Text(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        seed.deserialize(&mut *self.reader)
    }
}

#[cfg(test)]
mod tests;
