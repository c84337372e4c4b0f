//! `sim [--seeds N] [--seed S]`: plays simulated worlds of the pusher, from the given seed on, on every
//! processor. A broken promise ends it with the seed that shows it; `--seed` plays that one again.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the result is what it prints")]

use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use choo_transport::sim::{Mark, Marks, run};

const USAGE: &str = "usage: sim [--seeds N] [--seed S]";

/// With fewer worlds than these a mark may be missed by chance.
const ENOUGH: u64 = 1000;

fn main() -> ExitCode {
    let Some((first, count)) = arguments() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let (marks, broken) = play(first, count);
    if let Some(seed) = broken {
        eprintln!("seed {seed} breaks a promise; play it again: cargo xtask sim --seed {seed}");
        return ExitCode::FAILURE;
    }
    println!("{count} worlds, {} events; met:", marks.events);
    for mark in Mark::ALL {
        println!("{:>10}  {mark}", marks.count(*mark));
    }
    let missing: Vec<String> = marks.missing().map(|mark| mark.to_string()).collect();
    if count >= ENOUGH && !missing.is_empty() {
        eprintln!("never met: {}; the simulation does not mean what it says", missing.join(", "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// The first seed and how many.
fn arguments() -> Option<(u64, u64)> {
    let mut args = std::env::args().skip(1);
    let (mut first, mut count) = (None, None);
    while let Some(arg) = args.next() {
        let number = args.next()?.parse().ok()?;
        match arg.as_str() {
            "--seeds" => count = Some(number),
            "--seed" => first = Some(number),
            _ => return None,
        }
    }
    let usual = if first.is_some() { 1 } else { 2000 };
    Some((first.unwrap_or(0), count.unwrap_or(usual)))
}

/// What was met, and the first seed that went wrong.
fn play(first: u64, count: u64) -> (Marks, Option<u64>) {
    let next = AtomicU64::new(first);
    let end = first.saturating_add(count);
    let total = Mutex::new((Marks::default(), None));
    let work = || {
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= end {
                return;
            }
            let played = catch_unwind(|| run(seed));
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            if let Ok(marks) = played {
                total.0.add(&marks);
            } else {
                total.1.get_or_insert(seed);
                next.store(end, Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}
