//! Skipping over what needs no attention: nearly all of a line is plain string content.

#![expect(clippy::inline_always, reason = "a call costs as much as the token that it reads")]

/// Where the next control character (below 0x20) or one of `stops` stands, at `from` or behind it; the
/// text's length if there is none.
///
/// In the browser's module it is there once for each number of stops: that is smaller, and no slower.
#[cfg_attr(not(target_family = "wasm"), inline(always))]
#[cfg_attr(target_family = "wasm", inline(never))]
pub(crate) fn plain_end<const N: usize>(text: &[u8], from: usize, stops: [u8; N]) -> usize {
    let mut at = from;
    while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk()) {
        if let Some(place) = block::first(block, 0, stops) {
            return at + place;
        }
        at += block::SIZE;
    }
    last_end(text, at, stops)
}

/// The same where less than a block is left: the text's last block is looked at from the middle.
#[inline(always)]
fn last_end<const N: usize>(text: &[u8], from: usize, stops: [u8; N]) -> usize {
    let Some(block) = text.last_chunk() else {
        if let Some(padded) = block::padded(&text[from..])
            && block::first(&padded, 0, stops).is_none()
        {
            return text.len();
        }
        let plain = |byte: &&u8| **byte >= 0x20 && !stops.contains(byte);
        return from + text[from..].iter().take_while(plain).count();
    };
    let left = text.len() - from;
    if left == 0 {
        return from;
    }
    from + block::first(block, block::SIZE - left, stops).unwrap_or(left)
}

/// Sixteen bytes at once where the processor has instructions for that.
#[cfg(not(target_family = "wasm"))]
mod block {
    use wide::u8x16;

    pub(super) const SIZE: usize = 16;

    /// The first place that is to be found behind the first `skip` bytes, counted from there.
    #[inline(always)]
    pub(super) fn first<const N: usize>(block: &[u8; SIZE], skip: usize, stops: [u8; N]) -> Option<usize> {
        let block = u8x16::new(*block);
        let mut found = block.simd_lt(u8x16::splat(0x20));
        for stop in stops {
            found |= block.simd_eq(u8x16::splat(stop));
        }
        let found = found.to_bitmask() >> skip;
        (found != 0).then(|| found.trailing_zeros() as usize)
    }

    /// All bytes of a text that is shorter, some perhaps twice, and blanks.
    #[inline(always)]
    pub(super) fn padded(short: &[u8]) -> Option<[u8; SIZE]> {
        let mut block = [b' '; SIZE];
        if let (Some(first), Some(last)) = (short.first_chunk::<8>(), short.last_chunk::<8>()) {
            block[..8].copy_from_slice(first);
            block[8..].copy_from_slice(last);
        } else {
            block[..4].copy_from_slice(short.first_chunk::<4>()?);
            block[4..8].copy_from_slice(short.last_chunk::<4>()?);
        }
        Some(block)
    }
}

/// Eight bytes at once as one number: the browser's instructions for more are younger than the
/// browsers that we support.
#[cfg(target_family = "wasm")]
mod block {
    pub(super) const SIZE: usize = 8;

    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;

    /// The first place that is to be found behind the first `skip` bytes, counted from there; the end of
    /// the block is one if any are skipped.
    #[inline(always)]
    pub(super) fn first<const N: usize>(block: &[u8; SIZE], skip: usize, stops: [u8; N]) -> Option<usize> {
        // Subtracting sets the highest bit of each byte below `n`, and perhaps of bytes above the lowest
        // such one, which do not matter here.
        let below = |word: u64, n: u8| word.wrapping_sub(ONES * u64::from(n)) & !word;
        let word = u64::from_le_bytes(*block) >> (skip * 8);
        let mut found = below(word, 0x20);
        for stop in stops {
            found |= below(word ^ (ONES * u64::from(stop)), 1);
        }
        found &= HIGHS;
        (found != 0).then(|| found.trailing_zeros() as usize / 8)
    }

    /// Short texts are rare where this is used.
    #[inline(always)]
    pub(super) fn padded(_short: &[u8]) -> Option<[u8; SIZE]> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::plain_end;

    #[test]
    fn every_byte_at_every_place_is_told_from_plain_content() {
        let stops = [b'"', b'\\', 0xE2];
        for byte in 0..=u8::MAX {
            // What stands around it must not matter, neither below nor above.
            for around in [b'a', 0x80, 0xff, b'!', b'#', 0x20, b'[', b']', 0xE1, 0xE3] {
                for (len, place) in (1..17).chain([40]).flat_map(|len| (0..len).map(move |at| (len, at))) {
                    let mut text = vec![around; len];
                    text[place] = byte;
                    for from in 0..=place {
                        let expected = if byte < 0x20 || stops.contains(&byte) { place } else { len };
                        assert_eq!(plain_end(&text, from, stops), expected, "{byte} {place}/{len} {around}");
                    }
                }
            }
        }
    }
}
