//! JSON as nobody would write it, but everybody may.

use crate::Random;

/// Numbers at the edges of what readers hold. The last line is outside what a double can hold.
pub const NUMBERS: [&str; 38] = [
    "0",
    "-0",
    "1",
    "-1",
    "9",
    "10",
    "0.0",
    "-0.0",
    "1.0",
    "1e0",
    "1E+2",
    "1e-7",
    "0.000001",
    "1.5e300",
    "0e999",
    "0E-999",
    "1e-400",
    "5e-324",
    "2.2250738585072011e-308",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "0.1",
    "0.30000000000000004",
    "123456789.123456789",
    "2147483648",
    "4294967296",
    "9007199254740991",
    "-9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    "1e99999999999999999999",
    "1E400",
    "-1.7976931348623159e308",
];

/// What a string may hold, as it stands between quotes. The last two are halves of a surrogate pair.
const PIECES: [&str; 40] = [
    "a",
    "Z",
    "0",
    " ",
    "/",
    "\\/",
    "\\\"",
    "\\\\",
    "\\b",
    "\\f",
    "\\n",
    "\\r",
    "\\t",
    "\\u0000",
    "\\u001f",
    "\\u0020",
    "\\u0041",
    "\\u007F",
    "\u{7f}",
    "\\u00e4",
    "ä",
    "ß",
    "\u{80}",
    "\\u2028",
    "\u{2028}",
    "\u{2029}",
    "\u{2027}",
    "<",
    ">",
    "&",
    "\\u003c",
    "\u{fffd}",
    "\\uFFFF",
    "\u{ffff}",
    "\u{fffe}",
    "\\ud83e\\udd80",
    "🦀",
    "\u{10ffff}",
    "\\uD83E",
    "\\udd80",
];

/// Keys that some reader somewhere treats in a way of its own.
const KEYS: [&str; 12] = [
    "",
    "a",
    "A",
    "b",
    "__proto__",
    "constructor",
    "toString",
    "length",
    "\\u0061",
    "$ref",
    "type",
    "a.b/c~d",
];

/// A value with up to `depth` levels of objects and arrays.
pub fn value(random: &mut Random, depth: usize) -> String {
    match random.below(if depth > 0 { 9 } else { 5 }) {
        0 => random.pick(&["null", "true", "false"]).to_owned(),
        1 | 2 => number(random),
        3 | 4 => string(random),
        5 | 6 => {
            let items: Vec<String> = (0..random.below(5)).map(|_| value(random, depth - 1)).collect();
            between(random, '[', &items, ']')
        }
        _ => {
            let members: Vec<String> = (0..random.below(5))
                .map(|_| {
                    let key = if random.one_in(3) { string(random) } else { quoted(random.pick(&KEYS)) };
                    let value = value(random, depth - 1);
                    member(random, &key, &value)
                })
                .collect();
            between(random, '{', &members, '}')
        }
    }
}

/// A number, now and then one that no double holds.
pub fn number(random: &mut Random) -> String {
    match random.below(4) {
        0 if random.one_in(8) => random.pick(&NUMBERS).to_owned(),
        0 => random.pick(&NUMBERS[..NUMBERS.len() - 3]).to_owned(),
        1 => (random.bits().cast_signed() >> random.below(64)).to_string(),
        2 => {
            let bits = f64::from_bits(random.bits());
            if bits.is_finite() { format!("{bits:e}") } else { "0.5".to_owned() }
        }
        _ => {
            let sign = random.pick(&["", "-"]);
            let fraction = format!("{:04}", random.below(10_000));
            let exponent = random.pick(&["", "e5", "E-05", "e+0", "E300"]);
            format!("{sign}{}.{fraction}{exponent}", random.below(1000))
        }
    }
}

/// A string with its quotes, now and then with half a surrogate pair.
pub fn string(random: &mut Random) -> String {
    let pieces: &[&str] = if random.one_in(40) { &PIECES } else { &PIECES[..PIECES.len() - 2] };
    let contents: String = (0..random.below(12)).map(|_| random.pick(pieces)).collect();
    quoted(&contents)
}

/// `"contents"`, whatever they are.
pub fn quoted(contents: &str) -> String {
    format!("\"{contents}\"")
}

/// A member with white space about it.
pub fn member(random: &mut Random, key: &str, value: &str) -> String {
    format!("{}{key}{}:{}{value}", space(random), space(random), space(random))
}

/// Elements or members between brackets.
pub fn between(random: &mut Random, open: char, items: &[String], close: char) -> String {
    format!("{open}{}{}{}{close}", space(random), items.join(","), space(random))
}

/// White space: mostly none, seldom a line break.
fn space(random: &mut Random) -> &'static str {
    match random.below(400) {
        0 => random.pick(&["\n", "\r", "\r\n"]),
        1..40 => random.pick(&[" ", "  ", "\t", " \t "]),
        _ => "",
    }
}
