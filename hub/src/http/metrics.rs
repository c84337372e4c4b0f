//! The hub's numbers for Prometheus (text exposition format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::{Display, Write};
use std::sync::Arc;

use futures_lite::FutureExt;

use super::connected;
use super::outcome::Outcome;
use super::respond::{self, Response};
use crate::fan::{Desk, ReaderStatus};
use crate::shared::Shared;

/// `/metrics`
pub(super) fn get(shared: &Arc<Shared>, desk: &Arc<Desk>) -> Outcome {
    let (shared, desk) = (Arc::clone(shared), Arc::clone(desk));
    let answer = async move {
        let readers = connected::readers(&shared, &desk).await?;
        Ok(page(&shared, &readers))
    };
    Outcome::Later(answer.boxed())
}

fn page(shared: &Shared, readers: &[ReaderStatus]) -> Response {
    let mut page = Page::default();
    page.one("choo_readers", "gauge", "Streams that are being read.", shared.clients());
    let blocked = readers.iter().filter(|reader| reader.blocked).count();
    page.one(
        "choo_readers_blocked",
        "gauge",
        "Of them those whose sockets take nothing at present.",
        blocked,
    );
    let waiting: usize = readers.iter().map(|reader| reader.waiting).sum();
    page.one("choo_readers_waiting_bytes", "gauge", "Bytes that their sockets have not taken.", waiting);
    let head = shared.look(connected::Head::of);
    let behind = readers.iter().filter_map(|reader| head.behind(reader)).max();
    page.one(
        "choo_readers_behind_max",
        "gauge",
        "Entries of the history that the last of the readers has still to look at.",
        behind.unwrap_or(0),
    );
    shared.look(|core, now| {
        let unstored =
            core.storing().map_or(0, |it| core.epochs().count(it.through(), core.history().last()));
        page.one("choo_events_unstored", "gauge", "Entries that are not in the store yet.", unstored);
        page.one("choo_uptime_seconds", "gauge", "Since the hub was started.", now.at.as_secs_f64());
        page.one("choo_producers", "gauge", "Orchestrators that are connected.", core.producers());
        page.one("choo_events_total", "counter", "Entries the history has ever had.", core.history().last());
        page.one("choo_history_bytes", "gauge", "Memory of the entries at hand.", core.history().bytes());
        page.one("choo_bad_lines_total", "counter", "Lines that were no events.", core.rejects().total());
        let commands = core.commands();
        page.one("choo_commands_total", "counter", "Commands that were given.", commands.asked());
        page.one("choo_commands_unanswered", "gauge", "Of them those without an answer.", commands.open());
        let mut runs = BTreeMap::<(String, bool), u64>::new();
        for run in core.runs().iter() {
            *runs.entry((run.state().status.as_str().to_owned(), run.connected())).or_default() += 1;
        }
        page.head(
            "choo_runs",
            "gauge",
            "Runs the hub knows, by status and whether their producer is connected.",
        );
        for ((status, connected), count) in runs {
            page.sample(&format!("choo_runs{{status=\"{status}\",connected=\"{connected}\"}}"), count);
        }
    });
    page.head("choo_build_info", "gauge", "Always 1; the label says which choo this is.");
    page.sample(concat!("choo_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1);
    respond::bytes("text/plain; version=0.0.4; charset=utf-8", page.0)
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail; nor below.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, series: &str, value: impl Display) {
        let _ = writeln!(self.0, "{series} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.sample(name, value);
    }
}
