use super::*;
use crate::plan::testing::{plan, task};
use crate::run::schedule::{Attempt, Step};

/// A run of two tasks in `a`, and `b` after it, with what people asked for.
struct World {
    plan: Plan,
    schedule: Schedule,
    errands: Errands<String>,
    running: Vec<Attempt>,
}

impl World {
    fn new() -> Self {
        let plan = plan(&[("a", &[], vec![task("w"), task("w")]), ("b", &["a"], vec![task("w")])]);
        let schedule = Schedule::new(&plan, 2);
        let mut world = World { plan, schedule, errands: Errands::new(), running: Vec::new() };
        world.drain();
        world
    }

    fn drain(&mut self) -> bool {
        let mut finished = false;
        while let Some(step) = self.schedule.poll_step() {
            match step {
                Step::Launch { at, .. } => self.running.push(at),
                Step::Finished { .. } => finished = true,
                _ => {}
            }
        }
        finished
    }

    /// A command: what is said to it at once, and what of all has been executed then.
    fn asked(&mut self, id: &str, rest: &str) -> String {
        let request: CmdRequest = serde_json::from_str(&format!(r#"{{"id":"{id}",{rest}}}"#)).unwrap();
        match self.errands.handle_request(&request, &self.plan, &mut self.schedule) {
            Ok(awaited) => {
                self.errands.push(awaited, id.to_owned());
                format!("accepted; {}", self.done())
            }
            Err(Rejection { reason, words }) => format!("{reason}: {words}"),
        }
    }

    fn ends(&mut self, result: Result<(), &str>) -> String {
        let at = self.running.remove(0);
        self.schedule.handle_exit(at, result.map_err(str::to_owned));
        self.done()
    }

    fn done(&mut self) -> String {
        let finished = self.drain();
        let done = std::iter::from_fn(|| self.errands.poll_done(&self.schedule, finished));
        let words = done.map(|(id, result)| format!("{id} {}", result.err().unwrap_or("done".into())));
        words.collect::<Vec<_>>().join(", ")
    }
}

#[test]
fn what_needs_no_waiting_is_done_at_once() {
    let mut world = World::new();
    assert_eq!(world.asked("c1", r#""cmd":"pause""#), "accepted; c1 done");
    assert_eq!(world.asked("c2", r#""cmd":"pause""#), "conflict: the run is paused already");
    assert_eq!(world.asked("c3", r#""cmd":"resume","by":"ann""#), "accepted; c3 done");
    assert_eq!(world.errands.of_run().cmd.as_deref(), Some("c3"));
    assert_eq!(world.asked("c4", r#""cmd":"skip","args":{"unit":"b"}"#), "accepted; c4 done");
}

#[test]
fn a_cancel_is_done_when_it_has_stopped() {
    let mut world = World::new();
    let cancel = r#""cmd":"cancel","args":{"unit":"a","reason":"wrong branch"},"by":"ann""#;
    assert_eq!(world.asked("c1", cancel), "accepted; ");
    assert_eq!(world.ends(Err("stopped")), "c1 done");
    assert_eq!(
        world.errands.of_unit(0),
        Intervention { by: Some("ann".into()), reason: Some("wrong branch".into()), cmd: Some("c1".into()) }
    );
    assert_eq!(world.errands.of_unit(1), Intervention::default());
}

#[test]
fn a_unit_that_was_faster_than_its_cancel_is_told() {
    let mut world = World::new();
    world.ends(Ok(()));
    assert_eq!(world.asked("c1", r#""cmd":"cancel","args":{"unit":"a"}"#), "accepted; ");
    assert_eq!(world.ends(Ok(())), "c1 the unit is complete already");
}

#[test]
fn a_cancelled_run_ends_its_command_with_it() {
    let mut world = World::new();
    assert_eq!(world.asked("c1", r#""cmd":"cancel","by":"ann""#), "accepted; ");
    assert_eq!(world.asked("c2", r#""cmd":"cancel""#), "conflict: the run is ending");
    assert_eq!(world.ends(Err("stopped")), "c1 done");
    assert_eq!(world.errands.of_unit(1).by.as_deref(), Some("ann"), "of every unit that it ended");
}

#[test]
fn a_retry_names_unit_or_task() {
    let mut world = World::new();
    world.asked("c0", r#""cmd":"pause""#);
    world.ends(Err("exit status 1"));
    let retry = |task| format!(r#""cmd":"retry","args":{{"unit":"a","task":{task}}}"#);
    assert_eq!(world.asked("c1", &retry(2)), "conflict: the task has not failed");
    assert_eq!(world.asked("c2", &retry(3)), "not_found: a has no task 3");
    assert_eq!(world.asked("c3", &retry(1)), "accepted; c3 done");
    assert_eq!(world.asked("c4", &retry(1)), "conflict: the unit has not failed");
}

#[test]
fn conditions_are_held_against_the_schedule() {
    let mut world = World::new();
    let cancel = |condition| format!(r#""cmd":"cancel","args":{{"unit":"b"}},"if":{condition}"#);
    assert_eq!(
        world.asked("c1", &cancel(r#"{"status":["ready","in_progress"]}"#)),
        "precondition: b is pending"
    );
    assert_eq!(world.asked("c2", &cancel(r#"{"status":["pending"]}"#)), "accepted; c2 done");
    let retry = r#""cmd":"retry","args":{"unit":"a","task":1},"if":{"attempt":2}"#;
    assert_eq!(world.asked("c3", retry), "precondition: task 1 of a is running");
    assert_eq!(world.asked("c4", r#""cmd":"pause","if":{"status":["running"]}"#), "accepted; c4 done");
    assert_eq!(
        world.asked("c5", r#""cmd":"cancel","if":{"status":["running"]}"#),
        "precondition: the run is paused"
    );
}

#[test]
fn what_makes_no_sense_is_told_in_words() {
    let mut world = World::new();
    for (rest, words) in [
        (r#""cmd":"retry""#, "unsupported: choo run does not know retry of a run"),
        (r#""cmd":"pause","args":{"unit":"a"}"#, "unsupported: choo run does not know pause of a unit"),
        (
            r#""cmd":"skip","args":{"unit":"a","task":1}"#,
            "unsupported: choo run does not know skip of a single task",
        ),
        (
            r#""cmd":"cancel","args":{"task":1}"#,
            "unsupported: choo run does not know a task without its unit",
        ),
        (r#""cmd":"cancel","args":{"force":true}"#, "unsupported: choo run does not know the argument force"),
        (r#""cmd":"approve","args":{"unit":"a"}"#, "unsupported: choo run does not know approve of a unit"),
        (r#""cmd":"cancel","args":{"unit":"moon"}"#, "not_found: there is no unit moon"),
    ] {
        assert_eq!(world.asked("c", rest), words);
    }
}
