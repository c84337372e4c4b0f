//! What another tool's clients watch: a view of everything, told anew as a whole whenever it has changed.

mod view;

use choo_protocol::{Class, RunId, kind};

use crate::core::{Body, Record};

/// One of those views.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// Runs that go on.
    Workflows,
    /// Runs that do not.
    History,
    /// A run's state.
    State(RunId),
    /// Units that are worked on.
    Monitor,
    /// Units that have not begun.
    Queue,
    /// The hub's health.
    System,
    /// Who sends events.
    Producers,
    /// The addresses of the API.
    Routes,
}

impl Topic {
    /// The topic of this name, as it stands in an address.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "workflows" => Topic::Workflows,
            "workflow-history" => Topic::History,
            "adw-monitor" => Topic::Monitor,
            "queue" => Topic::Queue,
            "system-status" => Topic::System,
            "webhook-status" => Topic::Producers,
            "routes" => Topic::Routes,
            _ => Topic::State(name.strip_prefix("adw-state/")?.parse().ok()?),
        })
    }

    /// The type of its messages (S2-22).
    pub(crate) fn message_type(&self) -> &'static str {
        match self {
            Topic::Workflows => "workflows_update",
            Topic::History => "workflow_history_update",
            Topic::State(_) => "adw_state_update",
            Topic::Monitor => "adw_monitor_update",
            Topic::Queue => "queue_update",
            Topic::System => "system_status_update",
            Topic::Producers => "webhook_status_update",
            Topic::Routes => "routes_update",
        }
    }

    /// Whether it may be another one behind a record. If in doubt it is looked at, and told if it is.
    pub(crate) fn concerns(&self, record: &Record) -> bool {
        let line = match &record.body {
            Body::Line { kind, .. } => Some(&**kind),
            Body::State(_) => None,
        };
        let changes_state = line.is_none_or(|kind| Class::of(kind) == Class::Lifecycle);
        match self {
            // Of what is bulk, the files that differ are in it.
            Topic::State(run) => {
                record.run.as_ref() == Some(run) && line.is_none_or(|kind| !kind.starts_with("log."))
            }
            Topic::Workflows | Topic::History | Topic::Monitor | Topic::Queue => changes_state,
            Topic::System | Topic::Producers => line.is_none_or(|kind| kind == kind::HUB_ERROR),
            Topic::Routes => false,
        }
    }

    /// Whether it changes without a record: when somebody comes or goes, or the disk does what it likes.
    pub(crate) fn is_of_the_hub(&self) -> bool {
        matches!(self, Topic::System | Topic::Producers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s2_11_s2_22_each_topic_has_its_name_and_its_type() {
        for (name, message_type) in [
            ("workflows", "workflows_update"),
            ("routes", "routes_update"),
            ("workflow-history", "workflow_history_update"),
            ("adw-state/01JH", "adw_state_update"),
            ("adw-monitor", "adw_monitor_update"),
            ("queue", "queue_update"),
            ("system-status", "system_status_update"),
            ("webhook-status", "webhook_status_update"),
        ] {
            assert_eq!(Topic::parse(name).unwrap().message_type(), message_type);
        }
        for bad in ["", "adw-state", "adw-state/", "adw-state/a b", "queue/", "Queue"] {
            assert_eq!(Topic::parse(bad), None, "{bad}");
        }
    }
}
