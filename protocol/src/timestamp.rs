//! Time on the wire: RFC 3339, printed as Go's `RFC3339Nano`.

mod second;

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub(crate) use second::SecondText;

/// An instant with nanoseconds, in years 0 to 9999, with the offset it was written with.
///
/// Reads RFC 3339 with any offset, but for leap seconds (`:60`), which most readers refuse; prints the
/// fraction without trailing zeros. Two stamps are equal when they name the same instant, whatever their
/// offsets.
///
/// ```
/// use choo_protocol::Timestamp;
/// let stamp: Timestamp = "2025-01-18T10:30:15.120+02:00".parse()?;
/// assert_eq!(stamp.to_string(), "2025-01-18T10:30:15.12+02:00");
/// assert_eq!(stamp, "2025-01-18T08:30:15.12Z".parse()?);
/// # Ok::<(), choo_protocol::TimestampError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Timestamp {
    /// Since 1970.
    seconds: i64,
    nanos: u32,
    /// How far the local time is ahead of UTC, in seconds; whole minutes.
    offset: i32,
}

/// The seconds that year 0 begins and year 9999 ends with, counted from 1970.
const FIRST_SECOND: i64 = -62_167_219_200;
const LAST_SECOND: i64 = 253_402_300_799;

/// Nanoseconds in a second.
const NANOS: i128 = 1_000_000_000;

/// The text is not an RFC 3339 date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampError;

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an RFC 3339 time such as 2025-01-18T10:30:15Z")
    }
}

impl std::error::Error for TimestampError {}

impl Timestamp {
    /// Nanoseconds since 1970-01-01T00:00:00Z, in UTC. Instants outside years 0 to 9999 are moved to
    /// the nearer end, since the wire cannot write them.
    pub fn from_unix_nanos(nanos: i128) -> Self {
        let (first, last) = (i128::from(FIRST_SECOND) * NANOS, i128::from(LAST_SECOND) * NANOS + (NANOS - 1));
        let nanos = nanos.clamp(first, last);
        let seconds = i64::try_from(nanos.div_euclid(NANOS)).unwrap_or(0);
        Timestamp { seconds, nanos: u32::try_from(nanos.rem_euclid(NANOS)).unwrap_or(0), offset: 0 }
    }

    /// So many seconds and nanoseconds (below 1,000,000,000) after 1970-01-01T00:00:00Z, in UTC: the same
    /// as [`Timestamp::from_unix_nanos`], for clocks that are read often.
    #[inline]
    pub fn from_unix(seconds: i64, nanos: u32) -> Self {
        if (FIRST_SECOND..=LAST_SECOND).contains(&seconds) && i128::from(nanos) < NANOS {
            return Timestamp { seconds, nanos, offset: 0 };
        }
        Timestamp::from_unix_nanos(i128::from(seconds) * NANOS + i128::from(nanos))
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub fn unix_nanos(self) -> i128 {
        i128::from(self.seconds) * NANOS + i128::from(self.nanos)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn unix_millis(self) -> i64 {
        self.seconds * 1_000 + i64::from(self.nanos / 1_000_000)
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        (self.seconds, self.nanos) == (other.seconds, other.nanos)
    }
}

impl Eq for Timestamp {}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos))
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.seconds, self.nanos).hash(state);
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        match Timestamp::read_prefix(text.as_bytes()) {
            Some((stamp, len)) if len == text.len() => Ok(stamp),
            _ => Err(TimestampError),
        }
    }
}

impl Timestamp {
    /// Reads the stamp that a text begins with, and says how long it is.
    ///
    /// By hand, since the library takes many times as long, weighs as much in the browser as the rest of
    /// this crate's text handling, and is more lenient than Go and JavaScript are: it takes a blank for
    /// the `T`, small letters, and leap seconds.
    #[inline]
    pub(crate) fn read_prefix(text: &[u8]) -> Option<(Self, usize)> {
        let (stamp, rest) = text.split_first_chunk::<19>()?;
        let [century, year, month, day, hour, minute, second] = fields(stamp)?;
        let days = days(century * 100 + year, month, day)?;
        let (nanos, len) = fraction(rest)?;
        let (offset, zone) = zone(&rest[len..])?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let seconds = days * 86_400 + i64::from(hour * 3_600 + minute * 60 + second) - i64::from(offset);
        Some((Timestamp { seconds, nanos, offset }, 19 + len + zone))
    }
}

/// The pairs of digits in `0000-00-00T00:00:00`.
///
/// Eight bytes at once, as a number: what is left of a byte after taking away what stands there in a
/// stamp of zeros must be at most 9 for a digit, and nothing for what separates them.
#[inline]
fn fields(stamp: &[u8; 19]) -> Option<[u32; 7]> {
    let [y1, y2, y3, y4, d1, m1, m2, d2, rest @ ..] = *stamp;
    let [a1, a2, t, h1, h2, c1, n1, n2, c2, s1, s2] = rest;
    let pairs = |text: [u8; 8], zeros: &[u8; 8], digits: [u8; 8]| {
        let left = u64::from_le_bytes(text) ^ u64::from_le_bytes(*zeros);
        let room = u64::from_le_bytes(digits.map(|digit| 0x7f - 9 * digit));
        let good = (((left & LOWS) + room) | left) & !LOWS == 0;
        // In each byte that is a pair's first digit stands the pair's number.
        good.then(|| (left * 10 + (left >> 8)).to_le_bytes().map(u32::from))
    };
    let [century, _, year, _, _, month, _, _] =
        pairs([y1, y2, y3, y4, d1, m1, m2, d2], b"0000-00-", [1, 1, 1, 1, 0, 1, 1, 0])?;
    let [day, _, _, hour, _, _, minute, _] =
        pairs([a1, a2, t, h1, h2, c1, n1, n2], b"00T00:00", [1, 1, 0, 1, 1, 0, 1, 1])?;
    let second = two(s1, s2).filter(|_| c2 == b':')?;
    Some([century, year, month, day, hour, minute, second])
}

/// All bits of a byte but the highest.
const LOWS: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The days from 1970-01-01 to a day, if there is such a day.
#[inline]
fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    /// Days before each month of a year that is no leap year.
    const BEFORE: [u32; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    /// Days from 0000-01-01 to 1970-01-01.
    const TO_1970: i64 = 719_528;
    let leap = u32::from(year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)));
    let month = usize::try_from(month).ok()?;
    let (before, next) = (*BEFORE.get(month.wrapping_sub(1))?, *BEFORE.get(month)?);
    let length = next - before + if month == 2 { leap } else { 0 };
    // Year 0 was a leap year.
    let leaps_before = year.div_ceil(4) - year.div_ceil(100) + year.div_ceil(400);
    let first = year * 365 + leaps_before + before + if month > 2 { leap } else { 0 };
    (1..=length).contains(&day).then(|| i64::from(first + day - 1) - TO_1970)
}

/// The nanoseconds of a fraction, if the text begins with one, and how long it is. Digits beyond the
/// ninth are cut.
#[inline]
fn fraction(text: &[u8]) -> Option<(u32, usize)> {
    let Some((b'.', digits)) = text.split_first() else { return Some((0, 0)) };
    let (mut nanos, mut len) = (0, 0);
    if let Some(eight) = digits.first_chunk().copied().and_then(eight_digits) {
        (nanos, len) = (eight * 10, 8);
    }
    let mut unit = if len == 8 { 1 } else { 100_000_000 };
    while let Some(digit) = digits.get(len).filter(|byte| byte.is_ascii_digit()) {
        nanos += u32::from(digit - b'0') * unit;
        unit /= 10;
        len += 1;
    }
    (len > 0).then_some((nanos, 1 + len))
}

/// The number that eight digits are: neighbours are joined to pairs, those to fours, those to one.
#[inline]
fn eight_digits(text: [u8; 8]) -> Option<u32> {
    let left = u64::from_le_bytes(text) ^ 0x3030_3030_3030_3030;
    if (((left & LOWS) + 0x7676_7676_7676_7676) | left) & !LOWS != 0 {
        return None;
    }
    let pairs = (left * 10 + (left >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    u32::try_from((fours * 10_000 + (fours >> 32)) & 0xffff_ffff).ok()
}

/// The offset that a text begins with, and how long it is.
#[inline]
fn zone(text: &[u8]) -> Option<(i32, usize)> {
    match *text {
        [b'Z', ..] => Some((0, 1)),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] => {
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
            let signed = if sign == b'-' { -seconds } else { seconds };
            (hours < 24 && minutes < 60).then_some((signed, 6))
        }
        _ => None,
    }
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| u32::from((tens - b'0') * 10 + (ones - b'0')))
}

impl Timestamp {
    /// Appends the stamp as text. By hand, since this is the dearest part of writing an event: the
    /// library takes a heap allocation and four times as long.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        SecondText::default().write(self, out);
    }

    #[cfg(test)]
    pub(crate) fn with_offset_minutes(self, minutes: i32) -> Self {
        Timestamp { offset: minutes * 60, ..self }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(35);
        self.write(&mut text);
        // Digits and punctuation only.
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        // Narrower than the format: capitals, and no leap second.
        let pattern = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)$";
        json_schema!({ "type": "string", "format": "date-time", "pattern": pattern })
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    fn library(stamp: Timestamp) -> OffsetDateTime {
        let offset = time::UtcOffset::from_whole_seconds(stamp.offset).unwrap();
        let local = OffsetDateTime::from_unix_timestamp(stamp.seconds + i64::from(stamp.offset)).unwrap();
        local.replace_nanosecond(stamp.nanos).unwrap().replace_offset(offset)
    }

    #[test]
    fn s0_42_prints_as_gos_rfc3339nano() {
        for (read, written) in [
            ("2025-01-18T10:30:00Z", "2025-01-18T10:30:00Z"),
            ("2025-01-18T10:30:00.000Z", "2025-01-18T10:30:00Z"),
            ("2025-01-18T10:30:00.120000000Z", "2025-01-18T10:30:00.12Z"),
            ("2025-01-18T10:30:00.123456789-07:30", "2025-01-18T10:30:00.123456789-07:30"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(read.parse::<Timestamp>().unwrap().to_string(), written);
        }
        for bad in [
            "",
            "2025-01-18 10:30:00Z",
            "2025-01-18T10:30:00z",
            "2016-12-31T23:59:60Z",
            "20250118T103000Z",
            "2025-01-18T10:30:00",
            "nope",
        ] {
            assert_eq!(bad.parse::<Timestamp>(), Err(TimestampError), "{bad}");
        }
    }

    #[test]
    fn prints_as_the_library_does() {
        // Steps that meet every field: leap days, ends of years, fractions of all lengths.
        for step in 0..50_000_i128 {
            let nanos =
                step * 63_113_904_070_809_001 % 315_569_520_000_000_000_000 - 62_000_000_000_000_000_000;
            let stamp =
                Timestamp::from_unix_nanos(nanos - nanos % 10_i128.pow(u32::try_from(step % 10).unwrap()));
            assert_eq!(stamp.to_string(), library(stamp).format(&Rfc3339).unwrap());
        }
        for text in [
            "2024-02-29T23:59:59.5+14:00",
            "2024-02-29T23:59:59-00:30",
            "2024-02-29T00:00:00.000000001-12:45",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn reads_what_the_library_reads_in_the_strict_form() {
        let mut texts: Vec<String> = [
            "2025-01-18T10:30:15.Z",
            "2025-01-18T10:30:15.1234567891Z",
            "2025-02-29T00:00:00Z",
            "2024-02-29T00:00:00Z",
            "2025-13-01T00:00:00Z",
            "2025-00-01T00:00:00Z",
            "2025-01-00T00:00:00Z",
            "2025-01-32T00:00:00Z",
            "2025-01-18T24:00:00Z",
            "2025-01-18T10:60:00Z",
            "2025-01-18T10:30:61Z",
            "2025-01-18T10:30:15",
            "2025-01-18T10:30:15+02",
            "2025-01-18T10:30:15+0200",
            "2025-01-18T10:30:15+24:00",
            "2025-01-18T10:30:15+23:59",
            "2025-01-18T10:30:15-00:00",
            "2025-01-18T10:30:15+02:60",
            "2025-01-18T10:30:15Zx",
            "2025-1-18T10:30:15Z",
            "+2025-01-18T10:30:15Z",
            "2025-01-18T10:30:15.5+05:30",
            "0000-01-01T00:00:00Z",
            "0000-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "2025-01-18T10:30:1\u{e4}Z",
        ]
        .map(str::to_owned)
        .into();
        // Every field out of place, one byte at a time.
        let good = "2025-01-18T10:30:15.123456789+02:00";
        for at in 0..good.len() {
            for byte in ["0", "9", ":", "-", "Z", "T", ".", "+", " "] {
                texts.push(format!("{}{byte}{}", &good[..at], &good[at + 1..]));
            }
        }
        for text in texts {
            let library = OffsetDateTime::parse(&text, &Rfc3339).ok();
            // These three are where the library is lenient.
            let strict = text.as_bytes().get(10) == Some(&b'T') && text.as_bytes().get(17..19) != Some(b"60");
            let expected = library.filter(|_| strict);
            let ours = text.parse::<Timestamp>().ok();
            assert_eq!(ours.map(self::library), expected, "{text}");
            if let (Some(ours), Some(library)) = (ours, expected) {
                assert_eq!(ours.to_string(), library.format(&Rfc3339).unwrap(), "{text}");
            }
        }
    }

    #[test]
    fn seconds_and_nanos_are_the_same_instant_as_nanos() {
        for (seconds, nanos) in [
            (0, 0),
            (1_737_196_215, 999_999_999),
            (-1, 1),
            (-90_000_000_000, 5),
            (i64::MAX, 0),
            (i64::MIN, 9),
        ] {
            let whole = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
            assert_eq!(Timestamp::from_unix(seconds, nanos), Timestamp::from_unix_nanos(whole));
        }
    }

    #[test]
    fn the_ends_of_time_are_clamped() {
        assert_eq!(Timestamp::from_unix_nanos(i128::MAX).to_string(), "9999-12-31T23:59:59.999999999Z");
        assert_eq!(Timestamp::from_unix_nanos(i128::MIN).to_string(), "0000-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_unix_nanos(-1).unix_millis(), -1);
    }
}
