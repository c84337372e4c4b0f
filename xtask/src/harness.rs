//! What the peers' driver measured, by the names that goals go by.

use serde_json::Value;

use crate::bench::members;
use crate::goals::Samples;

/// The driver's tables about pushers, by a part of their titles.
const TABLES: &[(&str, &str)] = &[
    ("to a draining reader", "drain"),
    ("burst of 1000 ", "burst of 1000"),
    ("burst of 10000 ", "burst of 10000"),
    ("peer stalled", "stalled"),
    ("line read, 1000 events/s", "1000"),
    ("line read, 50000 events/s", "50000"),
];

/// The samples of one measurement. `results`: what the driver kept of each run, by table and contender;
/// `said`: what it printed besides.
///
/// Named `ingest/CONTENDER`, `TABLE/METRIC/CONTENDER` of pushers, `fan/READERS/CONTENDER/METRIC`, the number
/// of readers being the last word of the table's title, and `persist/COMMIT/CONTENDER` by how much goes into a
/// commit. Of all of them less is better.
pub(crate) fn harness_samples(measurement: &str, results: &Value, said: &str) -> Samples {
    let mut samples = Samples::new();
    for (title, table) in members(results) {
        for (contender, runs) in members(table) {
            for run in runs.as_array().into_iter().flatten() {
                for (name, value) in numbers(measurement, title, contender, run) {
                    samples.entry(name).or_default().extend(value);
                }
            }
        }
    }
    // `syscalls: CONTENDER {"all": ..}`, of one run.
    for line in said.lines().filter_map(|line| line.strip_prefix("syscalls: ")) {
        let Some((contender, counts)) = line.split_once(" {") else { continue };
        let counts: Value = serde_json::from_str(&format!("{{{counts}")).unwrap_or_default();
        samples.entry(format!("syscalls/{contender}")).or_default().extend(counts["all"].as_f64());
    }
    samples.retain(|_, values| !values.is_empty());
    samples
}

/// The numbers of one run and their names.
fn numbers(measurement: &str, title: &str, contender: &str, run: &Value) -> Vec<(String, Option<f64>)> {
    let table = TABLES.iter().find(|(part, _)| title.contains(part));
    if let Some((_, table)) = table {
        let name = |(metric, value)| (format!("{table}/{metric}/{contender}"), value);
        pusher_metrics(run).into_iter().map(name).collect()
    } else if measurement == "fan" {
        let readers = title.rsplit(' ').next().unwrap_or_default();
        let name = |(metric, value)| (format!("fan/{readers}/{contender}/{metric}"), value);
        fan_metrics(run).into_iter().map(name).collect()
    } else if measurement == "persist" {
        let commit = title.rsplit("every ").next().unwrap_or_default().trim_end_matches(" events");
        vec![(format!("persist/{commit}/{contender}"), ratio(&run["cpu_ns"], &run["events"]))]
    } else {
        vec![(format!("{measurement}/{contender}"), ratio(&run["cpu_ns"], &run["lines"]))]
    }
}

/// What counts of a pusher.
fn pusher_metrics(run: &Value) -> [(&'static str, Option<f64>); 7] {
    let reader = &run["reader"];
    [
        ("wall", ratio(&reader["wall_ns"], &reader["lines"])),
        ("cpu", ratio(&reader["contender_cpu_ns"], &run["emitted"])),
        ("missing", run["dropped"].as_f64().zip(run["lost"].as_f64()).map(|(dropped, lost)| dropped + lost)),
        ("emit p50", run["emit_ns"]["p50"].as_f64()),
        ("emit p99", run["emit_ns"]["p99"].as_f64()),
        ("latency p50", reader["latency_ns"]["p50"].as_f64()),
        ("latency p99", reader["latency_ns"]["p99"].as_f64()),
    ]
}

/// What counts of a fan-out.
fn fan_metrics(run: &Value) -> [(&'static str, Option<f64>); 6] {
    let kib = |key: &str| run[key].as_f64().map(|bytes| bytes / 1024.0);
    [
        ("cpu", run["closed"]["hub_cpu_ns_per"].as_f64()),
        ("wall", run["closed"]["per_s"].as_f64().map(|per_s| 1e9 / per_s)),
        ("idle cpu", run["latency_ns"]["hub_cpu_ns_per"].as_f64()),
        ("idle p50", run["latency_ns"]["p50"].as_f64()),
        ("memory", kib("rss_per_sub")),
        ("memory after", kib("rss_per_sub_after")),
    ]
}

fn ratio(of: &Value, by: &Value) -> Option<f64> {
    Some(of.as_f64()? / by.as_f64()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_go_by_table_metric_and_contender() {
        let runs = json!([
            {"emitted": 10, "dropped": 1, "lost": 0, "emit_ns": {"p50": 100, "p99": 900},
             "reader": {"lines": 5, "wall_ns": 50, "contender_cpu_ns": 70, "latency_ns": {"p50": 3, "p99": 4}}},
            {"emitted": 10}
        ]);
        let results = json!({
            "C. emit to line read, 1000 events/s (us)": {"go-seed": runs},
            "E. read, split, decode on one core": {"choo": [{"cpu_ns": 300, "lines": 2}]}
        });
        let fan =
            json!({"D. fan-out to 100": {"choo sse": [{"rss_per_sub": 2048, "closed": {"per_s": 1e9}}]}});
        let samples = harness_samples("fan", &fan, "");
        assert_eq!((samples["fan/100/choo sse/memory"][0], samples["fan/100/choo sse/wall"][0]), (2.0, 1.0));
        let persist = json!({"F. commit every 10ms": {"sqlite": [{"cpu_ns": 30, "events": 10}]},
                             "F. commit every 100 events": {"sqlite": [{"cpu_ns": 50, "events": 10}]}});
        let samples = harness_samples("persist", &persist, "");
        assert_eq!((samples["persist/10ms/sqlite"][0], samples["persist/100/sqlite"][0]), (3.0, 5.0));
        let said = "table\nsyscalls: rust batched {\"all\": 0.5, \"write\": 0.1}\n";
        let samples = harness_samples("ingest", &results, said);
        assert_eq!(samples["1000/cpu/go-seed"], [7.0]);
        assert_eq!(samples["1000/missing/go-seed"], [1.0]);
        assert_eq!(samples["1000/emit p99/go-seed"], [900.0]);
        assert_eq!(samples["ingest/choo"], [150.0]);
        assert_eq!(samples["syscalls/rust batched"], [0.5]);
    }
}
