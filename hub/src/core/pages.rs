//! Where the text of the latest lines lies.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::names::{Kind, Names};

/// Lines share a page of this size: hundreds in one allocation, which goes when the last of them goes.
const PAGE: usize = 64 << 10;

/// Longer lines have memory of their own.
const LONG: usize = PAGE / 8;

/// Keeps lines and names, so that taking in an event and letting the oldest go cost the
/// allocator next to nothing: it used to be half of what an event cost.
#[derive(Debug, Default)]
pub(super) struct Pages {
    page: BytesMut,
    scratch: Vec<u8>,
    kinds: Names<Kind>,
    units: Names<Arc<str>>,
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

    /// This event type, shared with those before.
    pub(super) fn kind(&mut self, kind: &str) -> Kind {
        self.kinds.share(kind)
    }

    /// This unit's name, shared with those before.
    pub(super) fn unit(&mut self, unit: &str) -> Arc<str> {
        self.units.share(unit)
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
}
