//! Durations as people write them in a plan: `90s`, `5m`, `1h`, `500ms`.

use std::time::Duration;

/// Parses a whole number and one unit (`ms`, `s`, `m`, `h`). Zero is refused: a task could never finish in
/// it.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let bad = || format!("\"{text}\" is not a duration such as \"90s\", \"5m\" or \"1h\"");
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| bad())?;
    let millis = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => None,
    };
    millis.filter(|millis| *millis > 0).map(Duration::from_millis).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!(parse("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("5m"), Ok(Duration::from_mins(5)));
        assert_eq!(parse("1h"), Ok(Duration::from_hours(1)));
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for bad in ["", "90", "s", "1.5h", "-1s", "0s", "1 s", "1d", "99999999999999999h"] {
            let error = parse(bad).unwrap_err();
            assert!(error.contains("such as \"90s\""), "{bad}: {error}");
        }
    }
}
