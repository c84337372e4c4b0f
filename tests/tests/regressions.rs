//! What the fuzzer once found stays found: every input in `fuzz/regressions`, and the seeds it begins with,
//! go through the checks that it runs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and then what it printed shows"
)]

use choo_tests::{not_installed, repository};

#[path = "../../fuzz/checks/decoder.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzzer")]
mod decoder;
#[path = "../../fuzz/checks/fold.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzzer")]
mod fold;
#[path = "../../fuzz/checks/v8.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzzer")]
mod v8;
#[path = "../../fuzz/checks/validator.rs"]
#[allow(unreachable_pub, reason = "shared with the fuzzer")]
mod validator;

/// The inputs of a target, each with what to call it.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let mut inputs = Vec::new();
    for file in ["fuzz/seeds.ndjson", "tests/vectors/events.ndjson"] {
        let text = std::fs::read(repository().join(file)).unwrap();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate();
        inputs.extend(lines.map(|(number, line)| (format!("{file}:{}", number + 1), line.to_vec())));
        inputs.push((file.to_owned(), text));
    }
    for entry in std::fs::read_dir(repository().join("fuzz/regressions").join(target)).into_iter().flatten() {
        let path = entry.unwrap().path();
        inputs.push((path.display().to_string(), std::fs::read(&path).unwrap()));
    }
    inputs
}

fn replay(target: &str, check: fn(&[u8])) {
    for (name, input) in inputs(target) {
        // Printed where a check fails, and only then.
        println!("{name}");
        check(&input);
    }
}

#[test]
fn what_was_found_in_the_decoder() {
    replay("decoder", decoder::check);
}

#[test]
fn what_was_found_in_the_validator() {
    replay("validator", validator::check);
}

#[test]
fn what_was_found_in_the_fold() {
    replay("fold", fold::check);
}

#[test]
fn what_was_found_with_v8() {
    let Ok(mut judge) = v8::Judge::start(&repository(), usize::MAX) else {
        return not_installed("V8 as a judge of what was found", "Node is not installed");
    };
    for (_, input) in inputs("v8") {
        assert_eq!(judge.take(&input).unwrap(), []);
    }
    assert_eq!(judge.finish().unwrap(), []);
}
