//! The graph as columns: nodes by level, and bends where long edges pass through a column.

use std::collections::BTreeSet;
use std::ops::Range;

/// A graph in which every link joins neighbouring columns.
///
/// A *vertex* is a node (numbers below [`Columns::nodes`], as given) or a bend (numbers from there
/// on). All long edges that leave one node share its chain of bends, which keeps their number near
/// that of the nodes and draws a fan as one line that branches.
pub(super) struct Columns {
    nodes: u32,
    /// Column of each vertex.
    column: Vec<u32>,
    /// First bend of each node's chain; equal to the next node's when it has none.
    chains: Vec<Range<u32>>,
    /// Vertices of all columns in order, column by column.
    pub(super) order: Vec<u32>,
    /// Where each column begins in `order`, and the end.
    pub(super) starts: Vec<usize>,
    /// To the right neighbours' columns.
    pub(super) right: Links,
    /// To the left ones.
    pub(super) left: Links,
}

/// Neighbours of every vertex on one side, in one array.
pub(super) struct Links {
    starts: Vec<u32>,
    targets: Vec<u32>,
}

/// Bends beyond this many per node (and this many in any case) are not made; the longest edges are
/// then drawn straight. It bounds the time for a graph in which everything depends on everything.
const BENDS_PER_NODE: usize = 3;
const BENDS: usize = 4096;

impl Columns {
    pub(super) fn new(levels: &[u32], edges: &[(u32, u32)]) -> Self {
        // Levels may be any numbers; columns are the ones in use.
        let used: Vec<u32> = levels.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut column: Vec<u32> =
            levels.iter().map(|level| number(used.partition_point(|other| other < level))).collect();
        let nodes = number(levels.len());
        let rising: Vec<(u32, u32)> = edges
            .iter()
            .map(|&(a, b)| if column[a as usize] <= column[b as usize] { (a, b) } else { (b, a) })
            .filter(|&(a, b)| column[a as usize] < column[b as usize])
            .collect();
        let chains = chains(&mut column, &rising);

        let mut links = Vec::with_capacity(rising.len() + column.len());
        for (node, chain) in chains.iter().enumerate() {
            let mut at = number(node);
            for bend in chain.clone() {
                links.push((at, bend));
                at = bend;
            }
        }
        for &(a, b) in &rising {
            let (from, to) = (column[a as usize], column[b as usize]);
            match chains[a as usize].clone().nth((to - from) as usize - 1) {
                _ if to == from + 1 => links.push((a, b)),
                Some(_) | None if chains[a as usize].is_empty() => {}
                _ => links.push((chains[a as usize].start + (to - from - 2), b)),
            }
        }
        let (order, starts) = group(&column, used.len());
        Columns {
            nodes,
            right: Links::new(column.len(), links.iter().copied()),
            left: Links::new(column.len(), links.iter().map(|&(a, b)| (b, a))),
            column,
            chains,
            order,
            starts,
        }
    }
}
