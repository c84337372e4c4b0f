//! Writing whole numbers, most of which are small or follow the one before.

/// Appends a number.
#[inline]
pub(crate) fn write_number<N: itoa::Integer + Copy>(number: N, out: &mut Vec<u8>)
where
    u8: TryFrom<N>,
{
    match u8::try_from(number) {
        Ok(digit @ 0..10) => out.push(b'0' + digit),
        _ => write_long(number, out),
    }
}

#[inline(never)]
fn write_long(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// A number behind a text that stays. That of the next number is made of the text of this one.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    number: u64,
    text: Vec<u8>,
    /// Where its digits begin.
    digits: usize,
}

impl Counter {
    /// Of numbers behind this text.
    pub(crate) fn behind(text: String) -> Self {
        let mut counter = Counter { number: 0, digits: text.len(), text: text.into_bytes() };
        counter.set(0);
        counter
    }

    /// The text with this number behind it.
    #[inline]
    pub(crate) fn text_of(&mut self, number: u64) -> &[u8] {
        if self.number.checked_add(1) != Some(number) || !self.advance() {
            self.set(number);
        }
        self.number = number;
        &self.text
    }

    /// Makes the text that of the next number; `false` if that is longer.
    #[inline]
    fn advance(&mut self) -> bool {
        for digit in self.text[self.digits..].iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return true;
            }
            *digit = b'0';
        }
        false
    }

    #[cold]
    fn set(&mut self, number: u64) {
        self.text.truncate(self.digits);
        self.text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_written_as_it_is_displayed() {
        for number in [0_i64, 1, 9, 10, 99, 100, 255, 256, 265, i64::MAX, -1, -9, -10, i64::MIN] {
            let mut out = b"n".to_vec();
            write_number(number, &mut out);
            assert_eq!(out, format!("n{number}").into_bytes());
        }
    }

    #[test]
    fn counting_and_jumping_make_the_same_texts() {
        let mut counter = Counter::behind("seq:".to_owned());
        let jumps = [5, 5, 4, 0, 9_999_999_998, u64::MAX - 2, 7];
        let numbers = (0..12_000).chain(jumps.into_iter().flat_map(|from| [from, from + 1, from + 2]));
        for number in numbers {
            assert_eq!(counter.text_of(number), format!("seq:{number}").as_bytes());
        }
    }
}
