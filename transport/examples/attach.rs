//! Attaching the pusher to an orchestrator that has events of its own: one function that translates them, one
//! call where they are reported already. Run it beside `choo web`, or without: it ends the same.
//!
//! `cargo run -p choo-transport --example attach`

use std::error::Error;
use std::time::Duration;

use choo_protocol::{Event, GraphPayload, LogStream, OrchStarted};
use choo_transport::{EventBus, SocketPusher};

/// What this orchestrator tells its own console.
enum Report {
    Begin { jobs: Vec<Job> },
    JobStarted { name: String },
    Output { job: String, text: String, number: u64 },
    JobEnded { name: String, error: Option<String> },
    End { failed: usize },
}

struct Job {
    name: String,
    after: Vec<String>,
}

/// The same in the words of the wire.
fn translate(report: &Report) -> Option<Event> {
    Some(match report {
        Report::Begin { jobs } => {
            let units = jobs.iter().map(|job| (job.name.clone(), job.after.clone()));
            // A graph that makes no sense is this program's mistake, and no reason to stop its run.
            let graph = GraphPayload::build(units).ok()?;
            Event::orch_started(OrchStarted { graph: Some(graph), ..OrchStarted::default() })
        }
        Report::JobStarted { name } => Event::unit_started(name),
        Report::Output { job, text, number } => {
            Event::log(job, None, LogStream::Stdout, text.as_str(), *number)
        }
        Report::JobEnded { name, error: None } => Event::unit_completed(name),
        Report::JobEnded { name, error: Some(error) } => Event::unit_failed(name, error),
        Report::End { failed: 0 } => Event::orch_completed(),
        Report::End { failed } => Event::orch_failed(format!("{failed} jobs failed")),
    })
}

/// The orchestrator as it was: it does its work and reports.
fn run(report: impl Fn(Report)) {
    let (setup, app) = ("setup".to_owned(), "app".to_owned());
    let jobs = vec![
        Job { name: setup.clone(), after: vec![] },
        Job { name: app.clone(), after: vec![setup.clone()] },
    ];
    report(Report::Begin { jobs });
    report(Report::JobStarted { name: setup.clone() });
    report(Report::Output { job: setup.clone(), text: "fetching".to_owned(), number: 1 });
    report(Report::JobEnded { name: setup, error: None });
    report(Report::JobStarted { name: app.clone() });
    report(Report::JobEnded { name: app, error: Some("exit status 1".to_owned()) });
    report(Report::End { failed: 1 });
}

#[expect(clippy::print_stderr, reason = "a program talks to its user")]
fn main() -> Result<(), Box<dyn Error>> {
    let bus = EventBus::new();
    let pusher = SocketPusher::builder().on_warning(|warning| eprintln!("WARN: {warning}")).start(&bus)?;
    run(|report| {
        if let Some(event) = translate(&report) {
            bus.emit(event);
        }
    });
    let left = pusher.close(Duration::from_secs(5));
    eprintln!("{} events sent, {} left", left.sent, left.unsent);
    Ok(())
}
