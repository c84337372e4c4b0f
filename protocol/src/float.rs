//! Floating-point numbers as Go and JavaScript write them.

use std::fmt::{Display, LowerExp};
use std::io;

/// Writes a finite number with the fewest digits that read back as it, with an exponent outside
/// 1e-6 to 1e21 (ECMA-262, `Number::toString`; Go 1.19, `encoding/json`, `floatEncoder`). Whole
/// numbers have no `.0`.
pub(crate) fn write_float<T>(value: T, plain: bool, writer: &mut (impl io::Write + ?Sized)) -> io::Result<()>
where
    T: Display + LowerExp,
{
    if plain {
        return write!(writer, "{value}");
    }
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => write!(writer, "{digits}e+{exponent}"),
        _ => writer.write_all(text.as_bytes()),
    }
}

/// Whether the number is written without exponent.
pub(crate) fn is_plain_f64(value: f64) -> bool {
    value == 0.0 || (1e-6..1e21).contains(&value.abs())
}

/// Whether the number is written without exponent.
pub(crate) fn is_plain_f32(value: f32) -> bool {
    value == 0.0 || (1e-6..1e21).contains(&value.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_form_with_an_exponent_at_the_ends() {
        for (value, expected) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-6, "0.000001"),
            (9.99e-7, "9.99e-7"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
        ] {
            let mut out = Vec::new();
            write_float(value, is_plain_f64(value), &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
