//! Writing stamps, of which neighbours have most of their text in common.

use time::OffsetDateTime;

use super::Timestamp;

/// The text of the second that was written last. Most stamps lie in the same second as the one before
/// them, and the fraction is the smaller part of the work.
#[derive(Clone, Debug)]
pub(crate) struct SecondText {
    /// By the local clock, counted as if that were UTC.
    second: i64,
    /// Its text, and that of the fraction written last.
    text: [u8; 29],
}

/// How much of the text is the second.
const SECOND: usize = 19;

impl Default for SecondText {
    fn default() -> Self {
        SecondText { second: 0, text: *b"1970-01-01T00:00:00.000000000" }
    }
}

impl SecondText {
    /// Appends a stamp as text.
    #[inline]
    pub(crate) fn write(&mut self, stamp: Timestamp, out: &mut Vec<u8>) {
        let second = stamp.seconds + i64::from(stamp.offset);
        if self.second != second {
            self.change(second);
        }
        let (eight, ninth) = (stamp.nanos / 10, u8::try_from(stamp.nanos % 10).unwrap_or(0));
        self.text[SECOND + 1..28].copy_from_slice(&text_of_eight(eight));
        self.text[28] = b'0' + ninth;
        let start = out.len();
        // All of it at once, and what is too much goes again: lengths that are known make no calls.
        out.extend_from_slice(&self.text);
        if ninth == 0 {
            let zeros = self.text[SECOND + 1..].iter().rev().take_while(|digit| **digit == b'0').count();
            // Without digits the point goes too.
            out.truncate(start + if zeros == 9 { SECOND } else { self.text.len() - zeros });
        }
        if stamp.offset == 0 {
            return out.push(b'Z');
        }
        write_offset(stamp.offset, out);
    }

    #[cold]
    fn change(&mut self, second: i64) {
        // Stamps that were read lie within the years the library has; so do those that were made.
        let at = OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        self.second = second;
        digits(&mut self.text[0..4], at.year().unsigned_abs());
        digits(&mut self.text[5..7], u8::from(at.month()).into());
        digits(&mut self.text[8..10], at.day().into());
        digits(&mut self.text[11..13], at.hour().into());
        digits(&mut self.text[14..16], at.minute().into());
        digits(&mut self.text[17..19], at.second().into());
    }
}

#[cold]
fn write_offset(offset: i32, out: &mut Vec<u8>) {
    let minutes = offset.unsigned_abs() / 60;
    let mut text = [if offset < 0 { b'-' } else { b'+' }, b'0', b'0', b':', b'0', b'0'];
    digits(&mut text[1..3], minutes / 60);
    digits(&mut text[4..6], minutes % 60);
    out.extend_from_slice(&text);
}

/// The digits of a number below 100,000,000, zeros in front: all at once, the reverse of reading them.
#[inline]
fn text_of_eight(number: u32) -> [u8; 8] {
    let fours = u64::from(number / 10_000) | (u64::from(number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = ((fours - hundreds * 100) << 16) | hundreds;
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    let digits = ((pairs - tens * 10) << 8) | tens;
    (digits | 0x3030_3030_3030_3030).to_le_bytes()
}

/// Writes the last digits of a number, as many as there is room for.
fn digits(room: &mut [u8], mut number: u32) {
    for digit in room.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}
