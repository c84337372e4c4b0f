//! A layered drawing of the graph: levels become columns from left to right.
//!
//! The levels are given, so there is no cycle to break and no ranking to do. What is left of the
//! classic method is here: long edges get a chain of bends so that they run between boxes instead of
//! through them, barycentre sweeps order each column so that few edges cross, and every column is
//! then moved as close to its neighbours as the order allows. The same input gives the same drawing,
//! natively and in the browser.

mod columns;
mod order;
mod place;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::GraphPayload;
use crate::names::Names;
use columns::Columns;

/// Sizes of a drawing, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spacing {
    /// Width of a node's box. Default 200.
    pub node_width: u16,
    /// Height of a node's box. Default 56.
    pub node_height: u16,
    /// Room between two columns, for the edges. Default 80.
    pub column_gap: u16,
    /// Room between two boxes of a column. Default 20.
    pub row_gap: u16,
}

impl Default for Spacing {
    fn default() -> Self {
        Spacing { node_width: 200, node_height: 56, column_gap: 80, row_gap: 20 }
    }
}

/// A graph with coordinates, in CSS pixels from the top left corner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GraphLayout {
    /// Width of the whole drawing.
    pub width: i32,
    /// Height of the whole drawing.
    pub height: i32,
    /// Width of every node's box.
    pub node_width: i32,
    /// Height of every node's box.
    pub node_height: i32,
    /// Every node, in the order of the graph.
    pub nodes: Vec<PlacedNode>,
    /// Every edge whose two ends are known, in the order of the graph.
    pub edges: Vec<RoutedEdge>,
}

/// Where a node's box is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlacedNode {
    /// The unit.
    pub id: String,
    /// Its level in the graph, from 0.
    pub level: u32,
    /// Left edge of the box.
    pub x: i32,
    /// Top edge of the box.
    pub y: i32,
}

/// The way of an edge: from the middle of one box's side to the middle of another's, through bends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoutedEdge {
    /// The dependency.
    pub from: String,
    /// The unit that waits for it.
    pub to: String,
    /// At least two points.
    pub points: Vec<Point>,
}

/// A point of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

impl GraphLayout {
    /// Draws a graph by its nodes' levels. Of nodes with the same id the first counts; an edge to an
    /// unknown node is left out, and one that does not rise through the levels does no harm.
    ///
    /// ```
    /// use choo_protocol::{GraphLayout, GraphPayload, Spacing};
    /// let graph = GraphPayload::build([("setup", vec![]), ("app", vec!["setup"])])?;
    /// let layout = GraphLayout::of(&graph, Spacing::default());
    /// assert_eq!((layout.nodes[0].x, layout.nodes[1].x), (0, 280));
    /// # Ok::<(), choo_protocol::GraphError>(())
    /// ```
    pub fn of(graph: &GraphPayload, spacing: Spacing) -> Self {
        let mut names = Names::default();
        let mut levels = Vec::with_capacity(graph.nodes.len());
        for node in &graph.nodes {
            if let (_, true) = names.add(&node.id) {
                levels.push(node.level.unwrap_or(0));
            }
        }
        let known = |id: &str| names.find(id).and_then(|number| u32::try_from(number).ok());
        let edges: Vec<(u32, u32)> =
            graph.edges.iter().filter_map(|edge| Some((known(&edge.from)?, known(&edge.to)?))).collect();
        let drawing = Drawing::of(&levels, &edges, spacing);
        let name = |node: u32| names.name(node as usize).to_owned();
        GraphLayout {
            width: drawing.width,
            height: drawing.height,
            node_width: spacing.node_width.into(),
            node_height: spacing.node_height.into(),
            nodes: ((0..).zip(&levels).zip(&drawing.corners))
                .map(|((node, level), corner)| PlacedNode {
                    id: name(node),
                    level: *level,
                    x: corner.x,
                    y: corner.y,
                })
                .collect(),
            edges: (edges.iter().zip(drawing.routes))
                .map(|(&(from, to), points)| RoutedEdge { from: name(from), to: name(to), points })
                .collect(),
        }
    }
}

/// A drawing of nodes that are known by their number only.
pub(crate) struct Drawing {
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// Top left corner of each node's box.
    pub(crate) corners: Vec<Point>,
    /// Points of each edge.
    pub(crate) routes: Vec<Vec<Point>>,
}

impl Drawing {
    /// `levels` has one entry a node; `edges` hold numbers of nodes, all of them below
    /// `levels.len()`.
    pub(crate) fn of(levels: &[u32], edges: &[(u32, u32)], spacing: Spacing) -> Drawing {
        let mut columns = Columns::new(levels, edges);
        order::reduce_crossings(&mut columns);
        let middles = place::middles(&columns, spacing);
        Pen { columns: &columns, middles: &middles, spacing }.draw(edges)
    }
}

/// Turns columns and heights into points.
struct Pen<'a> {
    columns: &'a Columns,
    /// Vertical middle of every vertex.
    middles: &'a [i32],
    spacing: Spacing,
}

impl Pen<'_> {
    fn draw(&self, edges: &[(u32, u32)]) -> Drawing {
        let (box_width, box_height) =
            (i32::from(self.spacing.node_width), i32::from(self.spacing.node_height));
        let corners: Vec<Point> = (0..self.columns.nodes())
            .map(|node| Point { x: self.left(node), y: self.middles[node as usize] - box_height / 2 })
            .collect();
        Drawing {
            width: corners.iter().map(|corner| corner.x + box_width).max().unwrap_or(0),
            height: corners.iter().map(|corner| corner.y + box_height).max().unwrap_or(0),
            routes: edges.iter().map(|&edge| self.route(edge)).collect(),
            corners,
        }
    }

    fn route(&self, (from, to): (u32, u32)) -> Vec<Point> {
        // An edge against the direction takes the same way, walked backwards.
        if self.columns.column_of(from) > self.columns.column_of(to) {
            let mut points = self.route((to, from));
            points.reverse();
            return points;
        }
        let bends = self.columns.bends(from, to);
        let mut points = Vec::with_capacity(2 + 2 * bends.len());
        points.push(self.right_middle(from));
        for bend in bends {
            // Level through the whole column, so that the curve stays clear of the boxes in it.
            points.push(self.left_middle(bend));
            points.push(self.right_middle(bend));
        }
        points.push(self.left_middle(to));
        points
    }

    fn left(&self, vertex: u32) -> i32 {
        let step = i32::from(self.spacing.node_width) + i32::from(self.spacing.column_gap);
        i32::try_from(self.columns.column_of(vertex)).unwrap_or(i32::MAX).saturating_mul(step)
    }

    fn left_middle(&self, vertex: u32) -> Point {
        Point { x: self.left(vertex), y: self.middles[vertex as usize] }
    }

    fn right_middle(&self, vertex: u32) -> Point {
        let Point { x, y } = self.left_middle(vertex);
        Point { x: x.saturating_add(self.spacing.node_width.into()), y }
    }
}

#[cfg(test)]
mod tests;
