//! What is in the store, what is on its way there, and what to do when it takes nothing.

use std::time::Duration;

use choo_protocol::{HubError, Timestamp, control_line, kind};

use super::history::Body;
use super::hub::Core;
use super::moment::Moment;
use super::run::Phase;
use super::saved::{Batch, Stored};

/// How the history is stored.
#[derive(Debug)]
pub(crate) struct Storing {
    /// Up to which offset everything is stored, or known not to be.
    through: u64,
    /// The offset behind which the store has everything but its holes.
    floor: u64,
    /// The store has nothing of what was known before.
    anew: bool,
    /// Whoever stores has nothing to do and wants to be told when there is.
    idle: bool,
    /// When the next sweep is due.
    sweep_at: Duration,
    /// For how long a run is kept behind its latest event.
    keep_for: Option<Duration>,
    trouble: Option<Trouble>,
    /// When the store had to begin anew.
    anew_since: Option<Timestamp>,
}

/// Why nothing is stored at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) since: Timestamp,
    pub(crate) message: String,
}

/// How far the store may remove its oldest events, as offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Removable {
    /// Up to here nothing belongs to a run that is known.
    pub(crate) unowned: u64,
    /// Up to here nothing belongs to a run that goes on.
    pub(crate) ended: u64,
    /// Up to here nothing is the latest of a run that goes on, or needed to know a state again.
    pub(crate) any: u64,
}

/// How often states are stored of runs that had few events, and old runs are looked for.
const SWEEP: Duration = Duration::from_mins(1);

impl Storing {
    pub(super) fn new(through: u64, floor: u64, keep_for: Option<Duration>, now: Moment) -> Self {
        let sweep_at = now.at;
        let (trouble, anew_since) = (None, None);
        Storing { through, floor, anew: false, idle: false, sweep_at, keep_for, trouble, anew_since }
    }

    /// Up to which offset everything is stored, or known not to be.
    pub(crate) fn through(&self) -> u64 {
        self.through
    }

    /// The offset behind which the store has everything but its holes.
    pub(crate) fn floor(&self) -> u64 {
        self.floor
    }

    /// Why nothing is stored at present.
    pub(crate) fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// When the store last had to begin with nothing, since what it had was damaged or gone.
    pub(crate) fn anew_since(&self) -> Option<Timestamp> {
        self.anew_since
    }

    /// When to take a batch although nothing was recorded.
    pub(crate) fn deadline(&self) -> Duration {
        self.sweep_at
    }
}

/// For whoever moves batches to the store: [`Core::take_unstored`], and when that is done
/// [`Core::handle_stored`] or [`Core::handle_unstored`]. One batch is on its way at a time.
impl Core {
    /// Everything that the store does not have; `None` if that is nothing, and then
    /// [`Core::rouse_storing`] tells when there is something. `last` at the hub's end, to leave little
    /// to fold to the next one.
    pub(crate) fn take_unstored(&mut self, last: bool, now: Moment) -> Option<Batch> {
        let span = self.epochs().now();
        let storing = self.storing.as_mut()?;
        let sweep = last || storing.sweep_at <= now.at;
        if sweep {
            storing.sweep_at = now.at + SWEEP;
            let oldest = storing.keep_for.and_then(|keep| i128::try_from(keep.as_nanos()).ok());
            if let Some(oldest) = oldest {
                let time = Timestamp::from_unix_nanos(now.time.unix_nanos().saturating_sub(oldest));
                self.runs.forget_before(time);
            }
        }
        let anew = storing.anew;
        let mut batch = Batch {
            span,
            after: storing.through,
            records: self.history.after(storing.through).cloned().collect(),
            runs: Vec::new(),
            states: Vec::new(),
            forgotten: self.runs.take_forgotten(),
            time: now.time,
        };
        for run in self.runs.iter_mut() {
            if let Some(saved) = run.take_unstored(anew || sweep) {
                if let Some(state) = run.take_state(sweep, anew) {
                    batch.states.push(state);
                }
                batch.runs.push(saved);
            }
        }
        let nothing = batch.records.is_empty() && batch.states.is_empty() && batch.forgotten.is_empty();
        storing.idle = nothing && storing.trouble.is_none();
        if nothing && storing.trouble.is_none() {
            for run in &batch.runs {
                // Nothing of it changed: what was taken is what is stored.
                if let Some(run) = self.runs.get_mut(run.run.as_str()) {
                    run.handle_stored(None);
                }
            }
            return None;
        }
        Some(batch)
    }

    /// The batch is stored.
    pub(crate) fn handle_stored(&mut self, batch: &Batch, stored: Stored, now: Moment) {
        for saved in &batch.runs {
            let id = saved.run.as_str();
            let stated = batch.states.iter().find(|state| state.state.run.as_str() == id);
            if let Some(run) = self.runs.get_mut(id) {
                run.handle_stored(stated.map(|state| state.through));
            }
        }
        let Some(storing) = &mut self.storing else { return };
        storing.through = stored.through;
        storing.floor = stored.floor;
        // The batch that found the store empty had only what was new in it.
        storing.anew = stored.fresh && !storing.anew;
        if stored.fresh {
            storing.anew_since = Some(now.time);
        }
        let recovered = storing.trouble.take();
        self.history.release(stored.through);
        if let Some(trouble) = recovered {
            let since = trouble.since;
            let rest = if stored.fresh { ", and what was stored before is gone" } else { "" };
            let message = format!("the history is stored again; it was not since {since}{rest}");
            self.tell_of_history(message, now);
        }
    }

    /// The batch is not stored, for this reason. Events go on to readers, and stay in memory for the
    /// store as long as there is room.
    pub(crate) fn handle_unstored(&mut self, batch: Batch, error: &str, now: Moment) {
        for saved in &batch.runs {
            if let Some(run) = self.runs.get_mut(saved.run.as_str()) {
                run.handle_unstored();
            }
        }
        self.runs.handle_unforgotten(batch.forgotten);
        self.handle_trouble(error, now);
    }

    /// What was stored is gone. What memory still has is stored again, with all runs as they stand.
    pub(crate) fn handle_gone(&mut self) {
        for run in self.runs.iter_mut() {
            run.handle_gone();
        }
        let floor = self.history.floor();
        if let Some(storing) = &mut self.storing {
            (storing.through, storing.floor, storing.anew) = (floor, floor, true);
        }
    }

    /// The store takes nothing, for this reason.
    pub(crate) fn handle_trouble(&mut self, error: &str, now: Moment) {
        let Some(storing) = &mut self.storing else { return };
        storing.idle = false;
        let first = storing.trouble.is_none();
        let since = storing.trouble.take().map_or(now.time, |trouble| trouble.since);
        storing.trouble = Some(Trouble { since, message: error.to_owned() });
        // Live streams go before what the disk may take later.
        self.history.release(u64::MAX);
        if first {
            self.tell_of_history(format!("the history is not stored at present: {error}"), now);
        }
    }

    /// The store has removed its oldest events.
    pub(crate) fn handle_removed(&mut self, floor: u64) {
        if let Some(storing) = &mut self.storing {
            storing.floor = storing.floor.max(floor);
        }
    }

    /// Whether whoever stores has been idle and is to be told now.
    pub(crate) fn rouse_storing(&mut self) -> bool {
        let last = self.history.last();
        let Some(storing) = self.storing.as_mut().filter(|storing| storing.idle) else { return false };
        storing.idle = storing.through >= last;
        !storing.idle
    }

    /// Whoever stores wants to rest, and [`Core::rouse_storing`] to tell when there is something to store;
    /// `false` if there is.
    pub(crate) fn rest_storing(&mut self) -> bool {
        let last = self.history.last();
        let Some(storing) = &mut self.storing else { return true };
        storing.idle = storing.trouble.is_none() && storing.through >= last;
        storing.idle
    }

    /// How the history is stored; `None` if it is in memory only.
    pub(crate) fn storing(&self) -> Option<&Storing> {
        self.storing.as_ref()
    }

    /// How far the store may remove its oldest events.
    pub(crate) fn removable(&self) -> Removable {
        let through = self.storing.as_ref().map_or(0, Storing::through);
        let known = self.runs.iter().filter(|run| run.offsets().0 > 0);
        let mut removable = Removable { unowned: through, ended: through, any: through };
        for run in known {
            let (first, latest) = (run.offsets().0 - 1, run.offsets().1 - 1);
            let needed = run.needed_behind().unwrap_or(through);
            let live = matches!(run.phase(), Phase::Live { .. });
            removable.unowned = removable.unowned.min(first);
            removable.ended = removable.ended.min(if live { first } else { needed });
            removable.any = removable.any.min(if live { needed.min(latest) } else { needed });
        }
        removable
    }

    /// Whether the store has everything.
    pub(crate) fn is_stored(&self) -> bool {
        self.storing.as_ref().is_some_and(|storing| storing.through >= self.history.last())
    }

    /// Tells all readers of something about the history.
    pub(crate) fn tell_of_history(&mut self, message: String, now: Moment) {
        let error = HubError { kind: "history".to_owned(), message, count: 1, ..HubError::default() };
        let json = control_line(kind::HUB_ERROR, now.time, None, &error);
        self.history.push(None, Body::own(kind::HUB_ERROR, json));
    }
}
