//! Where a reader stands: an opaque `epoch:offset`.

use std::fmt;
use std::str::FromStr;

use choo_protocol::Timestamp;

/// One life of a hub. Offsets rise over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Epoch(u64);

impl Epoch {
    /// The epoch of a hub started at `time`. Epochs rise with time; the random bits keep two starts in
    /// the same millisecond apart.
    pub(crate) fn new(time: Timestamp, random: u16) -> Self {
        let millis = u64::try_from(time.unix_millis()).unwrap_or(0);
        Epoch(millis << 16 | u64::from(random))
    }

    /// The cursor behind the event at `offset`.
    pub(crate) fn cursor(self, offset: u64) -> Cursor {
        Cursor { epoch: self, offset }
    }

    /// As a store keeps it.
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// As a store kept it.
    pub(crate) fn from_number(number: u64) -> Self {
        Epoch(number)
    }

    /// The one behind it.
    pub(crate) fn next(self) -> Self {
        Epoch(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// Behind which event of which epoch a reader stands; offset 0 is before the first.
///
/// Clients hand it back as they got it. There is one way to write each cursor, so that text that is
/// merely similar is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) epoch: Epoch,
    pub(crate) offset: u64,
}

/// The text is no cursor of any hub; the client's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CursorError;

impl fmt::Display for CursorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a cursor: hand back one that this hub gave, or `snapshot`, `earliest` or `now`")
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.offset)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (epoch, offset) = text.split_once(':').ok_or(CursorError)?;
        let cursor = Cursor {
            epoch: Epoch(u64::from_str_radix(epoch, 16).map_err(|_| CursorError)?),
            offset: offset.parse().map_err(|_| CursorError)?,
        };
        // Also refuses signs, leading zeros and capitals.
        if cursor.to_string() == text { Ok(cursor) } else { Err(CursorError) }
    }
}

/// Where a reader wants to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// Behind an event it has seen.
    Cursor(Cursor),
    /// Now, told first how everything stands.
    Snapshot,
    /// At the first event there is.
    Earliest,
    /// Now.
    Now,
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Since::Cursor(cursor) => cursor.fmt(f),
            Since::Snapshot => f.write_str("snapshot"),
            Since::Earliest => f.write_str("earliest"),
            Since::Now => f.write_str("now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_to_a_client_and_back() {
        let time: Timestamp = "2025-01-18T10:30:00Z".parse().unwrap();
        for offset in [0, 1, u64::MAX] {
            let cursor = Cursor { epoch: Epoch::new(time, 0xbeef), offset };
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
    }

    #[test]
    fn epochs_rise_with_time_and_differ_within_a_millisecond() {
        let early = Epoch::new("2025-01-18T10:30:00Z".parse().unwrap(), u16::MAX);
        let late = Epoch::new("2025-01-18T10:30:00.001Z".parse().unwrap(), 0);
        assert!(early.0 < late.0);
        assert_ne!(early, Epoch::new("2025-01-18T10:30:00Z".parse().unwrap(), 7));
    }

    #[test]
    fn whatever_no_hub_wrote_is_refused() {
        for text in
            ["", ":", "1", "1:", ":1", "x:1", "1:-1", "1:+1", "+1:1", "1:01", "01:1", "A:1", "1:1:1", " 1:1"]
        {
            assert_eq!(text.parse::<Cursor>(), Err(CursorError), "{text:?}");
        }
        assert!("1:18446744073709551616".parse::<Cursor>().is_err());
    }
}
