//! The list of runs, page by page.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{Keep, Rank, Restored};
use super::*;

/// What happens while somebody reads the list.
#[derive(Clone, Debug)]
enum Act {
    /// A run begins, by its producer's clock so long ago or ahead, and tells that it started later or never.
    Begin { ago_secs: i64, started: Option<i64> },
    /// The how manieth of those that are there says that it started, or is over.
    Say { nth: usize, kind: &'static str },
    /// All that is old is forgotten.
    Forget { before_secs: i64 },
    /// The next page is read.
    Read { limit: usize },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (-100..200i64, prop::option::of(-100..200i64))
            .prop_map(|(ago_secs, started)| Act::Begin { ago_secs, started }),
        2 => (0..20usize, prop::sample::select(&["orch.started", "orch.completed"]))
            .prop_map(|(nth, kind)| Act::Say { nth, kind }),
        1 => (0..300i64).prop_map(|before_secs| Act::Forget { before_secs }),
        3 => (1..5usize).prop_map(|limit| Act::Read { limit }),
    ]
}

fn line(kind: &str, run: &str, time: Timestamp) -> String {
    format!(r#"{{"type":"{kind}","time":"{time}","run":"{run}"}}"#)
}

/// A hub in which runs come and go, and one reader of its list.
struct Listing {
    world: World,
    begun: usize,
    /// The runs that were there when the reader began, and how often it has met each.
    met: BTreeMap<String, usize>,
    next: Option<Rank>,
    order: Vec<Rank>,
    over: bool,
}

impl Listing {
    fn new() -> Self {
        let mut world = World::new();
        let keep = Keep { runs: 12, age: None, bytes: None };
        world.core = world.core.restore(Restored::default(), keep, world.now);
        Listing { world, begun: 0, met: BTreeMap::new(), next: None, order: Vec::new(), over: false }
    }

    fn ids(&self) -> Vec<String> {
        self.world.core.runs().newest_first().iter().map(|run| run.id().to_string()).collect()
    }

    fn time(&self, secs_ago: i64) -> Timestamp {
        Timestamp::from_unix_nanos(self.world.now.time.unix_nanos() - i128::from(secs_ago) * 1_000_000_000)
    }

    fn act(&mut self, act: &Act) {
        self.world.pass(Duration::from_secs(1));
        match act {
            Act::Begin { ago_secs, started } => {
                self.begun += 1;
                let run = format!("run-{}", self.begun);
                let mut lines = vec![line("unit.queued", &run, self.time(*ago_secs))];
                lines.extend(started.map(|ago| line("orch.started", &run, self.time(ago))));
                self.world.visit(1, &lines.iter().map(String::as_str).collect::<Vec<_>>());
            }
            Act::Say { nth, kind } => {
                if let Some(run) = self.ids().get(*nth) {
                    let line = line(kind, run, self.world.now.time);
                    self.world.visit(1, &[&line]);
                }
            }
            Act::Forget { before_secs } => {
                let time = self.time(*before_secs);
                self.world.core.runs_mut().forget_before(time);
            }
            Act::Read { limit } => self.read(*limit),
        }
        // Only what is there all the time has to be met.
        let ids = self.ids();
        self.met.retain(|run, _| ids.contains(run));
    }

    fn read(&mut self, limit: usize) {
        if self.over {
            return;
        }
        if self.order.is_empty() {
            self.met = self.ids().into_iter().map(|run| (run, 0)).collect();
        }
        // As a client hands it back.
        let from = self.next.map(|rank| rank.to_string().parse().unwrap());
        let (runs, next) = self.world.core.runs().page(from, limit);
        assert!(runs.len() <= limit && (next.is_none() || runs.len() == limit));
        self.order.extend(runs.iter().map(|run| run.rank()));
        for run in runs {
            *self.met.entry(run.id().to_string()).or_default() += 1;
        }
        (self.next, self.over) = (next, next.is_none());
    }
}

proptest! {
    #[test]
    fn whoever_reads_all_pages_meets_each_run_that_stays_once(acts in prop::collection::vec(act(), 1..60)) {
        let mut listing = Listing::new();
        for act in &acts {
            listing.act(act);
        }
        while !listing.over {
            listing.act(&Act::Read { limit: 3 });
        }
        prop_assert!(listing.met.values().all(|times| *times == 1), "{:?}", listing.met);
        prop_assert!(listing.order.windows(2).all(|pair| pair[0] > pair[1]), "{:?}", listing.order);
    }
}

#[test]
fn a_page_goes_on_behind_a_run_that_was_forgotten() {
    let mut listing = Listing::new();
    for ago_secs in [50, 40, 30] {
        listing.act(&Act::Begin { ago_secs, started: None });
    }
    let page = |listing: &Listing, from| {
        let (runs, next) = listing.world.core.runs().page(from, 2);
        (runs.iter().map(|run| run.id().to_string()).collect::<Vec<_>>(), next)
    };
    let (first, next) = page(&listing, None);
    assert_eq!((first, next.is_some()), (vec!["run-3".to_owned(), "run-2".to_owned()], true));
    for _ in 0..11 {
        listing.act(&Act::Begin { ago_secs: 0, started: None });
    }
    assert!(!listing.ids().contains(&"run-2".to_owned()), "there is room for 12");
    assert_eq!(page(&listing, next).0, [""; 0], "those behind are forgotten too");
    assert_eq!(page(&listing, None).0, ["run-14", "run-13"]);
}

#[test]
fn the_last_page_says_so_when_it_is_full() {
    let mut listing = Listing::new();
    assert_eq!(listing.world.core.runs().page(None, 1).1, None);
    for _ in 0..2 {
        listing.act(&Act::Begin { ago_secs: 0, started: None });
    }
    let next = |limit| listing.world.core.runs().page(None, limit).1;
    assert_eq!((next(1).is_some(), next(2), next(3)), (true, None, None));
}
