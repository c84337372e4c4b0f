//! JSON of our own values.
//!
//! What the browser is told are structures of ours, of which every member goes through here. `serde_json`
//! brings the writing of a member along for each member anew; here it is a call, and the browser's module a
//! tenth smaller. What is written is byte for byte the same (a test holds the two together).

use std::fmt;

use serde::ser::{
    Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct,
};
use serde::{Serialize, Serializer};

use crate::plain::plain_end;

/// A value has no JSON form here: it has keys other than strings and integers, holds a float, or is a
/// variant with contents. What this crate defines for the state of a run has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoJson;

impl fmt::Display for NoJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value has no JSON form")
    }
}

impl std::error::Error for NoJson {}

impl serde::ser::Error for NoJson {
    fn custom<T: fmt::Display>(_: T) -> Self {
        NoJson
    }
}

/// The JSON of a state, its parts, or what a store says changed; the same as `serde_json` writes.
///
/// ```
/// use choo_protocol::{UnitState, to_json};
/// let json = to_json(&UnitState { label: Some("Größe \"L\"".to_owned()), ..UnitState::default() })?;
/// assert!(json.contains(r#""label":"Größe \"L\"""#));
/// # Ok::<(), choo_protocol::NoJson>(())
/// ```
pub fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, NoJson> {
    let mut writer = Writer { out: Vec::with_capacity(128), ready: false };
    value.serialize(&mut writer)?;
    // Only whole texts have been written, so they are UTF-8 together.
    String::from_utf8(writer.out).map_err(|_| NoJson)
}

/// The name by which `serde_json` knows ready JSON: a structure of this name with one member of this name,
/// a string (`serde_json::value::RawValue`).
pub(crate) const RAW: &str = "$serde_json::private::RawValue";

struct Writer {
    out: Vec<u8>,
    /// The next string is ready JSON.
    ready: bool,
}

// Each of these is a call for every member of every structure.
impl Writer {
    #[inline(never)]
    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    #[inline(never)]
    fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    #[inline(never)]
    fn unsigned(&mut self, number: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = number;
        while at == digits.len() || rest > 0 {
            at -= 1;
            // What is left of a division by ten is one digit.
            digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            rest /= 10;
        }
        self.out.extend_from_slice(&digits[at..]);
    }

    #[inline(never)]
    fn signed(&mut self, number: i64) {
        if number < 0 {
            self.byte(b'-');
        }
        self.unsigned(number.unsigned_abs());
    }

    #[inline(never)]
    fn text(&mut self, text: &str) {
        self.byte(b'"');
        let bytes = text.as_bytes();
        let mut at = 0;
        loop {
            let plain = plain_end(bytes, at, [b'"', b'\\']);
            self.out.extend_from_slice(&bytes[at..plain]);
            let Some(byte) = bytes.get(plain) else { break };
            self.escape(*byte);
            at = plain + 1;
        }
        self.byte(b'"');
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            0x0C => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                self.put("\\u00");
                self.byte(HEX[usize::from(byte >> 4)]);
                return self.byte(HEX[usize::from(byte & 15)]);
            }
        };
        self.byte(b'\\');
        self.byte(short);
    }

    #[inline(never)]
    fn element(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.byte(b',');
        }
    }
}

type Written = Result<(), NoJson>;

/// A list or an object that is being written.
struct Open<'w> {
    writer: &'w mut Writer,
    first: bool,
    /// What ends it; nothing for ready JSON.
    close: Option<u8>,
}

impl<'w> Open<'w> {
    fn new(writer: &'w mut Writer, open: u8, close: u8) -> Self {
        writer.byte(open);
        Open { writer, first: true, close: Some(close) }
    }

    /// Begins a member: a comma, unless it is the first, and its key.
    #[inline(never)]
    fn member(&mut self, key: &str) {
        if self.close.is_none() {
            self.writer.ready = true;
            return;
        }
        self.writer.element(&mut self.first);
        self.writer.text(key);
        self.writer.byte(b':');
    }

    #[inline(never)]
    fn close(self) {
        if let Some(close) = self.close {
            self.writer.byte(close);
        }
    }
}

macro_rules! refuse {
    ($($method:ident($($type:ty),*) -> $ok:ty;)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<$ok, NoJson> {
            Err(NoJson)
        })*
    };
}

macro_rules! numbers {
    ($($method:ident($type:ty) as $writer:ident;)*) => {
        $(fn $method(self, number: $type) -> Written {
            self.$writer(number.into());
            Ok(())
        })*
    };
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = NoJson;
    type SerializeSeq = Open<'w>;
    type SerializeTuple = Open<'w>;
    type SerializeTupleStruct = Open<'w>;
    type SerializeTupleVariant = Impossible<(), NoJson>;
    type SerializeMap = Open<'w>;
    type SerializeStruct = Open<'w>;
    type SerializeStructVariant = Impossible<(), NoJson>;

    fn serialize_bool(self, value: bool) -> Written {
        self.put(if value { "true" } else { "false" });
        Ok(())
    }

    numbers! {
        serialize_i8(i8) as signed;
        serialize_i16(i16) as signed;
        serialize_i32(i32) as signed;
        serialize_i64(i64) as signed;
        serialize_u8(u8) as unsigned;
        serialize_u16(u16) as unsigned;
        serialize_u32(u32) as unsigned;
        serialize_u64(u64) as unsigned;
    }

    refuse! {
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_char(self, value: char) -> Written {
        self.text(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Written {
        if std::mem::take(&mut self.ready) {
            self.put(value);
        } else {
            self.text(value);
        }
        Ok(())
    }

    fn serialize_none(self) -> Written {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Written {
        self.put("null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Written {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Written {
        self.text(variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Written {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Written {
        Err(NoJson)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'w>, NoJson> {
        Ok(Open::new(self, b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'w>, NoJson> {
        Ok(Open::new(self, b'[', b']'))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, NoJson> {
        Ok(Open::new(self, b'[', b']'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'w>, NoJson> {
        Ok(Open::new(self, b'{', b'}'))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Open<'w>, NoJson> {
        if name == RAW {
            return Ok(Open { writer: self, first: true, close: None });
        }
        Ok(Open::new(self, b'{', b'}'))
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Written {
        self.text(&value.to_string());
        Ok(())
    }
}

macro_rules! lists {
    ($($trait:ident::$method:ident)*) => {
        $(impl $trait for Open<'_> {
            type Ok = ();
            type Error = NoJson;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
                self.writer.element(&mut self.first);
                value.serialize(&mut *self.writer)
            }

            fn end(self) -> Written {
                self.close();
                Ok(())
            }
        })*
    };
}

lists!(SerializeSeq::serialize_element SerializeTuple::serialize_element SerializeTupleStruct::serialize_field);

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = NoJson;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Written {
        self.writer.element(&mut self.first);
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        match self.writer.out.get(start) {
            Some(b'"') => {}
            // An integer becomes a string.
            Some(b'-' | b'0'..=b'9') => {
                self.writer.out.insert(start, b'"');
                self.writer.byte(b'"');
            }
            _ => return Err(NoJson),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Written {
        self.writer.byte(b':');
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Written {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Open<'_> {
    type Ok = ();
    type Error = NoJson;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Written {
        self.member(key);
        value.serialize(&mut *self.writer)
    }

    fn end(self) -> Written {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Value, json, value::RawValue};

    use super::*;

    fn assert_same<T: Serialize + ?Sized>(value: &T) {
        assert_eq!(to_json(value).unwrap(), serde_json::to_string(value).unwrap());
    }

    #[derive(Serialize)]
    struct Struct {
        map: BTreeMap<i64, Option<bool>>,
        unit: (),
        tuple: (u8, i8, char),
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<u8>,
        ready: Box<RawValue>,
        variant: Variant,
        newtype: Newtype,
        empty: (Vec<u8>, BTreeMap<String, u8>),
    }

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Variant {
        TheOne,
        Holding(u8),
    }

    #[derive(Serialize)]
    struct Newtype(i16);

    #[test]
    fn every_form_is_written_as_serde_json_does() {
        let with = |variant| Struct {
            map: [(-1, None), (10, Some(true)), (2, Some(false))].into(),
            unit: (),
            tuple: (0, i8::MIN, '"'),
            left_out: None,
            ready: RawValue::from_string("{\"a\": [1.5e3, \"\\u0041\"]}".to_owned()).unwrap(),
            variant,
            newtype: Newtype(i16::MIN),
            empty: (Vec::new(), BTreeMap::new()),
        };
        assert_same(&with(Variant::TheOne));
        assert_eq!(to_json(&with(Variant::Holding(1))), Err(NoJson));
        assert_same(&[u64::MAX, 0, 10]);
        assert_same(&[i64::MIN, i64::MAX, 0]);
    }

    #[test]
    fn what_has_no_form_is_refused() {
        assert_eq!(to_json(&1.5), Err(NoJson));
        assert_eq!(to_json(&BTreeMap::from([(Some(1), 1)]).get(&None::<u8>)), Ok("null".to_owned()));
        assert_eq!(to_json(&BTreeMap::from([([1], 1)])), Err(NoJson));
        assert_eq!(to_json(&json!({ "a": [0.5] })), Err(NoJson));
    }

    proptest! {
        #[test]
        fn every_text_is_written_as_serde_json_does(text in any::<String>(), control in "[\\x00-\\x7f\"\\\\]{0,40}") {
            assert_same(&text);
            assert_same(&control);
        }

        #[test]
        fn every_value_is_written_as_serde_json_does(numbers: Vec<i64>, names: BTreeMap<String, Vec<u64>>) {
            let value: Value = json!([numbers, names, { "nested": [names] }]);
            assert_same(&value);
        }
    }
}
