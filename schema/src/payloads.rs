//! Which event type has which payload.

use choo_protocol::{
    GraphPayload, HubBye, HubCursor, HubEnd, HubError, HubGap, HubHello, HubSnapshot, LinkBye, LinkLost,
    LogPayload, OrchSnapshot, OrchStarted, PrPayload, TaskPayload, TaskProgress, TaskRecord, UnitStarted,
    kind,
};
use schemars::{JsonSchema, Schema, SchemaGenerator};

/// Event types with a payload of their own, and the name of its definition.
pub fn payload_types() -> Vec<(&'static str, &'static str)> {
    let mut generator = SchemaGenerator::default();
    table(&mut generator).into_iter().map(|(kind, name, _)| (kind, name)).collect()
}

/// The same with the schema, which refers to definitions in the generator.
pub(crate) fn table(generator: &mut SchemaGenerator) -> Vec<(&'static str, &'static str, Schema)> {
    let mut rows = Vec::new();
    let mut add = |kinds: &[&'static str], (name, schema): (&'static str, Schema)| {
        rows.extend(kinds.iter().map(|kind| (*kind, name, schema.clone())));
    };
    macro_rules! of {
        ($type:ident) => {
            (stringify!($type), schema_of::<$type>(generator))
        };
    }
    add(&[kind::ORCH_STARTED, kind::ORCH_DRYRUN_STARTED], of!(OrchStarted));
    add(&[kind::ORCH_SNAPSHOT], of!(OrchSnapshot));
    add(&[kind::GRAPH], of!(GraphPayload));
    add(&[kind::UNIT_STARTED], of!(UnitStarted));
    add(TASK_KINDS, of!(TaskPayload));
    add(&[kind::TASK_PROGRESS], of!(TaskProgress));
    add(&[kind::TASK_CREATED, kind::TASK_UPDATED, kind::TASK_DELETED], of!(TaskRecord));
    add(PR_KINDS, of!(PrPayload));
    add(&[kind::LOG_STDOUT, kind::LOG_STDERR, kind::LOG_SYSTEM, kind::LOG_ERROR], of!(LogPayload));
    add(&[kind::LINK_LOST], of!(LinkLost));
    add(&[kind::LINK_BYE], of!(LinkBye));
    add(&[kind::HUB_HELLO], of!(HubHello));
    add(&[kind::HUB_SNAPSHOT], of!(HubSnapshot));
    add(&[kind::HUB_GAP], of!(HubGap));
    add(&[kind::HUB_CURSOR], of!(HubCursor));
    add(&[kind::HUB_END], of!(HubEnd));
    add(&[kind::HUB_ERROR], of!(HubError));
    add(&[kind::HUB_BYE], of!(HubBye));
    rows
}

const TASK_KINDS: &[&str] = &[
    kind::TASK_STARTED,
    kind::TASK_BACKPRESSURE,
    kind::TASK_VALIDATION_OK,
    kind::TASK_VALIDATION_FAIL,
    kind::TASK_COMPLETED,
    kind::TASK_RETRY,
    kind::TASK_FAILED,
];

const PR_KINDS: &[&str] = &[
    kind::PR_CREATED,
    kind::PR_REVIEW_PENDING,
    kind::PR_REVIEW_IN_PROGRESS,
    kind::PR_REVIEW_APPROVED,
    kind::PR_FEEDBACK_RECEIVED,
    kind::PR_FEEDBACK_ADDRESSED,
    kind::PR_MERGE_QUEUED,
    kind::PR_CONFLICT,
    kind::PR_MERGED,
    kind::PR_FAILED,
];

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}
