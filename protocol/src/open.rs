//! Sets of names that may grow: an older reader keeps a name it does not know as it is.

use schemars::{Schema, json_schema};

/// Defines an enum of known names and everything else. It is a string on the wire, and a name that is
/// not known survives being read and written.
macro_rules! open_enum {
    ($(#[doc = $doc:literal])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[doc = $doc])*
        ///
        /// The set is open: a name that is not known here is kept in `Other` and written as it was.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $type {
            $($(#[$variant_doc])* #[doc = concat!("`", $name, "`.")] $variant,)+
            /// A name that is not known here; one that is becomes its variant in `From`.
            Other(String),
        }

        impl $type {
            /// The names known here.
            pub const NAMES: &[&str] = &[$($name),+];

            /// The name as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $($type::$variant => $name,)+
                    $type::Other(name) => name,
                }
            }

            fn known(name: &str) -> Option<Self> {
                const VARIANTS: &[$type] = &[$($type::$variant),+];
                VARIANTS.get(Self::NAMES.iter().position(|known| *known == name)?).cloned()
            }
        }

        impl From<&str> for $type {
            fn from(name: &str) -> Self {
                $type::known(name).unwrap_or_else(|| $type::Other(name.to_owned()))
            }
        }

        impl From<String> for $type {
            fn from(name: String) -> Self {
                $type::known(&name).unwrap_or($type::Other(name))
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $crate::open::schema(&[$($doc),*], $type::NAMES)
            }
        }

        impl $crate::reader::Read for $type {
            fn blank() -> Self {
                $type::Other(String::new())
            }

            fn read(&mut self, reader: &mut $crate::reader::Reader<'_>) -> Result<(), $crate::PayloadMismatch> {
                let mut name = String::new();
                name.read(reader)?;
                *self = name.into();
                Ok(())
            }
        }
    };
}
pub(crate) use open_enum;

/// A string of which some values are known: they stand in `examples`, since others are as good.
pub(crate) fn schema(doc: &[&str], names: &[&str]) -> Schema {
    let doc: Vec<&str> = doc.iter().map(|line| line.trim()).collect();
    json_schema!({ "type": "string", "description": doc.join("\n"), "examples": names })
}
