//! The graph as columns: nodes by level, and bends where long edges pass through a column.

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
    /// Each node's chain of bends, one a column from the next one on; empty when it has none.
    chains: Vec<Range<u32>>,
    /// The vertices of all columns, column by column, from the top down.
    pub(super) order: Vec<u32>,
    /// Where each column begins in `order`, and the end of the last.
    pub(super) starts: Vec<usize>,
    /// Neighbours in the column to the left.
    pub(super) left: Links,
    /// Neighbours in the column to the right.
    pub(super) right: Links,
}

/// A graph in which everything depends on everything would need bends by the square of its nodes.
/// Chains are made from the shortest on until there are this many bends a node; edges of the rest are
/// drawn straight.
const BENDS_PER_NODE: usize = 2;
/// Small graphs get as many as this in any case.
const BENDS: usize = 4096;

impl Columns {
    /// `levels` has one entry a node, `edges` join them by number; of an edge only its ends' levels
    /// decide the direction.
    pub(super) fn new(levels: &[u32], edges: &[(u32, u32)]) -> Self {
        // Levels may be any numbers, with holes; columns are the ones in use.
        let mut used: Vec<u64> = levels.iter().map(|level| u64::from(*level)).collect();
        used.sort_unstable();
        used.dedup();
        let column_of = |level: &u32| number(used.partition_point(|other| *other < u64::from(*level)));
        let mut column: Vec<u32> = levels.iter().map(column_of).collect();
        let rising: Vec<(u32, u32)> = edges
            .iter()
            .map(|&(a, b)| if column[a as usize] <= column[b as usize] { (a, b) } else { (b, a) })
            .filter(|&(a, b)| column[a as usize] < column[b as usize])
            .collect();
        let chains = chains(&mut column, &rising);
        let (order, starts) = group(&column, used.len());
        let mut columns = Columns {
            nodes: number(levels.len()),
            left: Links::default(),
            right: Links::default(),
            column,
            chains,
            order,
            starts,
        };
        let links = columns.links(&rising);
        columns.right = Links::new(columns.column.len(), links.iter().copied());
        columns.left = Links::new(columns.column.len(), links.iter().map(|&(a, b)| (b, a)));
        columns
    }

    /// How many vertices are nodes.
    pub(super) fn nodes(&self) -> u32 {
        self.nodes
    }

    pub(super) fn is_bend(&self, vertex: u32) -> bool {
        vertex >= self.nodes
    }

    pub(super) fn column_of(&self, vertex: u32) -> u32 {
        self.column[vertex as usize]
    }

    /// The bends of a rising edge, from left to right.
    pub(super) fn bends(&self, from: u32, to: u32) -> Range<u32> {
        let chain = &self.chains[from as usize];
        let passed = (self.column_of(to) - self.column_of(from)).saturating_sub(1);
        chain.start..(chain.start + passed).min(chain.end)
    }

    /// Where each column lies in `order`.
    pub(super) fn ranges(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + use<> {
        let starts = self.starts.clone();
        (1..starts.len()).map(move |next| starts[next - 1]..starts[next])
    }

    fn links(&self, rising: &[(u32, u32)]) -> Vec<(u32, u32)> {
        let mut links = Vec::with_capacity(rising.len() + self.column.len());
        for (node, chain) in (0..).zip(&self.chains) {
            let mut at = node;
            for bend in chain.clone() {
                links.push((at, bend));
                at = bend;
            }
        }
        for &(from, to) in rising {
            let bends = self.bends(from, to);
            let last = bends.last().unwrap_or(from);
            // Without its bends a long edge takes no part in the ordering.
            if self.column_of(last) + 1 == self.column_of(to) {
                links.push((last, to));
            }
        }
        links
    }
}

/// Gives each node a chain as long as its longest edge needs, and each bend its column.
fn chains(column: &mut Vec<u32>, rising: &[(u32, u32)]) -> Vec<Range<u32>> {
    let nodes = column.len();
    let mut lengths = vec![0; nodes];
    for &(from, to) in rising {
        let passed = column[to as usize] - column[from as usize] - 1;
        lengths[from as usize] = passed.max(lengths[from as usize]);
    }
    // Length and node in one number: the sort is the one that the ordering uses.
    let mut shortest_first: Vec<u64> = (0_u64..)
        .zip(&lengths)
        .filter(|(_, length)| **length > 0)
        .map(|(node, length)| u64::from(*length) << 32 | node)
        .collect();
    shortest_first.sort_unstable();
    let mut chains = vec![0..0; nodes];
    let mut room = (nodes * BENDS_PER_NODE).max(BENDS);
    for key in shortest_first {
        let node = usize::try_from(key & u64::from(u32::MAX)).unwrap_or_default();
        let length = lengths[node];
        let Some(rest) = room.checked_sub(length as usize) else { break };
        room = rest;
        let start = number(column.len());
        let first = column[node] + 1;
        column.extend(first..first + length);
        chains[node] = start..start + length;
    }
    chains
}

/// Sorts vertices by column; within a column they keep their order.
fn group(column: &[u32], columns: usize) -> (Vec<u32>, Vec<usize>) {
    let mut starts = vec![0; columns + 1];
    for &c in column {
        starts[c as usize + 1] += 1;
    }
    for c in 1..starts.len() {
        starts[c] += starts[c - 1];
    }
    let mut next = starts.clone();
    let mut order = vec![0; column.len()];
    for (vertex, &c) in (0..).zip(column) {
        order[next[c as usize]] = vertex;
        next[c as usize] += 1;
    }
    (order, starts)
}

/// The neighbours of every vertex on one side, all in one array.
#[derive(Default)]
pub(super) struct Links {
    starts: Vec<usize>,
    targets: Vec<u32>,
}

impl Links {
    fn new(vertices: usize, links: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0; vertices + 1];
        for (from, _) in links.clone() {
            starts[from as usize + 1] += 1;
        }
        for vertex in 0..vertices {
            starts[vertex + 1] += starts[vertex];
        }
        let mut next = starts.clone();
        let mut targets = vec![0; starts[vertices]];
        for (from, to) in links {
            targets[next[from as usize]] = to;
            next[from as usize] += 1;
        }
        Links { starts, targets }
    }

    pub(super) fn of(&self, vertex: u32) -> &[u32] {
        &self.targets[self.starts[vertex as usize]..self.starts[vertex as usize + 1]]
    }
}

/// Vertices are counted in 32 bits: a graph that needs more does not fit in a line.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
