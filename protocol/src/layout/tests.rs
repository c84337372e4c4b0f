use std::collections::BTreeMap;

use super::*;
use crate::{EdgePayload, NodePayload};

const SPACING: Spacing = Spacing { node_width: 100, node_height: 40, column_gap: 50, row_gap: 10 };

fn draw<const N: usize>(units: [(&str, &[&str]); N]) -> GraphLayout {
    let units = units.map(|(id, depends_on)| (id, depends_on.to_vec()));
    GraphLayout::of(&GraphPayload::build(units).unwrap(), SPACING)
}

fn corner(layout: &GraphLayout, id: &str) -> (i32, i32) {
    let node = layout.nodes.iter().find(|node| node.id == id).unwrap();
    (node.x, node.y)
}

fn points(layout: &GraphLayout, from: &str, to: &str) -> Vec<(i32, i32)> {
    let edge = layout.edges.iter().find(|edge| edge.from == from && edge.to == to).unwrap();
    edge.points.iter().map(|point| (point.x, point.y)).collect()
}

/// A pseudo-random graph: each node depends on up to three of the `reach` before it.
fn random(nodes: u32, reach: u32, mut seed: u32) -> GraphPayload {
    let mut below = move |bound: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) % bound
    };
    let units = (0..nodes).map(|node| {
        let depends_on = (0..3.min(node)).map(|_| (node - 1 - below(reach.min(node))).to_string()).collect();
        (node.to_string(), depends_on)
    });
    GraphPayload::build(units.collect::<Vec<_>>()).unwrap()
}

#[test]
fn nothing_is_drawn_of_an_empty_graph() {
    assert_eq!(
        GraphLayout::of(&GraphPayload::default(), SPACING),
        GraphLayout { node_width: 100, node_height: 40, ..GraphLayout::default() }
    );
}

#[test]
fn a_single_node_stands_in_the_corner() {
    let layout = draw([("a", &[])]);
    assert_eq!((layout.width, layout.height, corner(&layout, "a")), (100, 40, (0, 0)));
}

#[test]
fn a_chain_is_a_straight_line() {
    let layout = draw([("a", &[]), ("b", &["a"]), ("c", &["b"])]);
    assert_eq!(layout.nodes.iter().map(|n| (n.x, n.y)).collect::<Vec<_>>(), [(0, 0), (150, 0), (300, 0)]);
    assert_eq!(points(&layout, "a", "b"), [(100, 20), (150, 20)]);
    assert_eq!((layout.width, layout.height), (400, 40));
}

#[test]
fn a_fork_is_symmetric() {
    let layout = draw([("a", &[]), ("b", &["a"]), ("c", &["a"])]);
    assert_eq!(corner(&layout, "b"), (150, 0));
    assert_eq!(corner(&layout, "c"), (150, 50));
    assert_eq!(corner(&layout, "a"), (0, 25));
}

#[test]
fn two_crossing_edges_are_uncrossed() {
    let layout = draw([("a", &[]), ("b", &[]), ("x", &["b"]), ("y", &["a"])]);
    let above = |one: &str, other: &str| corner(&layout, one).1 < corner(&layout, other).1;
    assert_eq!(above("a", "b"), above("y", "x"));
}

#[test]
fn a_long_edge_runs_past_the_boxes_in_between() {
    let layout = draw([("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &["a", "c"])]);
    let way = points(&layout, "a", "d");
    assert_eq!(way.len(), 6, "two points in each of the two columns between");
    for id in ["b", "c"] {
        let (x, y) = corner(&layout, id);
        for &(px, py) in &way {
            let inside = (x..=x + 100).contains(&px) && (y..=y + 40).contains(&py);
            assert!(!inside, "the edge a-d goes through {id} at {px},{py}");
        }
    }
}

#[test]
fn boxes_never_overlap_and_every_edge_rises() {
    for seed in 0..20 {
        let graph = random(200, 60, seed);
        let layout = GraphLayout::of(&graph, SPACING);
        let mut columns: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
        for node in &layout.nodes {
            columns.entry(node.x).or_default().push(node.y);
            assert!(node.x + 100 <= layout.width && node.y + 40 <= layout.height && node.y >= 0);
        }
        for mut column in columns.into_values() {
            column.sort_unstable();
            assert!(column.windows(2).all(|pair| pair[1] - pair[0] >= 49), "{column:?}");
        }
        assert_eq!(layout.edges.len(), graph.edges.len());
        for edge in &layout.edges {
            assert!(edge.points.windows(2).all(|pair| pair[0].x <= pair[1].x), "{edge:?}");
        }
    }
}

#[test]
fn the_same_graph_gives_the_same_drawing() {
    let graph = random(500, 100, 7);
    assert_eq!(GraphLayout::of(&graph, SPACING), GraphLayout::of(&graph, SPACING));
}

#[test]
fn a_hostile_graph_is_drawn_all_the_same() {
    let node = |id: &str, level| NodePayload { id: id.into(), level, ..NodePayload::default() };
    let edge = |from: &str, to: &str| EdgePayload { from: from.into(), to: to.into() };
    let graph = GraphPayload {
        nodes: vec![node("a", Some(u32::MAX)), node("a", Some(3)), node("b", None), node("c", Some(7))],
        edges: vec![
            edge("a", "b"),
            edge("a", "a"),
            edge("ghost", "a"),
            edge("b", "c"),
            edge("b", "c"),
            edge("b", "a"),
        ],
        levels: vec![vec!["ghost".into()]],
    };
    let layout = GraphLayout::of(&graph, SPACING);
    assert_eq!(layout.nodes.len(), 3);
    assert_eq!(layout.edges.len(), 5, "all but the ghost's");
    assert_eq!(layout.width, 400, "columns are the levels in use, not all below the highest");
    let falling = points(&layout, "a", "b");
    assert!(falling.first().unwrap().0 > falling.last().unwrap().0, "drawn backwards");
}

#[test]
fn a_dense_graph_stays_within_the_bound_on_bends() {
    let ids: Vec<String> = (0..400).map(|n| n.to_string()).collect();
    let units = ids.iter().enumerate().map(|(n, id)| (id.clone(), ids[..n].to_vec()));
    let graph = GraphPayload::build(units.collect::<Vec<_>>()).unwrap();
    let layout = GraphLayout::of(&graph, SPACING);
    assert_eq!(layout.edges.len(), 400 * 399 / 2);
    assert!(points(&layout, "0", "399").len() == 2, "the longest edges are straight");
    assert!(points(&layout, "390", "399").len() == 18, "the shorter ones have their bends");
}
