//! The graph of a run's units.

use super::RunMember;
use crate::{Change, GraphPayload, NodePayload, RunState, UnitState, UnitStatus};

impl RunState {
    /// Sets up the units; what is known of them already is kept.
    pub(super) fn set_graph(&mut self, graph: GraphPayload, change: &mut Change) {
        change.run.note(RunMember::Units, self.units.is_empty());
        let graph = graph.normalised();
        let listed = graph.nodes.len();
        for (order, node) in graph.nodes.into_iter().enumerate() {
            let unit = self.units.get_or_insert_with(&*node.id, UnitState::default);
            unit.order = u32::try_from(order).unwrap_or(u32::MAX);
            unit.level = node.level.unwrap_or(0);
            unit.label = node.label.or_else(|| unit.label.take());
            unit.total_tasks = node.tasks.or(unit.total_tasks);
            unit.completed_tasks = node.completed_tasks.unwrap_or(unit.completed_tasks);
            unit.depends_on = node.depends_on;
            if unit.status == UnitStatus::Pending {
                unit.status = node.status.unwrap_or_default();
            }
        }
        if self.units.len() > listed {
            // Units met before the graph and not part of it stay behind the listed ones.
            let ids: Vec<String> = self.unit_ids().into_iter().map(str::to_owned).collect();
            for (place, id) in (0..).zip(ids) {
                if let Some(unit) = self.units.get_mut(&id) {
                    unit.order = place;
                }
            }
        }
    }

    /// The ids of the units in the producer's order.
    pub fn unit_ids(&self) -> Vec<&str> {
        let units: Vec<(&String, &UnitState)> = self.units.iter().collect();
        // Place and index in one number, so that the browser needs no sort but that of the layout.
        let mut order: Vec<u64> =
            (0_u64..).zip(&units).map(|(index, (_, unit))| u64::from(unit.order) << 32 | index).collect();
        order.sort_unstable();
        let index = |key: u64| usize::try_from(key & u64::from(u32::MAX)).ok();
        order.into_iter().filter_map(|key| Some(units.get(index(key)?)?.0.as_str())).collect()
    }

    /// The dependency graph with the units' current statuses.
    pub fn graph(&self) -> GraphPayload {
        let node = |id: &str| {
            let unit = &self.units[id];
            NodePayload {
                id: id.to_owned(),
                level: Some(unit.level),
                label: unit.label.clone(),
                status: Some(unit.status),
                tasks: unit.total_tasks,
                completed_tasks: Some(unit.completed_tasks).filter(|n| *n > 0),
                depends_on: unit.depends_on.clone(),
            }
        };
        GraphPayload::from_nodes(self.unit_ids().into_iter().map(node).collect())
    }
}
