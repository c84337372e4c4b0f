#![no_main]

use std::cell::RefCell;
use std::path::{Path, PathBuf};

#[path = "../checks/v8.rs"]
mod v8;

thread_local! {
    static JUDGE: RefCell<v8::Judge> = RefCell::new(judge());
}

/// One input at a time is how a single one is looked at.
fn batch() -> usize {
    std::env::var("CHOO_FUZZ_BATCH").ok().and_then(|text| text.parse().ok()).unwrap_or(2000)
}

fn judge() -> v8::Judge {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    v8::Judge::start(&repository, batch()).expect("Node starts")
}

/// A difference shows a batch later, when the fuzzer is at another input: the one it is about is written
/// here, where the fuzzer's own finds are.
fn keep(input: &[u8]) -> PathBuf {
    let name = format!(
        "differs-{}",
        input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        })
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("artifacts/v8").join(name);
    std::fs::write(&path, input).expect("fuzz/artifacts/v8 is made by `cargo xtask fuzz`");
    path
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let differences = JUDGE.with_borrow_mut(|judge| judge.take(data).expect("Node answers"));
    if let Some((input, why)) = differences.first() {
        panic!("{why}\n  input: {}\n  kept in {}", input.escape_ascii(), keep(input).display());
    }
});

/// What lines are made of, and what is nearly that.
const SYNTAX: &[u8] = b"\"\\{}[],:0123456789eE+-.'/bfnrtuvxaZ \t\x0b\x0c\x7f";

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut seed = seed as usize;
    let mut below = |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    // Of all bytes few mean something, and those behind a backslash the most.
    let backslashes: Vec<usize> = (1..size).filter(|at| data[at - 1] == b'\\').collect();
    let at = match below(8) {
        0 if size > 0 => below(size),
        1 if !backslashes.is_empty() => backslashes[below(backslashes.len())],
        _ => return libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    };
    data[at] = SYNTAX[below(SYNTAX.len())];
    size
});
