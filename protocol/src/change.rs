//! What an event changed in a state.

use std::fmt;
use std::marker::PhantomData;

/// Members of a state's structures, by name and number, for [`Members`].
pub trait Member: Copy {
    /// The members' names in JSON, by number.
    const NAMES: &'static [&'static str];

    /// The member with this number.
    fn of(number: usize) -> Option<Self>;

    /// Its number, below 16.
    fn number(self) -> usize;
}

/// Which members of a structure changed: a set, of each member whether it had its default before, and
/// whether the structure itself is new.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Members<M> {
    new: bool,
    changed: u16,
    was_default: u16,
    of: PhantomData<M>,
}

impl<M> Members<M> {
    const NONE: Self = Members { new: false, changed: 0, was_default: 0, of: PhantomData };
}

impl<M: Member> Members<M> {
    /// Whether nothing changed.
    pub fn is_empty(self) -> bool {
        self.changed == 0 && !self.new
    }

    /// Whether there was no such unit, task or pull request before.
    pub fn is_new(self) -> bool {
        self.new
    }

    /// Whether this member changed.
    pub fn has(self, member: M) -> bool {
        self.changed & bit(member) != 0
    }

    /// Whether this member changed and had its default before, as JSON leaves out most members that have
    /// theirs.
    pub fn was_default(self, member: M) -> bool {
        self.was_default & bit(member) != 0
    }

    /// The members, in the order of the structure.
    pub fn iter(self) -> impl Iterator<Item = M> {
        (0..M::NAMES.len()).filter_map(M::of).filter(move |member| self.has(*member))
    }

    /// Notes that the structure is new.
    pub(crate) fn note_new(&mut self) {
        self.new = true;
    }

    /// Notes a change of a member that had its default before, or had not.
    pub(crate) fn note(&mut self, member: M, was_default: bool) {
        // What counts is how it was before the first change.
        if was_default && !self.has(member) {
            self.was_default |= bit(member);
        }
        self.changed |= bit(member);
    }

    /// Gives a member its value, and notes it if it had another one.
    pub(crate) fn set<T: Default + PartialEq>(&mut self, member: M, place: &mut T, value: T) {
        if *place != value {
            self.note(member, *place == T::default());
            *place = value;
        }
    }
}

fn bit(member: impl Member) -> u16 {
    1 << member.number()
}

impl<M> Default for Members<M> {
    fn default() -> Self {
        Members::NONE
    }
}

impl<M: Member> fmt::Debug for Members<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|member| M::NAMES[member.number()])).finish()
    }
}

/// Defines the members of a structure of the state: variant, field, and whether JSON leaves the field
/// out when it has its default (`omitted`) or not (`written`).
macro_rules! members {
    ($(#[$doc:meta])* $name:ident of $type:ty { $($variant:ident $field:ident $when:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $(#[doc = concat!("`", stringify!($field), "`.")] $variant,)*
        }

        impl $crate::change::Member for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            fn of(number: usize) -> Option<Self> {
                [$($name::$variant),*].get(number).copied()
            }

            fn number(self) -> usize {
                self as usize
            }
        }

        impl $crate::patch::Patched for $type {
            type Member = $name;

            fn member(&self, member: $name) -> Option<serde_json::Value> {
                match member {
                    $($name::$variant => $crate::change::members!(@$when self.$field),)*
                }
            }

            fn omits(member: $name) -> bool {
                match member {
                    $($name::$variant => stringify!($when) == "omitted",)*
                }
            }
        }
    };
    (@written $self:ident.$field:ident) => {
        $crate::patch::json(&$self.$field)
    };
    (@omitted $self:ident.$field:ident) => {
        if $crate::state::is_default(&$self.$field) { None } else { $crate::patch::json(&$self.$field) }
    };
}
pub(crate) use members;

use crate::state::{PrMember, RunMember};
use crate::unit::{TaskMember, UnitMember};

/// What an event changed, in a few words of memory: which members of the run, and which of the one unit,
/// task, pull request and file that the event names. A log line's report is empty but for `seq`.
///
/// The store tells a page by it what to read again, and [`JsonPatch`](crate::JsonPatch) is made from it;
/// both cost as much as the change, whatever the size of the state.
///
/// ```
/// use choo_protocol::{Limits, Line, RunState, TaskMember, UnitMember};
/// let mut state = RunState::new("demo".parse()?);
/// let line = br#"{"type":"task.started","unit":"app","task":2,"seq":1}"#;
/// let line = Line::parse(line, &Limits::default())?;
/// let change = state.apply(&line);
/// assert!(change.unit().is_new() && change.task().is_new());
/// assert!(change.unit().has(UnitMember::CurrentTask) && change.task().has(TaskMember::Status));
/// assert!(state.apply(&line).is_ignored());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    scope: Scope,
    pub(crate) run: Members<RunMember>,
    pub(crate) unit: Members<UnitMember>,
    pub(crate) task: Members<TaskMember>,
    pub(crate) pr: Members<PrMember>,
    pub(crate) diff: Option<DiffChange>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// The event had been seen, or says nothing new about what has no `seq`.
    Ignored,
    /// What the members say, which may be nothing.
    Members,
    /// The state was replaced.
    Whole,
}

/// What became of the record of a file's difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffChange {
    /// The file differs, and did not before.
    Added,
    /// It differs in another way.
    Replaced,
    /// It does no longer differ.
    Removed,
}

impl Change {
    /// An event that had been seen before.
    pub(crate) const IGNORED: Change = Change::of(Scope::Ignored);
    /// An event of which nothing is noted yet.
    pub(crate) const TAKEN: Change = Change::of(Scope::Members);
    /// Everything may have changed.
    pub(crate) const WHOLE: Change = Change::of(Scope::Whole);

    const fn of(scope: Scope) -> Change {
        Change {
            scope,
            run: Members::NONE,
            unit: Members::NONE,
            task: Members::NONE,
            pr: Members::NONE,
            diff: None,
        }
    }

    /// Whether the event had been seen before and so changed nothing.
    pub fn is_ignored(&self) -> bool {
        self.scope == Scope::Ignored
    }

    /// Whether nothing changed but the highest `seq` seen: a log line, an unknown type, or nothing at all.
    pub fn is_quiet(&self) -> bool {
        let only_seq = self.run.changed & !bit(RunMember::Seq) == 0;
        only_seq && !self.is_whole() && !self.touches_unit() && self.pr.is_empty() && self.diff.is_none()
    }

    /// Whether the state was replaced: everything may have changed.
    pub fn is_whole(&self) -> bool {
        self.scope == Scope::Whole
    }

    /// Members of the run. [`RunMember::Units`] means all units at once (a graph); changes of single
    /// units, pull requests and files are told apart from it.
    pub fn run(&self) -> Members<RunMember> {
        self.run
    }

    /// Members of the unit that the event names, its tasks aside.
    pub fn unit(&self) -> Members<UnitMember> {
        self.unit
    }

    /// Members of the task that the event names.
    pub fn task(&self) -> Members<TaskMember> {
        self.task
    }

    /// Members of the pull request that the event names.
    pub fn pr(&self) -> Members<PrMember> {
        self.pr
    }

    /// What became of the file that the event names.
    pub fn diff(&self) -> Option<DiffChange> {
        self.diff
    }

    /// Whether the unit that the event names changed, or its task.
    pub fn touches_unit(&self) -> bool {
        !self.unit.is_empty() || !self.task.is_empty()
    }

    /// Whether the units may have changed in number, or how one of them stands.
    pub(crate) fn moves_counts(&self) -> bool {
        self.moves_graph() || self.unit.has(UnitMember::Status)
    }

    /// Whether the graph may have changed.
    pub(crate) fn moves_graph(&self) -> bool {
        self.is_whole() || self.unit.new || self.run.has(RunMember::Units)
    }
}
