//! What a simulation has to have met to mean something.

use std::fmt;

macro_rules! marks {
    ($($(#[$doc:meta])+ $name:ident),* $(,)?) => {
        /// Something worth meeting: a fault of the world, or a way the pusher deals with one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Mark {
            $($(#[$doc])+ $name),*
        }

        impl Mark {
            /// Every mark.
            pub const ALL: &[Mark] = &[$(Mark::$name),*];
        }
    };
}

marks! {
    /// Nobody listens at the path.
    DialRefused,
    /// An attempt to connect took too long.
    DialTimeout,
    /// A connection ended in the middle of a line.
    TornLine,
    /// The peer took nothing for the write timeout.
    Stalled,
    /// The peer took nothing for the stall timeout.
    StallTimeout,
    /// A hub died and came back with what it had stored.
    CrashDurable,
    /// A hub died and came back knowing nothing.
    CrashAmnesia,
    /// What a hub had said was lost with the connection.
    ReplyLost,
    /// A hub answered in time.
    Welcome,
    /// A hub answered after it had been taken for a peer that says nothing.
    LateWelcome,
    /// A hub that had some of the run got the rest.
    Resumed,
    /// A line came that the hub had.
    Repeat,
    /// A peer that says nothing was served.
    OneWay,
    /// A ping was answered.
    Pong,
    /// A hub got a snapshot for what was no longer there as lines.
    Snapshot,
    /// A hub got one in parts.
    SnapshotParts,
    /// A connection ended between the parts of one.
    SnapshotTorn,
    /// `link.lost` was told.
    Lost,
    /// A loss was told that left lines in its range.
    SparseLost,
    /// Output was dropped.
    Evicted,
    /// Progress was dropped in favour of later progress.
    Conflated,
    /// An event that may change the state was dropped, and told as state.
    Collapsed,
    /// Written lines were forgotten before they were acknowledged.
    Forgotten,
    /// A line was dropped while it was being written.
    Held,
    /// A line was too long.
    Oversized,
    /// An event was refused when emitted.
    Refused,
    /// Lines went to the disk.
    Spooled,
    /// Lines came from the disk.
    SpoolRead,
    /// The disk did not give back what it has.
    SpoolUnread,
    /// Everything on the disk was delivered.
    SpoolDrained,
    /// The disk took no more.
    DiskFull,
    /// The spool reached its limit.
    SpoolFull,
    /// The orchestrator was killed while it wrote to the disk.
    SpoolTorn,
    /// Another process delivered what one left on the disk.
    SpoolInherited,
    /// The original tool's wire.
    Seed,
    /// The orchestrator was handed a command.
    Commanded,
    /// A command came again that the orchestrator had been handed.
    CommandRepeated,
    /// A command was rejected.
    CommandRejected,
    /// A closing pusher delivered everything.
    CloseComplete,
    /// A closing pusher ran out of time.
    CloseCut,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// How often each mark was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    counts: [u64; Mark::ALL.len()],
    /// Events emitted.
    pub events: u64,
}

impl Default for Marks {
    fn default() -> Self {
        Marks { counts: [0; Mark::ALL.len()], events: 0 }
    }
}

impl Marks {
    /// Met once more.
    pub(crate) fn hit(&mut self, mark: Mark) {
        self.counts[mark as usize] += 1;
    }

    /// Met, if so.
    pub(crate) fn hit_if(&mut self, condition: bool, mark: Mark) {
        self.counts[mark as usize] += u64::from(condition);
    }

    /// How often a mark was met.
    pub fn count(&self, mark: Mark) -> u64 {
        self.counts[mark as usize]
    }

    /// Adds those of another simulation.
    pub fn add(&mut self, other: &Marks) {
        self.events += other.events;
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count += more;
        }
    }

    /// The marks that were never met.
    pub fn missing(&self) -> impl Iterator<Item = Mark> {
        Mark::ALL.iter().copied().filter(|mark| self.count(*mark) == 0)
    }
}
