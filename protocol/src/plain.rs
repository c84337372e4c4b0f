//! Skipping over what needs no attention.

/// How many bytes come before the next control character (below 0x20) or one of `stops`.
///
/// Looks at eight bytes at once: nearly all of a line is plain string content.
#[inline]
pub(crate) fn plain_prefix<const N: usize>(text: &[u8], stops: [u8; N]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    // Subtracting sets the highest bit of each byte below `n`, and perhaps of bytes above the lowest
    // such one, which do not matter here.
    let below = |word: u64, n: u8| word.wrapping_sub(ONES * u64::from(n)) & !word;
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let mut found = below(word, 0x20);
        for stop in stops {
            found |= below(word ^ (ONES * u64::from(stop)), 1);
        }
        found &= HIGHS;
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let plain = |byte: &&u8| **byte >= 0x20 && !stops.contains(byte);
    words.len() * 8 + rest.iter().take_while(plain).count()
}

#[cfg(test)]
mod tests {
    use super::plain_prefix;

    #[test]
    fn every_byte_at_every_place_is_told_from_plain_content() {
        let stops = [b'"', b'\\', 0xE2];
        for byte in 0..=u8::MAX {
            for place in 0..20 {
                // What stands around it must not matter, neither below nor above.
                for around in [b'a', 0x80, 0xff, b'!', b'#', 0x20, b'[', b']', 0xE1, 0xE3] {
                    let mut text = [around; 20];
                    text[place] = byte;
                    let expected = if byte < 0x20 || stops.contains(&byte) { place } else { 20 };
                    assert_eq!(plain_prefix(&text, stops), expected, "{byte} {place} {around}");
                }
            }
        }
    }
}
