//! Whether a number has a value that a double can hold.

/// The smallest number that rounds to infinity, 2^1024 - 2^970; it has this many digits before the
/// point, and a number below it is finite however little it is below.
const TOO_LARGE: &[u8; 309] = b"\
    17976931348623158079372897140530341507993413271003782693617377898044496829276475\
    09466490179775872070963302864166928879109465555478519404026306574886715058206819\
    08902000708383676273854845817711531764475730270069855571366959622842914819860834\
    936475292719074168444365510704342711559699508093042880177904174497792";

/// Decides for a number in valid JSON. It does by hand what `str::parse::<f64>` would do, as the tables
/// of that weigh more in the browser than all else that reads numbers here.
pub(crate) fn is_finite(number: &[u8]) -> bool {
    let number = number.strip_prefix(b"-").unwrap_or(number);
    let (mantissa, exponent) = match number.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&number[..at], exponent(&number[at + 1..])),
        None => (number, 0),
    };
    let point = mantissa.iter().position(|b| *b == b'.').unwrap_or(mantissa.len());
    let digits = || mantissa.iter().filter(|b| **b != b'.');
    let Some(zeros) = digits().position(|b| *b != b'0') else { return true };
    // How many digits the number has before its point, written without an exponent.
    let before = saturating(point).saturating_sub(saturating(zeros)).saturating_add(exponent);
    let limit = saturating(TOO_LARGE.len());
    let missing = std::iter::repeat(&b'0');
    before < limit
        || before == limit && digits().skip(zeros).chain(missing).take(TOO_LARGE.len()).lt(TOO_LARGE.iter())
}

fn exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    let value =
        digits.iter().fold(0_i64, |value, b| value.saturating_mul(10).saturating_add(i64::from(b - b'0')));
    if negative { -value } else { value }
}

fn saturating(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_the_standard_library() {
        let largest = std::str::from_utf8(TOO_LARGE).unwrap();
        let below = largest.replace("449776", "449775");
        let cases = [
            "0",
            "-0",
            "1",
            "0.0e999999999999999999999",
            "1e308",
            "1.7e308",
            "1.8e308",
            "-1.8e308",
            "1e309",
            "9e307",
            "1e-999999999999999999999",
            "1e999999999999999999999",
            "0.00001e313",
            "0.00001e314",
            "17e307",
            "18e307",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.797693134862315807e308",
            "1.797693134862315808e308",
            "1.7976931348623159e308",
            "100000e303",
            "100000e304",
            "1E+308",
            "1E+309",
            "0.1e309",
            "0.1e310",
            "123.456e306",
            "179.76931348623157e306",
            "179.76931348623159e306",
        ];
        let long = [
            "1".to_owned() + &"0".repeat(308),
            "1".to_owned() + &"0".repeat(309),
            "0.".to_owned() + &"0".repeat(400),
        ];
        let edge = [
            largest.to_owned(),
            below.clone(),
            below + ".999999999",
            largest.to_owned() + ".0",
            "0.".to_owned() + largest + "e309",
        ];
        for text in cases.iter().map(|text| (*text).to_owned()).chain(long).chain(edge) {
            let expected = text.parse::<f64>().unwrap().is_finite();
            assert_eq!(is_finite(text.as_bytes()), expected, "{text}");
        }
    }
}
