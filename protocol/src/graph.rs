//! The dependency graph on the wire.

use std::collections::HashMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::UnitStatus;
use crate::lenient::null_as_default;
use crate::names::Names;
use crate::reader::readable;

/// A run's whole dependency graph: units, the edges between them, and the units by level.
///
/// ```
/// use choo_protocol::GraphPayload;
/// let graph = GraphPayload::build([("setup", vec![]), ("app", vec!["setup"])])?;
/// assert_eq!(graph.levels, [["setup"], ["app"]]);
/// assert_eq!((graph.edges[0].from.as_str(), graph.edges[0].to.as_str()), ("setup", "app"));
/// # Ok::<(), choo_protocol::GraphError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GraphPayload {
    /// The units, each id once.
    #[serde(deserialize_with = "null_as_default")]
    pub nodes: Vec<NodePayload>,
    /// The dependencies.
    #[serde(deserialize_with = "null_as_default")]
    pub edges: Vec<EdgePayload>,
    /// The ids by level: level 0 depends on nothing, every other unit stands one level above the
    /// highest of its dependencies.
    #[serde(deserialize_with = "null_as_default")]
    pub levels: Vec<Vec<String>>,
}

/// A unit in the graph.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct NodePayload {
    /// The unit's id.
    pub id: String,
    /// Its level from 0; the original tool's separate graph event leaves it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<u32>,
    /// A name for people, where it differs from the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its status when the graph was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<UnitStatus>,
    /// How many tasks it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks: Option<u32>,
    /// How many of them are complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_tasks: Option<u32>,
    /// What it depends on.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

/// A dependency.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct EdgePayload {
    /// The dependency.
    pub from: String,
    /// The dependant.
    pub to: String,
}

/// A list of units that is no graph; the plan's author is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GraphError {
    /// Two units have the same id.
    Duplicate {
        /// The id.
        id: String,
    },
    /// A unit depends on one that does not exist.
    Unknown {
        /// The unit.
        unit: String,
        /// What it names.
        dependency: String,
    },
    /// Units depend on each other in a circle.
    Cycle {
        /// The circle: each depends on the next, the last on the first.
        ids: Vec<String>,
    },
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GraphError::Duplicate { id } => write!(f, "two units have the id {id:?}"),
            GraphError::Unknown { unit, dependency } => {
                write!(f, "unit {unit:?} depends on {dependency:?}, which does not exist")
            }
            GraphError::Cycle { ids } => {
                write!(f, "units depend on each other in a circle: ")?;
                for id in ids {
                    write!(f, "{id} -> ")?;
                }
                f.write_str(ids.first().map_or("", String::as_str))
            }
        }
    }
}

impl std::error::Error for GraphError {}

impl GraphPayload {
    /// Builds the graph of units given as (id, what it depends on), keeping their order. A dependency
    /// named twice counts once.
    pub fn build<I, D>(units: I) -> Result<Self, GraphError>
    where
        I: IntoIterator<Item = (D, Vec<D>)>,
        D: Into<String>,
    {
        let mut nodes = Vec::new();
        for (id, depends_on) in units {
            let mut unique: Vec<String> = Vec::with_capacity(depends_on.len());
            for dependency in depends_on {
                let dependency = dependency.into();
                if !unique.contains(&dependency) {
                    unique.push(dependency);
                }
            }
            nodes.push(NodePayload { id: id.into(), depends_on: unique, ..NodePayload::default() });
        }
        let mut index = HashMap::with_capacity(nodes.len());
        for (i, node) in nodes.iter().enumerate() {
            if index.insert(node.id.as_str(), i).is_some() {
                return Err(GraphError::Duplicate { id: node.id.clone() });
            }
        }
        let mut dependencies = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let of = |dependency: &String| {
                index.get(dependency.as_str()).copied().ok_or_else(|| GraphError::Unknown {
                    unit: node.id.clone(),
                    dependency: dependency.clone(),
                })
            };
            dependencies.push(node.depends_on.iter().map(of).collect::<Result<Vec<_>, _>>()?);
        }
        let (levels, left) = longest_paths(&dependencies);
        if let Some(start) = left.first() {
            let ids = circle(*start, &dependencies, &left);
            return Err(GraphError::Cycle { ids: ids.into_iter().map(|i| nodes[i].id.clone()).collect() });
        }
        for (node, level) in nodes.iter_mut().zip(&levels) {
            node.level = Some(*level);
        }
        Ok(GraphPayload::from_nodes(nodes))
    }

    /// Edges and levels that follow from the nodes' `depends_on` and `level`. A graph has no more levels
    /// than nodes; a state that came over the wire may say otherwise, and is not believed.
    pub(crate) fn from_nodes(mut nodes: Vec<NodePayload>) -> Self {
        let highest = u32::try_from(nodes.len().saturating_sub(1)).unwrap_or(u32::MAX);
        for node in &mut nodes {
            node.level = node.level.map(|level| level.min(highest));
        }
        let mut levels: Vec<Vec<String>> = Vec::new();
        let mut edges = Vec::new();
        for node in &nodes {
            let level = node.level.unwrap_or(0) as usize;
            if levels.len() <= level {
                levels.resize(level + 1, Vec::new());
            }
            levels[level].push(node.id.clone());
            let edge = |from: &String| EdgePayload { from: from.clone(), to: node.id.clone() };
            edges.extend(node.depends_on.iter().map(edge));
        }
        GraphPayload { nodes, edges, levels }
    }

    /// The same graph with what a producer may leave out or turn round made good: each id once, edges
    /// from the dependency to the dependant and between known units, `depends_on` and levels filled
    /// in. Whatever came over the wire, the result is consistent.
    #[must_use]
    pub fn normalised(self) -> Self {
        let mut nodes = self.nodes;
        let mut index = Names::default();
        // A second node of the same id says nothing new.
        nodes.retain(|node| index.add(&node.id).1);
        let mut known: Vec<Option<u32>> = nodes.iter().map(|node| node.level).collect();
        for (level, ids) in self.levels.iter().enumerate() {
            for id in ids {
                if let Some(i) = index.find(id) {
                    known[i] = u32::try_from(level).ok();
                }
            }
        }
        let pairs: Vec<(usize, usize)> = self
            .edges
            .iter()
            .filter_map(|edge| Some((index.find(&edge.from)?, index.find(&edge.to)?)))
            .filter(|(from, to)| from != to)
            .collect();
        let reversed = runs_backwards(&pairs, &known, &nodes, &index);
        let mut dependencies: Vec<Vec<usize>> = nodes
            .iter()
            .enumerate()
            .map(|(i, node)| {
                node.depends_on.iter().filter_map(|d| index.find(d)).filter(|d| *d != i).collect()
            })
            .collect();
        for (from, to) in pairs {
            let (from, to) = if reversed { (to, from) } else { (from, to) };
            dependencies[to].push(from);
        }
        // By dependency, the last unit that was seen to name it.
        let mut named_by = vec![usize::MAX; nodes.len()];
        for (i, list) in dependencies.iter_mut().enumerate() {
            list.retain(|d| std::mem::replace(&mut named_by[*d], i) != i);
        }
        let bound = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
        let levels = if known.iter().all(|level| level.is_some_and(|level| level < bound)) {
            known.into_iter().flatten().collect()
        } else {
            longest_paths(&dependencies).0
        };
        let ids: Vec<String> = nodes.iter().map(|node| node.id.clone()).collect();
        for ((node, level), of) in nodes.iter_mut().zip(levels).zip(&dependencies) {
            node.level = Some(level);
            node.depends_on = of.iter().map(|d| ids[*d].clone()).collect();
        }
        GraphPayload::from_nodes(nodes)
    }
}

/// Whether the edges point from the dependant to the dependency, as the original orchestrator wrote
/// them (C-07): most of them fall through the levels, or contradict `depends_on`.
fn runs_backwards(
    pairs: &[(usize, usize)],
    levels: &[Option<u32>],
    nodes: &[NodePayload],
    index: &Names,
) -> bool {
    let (mut rising, mut falling) = (0, 0);
    for &(from, to) in pairs {
        match (levels[from], levels[to]) {
            (Some(a), Some(b)) if a < b => rising += 1,
            (Some(a), Some(b)) if a > b => falling += 1,
            _ => {
                let depends =
                    |i: usize, on: usize| nodes[i].depends_on.iter().any(|d| index.find(d) == Some(on));
                rising += usize::from(depends(to, from));
                falling += usize::from(depends(from, to));
            }
        }
    }
    falling > rising
}

/// Each unit's level by the longest path to it (Kahn's algorithm), and the units that lie on or behind
/// a circle, which get the level that was reached for them.
fn longest_paths(dependencies: &[Vec<usize>]) -> (Vec<u32>, Vec<usize>) {
    let mut dependants = vec![Vec::new(); dependencies.len()];
    let mut open: Vec<usize> = dependencies.iter().map(Vec::len).collect();
    for (unit, of) in dependencies.iter().enumerate() {
        for d in of {
            dependants[*d].push(unit);
        }
    }
    let mut levels = vec![0; dependencies.len()];
    let mut ready: Vec<usize> = (0..open.len()).filter(|i| open[*i] == 0).collect();
    while let Some(unit) = ready.pop() {
        for &next in &dependants[unit] {
            levels[next] = levels[next].max(levels[unit] + 1);
            open[next] -= 1;
            if open[next] == 0 {
                ready.push(next);
            }
        }
    }
    let left = (0..open.len()).filter(|i| open[*i] > 0).collect();
    (levels, left)
}

/// A circle among `left`, each unit of which depends on another of them: walk until one comes twice.
fn circle(start: usize, dependencies: &[Vec<usize>], left: &[usize]) -> Vec<usize> {
    let mut path = vec![start];
    loop {
        let last = path[path.len() - 1];
        let Some(next) = dependencies[last].iter().copied().find(|d| left.binary_search(d).is_ok()) else {
            return path;
        };
        if let Some(first) = path.iter().position(|unit| *unit == next) {
            return path.split_off(first);
        }
        path.push(next);
    }
}

readable!(GraphPayload { ; nodes, edges, levels });
readable!(NodePayload { ; id, level, label, status, tasks, completed_tasks, depends_on });
readable!(EdgePayload { from, to; });

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str) -> EdgePayload {
        EdgePayload { from: from.into(), to: to.into() }
    }

    #[test]
    fn s0_59_three_units_make_two_levels() {
        let units = [
            ("project-setup", vec![]),
            ("app-shell", vec!["project-setup"]),
            ("config", vec!["project-setup"]),
        ];
        let graph = GraphPayload::build(units).unwrap();
        assert_eq!(graph.nodes.len(), 3);
        assert_eq!(graph.edges, [edge("project-setup", "app-shell"), edge("project-setup", "config")]);
        assert_eq!(graph.levels, [vec!["project-setup"], vec!["app-shell", "config"]]);
        assert_eq!(graph.nodes[1].level, Some(1));
        assert_eq!(graph.clone().normalised(), graph);
    }

    #[test]
    fn s1_18_levels_are_longest_paths() {
        let graph =
            GraphPayload::build([("d", vec!["a", "c"]), ("c", vec!["b"]), ("b", vec!["a"]), ("a", vec![])]);
        assert_eq!(graph.unwrap().levels, [["a"], ["b"], ["c"], ["d"]]);
    }

    #[test]
    fn errors_name_the_ids() {
        let cycle =
            GraphPayload::build([("a", vec!["c"]), ("b", vec!["a"]), ("c", vec!["b"]), ("x", vec!["a"])]);
        let error = cycle.unwrap_err();
        assert_eq!(error.to_string(), "units depend on each other in a circle: a -> c -> b -> a");
        let own = GraphPayload::build([("a", vec!["a"])]).unwrap_err();
        assert_eq!(own, GraphError::Cycle { ids: vec!["a".into()] });
        let unknown = GraphPayload::build([("a", vec!["nope"])]).unwrap_err();
        assert_eq!(unknown.to_string(), "unit \"a\" depends on \"nope\", which does not exist");
        let twice = GraphPayload::build([("a", vec![]), ("a", vec![])]).unwrap_err();
        assert_eq!(twice, GraphError::Duplicate { id: "a".into() });
    }

    #[test]
    fn c_07_edges_written_the_other_way_are_turned() {
        let right = GraphPayload::build([("a", vec![]), ("b", vec!["a"]), ("c", vec!["b", "a"])]).unwrap();
        let mut wrong = right.clone();
        for node in &mut wrong.nodes {
            node.depends_on.clear();
        }
        for edge in &mut wrong.edges {
            std::mem::swap(&mut edge.from, &mut edge.to);
        }
        wrong.edges.reverse();
        let turned = wrong.normalised();
        assert_eq!(turned.levels, right.levels);
        assert_eq!(turned.nodes[2].depends_on, ["a", "b"]);
    }

    #[test]
    fn s1_b01_the_shipped_graph_event_has_no_levels() {
        let graph: GraphPayload = serde_json::from_str(
            r#"{"nodes":[{"id":"a","label":"A","status":"pending","tasks":3,"depends_on":null},
                {"id":"b","depends_on":["a"]}],"edges":[{"from":"b","to":"a"}],"levels":null}"#,
        )
        .unwrap();
        let graph = graph.normalised();
        assert_eq!(graph.levels, [["a"], ["b"]]);
        assert_eq!(graph.edges, [edge("a", "b")]);
    }

    #[test]
    fn a_hostile_graph_is_made_consistent() {
        let graph: GraphPayload = serde_json::from_str(
            r#"{"nodes":[{"id":"a","level":4000000000},{"id":"a"},{"id":"b"}],
                "edges":[{"from":"a","to":"b"},{"from":"b","to":"a"},{"from":"a","to":"a"},{"from":"x","to":"a"}],
                "levels":[["ghost"]]}"#,
        )
        .unwrap();
        let graph = graph.normalised();
        assert_eq!(graph.nodes.len(), 2);
        assert_eq!(graph.edges.len(), 2);
        assert!(graph.levels.len() <= 2);
    }
}
