//! Floating-point numbers as Go and JavaScript write them.

use std::io;

use serde_json::ser::{CompactFormatter, Formatter};

/// Writes a finite number (ECMA-262, `Number::toString`; Go 1.19, `encoding/json`, `floatEncoder`).
pub(crate) fn write_f64(value: f64, writer: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
    let mut text = Vec::with_capacity(24);
    CompactFormatter.write_f64(&mut text, value)?;
    write_form(&text, writer)
}

/// Writes a finite number of the narrower type, with the digits that tell it from its neighbours.
pub(crate) fn write_f32(value: f32, writer: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
    let mut text = Vec::with_capacity(16);
    CompactFormatter.write_f32(&mut text, value)?;
    write_form(&text, writer)
}

/// The digits are those of `serde_json`, the fewest that read back as the number and the even one of
/// two as near (the standard library's differ there). Only where it puts point and exponent is not:
/// whole numbers have no `.0`, and an exponent is for what lies outside 1e-6 to 1e21.
fn write_form(text: &[u8], writer: &mut (impl io::Write + ?Sized)) -> io::Result<()> {
    let text = std::str::from_utf8(text).unwrap_or_default();
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    // The value is `0.significant` times ten to the `point`.
    let point = i64::try_from(whole.len() + significant.len()).unwrap_or(0)
        - i64::try_from(digits.len()).unwrap_or(0)
        + exponent.parse::<i64>().unwrap_or(0);
    let digits = significant.trim_end_matches('0');
    match (point, usize::try_from(point).unwrap_or(0)) {
        _ if digits.is_empty() => write!(writer, "{sign}0"),
        (1..=21, places) if places >= digits.len() => write!(writer, "{sign}{digits:0<places$}"),
        (1..=21, places) => write!(writer, "{sign}{}.{}", &digits[..places], &digits[places..]),
        (-5..=0, _) => {
            let width = digits.len() + usize::try_from(-point).unwrap_or(0);
            write!(writer, "{sign}0.{digits:0>width$}")
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            write!(writer, "{sign}{first}{dot}{rest}e{:+}", point - 1)
        }
    }
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
            (0.05, "0.05"),
            (1e-6, "0.000001"),
            (9.99e-7, "9.99e-7"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (f64::MAX, "1.7976931348623157e+308"),
            (5e-324, "5e-324"),
            (2_f64.powi(50) + 0.25, "1125899906842624.2"),
        ] {
            let mut out = Vec::new();
            write_f64(value, &mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), expected);
            assert_eq!(expected.parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
        let mut out = Vec::new();
        write_f32(-2_190_780.0 - 0.25, &mut out).unwrap();
        assert_eq!(out, b"-2190780.2");
    }
}
