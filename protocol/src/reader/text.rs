//! Keys and the names of variants.

use std::borrow::Cow;

use serde::de::{self, DeserializeSeed, Visitor};
use serde::forward_to_deserialize_any;

use super::{Integer, PayloadMismatch, Result, visit_text};

/// A key, which may stand for an integer, or the name of an enum's variant.
pub(super) struct Text<'de>(pub(super) Cow<'de, str>);

impl<'de> de::Deserializer<'de> for Text<'de> {
    type Error = PayloadMismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visit_text(self.0, visitor)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        Integer::key(&self.0)?.visit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self)
    }

    integers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i128);
    integers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);

    forward_to_deserialize_any! {
        bool f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

impl<'de> de::EnumAccess<'de> for Text<'de> {
    type Error = PayloadMismatch;
    type Variant = Plain;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Plain)> {
        Ok((seed.deserialize(self)?, Plain))
    }
}

/// The contents of an enum's variant: none. The wire has no others.
pub(super) struct Plain;

impl Plain {
    fn refuse<T>() -> Result<T> {
        Err(PayloadMismatch::new("expected a variant with contents, found its name".to_owned()))
    }
}

impl<'de> de::VariantAccess<'de> for Plain {
    type Error = PayloadMismatch;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value> {
        Plain::refuse()
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value> {
        Plain::refuse()
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value> {
        Plain::refuse()
    }
}
