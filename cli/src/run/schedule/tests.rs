//! A schedule driven by hand: the commands are names, and each test says how they end.

use super::*;
use crate::plan::Plan;
use crate::plan::testing::{plan, task};

/// A driver without processes. Writes down the steps in short words.
struct Desk<'a> {
    plan: &'a Plan,
    schedule: Schedule,
    running: Vec<(Attempt, Phase)>,
    told: Vec<String>,
}

impl<'a> Desk<'a> {
    fn new(plan: &'a Plan, parallelism: usize) -> Self {
        let mut desk =
            Self { plan, schedule: Schedule::new(plan, parallelism), running: Vec::new(), told: Vec::new() };
        desk.drain();
        desk
    }

    fn drain(&mut self) {
        while let Some(step) = self.schedule.poll_step() {
            if let Step::Launch { at, phase } = step {
                self.running.push((at, phase));
            }
            let line = self.line(&step);
            self.told.push(line);
        }
    }

    /// Ends the running command of the unit.
    fn ends(&mut self, unit: &str, result: Result<(), &str>) {
        let at = self.running.iter().position(|(at, _)| self.plan.units[at.unit].id == unit);
        let (at, _) = self.running.remove(at.unwrap_or_else(|| panic!("{unit} does not run")));
        self.schedule.handle_exit(at, result.map_err(str::to_owned));
        self.drain();
    }

    fn cancel(&mut self) {
        self.schedule.handle_cancel();
        self.drain();
    }

    /// A person takes a hand; answers what was told since the last call, or why nothing was done.
    fn does(&mut self, what: impl FnOnce(&mut Schedule) -> Result<(), Refusal>) -> Vec<String> {
        match what(&mut self.schedule) {
            Ok(()) => self.drain(),
            Err(Refusal(why)) => self.told.push(format!("refused: {why}")),
        }
        self.told()
    }

    fn running(&self) -> Vec<&str> {
        self.running.iter().map(|(at, _)| self.plan.units[at.unit].id.as_str()).collect()
    }

    /// What was told since the last call.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    fn line(&self, step: &Step) -> String {
        let id = |unit: &usize| self.plan.units[*unit].id.clone();
        let task = |at: &Attempt| format!("{}/{}#{}", id(&at.unit), at.task + 1, at.number);
        match step {
            Step::UnitQueued { unit } => format!("queued {}", id(unit)),
            Step::UnitStarted { unit, .. } => format!("started {}", id(unit)),
            Step::TaskStarted { at } => format!("task {}", task(at)),
            Step::Launch { at, phase } => format!("{phase:?} {}", task(at)).to_lowercase(),
            Step::CheckPassed { at } => format!("passed {}", task(at)),
            Step::CheckFailed { at, error } => format!("not passed {}: {error}", task(at)),
            Step::TaskRetry { at, error } => format!("retry {}: {error}", task(at)),
            Step::TaskCompleted { at } => format!("task done {}", task(at)),
            Step::TaskFailed { at, error } => format!("task failed {}: {error}", task(at)),
            Step::UnitCompleted { unit } => format!("done {}", id(unit)),
            Step::UnitFailed { unit, error, .. } => format!("failed {}: {error}", id(unit)),
            Step::UnitBlocked { unit, by, through, .. } => {
                let through = through.as_ref().map(|unit| format!(" through {}", id(unit)));
                format!("blocked {} by {}{}", id(unit), id(by), through.unwrap_or_default())
            }
            Step::UnitCancelled { unit, begun } => {
                format!("cancelled {}{}", id(unit), if *begun { " midway" } else { "" })
            }
            Step::UnitRetried { unit, at } => {
                let at = at.as_ref().map(|at| format!(" from {}", task(at)));
                format!("retried {}{}", id(unit), at.unwrap_or_default())
            }
            Step::UnitReleased { unit, by } => format!("released {} by {}", id(unit), id(by)),
            Step::UnitSkipped { unit, begun } => {
                format!("skipped {}{}", id(unit), if *begun { " midway" } else { "" })
            }
            Step::Stop { unit } => format!("stop {}", id(unit)),
            Step::Paused => "paused".to_owned(),
            Step::Resumed => "resumed".to_owned(),
            Step::Finished { verdict } => format!("finished {verdict:?}").to_lowercase(),
        }
    }
}

mod intervene;

#[test]
fn a_diamond_runs_level_by_level() {
    let plan = plan(&[
        ("a", &[], vec![task("w")]),
        ("b", &["a"], vec![task("w")]),
        ("c", &["a"], vec![task("w")]),
        ("d", &["b", "c"], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 4);
    assert_eq!(desk.told(), ["queued a", "started a", "task a/1#1", "work a/1#1"]);
    desk.ends("a", Ok(()));
    assert_eq!(
        desk.told(),
        [
            "task done a/1#1",
            "done a",
            "queued b",
            "queued c",
            "started b",
            "task b/1#1",
            "work b/1#1",
            "started c",
            "task c/1#1",
            "work c/1#1"
        ]
    );
    desk.ends("c", Ok(()));
    assert_eq!(desk.told(), ["task done c/1#1", "done c"]);
    desk.ends("b", Ok(()));
    assert_eq!(desk.running(), ["d"]);
    desk.told();
    desk.ends("d", Ok(()));
    assert_eq!(desk.told(), ["task done d/1#1", "done d", "finished completed"]);
    assert_eq!(desk.schedule.poll_step(), None, "finished once");
}

#[test]
fn never_more_units_than_asked_for_and_in_order() {
    let units: Vec<String> = (0..10).map(|n| format!("u{n}")).collect();
    let rows: Vec<(&str, &[&str], Vec<Task>)> =
        units.iter().map(|id| (id.as_str(), &[][..], vec![task("w"), task("w")])).collect();
    let plan = plan(&rows);
    for (parallelism, first) in [(1, &["u0"][..]), (3, &["u0", "u1", "u2"]), (0, &["u0"])] {
        let mut desk = Desk::new(&plan, parallelism);
        assert_eq!(desk.running(), first);
        let mut order = Vec::new();
        while let Some(unit) = desk.running().first().map(|unit| (*unit).to_owned()) {
            assert!(desk.running().len() <= parallelism.max(1));
            if desk.running[0].0.task == 0 {
                order.push(unit.clone());
            }
            desk.ends(&unit, Ok(()));
        }
        assert_eq!(order, units);
        assert_eq!(desk.told().last().unwrap(), "finished completed");
    }
}

#[test]
fn tasks_run_one_after_the_other_and_finished_ones_not_again() {
    let done = Task { done: true, ..task("w") };
    let plan = plan(&[("a", &[], vec![done.clone(), task("w"), done.clone(), task("w"), done])]);
    let mut desk = Desk::new(&plan, 1);
    desk.ends("a", Ok(()));
    desk.ends("a", Ok(()));
    let work: Vec<String> = desk.told().into_iter().filter(|line| line.starts_with("work")).collect();
    assert_eq!(work, ["work a/2#1", "work a/4#1"]);
}

#[test]
fn units_with_nothing_to_do_complete_at_once() {
    let plan = plan(&[("a", &[], vec![Task { done: true, ..task("w") }]), ("b", &["a"], vec![])]);
    let mut desk = Desk::new(&plan, 1);
    assert_eq!(
        desk.told(),
        ["queued a", "started a", "done a", "queued b", "started b", "done b", "finished completed"]
    );
}

#[test]
fn the_check_follows_the_work() {
    let plan = plan(&[("a", &[], vec![Task { check: Some("c".into()), ..task("w") }])]);
    let mut desk = Desk::new(&plan, 1);
    desk.told();
    desk.ends("a", Ok(()));
    assert_eq!(desk.told(), ["check a/1#1"]);
    desk.ends("a", Ok(()));
    assert_eq!(desk.told(), ["passed a/1#1", "task done a/1#1", "done a", "finished completed"]);
}

#[test]
fn a_task_may_be_only_a_check() {
    let plan = plan(&[("a", &[], vec![Task { work: None, check: Some("c".into()), ..task("w") }])]);
    let mut desk = Desk::new(&plan, 1);
    assert_eq!(desk.told().last().unwrap(), "check a/1#1");
    desk.ends("a", Err("no"));
    assert_eq!(
        desk.told(),
        ["not passed a/1#1: no", "task failed a/1#1: no", "failed a: no", "finished failed"]
    );
}

#[test]
fn a_retry_begins_with_the_work_again() {
    let plan = plan(&[("a", &[], vec![Task { check: Some("c".into()), retries: 2, ..task("w") }])]);
    let mut desk = Desk::new(&plan, 1);
    desk.told();
    desk.ends("a", Err("broken"));
    assert_eq!(desk.told(), ["retry a/1#1: broken", "task a/1#2", "work a/1#2"]);
    desk.ends("a", Ok(()));
    desk.ends("a", Err("wrong"));
    assert_eq!(
        desk.told(),
        ["check a/1#2", "not passed a/1#2: wrong", "retry a/1#2: wrong", "task a/1#3", "work a/1#3"]
    );
    desk.ends("a", Err("broken again"));
    assert_eq!(desk.told(), ["task failed a/1#3: broken again", "failed a: broken again", "finished failed"]);
}

#[test]
fn a_failure_blocks_all_that_depend_on_it_and_nothing_else() {
    let plan = plan(&[
        ("a", &[], vec![task("w")]),
        ("b", &["a"], vec![task("w")]),
        ("c", &["b"], vec![task("w")]),
        ("other", &[], vec![task("w")]),
        ("d", &["c", "other"], vec![task("w")]),
        ("e", &["other"], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 2);
    desk.told();
    desk.ends("a", Err("exit status 1"));
    assert_eq!(
        desk.told(),
        [
            "task failed a/1#1: exit status 1",
            "failed a: exit status 1",
            "blocked b by a",
            "blocked c by a through b",
            "blocked d by a through c",
        ]
    );
    desk.ends("other", Ok(()));
    desk.ends("e", Ok(()));
    assert_eq!(desk.told().last().unwrap(), "finished failed");
}

#[test]
fn a_unit_is_blocked_once_by_the_first_failure() {
    let plan = plan(&[
        ("a", &[], vec![task("w")]),
        ("b", &[], vec![task("w")]),
        ("c", &["a", "b"], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 2);
    desk.ends("b", Err("x"));
    desk.ends("a", Err("y"));
    let blocked: Vec<String> = desk.told().into_iter().filter(|line| line.starts_with("blocked")).collect();
    assert_eq!(blocked, ["blocked c by b"]);
}

#[test]
fn a_cancel_ends_what_has_not_begun_at_once_and_the_rest_when_it_stops() {
    let plan = plan(&[
        ("a", &[], vec![Task { retries: 3, ..task("w") }, task("w")]),
        ("b", &[], vec![task("w")]),
        ("c", &["a"], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 1);
    desk.told();
    desk.cancel();
    assert_eq!(desk.told(), ["cancelled b", "cancelled c"]);
    desk.ends("a", Err("stopped"));
    assert_eq!(desk.told(), ["task failed a/1#1: stopped", "cancelled a midway", "finished cancelled"]);
    desk.cancel();
    assert!(desk.told().is_empty(), "harmless afterwards");
}

#[test]
fn work_that_finishes_in_spite_of_a_cancel_counts_but_nothing_follows_it() {
    let checked = Task { check: Some("c".into()), ..task("w") };
    let plan = plan(&[
        ("a", &[], vec![task("w"), task("w")]),
        ("b", &[], vec![checked]),
        ("c", &[], vec![task("w")]),
    ]);
    let mut desk = Desk::new(&plan, 3);
    desk.told();
    desk.cancel();
    assert!(desk.told().is_empty());
    desk.ends("a", Ok(()));
    assert_eq!(desk.told(), ["task done a/1#1", "cancelled a midway"]);
    desk.ends("b", Ok(()));
    assert_eq!(desk.told(), ["task failed b/1#1: cancelled before its check", "cancelled b midway"]);
    desk.ends("c", Ok(()));
    assert_eq!(desk.told(), ["task done c/1#1", "done c", "finished cancelled"]);
}

#[test]
fn a_cancel_before_the_first_poll_starts_nothing() {
    let plan = plan(&[("a", &[], vec![task("w")]), ("b", &["a"], vec![task("w")])]);
    let mut schedule = Schedule::new(&plan, 1);
    schedule.handle_cancel();
    let steps: Vec<Step> = std::iter::from_fn(|| schedule.poll_step()).collect();
    assert!(!steps.iter().any(|step| matches!(step, Step::Launch { .. })), "{steps:?}");
    assert_eq!(steps.last(), Some(&Step::Finished { verdict: Verdict::Cancelled }));
}

#[test]
fn a_cancel_between_decision_and_launch_launches_nothing() {
    let plan = plan(&[("a", &[], vec![task("w")])]);
    let mut schedule = Schedule::new(&plan, 1);
    assert_eq!(schedule.poll_step(), Some(Step::UnitQueued { unit: 0 }));
    assert_eq!(schedule.poll_step(), Some(Step::UnitStarted { unit: 0, done: 0 }));
    schedule.handle_cancel();
    let at = Attempt { unit: 0, task: 0, number: 1 };
    assert_eq!(schedule.poll_step(), Some(Step::TaskStarted { at }));
    assert_eq!(schedule.poll_step(), Some(Step::UnitCancelled { unit: 0, begun: true }));
    assert_eq!(schedule.poll_step(), Some(Step::Finished { verdict: Verdict::Cancelled }));
}

#[test]
fn a_cancel_that_stops_nothing_changes_nothing() {
    let plan = plan(&[("a", &[], vec![task("w")])]);
    let mut desk = Desk::new(&plan, 1);
    desk.cancel();
    desk.ends("a", Ok(()));
    assert_eq!(desk.told().last().unwrap(), "finished completed");
}

#[test]
fn a_late_or_foreign_exit_is_ignored() {
    let plan = plan(&[("a", &[], vec![Task { retries: 1, ..task("w") }])]);
    let mut desk = Desk::new(&plan, 1);
    let first = desk.running[0].0;
    desk.ends("a", Err("x"));
    desk.told();
    desk.schedule.handle_exit(first, Ok(()));
    desk.drain();
    assert!(desk.told().is_empty());
}

#[test]
fn ten_thousand_units_in_a_chain() {
    let ids: Vec<String> = (0..10_000).map(|n| format!("u{n}")).collect();
    let dependencies: Vec<Vec<&str>> =
        (0..ids.len()).map(|n| ids[n.saturating_sub(1)..n].iter().map(String::as_str).collect()).collect();
    let rows: Vec<(&str, &[&str], Vec<Task>)> = ids
        .iter()
        .zip(&dependencies)
        .map(|(id, dependencies)| (id.as_str(), dependencies.as_slice(), Vec::new()))
        .collect();
    let plan = plan(&rows);
    let mut schedule = Schedule::new(&plan, 2);
    let steps = std::iter::from_fn(|| schedule.poll_step()).count();
    assert_eq!(steps, 3 * ids.len() + 1);
}
