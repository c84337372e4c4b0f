//! The disk that a spool lies on.

use super::mark::{Mark, Marks};
use crate::SpoolFailure;
use crate::link::Link;
use crate::spool::{Extent, Scan, SpoolAction};

/// One file, in a disk that may be full or fail.
#[derive(Debug)]
pub(crate) struct Disk {
    bytes: Vec<u8>,
    /// How many bytes it takes in all.
    pub(crate) room: usize,
    /// After how many bytes of the next write the process is killed.
    pub(crate) kill_after: Option<usize>,
    pub(crate) killed: bool,
    /// Whether what is on it cannot be read back.
    pub(crate) unreadable: bool,
    /// Whether it ever refused something.
    pub(crate) failed: bool,
}

impl Disk {
    pub(crate) fn new() -> Self {
        Disk {
            bytes: Vec::new(),
            room: usize::MAX,
            kill_after: None,
            killed: false,
            unreadable: false,
            failed: false,
        }
    }

    /// Does what a link asks for; answers whether it asked.
    pub(crate) fn serve(&mut self, link: &mut Link, now: std::time::Instant, marks: &mut Marks) -> bool {
        let mut served = false;
        if self.killed {
            return false;
        }
        while let Some(action) = link.poll_spool() {
            served = true;
            match action {
                SpoolAction::Append { offset, bytes } => {
                    assert_eq!(offset, self.bytes.len() as u64, "appended at the end");
                    assert_eq!(bytes.last(), Some(&b'\n'), "whole lines");
                    if let Some(n) = self.kill_after.take() {
                        self.bytes.extend_from_slice(&bytes[..n.min(bytes.len())]);
                        self.killed = true;
                        return true;
                    }
                    let fits = self.bytes.len() + bytes.len() <= self.room;
                    if fits {
                        self.bytes.extend_from_slice(bytes);
                    }
                    self.failed |= !fits;
                    marks.hit(if fits { Mark::Spooled } else { Mark::DiskFull });
                    link.handle_appended(now, if fits { Ok(()) } else { Err(SpoolFailure::DiskFull) });
                }
                SpoolAction::Read { .. } if self.unreadable => {
                    marks.hit(Mark::SpoolUnread);
                    self.failed = true;
                    link.handle_read(Err(SpoolFailure::System(std::io::ErrorKind::Other)));
                }
                SpoolAction::Read { offset, len } => {
                    marks.hit(Mark::SpoolRead);
                    let start = usize::try_from(offset).unwrap();
                    link.handle_read(Ok(self.bytes[start..start + len].to_vec()));
                }
                SpoolAction::Remove => {
                    marks.hit(Mark::SpoolDrained);
                    self.bytes.clear();
                }
            }
        }
        served
    }

    /// What the next process finds.
    pub(crate) fn adopt(&mut self, marks: &mut Marks) -> Option<Extent> {
        (self.room, self.kill_after, self.killed) = (usize::MAX, None, false);
        self.unreadable = false;
        let mut scan = Scan::default();
        self.bytes.chunks(1000).for_each(|piece| scan.feed(piece));
        marks.hit_if(scan.torn() > 0, Mark::SpoolTorn);
        self.bytes.truncate(self.bytes.len() - usize::try_from(scan.torn()).unwrap());
        scan.finish().map(|(_, extent)| extent)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
