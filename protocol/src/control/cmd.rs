//! Commands to an orchestrator, and what became of them (SPEC §4).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient::null_as_default;
use crate::open::open_enum;
use crate::{RunState, TaskStatus, Timestamp};

/// The longest `cmd.request`, as a line without its newline, in bytes: commands are a few words, and some of
/// them may have to wait.
pub const MAX_REQUEST_BYTES: usize = 16 << 10;

open_enum! {
    /// What an orchestrator can be asked to do.
    Command {
        /// Start nothing new.
        Pause = "pause",
        /// Go on after a pause.
        Resume = "resume",
        /// Stop the run, or one unit of it.
        Cancel = "cancel",
        /// Run a failed unit or task once more.
        Retry = "retry",
        /// Leave a unit or task out and go on as if it were complete.
        Skip = "skip",
        /// Let go on what waits for a person's consent.
        Approve = "approve",
        /// Refuse that consent.
        Reject = "reject",
    }
}

/// `cmd.request`: somebody wants something done. Executed at most once per id.
///
/// ```
/// use choo_protocol::{CmdRequest, Command};
/// let request: CmdRequest = serde_json::from_str(
///     r#"{"id":"c1","cmd":"retry","args":{"unit":"app","task":2},"if":{"status":["failed"]},"by":"ann"}"#,
/// )?;
/// assert_eq!(request.cmd, Command::Retry);
/// assert_eq!(request.args.unit.as_deref(), Some("app"));
/// assert!(request.condition.is_some_and(|condition| condition.is_understood()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CmdRequest {
    /// Names the command in its answers; the same id again is the same command.
    pub id: String,
    /// What to do.
    pub cmd: Command,
    /// With what.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "CmdArgs::is_empty")]
    pub args: CmdArgs,
    /// What must be so when it is executed; otherwise it is rejected.
    #[serde(rename = "if", default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Precondition>,
    /// Who asks, for people and the record.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Rejected when it comes later than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl CmdRequest {
    /// Whether its condition holds in `state`: [`CmdRequest::check_status`] of what the command is about,
    /// or [`RejectReason::NotFound`] where that is a unit or task that `state` does not know.
    ///
    /// ```
    /// use choo_protocol::{CmdRequest, Limits, Line, RejectReason, RunState};
    /// let mut state = RunState::new("demo".parse()?);
    /// let failed = br#"{"type":"unit.failed","unit":"app","error":"exit status 1"}"#;
    /// state.apply(&Line::parse(failed, &Limits::default())?);
    /// let request: CmdRequest =
    ///     serde_json::from_str(r#"{"id":"c1","cmd":"retry","args":{"unit":"app"},"if":{"status":["failed"]}}"#)?;
    /// assert_eq!(request.check(&state), Ok(()));
    /// let retried = br#"{"type":"unit.queued","unit":"app"}"#;
    /// state.apply(&Line::parse(retried, &Limits::default())?);
    /// assert_eq!(request.check(&state), Err(RejectReason::Precondition));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn check(&self, state: &RunState) -> Result<(), RejectReason> {
        let Some(id) = &self.args.unit else { return self.check_status(state.status.as_str(), None) };
        let unit = state.units.get(id).ok_or(RejectReason::NotFound)?;
        let Some(number) = self.args.task else { return self.check_status(unit.status.as_str(), None) };
        match unit.tasks.get(&number) {
            Some(task) => self.check_status(task.status.as_str(), Some(task.attempt)),
            // One that has not begun is known by the unit's number of tasks only.
            None if (1..=i64::from(unit.total_tasks.unwrap_or(0))).contains(&number) => {
                self.check_status(TaskStatus::Pending.as_str(), Some(0))
            }
            None => Err(RejectReason::NotFound),
        }
    }

    /// Whether its condition holds where what it is about has this status, and a task is at this attempt:
    /// for an orchestrator that knows better than a fold. Otherwise says why it is to be rejected:
    /// [`RejectReason::Precondition`], or [`RejectReason::Unsupported`] for a condition that is not known
    /// here.
    pub fn check_status(&self, status: &str, attempt: Option<u32>) -> Result<(), RejectReason> {
        let Some(condition) = &self.condition else { return Ok(()) };
        if !condition.is_understood() {
            return Err(RejectReason::Unsupported);
        }
        let status_is = condition.status.is_empty() || condition.status.iter().any(|named| named == status);
        let attempt_is = condition.attempt.is_none() || condition.attempt == attempt;
        if status_is && attempt_is { Ok(()) } else { Err(RejectReason::Precondition) }
    }
}

/// What a command is about: the run, one of its units, or one task of a unit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CmdArgs {
    /// The unit; absent means the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The task's number within the unit; absent means the whole unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<i64>,
    /// Why, for people and the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Arguments of commands that are not known here.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl CmdArgs {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == CmdArgs::default()
    }
}

/// What must be so for a command to be executed. Everything that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Precondition {
    /// The status of what the command is about (run, unit or task) is one of these; empty means any.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<String>,
    /// The task is at this attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Conditions that are not known here. Who finds one must reject the command.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Precondition {
    /// Whether it says nothing that is not known here.
    pub fn is_understood(&self) -> bool {
        self.other.is_empty()
    }
}

/// `cmd.accepted`: the orchestrator has begun to execute a command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CmdAccepted {
    /// The command's id.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
}

open_enum! {
    /// Why a command was not executed.
    RejectReason {
        /// It came after its time.
        Expired = "expired",
        /// What it wanted to be so is not.
        Precondition = "precondition",
        /// The orchestrator does not know the command, an argument or a condition of it.
        Unsupported = "unsupported",
        /// There is no such unit or task.
        NotFound = "not_found",
        /// It makes no sense as things stand, such as a pause of a run that has ended.
        Conflict = "conflict",
        /// The orchestrator takes no commands.
        Disabled = "disabled",
        /// No orchestrator of the run is connected.
        NoProducer = "no_producer",
        /// Too many commands wait, or are remembered, already.
        Busy = "busy",
        /// The orchestrator took it and said nothing.
        Unanswered = "unanswered",
        /// Who asked may not.
        Forbidden = "forbidden",
    }
}

/// `cmd.rejected`: a command was not executed. More for people may stand in the event's `error`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CmdRejected {
    /// The command's id.
    #[serde(default, deserialize_with = "null_as_default")]
    pub id: String,
    /// Why.
    pub reason: RejectReason,
}

/// `cmd.done`: a command that was accepted has been executed. If that went wrong, the event's `error`
/// says how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CmdDone {
    /// The command's id.
    #[serde(deserialize_with = "null_as_default")]
    pub id: String,
}
