//! Changes of a state as JSON Patch (RFC 6902).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::change::{Member, Members};
use crate::{Change, DiffChange, DiffRemoved, IdMap, Line, RunId, RunMember, RunState};

/// A JSON Patch (RFC 6902): applied in order to the JSON of a state, it gives the JSON of the state after.
///
/// It is made from what an event changed, so that it costs in proportion to that, not to the state. Units,
/// tasks, pull requests and files are members of objects by their id, which is escaped as RFC 6901 has it
/// (`~` as `~0`, `/` as `~1`), so no patch depends on a place in a list.
///
/// ```
/// use choo_protocol::{JsonPatch, Limits, Line, RunState};
/// let mut state = RunState::new("demo".parse()?);
/// let limits = Limits::default();
/// state.apply(&Line::parse(br#"{"type":"unit.started","unit":"a/b","seq":1}"#, &limits)?);
/// let line = Line::parse(br#"{"type":"unit.completed","unit":"a/b","seq":2}"#, &limits)?;
/// let change = state.apply(&line);
/// let patch = JsonPatch::of_line(&line, &change, &state);
/// assert_eq!(
///     serde_json::to_string(&patch)?,
///     r#"[{"op":"replace","path":"/seq","value":2},{"op":"replace","path":"/units/a~1b/status","value":"complete"}]"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct JsonPatch(pub Vec<PatchOp>);

/// One operation of a JSON Patch. `path` is a JSON Pointer (RFC 6901); the empty one is the whole state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum PatchOp {
    /// Puts a member where there was none.
    Add {
        /// Where.
        path: String,
        /// The member.
        value: Value,
    },
    /// Puts another value in the place of one.
    Replace {
        /// Where.
        path: String,
        /// The new value.
        value: Value,
    },
    /// Takes a member away.
    Remove {
        /// Which.
        path: String,
    },
}

/// A patch that knows between which versions of a run's state it leads.
///
/// A reader that has version `base` applies it and then has `version`; one that has `version` or a later
/// one ignores it; any other has missed a patch and needs the state anew. A patch with the base 0 is the
/// state anew, for whoever has whichever version. Versions rise, and not always by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatePatch {
    /// The run.
    pub run: RunId,
    /// The version of the state that it applies to; 0 if it puts a whole state in the place of any.
    pub base: u64,
    /// The version of the state that it gives.
    pub version: u64,
    /// What to do.
    pub patch: JsonPatch,
}

impl StatePatch {
    /// The step from version `base` to `version`, the state after a line; `None` if nothing changed but
    /// `seq`, of which most lines say no more. The version stays then, and the next patch brings `seq` up
    /// to date.
    pub fn of_line(
        line: &Line<'_>,
        change: &Change,
        state: &RunState,
        (base, version): (u64, u64),
    ) -> Option<Self> {
        let change = with_seq(change)?;
        let patch = JsonPatch::of_line(line, &change, state);
        Some(StatePatch { run: state.run.clone(), base, version, patch })
    }

    /// The same for what no line says, such as [`RunState::set_stale`].
    pub fn of_run(change: &Change, state: &RunState, (base, version): (u64, u64)) -> Option<Self> {
        let change = with_seq(change)?;
        let patch = JsonPatch::of_run(&change, state);
        Some(StatePatch { run: state.run.clone(), base, version, patch })
    }

    /// The state as it is, for a reader that has no version that patches lead on from.
    pub fn whole(state: &RunState, version: u64) -> Self {
        StatePatch { run: state.run.clone(), base: 0, version, patch: JsonPatch::whole(state) }
    }
}

fn with_seq(change: &Change) -> Option<Change> {
    let mut change = *change;
    let quiet = change.is_quiet();
    change.run.note(RunMember::Seq, false);
    (!quiet).then_some(change)
}

impl JsonPatch {
    /// What `line` changed: `change` is what [`RunState::apply`] said of it, `state` the state behind it.
    pub fn of_line(line: &Line<'_>, change: &Change, state: &RunState) -> Self {
        let mut patch = JsonPatch::of_run(change, state);
        if change.is_whole() {
            return patch;
        }
        if !change.run.has(RunMember::Units) && change.touches_unit() {
            patch.unit(line, change, state);
        }
        if !change.pr.is_empty() {
            patch.pr(line, change, state);
        }
        if let Some(diff) = change.diff {
            patch.diff(line, diff, state);
        }
        patch
    }

    /// What changed of the run itself, for changes that no line told of.
    pub fn of_run(change: &Change, state: &RunState) -> Self {
        if change.is_whole() {
            return JsonPatch::whole(state);
        }
        let mut patch = JsonPatch::default();
        patch.members(&[], change.run, state);
        patch
    }

    /// Puts the whole state in the place of whatever there was.
    pub fn whole(state: &RunState) -> Self {
        let value = json(state).unwrap_or_default();
        JsonPatch(vec![PatchOp::Replace { path: String::new(), value }])
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn unit(&mut self, line: &Line<'_>, change: &Change, state: &RunState) {
        let Some(unit) = state.units.get(&*line.unit) else { return };
        if change.unit.is_new() {
            return self.add(&["units", &line.unit], json(unit), state.units.len());
        }
        self.members(&["units", &line.unit], change.unit, unit);
        let Some((number, task)) = line.task.and_then(|number| Some((number, unit.tasks.get(&number)?)))
        else {
            return;
        };
        let number = number.to_string();
        let path = ["units", &line.unit, "tasks", &number];
        if change.task.is_new() {
            self.add(&path, json(task), unit.tasks.len());
        } else {
            self.members(&path, change.task, task);
        }
    }

    fn pr(&mut self, line: &Line<'_>, change: &Change, state: &RunState) {
        let Some((number, pr)) = line.pr.and_then(|number| Some((number, state.prs.get(&number)?))) else {
            return;
        };
        let number = number.to_string();
        if change.pr.is_new() {
            self.add(&["prs", &number], json(pr), state.prs.len());
        } else {
            self.members(&["prs", &number], change.pr, pr);
        }
    }

    fn diff(&mut self, line: &Line<'_>, diff: DiffChange, state: &RunState) {
        // The payload was read a moment ago; of the name alone it costs no more than to skip the rest.
        let Some(Ok(DiffRemoved { file })) = line.read() else { return };
        let unit = &*line.unit;
        let files = state.diffs.get(unit);
        let record = || json(files?.get(&file)?);
        match (diff, files.map_or(0, IdMap::len)) {
            (DiffChange::Added, 1) => {
                self.add(&["diffs", unit], record().map(|value| json!({ file: value })), state.diffs.len());
            }
            (DiffChange::Added, files) => self.add(&["diffs", unit, &file], record(), files),
            (DiffChange::Replaced, _) => {
                let path = pointer(&["diffs", unit, &file]);
                self.0.extend(record().map(|value| PatchOp::Replace { path, value }));
            }
            (DiffChange::Removed, 0) if state.diffs.is_empty() => self.remove(&["diffs"]),
            (DiffChange::Removed, 0) => self.remove(&["diffs", unit]),
            (DiffChange::Removed, _) => self.remove(&["diffs", unit, &file]),
        }
    }

    /// Puts a new entry into an object that has `len` with it. JSON leaves empty objects out, so the first
    /// entry brings its object along.
    fn add(&mut self, path: &[&str], value: Option<Value>, len: usize) {
        let (Some(value), Some((key, object))) = (value, path.split_last()) else { return };
        self.0.push(if len == 1 {
            PatchOp::Add { path: pointer(object), value: json!({ *key: value }) }
        } else {
            PatchOp::Add { path: pointer(path), value }
        });
    }

    fn remove(&mut self, path: &[&str]) {
        self.0.push(PatchOp::Remove { path: pointer(path) });
    }

    fn members<T: Patched>(&mut self, path: &[&str], changed: Members<T::Member>, of: &T) {
        for member in changed.iter() {
            let path = format!("{}/{}", pointer(path), T::Member::NAMES[member.number()]);
            let was_absent = changed.was_default(member) && T::omits(member);
            self.0.extend(match (of.member(member), was_absent) {
                (Some(value), true) => Some(PatchOp::Add { path, value }),
                (Some(value), false) => Some(PatchOp::Replace { path, value }),
                (None, false) => Some(PatchOp::Remove { path }),
                (None, true) => None,
            });
        }
    }
}

/// A structure whose members can be patched one by one.
pub(crate) trait Patched {
    type Member: Member;

    /// The member's JSON; `None` if it is left out.
    fn member(&self, member: Self::Member) -> Option<Value>;

    /// Whether JSON leaves the member out when it has its default.
    fn omits(member: Self::Member) -> bool;
}

/// Our structures have string and integer keys only, so that they all have a JSON form.
pub(crate) fn json<T: Serialize>(value: &T) -> Option<Value> {
    serde_json::to_value(value).ok()
}

/// A JSON Pointer (RFC 6901).
fn pointer(path: &[&str]) -> String {
    path.iter().flat_map(|key| ["/".to_owned(), key.replace('~', "~0").replace('/', "~1")]).collect()
}
