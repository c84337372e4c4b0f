//! Heights: each column is moved as close to its neighbours as its order and the gaps allow.

use std::ops::Range;

use super::Spacing;
use super::columns::{Columns, Links};

/// Passes over the columns, to the right and back in turn. The last one goes to the right, so that
/// units stand level with what they depend on.
const PASSES: usize = 5;
/// A bend counts as much as this many nodes: long edges are straight first.
const BEND_WEIGHT: f64 = 4.0;
/// A vertex without neighbours on that side gives way to all others.
const IDLE_WEIGHT: f64 = 0.05;

/// The vertical middle of every vertex; the topmost box begins at 0.
pub(super) fn middles(columns: &Columns, spacing: Spacing) -> Vec<i32> {
    let mut stack = Stack::new(columns, spacing);
    for pass in 0..PASSES {
        if pass % 2 == 0 {
            columns.ranges().skip(1).for_each(|column| stack.pull(column, &columns.left));
        } else {
            columns.ranges().rev().skip(1).for_each(|column| stack.pull(column, &columns.right));
        }
    }
    stack.finish()
}

struct Stack<'a> {
    columns: &'a Columns,
    spacing: Spacing,
    /// Middle of each vertex.
    middle: Vec<f64>,
    /// Distance of each vertex from the first of its column when all stand as close as they may.
    offset: Vec<f64>,
    /// Scratch: runs of vertices that touch.
    blocks: Vec<Block>,
}

/// Neighbours in a column that have been pushed together.
struct Block {
    len: usize,
    weight: f64,
    /// Where its first vertex would stand if its offset were 0.
    at: f64,
}

impl<'a> Stack<'a> {
    fn new(columns: &'a Columns, spacing: Spacing) -> Self {
        let vertices = columns.order.len();
        let (middle, offset) = (vec![0.0; vertices], vec![0.0; vertices]);
        let mut stack = Stack { columns, spacing, middle, offset, blocks: Vec::new() };
        for column in columns.ranges() {
            stack.close_up(column);
        }
        stack
    }

    /// Stacks a column without holes, centred on 0.
    fn close_up(&mut self, column: Range<usize>) {
        let mut bottom = 0.0;
        let mut before = 0.0;
        for &vertex in &self.columns.order[column.clone()] {
            let half = self.half(vertex);
            bottom += before + half;
            before = half;
            self.offset[vertex as usize] = bottom;
        }
        let centre = f64::midpoint(bottom, before);
        for &vertex in &self.columns.order[column] {
            self.middle[vertex as usize] = self.offset[vertex as usize] - centre;
        }
    }

    /// Half of the room that a vertex takes, its share of the gap included.
    fn half(&self, vertex: u32) -> f64 {
        let gap = f64::from(self.spacing.row_gap);
        let height = if self.columns.is_bend(vertex) { 0.0 } else { f64::from(self.spacing.node_height) };
        f64::midpoint(height, gap)
    }

    /// Moves the vertices of a column as close as possible (least squares) to the mean of their
    /// neighbours on one side, in their order and without overlap. Less the offsets that is an
    /// isotonic regression, which pooling adjacent violators solves in linear time.
    fn pull(&mut self, column: Range<usize>, side: &Links) {
        let order = &self.columns.order[column];
        self.blocks.clear();
        for &vertex in order {
            let (wanted, weight) = self.wanted(vertex, side);
            let mut block = Block { len: 1, weight, at: wanted - self.offset[vertex as usize] };
            while let Some(above) = self.blocks.pop_if(|above| above.at > block.at) {
                let weight = above.weight + block.weight;
                block.at = (above.at * above.weight + block.at * block.weight) / weight;
                block.weight = weight;
                block.len += above.len;
            }
            self.blocks.push(block);
        }
        let mut rest = order;
        for block in &self.blocks {
            let (vertices, below) = rest.split_at(block.len);
            for &vertex in vertices {
                self.middle[vertex as usize] = block.at + self.offset[vertex as usize];
            }
            rest = below;
        }
    }

    fn wanted(&self, vertex: u32, side: &Links) -> (f64, f64) {
        let neighbours = side.of(vertex);
        if neighbours.is_empty() {
            return (self.middle[vertex as usize], IDLE_WEIGHT);
        }
        let sum: f64 = neighbours.iter().map(|&other| self.middle[other as usize]).sum();
        let weight = if self.columns.is_bend(vertex) { BEND_WEIGHT } else { 1.0 };
        (sum / neighbours.len() as f64, weight)
    }

    #[expect(clippy::cast_possible_truncation, reason = "a saturating cast is what a drawing needs")]
    fn finish(self) -> Vec<i32> {
        let half_box = f64::from(self.spacing.node_height) / 2.0;
        let top = (0..)
            .zip(&self.middle)
            .map(|(vertex, middle)| if self.columns.is_bend(vertex) { *middle } else { middle - half_box });
        let top = top.fold(f64::INFINITY, f64::min);
        self.middle.iter().map(|middle| (middle - top).round() as i32).collect()
    }
}
