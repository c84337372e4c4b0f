//! How long a layered drawing takes: `cargo run --release -p choo-protocol --example layout`.
#![expect(clippy::print_stdout, reason = "a program")]

use std::time::{Duration, Instant};

use choo_protocol::{GraphLayout, GraphPayload, Spacing};

/// Nodes, edges from each, how far back they reach, and what such a graph looks like.
const SHAPES: [(u32, u32, u32, &str); 5] = [
    (100, 2, 20, "a build"),
    (2_000, 3, 400, "a monorepo"),
    (10_000, 3, 400, "deep: many levels, edges of all lengths"),
    (10_000, 3, 2_500, "wide: few levels"),
    (10_000, 3, 10_000, "edges to anywhere"),
];
const REPEATS: usize = 9;

fn main() {
    for (nodes, fan_in, reach, what) in SHAPES {
        let graph = graph(nodes, fan_in, reach);
        let mut layout = GraphLayout::default();
        let mut times: Vec<Duration> = (0..REPEATS)
            .map(|_| {
                let start = now();
                layout = GraphLayout::of(&graph, Spacing::default());
                now() - start
            })
            .collect();
        times.sort();
        let routed = layout.edges.iter().filter(|edge| edge.points.len() > 2).count();
        println!(
            "{nodes:>6} nodes {:>6} edges {:>4} levels {routed:>6} edges with bends  median {:>6.2} ms  best {:>6.2} ms  {what}",
            graph.edges.len(),
            graph.levels.len(),
            times[REPEATS / 2].as_secs_f64() * 1e3,
            times[0].as_secs_f64() * 1e3,
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch; the crate itself reads no clock")]
fn now() -> Instant {
    Instant::now()
}

/// Each node depends on `fan_in` of the `reach` before it, picked by a fixed sequence.
fn graph(nodes: u32, fan_in: u32, reach: u32) -> GraphPayload {
    let mut seed = 1_u32;
    let mut below = move |bound: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % bound
    };
    let units = (0..nodes).map(|node| {
        let depends_on =
            (0..fan_in.min(node)).map(|_| (node - 1 - below(reach.min(node))).to_string()).collect();
        (node.to_string(), depends_on)
    });
    // Units depend on earlier ones only, so there is no cycle.
    GraphPayload::build(units.collect::<Vec<_>>()).unwrap_or_default()
}
