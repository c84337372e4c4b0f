//! What people do to a schedule.

use choo_protocol::{RunStatus, TaskStatus, UnitStatus};
use proptest::prelude::*;

use super::*;
use crate::run::tally::{Ending, Tally};

#[test]
fn a_pause_lets_a_task_end_and_begins_none() {
    let plan = plan(&[("a", &[], vec![task("w"), task("w")]), ("b", &[], vec![task("w")])]);
    let mut desk = Desk::new(&plan, 1);
    desk.told();
    assert_eq!(desk.does(Schedule::handle_pause), ["paused"]);
    assert_eq!(desk.does(Schedule::handle_pause), ["refused: the run is paused already"]);
    assert_eq!(desk.schedule.status(), RunStatus::Paused);
    desk.ends("a", Ok(()));
    assert_eq!(desk.told(), ["task done a/1#1"]);
    assert_eq!(desk.schedule.unit_status(0), UnitStatus::InProgress, "it keeps its place");
    assert_eq!(desk.does(Schedule::handle_resume), ["resumed", "task a/2#1", "work a/2#1"]);
    assert_eq!(desk.does(Schedule::handle_resume), ["refused: the run is not paused"]);
    desk.ends("a", Ok(()));
    desk.ends("b", Ok(()));
    assert_eq!(desk.told().last().unwrap(), "finished completed");
    assert_eq!(desk.does(Schedule::handle_pause), ["refused: the run is ending"]);
}

#[test]
fn a_pause_holds_an_attempt_back_and_a_cancel_ends_what_it_holds() {
    let retried = Task { retries: 1, ..task("w") };
    let plan = plan(&[("a", &[], vec![retried]), ("b", &["a"], vec![task("w")])]);
    let mut desk = Desk::new(&plan, 1);
    desk.does(Schedule::handle_pause);
    desk.ends("a", Err("x"));
    assert_eq!(desk.told(), ["retry a/1#1: x"]);
    assert_eq!(desk.schedule.task_status(0, 0), (TaskStatus::Retrying, 1));
    assert_eq!(
        desk.does(Schedule::handle_cancel_run),
        ["cancelled a midway", "cancelled b", "finished cancelled"]
    );
}

#[test]
fn a_paused_run_in_which_something_failed_waits_for_a_person() {
    let plan = plan(&[("a", &[], vec![task("w")])]);
    let mut desk = Desk::new(&plan, 1);
    desk.does(Schedule::handle_pause);
    desk.ends("a", Err("x"));
    assert_eq!(desk.told(), ["task failed a/1#1: x", "failed a: x"]);
    assert_eq!(desk.does(|schedule| schedule.handle_retry(0, None)), ["retried a from a/1#2", "queued a"]);
    assert_eq!(desk.does(Schedule::handle_resume), ["resumed", "started a", "task a/1#2", "work a/1#2"]);
    desk.does(Schedule::handle_pause);
    desk.ends("a", Ok(()));
    assert_eq!(desk.told(), ["task done a/1#2", "done a", "finished completed"], "nothing is left to do");
}

#[test]
fn a_cancelled_unit_stops_and_blocks_those_that_need_it() {
    let plan = plan(&[
        ("a", &[], vec![Task { retries: 5, ..task("w") }]),
        ("b", &["a"], vec![task("w")]),
        ("c", &[], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 2);
    desk.told();
    assert_eq!(desk.does(|schedule| schedule.handle_cancel_unit(0)), ["stop a"]);
    assert_eq!(desk.does(|schedule| schedule.handle_skip(0)), ["refused: the unit is being stopped already"]);
    desk.ends("a", Err("stopped"));
    assert_eq!(desk.told(), ["task failed a/1#1: stopped", "cancelled a midway", "blocked b by a"]);
    assert_eq!(desk.does(|schedule| schedule.handle_cancel_unit(0)), ["refused: the unit has ended"]);
    assert_eq!(
        desk.does(|schedule| schedule.handle_retry(0, None)),
        ["retried a from a/1#2", "queued a", "released b by a", "started a", "task a/1#2", "work a/1#2"]
    );
    assert_eq!(desk.does(|schedule| schedule.handle_cancel_unit(1)), ["cancelled b"], "it has not begun");
    desk.ends("a", Ok(()));
    desk.ends("c", Ok(()));
    assert_eq!(desk.told().last().unwrap(), "finished cancelled");
}

#[test]
fn a_retry_begins_where_it_went_wrong_with_all_its_attempts() {
    let plan = plan(&[
        ("a", &[], vec![task("w"), Task { retries: 1, ..task("w") }, task("w")]),
        ("b", &["a"], vec![task("w")]),
        ("other", &[], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 2);
    assert_eq!(
        desk.does(|schedule| schedule.handle_retry(0, None)).last().unwrap(),
        "refused: the unit has not failed"
    );
    desk.ends("a", Ok(()));
    desk.ends("a", Err("x"));
    desk.ends("a", Err("y"));
    assert_eq!(desk.schedule.task_status(0, 1), (TaskStatus::Failed, 2));
    desk.told();
    assert_eq!(desk.does(|schedule| schedule.handle_retry(0, Some(0))), ["refused: the task has not failed"]);
    assert_eq!(
        desk.does(|schedule| schedule.handle_retry(0, Some(1))),
        ["retried a from a/2#3", "queued a", "released b by a", "started a", "task a/2#3", "work a/2#3"]
    );
    desk.ends("a", Err("z"));
    assert_eq!(desk.told(), ["retry a/2#3: z", "task a/2#4", "work a/2#4"]);
    for _ in 0..2 {
        desk.ends("a", Ok(()));
    }
    desk.ends("b", Ok(()));
    desk.ends("other", Ok(()));
    assert_eq!(desk.told().last().unwrap(), "finished completed");
}

#[test]
fn a_skipped_unit_is_as_good_as_complete_for_the_others() {
    let plan = plan(&[
        ("a", &[], vec![task("w")]),
        ("b", &["a"], vec![task("w")]),
        ("c", &["b"], vec![task("w")]),
        ("d", &["c", "a"], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 4);
    desk.told();
    // Before it began.
    assert_eq!(
        desk.does(|schedule| schedule.handle_skip(1)),
        ["skipped b", "queued c", "started c", "task c/1#1", "work c/1#1"]
    );
    assert_eq!(desk.does(|schedule| schedule.handle_skip(1)), ["refused: the unit has ended"]);
    // While it runs.
    assert_eq!(desk.does(|schedule| schedule.handle_skip(2)), ["stop c"]);
    desk.ends("c", Err("stopped"));
    assert_eq!(desk.told(), ["task failed c/1#1: stopped", "skipped c midway"]);
    // After it failed: d was blocked and is not any more.
    desk.does(Schedule::handle_pause);
    desk.ends("a", Err("x"));
    assert_eq!(desk.told(), ["task failed a/1#1: x", "failed a: x", "blocked d by a"]);
    assert_eq!(desk.does(|schedule| schedule.handle_skip(0)), ["skipped a", "released d by a", "queued d"]);
    assert_eq!(desk.schedule.unit_status(3), UnitStatus::Ready);
    desk.does(Schedule::handle_resume);
    desk.ends("d", Ok(()));
    assert_eq!(desk.told().last().unwrap(), "finished completed");
}

#[test]
fn a_blocked_unit_may_be_left_out_and_what_two_block_waits_for_both() {
    let plan = plan(&[
        ("a", &[], vec![task("w")]),
        ("b", &[], vec![task("w")]),
        ("c", &["a", "b"], vec![task("w")]),
        ("d", &["c"], vec![task("w")]),
        ("other", &[], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 3);
    desk.ends("a", Err("x"));
    desk.ends("b", Err("y"));
    desk.told();
    let retried = desk.does(|schedule| schedule.handle_retry(0, None));
    assert!(!retried.iter().any(|line| line.starts_with("released")), "b failed as well: {retried:?}");
    assert_eq!(
        desk.does(|schedule| schedule.handle_skip(2)),
        ["skipped c", "released d by c", "queued d", "started d", "task d/1#1", "work d/1#1"]
    );
}

/// It would wait for ever for what it depends on.
#[test]
fn a_cancelled_unit_whose_dependency_failed_later_cannot_be_retried_before_that() {
    let plan =
        plan(&[("a", &[], vec![task("w")]), ("b", &["a"], vec![task("w")]), ("c", &[], vec![task("w")])]);
    let mut desk = Desk::new(&plan, 2);
    desk.does(|schedule| schedule.handle_cancel_unit(1));
    desk.ends("a", Err("x"));
    desk.told();
    let words = "refused: a unit that it depends on has not gone well";
    assert_eq!(desk.does(|schedule| schedule.handle_retry(1, None)), [words]);
    desk.does(|schedule| schedule.handle_retry(0, None));
    assert_eq!(desk.does(|schedule| schedule.handle_retry(1, None)), ["retried b"]);
    desk.ends("a", Ok(()));
    assert_eq!(desk.running(), ["c", "b"]);
}

/// What may happen; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Exit(usize, bool),
    Pause,
    Resume,
    Cancel(usize),
    Skip(usize),
    Retry(usize),
    CancelRun,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        20 => (any::<usize>(), prop::bool::weighted(0.6)).prop_map(|(at, good)| Act::Exit(at, good)),
        2 => Just(Act::Pause),
        3 => Just(Act::Resume),
        3 => any::<usize>().prop_map(Act::Cancel),
        3 => any::<usize>().prop_map(Act::Skip),
        6 => any::<usize>().prop_map(Act::Retry),
        1 => prop::bool::weighted(0.1).prop_map(|run| if run { Act::CancelRun } else { Act::Resume }),
    ]
}

proptest! {
    /// Whatever people do: no more units run than may, a task begins only while nobody has paused the run
    /// and after all its unit depends on, the counts add up, and the run comes to its end.
    #[test]
    fn every_run_ends_whatever_people_do(
        needs in prop::collection::vec(prop::collection::vec(any::<usize>(), 0..3), 1..12),
        parallelism in 1..4_usize,
        acts in prop::collection::vec(act(), 0..150),
    ) {
        let ids: Vec<String> = (0..needs.len()).map(|n| format!("u{n}")).collect();
        let needs: Vec<Vec<&str>> = needs
            .iter()
            .enumerate()
            .map(|(at, needs)| needs.iter().filter(|_| at > 0).map(|need| ids[need % at.max(1)].as_str()).collect())
            .collect();
        let checked = || Task { check: Some("c".into()), retries: 1, ..task("w") };
        let rows: Vec<(&str, &[&str], Vec<Task>)> = ids
            .iter()
            .zip(&needs)
            .map(|(id, needs)| (id.as_str(), needs.as_slice(), vec![task("w"), checked()]))
            .collect();
        let plan = plan(&rows);
        let mut world = World {
            needs: needs
                .iter()
                .map(|needs| needs.iter().filter_map(|id| ids.iter().position(|other| other == id)).collect())
                .collect(),
            schedule: Schedule::new(&plan, parallelism),
            parallelism,
            running: Vec::new(),
            paused: false,
            finished: None,
            tally: Tally::default(),
        };
        world.drain()?;
        for act in acts {
            let units = plan.units.len();
            let before = world.schedule.unit_status(0);
            let result = match act {
                Act::Exit(..) if world.running.is_empty() => Ok(()),
                Act::Exit(at, good) => {
                    let at = world.running.swap_remove(at % world.running.len());
                    world.schedule.handle_exit(at, if good { Ok(()) } else { Err("x".into()) });
                    Ok(())
                }
                Act::Pause => world.schedule.handle_pause().map(|()| world.paused = true),
                Act::Resume => world.schedule.handle_resume().map(|()| world.paused = false),
                Act::Cancel(unit) => world.schedule.handle_cancel_unit(unit % units),
                Act::Skip(unit) => world.schedule.handle_skip(unit % units),
                Act::Retry(unit) => world.schedule.handle_retry(unit % units, None),
                Act::CancelRun => world.schedule.handle_cancel_run(),
            };
            if result.is_err() {
                prop_assert_eq!(world.schedule.poll_step(), None, "a refusal changes nothing");
                prop_assert_eq!(before, world.schedule.unit_status(0));
            }
            world.drain()?;
        }
        let _ = world.schedule.handle_resume();
        world.paused = false;
        world.drain()?;
        while let Some(at) = world.running.pop() {
            world.schedule.handle_exit(at, Ok(()));
            world.drain()?;
        }
        prop_assert!(world.finished.is_some(), "{:?}", world.schedule);
        prop_assert_eq!(world.tally.ended(), plan.units.len());
        prop_assert_eq!(world.tally.running, 0);
        let done = world.tally.count(Ending::Complete) + world.tally.count(Ending::Skipped);
        prop_assert_eq!(world.finished == Some(Verdict::Completed), done == plan.units.len());
    }
}

/// A driver that holds the schedule to its promises.
struct World {
    needs: Vec<Vec<usize>>,
    schedule: Schedule,
    parallelism: usize,
    running: Vec<Attempt>,
    paused: bool,
    finished: Option<Verdict>,
    tally: Tally,
}

impl World {
    fn drain(&mut self) -> Result<(), TestCaseError> {
        while let Some(step) = self.schedule.poll_step() {
            prop_assert_eq!(self.finished, None, "nothing follows the end");
            self.tally.handle_step(&step);
            prop_assert!(self.tally.running <= self.parallelism);
            match step {
                Step::TaskStarted { at } => {
                    prop_assert!(!self.paused, "a task begins in a pause");
                    let met = |need: &usize| {
                        matches!(self.schedule.unit_status(*need), UnitStatus::Complete | UnitStatus::Skipped)
                    };
                    prop_assert!(self.needs[at.unit].iter().all(met), "{at:?} begins too early");
                }
                Step::Launch { at, .. } => {
                    prop_assert!(self.running.iter().all(|other| other.unit != at.unit));
                    self.running.push(at);
                }
                Step::Stop { unit } => prop_assert!(self.running.iter().any(|at| at.unit == unit)),
                Step::Finished { verdict } => {
                    prop_assert!(self.running.is_empty());
                    self.finished = Some(verdict);
                }
                _ => {}
            }
        }
        Ok(())
    }
}
