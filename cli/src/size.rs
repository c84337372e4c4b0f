//! Sizes as people write them: `64M`.

/// Parses a number of bytes, or of K, M or G (1,024 of the one before). Zero is refused.
pub(crate) fn parse(text: &str) -> Result<usize, String> {
    let bad = || "not a size such as 1048576, 512K, 64M or 1G".to_owned();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit {
        "" => 0,
        "K" | "k" | "KiB" => 10,
        "M" | "m" | "MiB" => 20,
        "G" | "g" | "GiB" => 30,
        _ => return Err(bad()),
    };
    let number: usize = number.parse().map_err(|_| bad())?;
    number.checked_mul(1 << shift).filter(|bytes| *bytes > 0).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_perhaps_a_unit() {
        for (text, bytes) in [("1", 1), ("512K", 512 << 10), ("64M", 64 << 20), ("2GiB", 2 << 30)] {
            assert_eq!(parse(text), Ok(bytes));
        }
        for bad in ["", "0", "M", "-1", "1.5M", "1T", "99999999999999999999"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
