//! Where the text of the latest lines lies.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

/// Lines share a page of this size: hundreds in one allocation, which goes when the last of them goes.
const PAGE: usize = 64 << 10;

/// Longer lines have memory of their own.
const LONG: usize = PAGE / 8;

/// Names that are remembered: of the units that work at the same time.
const NAMES: usize = 16;

/// Keeps lines and the names of units, so that taking in an event and letting the oldest go cost the
/// allocator next to nothing: it used to be half of what an event cost.
#[derive(Debug, Default)]
pub(super) struct Pages {
    page: BytesMut,
    scratch: Vec<u8>,
    /// The latest names, newest first.
    names: Vec<Arc<str>>,
}

impl Pages {
    /// A copy of these bytes.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Bytes {
        if bytes.len() > LONG {
            return Bytes::copy_from_slice(bytes);
        }
        if self.page.capacity() < bytes.len() {
            self.page = BytesMut::with_capacity(PAGE);
        }
        self.page.extend_from_slice(bytes);
        self.page.split().freeze()
    }

    /// What is written here.
    pub(super) fn keep_written(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        write(&mut scratch);
        let kept = self.keep(&scratch);
        scratch.shrink_to(PAGE);
        self.scratch = scratch;
        kept
    }

    /// This name, shared with those who had it lately.
    pub(super) fn name(&mut self, name: &str) -> Arc<str> {
        let place = self.names.iter().position(|known| **known == *name);
        let place = place.unwrap_or_else(|| {
            self.names.truncate(NAMES - 1);
            self.names.push(name.into());
            self.names.len() - 1
        });
        self.names[..=place].rotate_right(1);
        Arc::clone(&self.names[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_share_pages_and_long_ones_do_not() {
        let mut pages = Pages::default();
        let lines: Vec<Bytes> = (0..2000_u32).map(|n| pages.keep(format!("line {n}").as_bytes())).collect();
        let long = pages.keep(&[b'x'; LONG + 1]);
        let next = pages.keep(b"next");
        assert_eq!((long.len(), &next[..]), (LONG + 1, &b"next"[..]));
        for (n, line) in lines.iter().enumerate() {
            assert_eq!(*line, format!("line {n}"));
        }
        let gap = |two: &[Bytes]| two[0].as_ptr().wrapping_add(two[0].len()) != two[1].as_ptr();
        assert!(lines.windows(2).filter(|two| gap(two)).count() < 2);
    }

    #[test]
    fn names_in_use_are_shared() {
        let mut pages = Pages::default();
        let first = pages.name("a");
        for n in 0..NAMES - 1 {
            pages.name(&n.to_string());
        }
        assert!(Arc::ptr_eq(&first, &pages.name("a")));
        for n in 0..NAMES {
            pages.name(&n.to_string());
        }
        let again = pages.name("a");
        assert!(*again == *first && !Arc::ptr_eq(&first, &again));
        assert_eq!(pages.names.len(), NAMES);
    }
}
