use std::collections::BTreeMap;

use serde_json::Value;

use crate::process::headline;

/// What each run measured, by program and metric: `ingest/choo`.
pub(crate) type Samples = BTreeMap<String, Vec<f64>>;

/// Prints how the measured stands to the goals, as a Markdown table.
pub(crate) fn print_goals(goals: &[Value], samples: &Samples) {
    if goals.is_empty() {
        return;
    }
    headline(
        "Goals: medians of interleaved runs, ± half of the spread; a ratio says how many times as fast we are",
    );
    anstream::println!("| what | ours | peer | ratio | goal | met |\n|---|---|---|---|---|---|");
    for goal in goals {
        anstream::println!("{}", row(goal, samples));
    }
}

fn row(goal: &Value, samples: &Samples) -> String {
    let text = |key: &str| goal[key].as_str().unwrap_or_default();
    let measured = |key: &str| samples.get(text(key)).and_then(|runs| Measured::of(runs));
    let unit = goal["unit"].as_str().unwrap_or("ns");
    let (ours, peer) = (measured("ours"), measured("peer"));
    let shown = |measured: &Option<Measured>| measured.as_ref().map_or("-".to_owned(), |m| m.shown(unit));
    let ratio = ours.as_ref().zip(peer.as_ref()).map(|(ours, peer)| peer.median / ours.median);
    let shown_ratio =
        ratio.filter(|ratio| ratio.is_finite()).map_or("-".to_owned(), |ratio| format!("{ratio:.2}×"));
    let (wanted, met) = match (goal["times"].as_f64(), goal["at_most"].as_f64()) {
        (Some(times), _) => (format!("≥ {times}×"), ratio.map(|ratio| ratio >= times)),
        (_, Some(most)) => (format!("≤ {most} {unit}"), ours.as_ref().map(|ours| ours.median <= most)),
        // Shown beside what is judged.
        _ => ("-".to_owned(), None),
    };
    let met = match met {
        Some(true) => "yes",
        Some(false) => "**no**",
        None if wanted == "-" && ours.is_some() => "-",
        None => "not measured",
    };
    format!(
        "| {} | {} | {} | {} | {} | {met} |",
        text("what"),
        shown(&ours),
        shown(&peer),
        shown_ratio,
        wanted.trim_end(),
    )
}

struct Measured {
    median: f64,
    /// From the least to the most, halved, in parts of the median.
    spread: f64,
}

impl Measured {
    /// `None` if there were no runs.
    fn of(runs: &[f64]) -> Option<Self> {
        let mut runs = runs.to_vec();
        runs.sort_by(f64::total_cmp);
        let (low, high) = (runs.get((runs.len().max(1) - 1) / 2)?, runs.get(runs.len() / 2)?);
        let median = f64::midpoint(*low, *high);
        let range = runs.last()? - runs.first()?;
        Some(Measured { median, spread: if median > 0.0 { range / 2.0 / median } else { 0.0 } })
    }

    fn shown(&self, unit: &str) -> String {
        // Three digits are more than most runs agree on.
        let places = match self.median {
            0.0 => 0,
            ..1.0 => 4,
            ..10.0 => 2,
            _ => 0,
        };
        let text = format!("{:.places$} {unit} ±{:.0} %", self.median, self.spread * 100.0);
        text.replace("  ", " ")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn samples() -> Samples {
        let runs = [("ours", vec![100.0, 90.0, 120.0]), ("peer", vec![200.0, 150.0]), ("none", vec![])];
        runs.into_iter().map(|(name, runs)| (name.to_owned(), runs)).collect()
    }

    #[test]
    fn a_ratio_is_of_medians() {
        let goal = json!({"what": "w", "ours": "ours", "peer": "peer", "times": 1.75});
        assert_eq!(row(&goal, &samples()), "| w | 100 ns ±15 % | 175 ns ±14 % | 1.75× | ≥ 1.75× | yes |");
        let goal = json!({"what": "w", "ours": "ours", "peer": "peer", "times": 1.8});
        assert!(row(&goal, &samples()).ends_with("| ≥ 1.8× | **no** |"));
    }

    #[test]
    fn a_bound_needs_no_peer() {
        let goal = json!({"what": "w", "ours": "ours", "at_most": 99, "unit": "µs"});
        assert_eq!(row(&goal, &samples()), "| w | 100 µs ±15 % | - | - | ≤ 99 µs | **no** |");
    }

    #[test]
    fn what_has_no_goal_is_shown() {
        let goal = json!({"what": "w", "ours": "ours"});
        assert_eq!(row(&goal, &samples()), "| w | 100 ns ±15 % | - | - | - | - |");
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        for missing in ["none", "absent"] {
            let goal = json!({"what": "w", "ours": missing, "peer": "peer", "times": 1});
            assert!(row(&goal, &samples()).ends_with("| not measured |"));
        }
    }
}
