//! What a run, a unit or a task took.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::is_default;
use crate::lenient::null_as_default;
use crate::reader::readable;
use crate::writer::RAW;
use crate::{MAX_INTEGER, Usage};

/// Sums of [`Usage`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UsageTotal {
    /// Tokens that went in, those from a cache included.
    #[serde(deserialize_with = "null_as_default")]
    pub input_tokens: u64,
    /// Tokens that came out.
    #[serde(deserialize_with = "null_as_default")]
    pub output_tokens: u64,
    /// What that cost in US dollars.
    #[serde(deserialize_with = "null_as_default")]
    pub cost_usd: Usd,
    /// How many of the input tokens a cache held already.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub cache_read_input_tokens: u64,
    /// How many of the input tokens were put into a cache.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub cache_creation_input_tokens: u64,
}

impl UsageTotal {
    /// Adds the amounts of another one. A sum stays at the largest value that every reader holds.
    pub fn add(&mut self, other: UsageTotal) {
        let add = |sum: &mut u64, amount: u64| {
            *sum = sum.saturating_add(amount).min(MAX_INTEGER.unsigned_abs());
        };
        add(&mut self.input_tokens, other.input_tokens);
        add(&mut self.output_tokens, other.output_tokens);
        add(&mut self.cache_read_input_tokens, other.cache_read_input_tokens);
        add(&mut self.cache_creation_input_tokens, other.cache_creation_input_tokens);
        self.cost_usd = Usd::from_nanos(self.cost_usd.0.saturating_add(other.cost_usd.0));
    }
}

impl From<&Usage> for UsageTotal {
    fn from(usage: &Usage) -> Self {
        UsageTotal {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cost_usd: Usd::from_dollars(usage.cost_usd),
            cache_read_input_tokens: usage.cache_read_input_tokens.unwrap_or(0),
            cache_creation_input_tokens: usage.cache_creation_input_tokens.unwrap_or(0),
        }
    }
}

/// US dollars to a thousand millionth, at most [`Usd::MAX`] either way. In JSON a number of dollars of at
/// most fifteen digits, so that it survives readers that hold doubles. Sums are exact, in whatever order:
/// ten times 0.1 is 1.
///
/// ```
/// use choo_protocol::Usd;
/// let total = (0..10).fold(Usd::default(), |sum, _| Usd::from_nanos(sum.nanos() + Usd::from_dollars(0.1).nanos()));
/// assert_eq!(total.to_string(), "1");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i64);

const NANOS: u64 = 1_000_000_000;
const PLACES: usize = 9;

impl Usd {
    /// One million dollars.
    pub const MAX: Usd = Usd(1_000_000 * NANOS.cast_signed());

    /// From thousand millionths; what lies outside the range becomes its end.
    pub fn from_nanos(nanos: i64) -> Self {
        Usd(nanos.clamp(-Self::MAX.0, Self::MAX.0))
    }

    /// From dollars, rounded; what is not a number counts as nothing.
    pub fn from_dollars(dollars: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the cast saturates, and the range is narrower yet"
        )]
        Usd::from_nanos((dollars * NANOS as f64).round() as i64)
    }

    /// In thousand millionths.
    pub fn nanos(self) -> i64 {
        self.0
    }

    /// From a JSON number, rounded, half away from zero. By hand, since in the browser the tables by which
    /// the standard library reads decimal fractions weigh more than the rest of the fold.
    pub(crate) fn from_json(number: &str) -> Self {
        let (sign, number) = number.strip_prefix('-').map_or((1, number), |number| (-1, number));
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let exponent: i64 = match exponent.strip_prefix('+').unwrap_or(exponent).parse() {
            Ok(exponent) => exponent,
            Err(_) if exponent.starts_with('-') => i64::MIN,
            Err(_) => i64::MAX,
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let point = i64::try_from(whole.len() + PLACES).unwrap_or(i64::MAX).saturating_add(exponent);
        if point < 0 {
            return Usd(0);
        }
        let mut digits = whole.bytes().chain(fraction.bytes()).map(|digit| i64::from(digit - b'0'));
        let mut nanos: i64 = 0;
        for _ in 0..point {
            let Some(digit) = digits.next().or((nanos != 0 && nanos <= Self::MAX.0).then_some(0)) else {
                break;
            };
            nanos = nanos.saturating_mul(10).saturating_add(digit);
        }
        let up = nanos <= Self::MAX.0 && digits.next().is_some_and(|digit| digit >= 5);
        Usd::from_nanos(sign * nanos.saturating_add(i64::from(up)))
    }
}

impl fmt::Display for Usd {
    /// As a JSON number, without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", nanos / NANOS)?;
        let mut rest = nanos % NANOS;
        let mut places = PLACES;
        if rest == 0 {
            return Ok(());
        }
        while rest.is_multiple_of(10) {
            rest /= 10;
            places -= 1;
        }
        write!(f, ".{rest:0places$}")
    }
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Written as it prints: the tables for printing a double are as heavy as those for reading one. The
        // constructor of a `RawValue` would read what has just been written, with all of a parser.
        let mut raw = serializer.serialize_struct(RAW, 1)?;
        raw.serialize_field(RAW, &self.to_string())?;
        raw.end()
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        if dollars.is_finite() { Ok(Usd::from_dollars(dollars)) } else { Err(D::Error::custom("not finite")) }
    }
}

impl JsonSchema for Usd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "description": "US dollars, to nine decimal places." })
    }
}

readable!(UsageTotal {
    ;
    input_tokens, output_tokens, cost_usd, cache_read_input_tokens, cache_creation_input_tokens,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_rounded_and_written_back() {
        for (json, written) in [
            ("0", "0"),
            ("-0", "0"),
            ("0.1", "0.1"),
            ("1.5E-3", "0.0015"),
            ("12.000000001", "12.000000001"),
            ("0.0000000005", "0.000000001"),
            ("-0.00000000049", "0"),
            ("-2.5e+2", "-250"),
            ("5e-11", "0"),
            ("1e300", "1000000"),
            ("-123456789012345678901234567890", "-1000000"),
            ("0e99999999999999999999", "0"),
            ("0.000e-99999999999999999999", "0"),
            ("1e-99999999999999999999", "0"),
            ("0.00000000000000000001e20", "1"),
        ] {
            assert_eq!(Usd::from_json(json).to_string(), written, "{json}");
            let value: Usd = serde_json::from_str(&Usd::from_json(json).to_string()).unwrap();
            assert_eq!(value, Usd::from_json(json), "{json}");
        }
    }

    #[test]
    fn every_sum_survives_doubles() {
        for nanos in [1, 7, 999_999_999, 1_234_567_890_123, Usd::MAX.0 - 1, Usd::MAX.0, -3] {
            let json = serde_json::to_string(&Usd(nanos)).unwrap();
            assert_eq!(serde_json::from_str::<Usd>(&json).unwrap().0, nanos, "{json}");
            let value = serde_json::to_value(Usd(nanos)).unwrap();
            assert_eq!(value.as_f64(), json.parse().ok(), "{json}");
        }
    }

    #[test]
    fn sums_stay_in_range() {
        let mut total = UsageTotal {
            input_tokens: u64::MAX,
            output_tokens: 1,
            cost_usd: Usd::MAX,
            ..UsageTotal::default()
        };
        total.add(total);
        assert_eq!((total.input_tokens, total.output_tokens), (MAX_INTEGER.unsigned_abs(), 2));
        assert_eq!(total.cost_usd, Usd::MAX);
    }
}
