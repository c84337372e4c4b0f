//! A constructor for every known event type. What cannot be missing is a parameter, and so is the payload
//! where it is the point; a payload that says nothing is left out.

use super::Event;
use crate::{
    AgentDone, AgentInvoke, BranchPushed, CmdAccepted, CmdDone, CmdRejected, CodeReview, CodeReviewFix,
    CodeReviewIssues, CodeReviewPassed, Commit, DiffFile, DiffRemoved, Feature, FeatureReview, FeatureSpecs,
    FeatureTasks, GraphPayload, Intervention, LogPayload, LogStream, OrchStarted, Payload, PayloadError,
    PrConflict, PrFeedback, PrMerged, PrPayload, PrQueued, PrReview, Prd, PrdDrift, RejectReason,
    TaskProgress, TaskRecord, TaskRetry, UnitMerged, UnitStarted, Usage, Worktree, kind,
};

impl Event {
    /// `orch.started`.
    pub fn orch_started(payload: OrchStarted) -> Self {
        Event::known(kind::ORCH_STARTED).payload(payload)
    }

    /// `orch.completed`: every unit went well.
    pub fn orch_completed() -> Self {
        Event::known(kind::ORCH_COMPLETED)
    }

    /// `orch.failed`.
    pub fn orch_failed(error: impl Into<String>) -> Self {
        Event::known(kind::ORCH_FAILED).error(error)
    }

    /// `orch.dryrun.started`: the plan is shown, nothing will be run.
    pub fn orch_dryrun_started(payload: OrchStarted) -> Self {
        Event::known(kind::ORCH_DRYRUN_STARTED).payload(payload)
    }

    /// `orch.dryrun.completed`.
    pub fn orch_dryrun_completed() -> Self {
        Event::known(kind::ORCH_DRYRUN_COMPLETED)
    }

    /// `orch.paused`: nothing new is started until it is resumed.
    pub fn orch_paused(payload: Intervention) -> Self {
        Event::known(kind::ORCH_PAUSED).filled(payload)
    }

    /// `orch.resumed`: it goes on.
    pub fn orch_resumed(payload: Intervention) -> Self {
        Event::known(kind::ORCH_RESUMED).filled(payload)
    }

    /// `orch.cancelled`: somebody stopped it.
    pub fn orch_cancelled(payload: Intervention) -> Self {
        Event::known(kind::ORCH_CANCELLED).filled(payload)
    }

    /// The separate `graph` event, for a graph that becomes known after `orch.started`.
    pub fn graph(graph: GraphPayload) -> Self {
        Event::known(kind::GRAPH).payload(graph)
    }

    /// `unit.queued`: its dependencies are complete.
    pub fn unit_queued(unit: impl Into<String>) -> Self {
        Event::known(kind::UNIT_QUEUED).unit(unit)
    }

    /// `unit.started`; say how many tasks it has by `.payload(UnitStarted { .. })`.
    pub fn unit_started(unit: impl Into<String>) -> Self {
        Event::known(kind::UNIT_STARTED).unit(unit)
    }

    /// `unit.started` with its number of tasks.
    pub fn unit_started_with(unit: impl Into<String>, total_tasks: u32) -> Self {
        let totals = UnitStarted { total_tasks: Some(total_tasks), completed_tasks: None };
        Event::unit_started(unit).payload(totals)
    }

    /// `unit.completed`.
    pub fn unit_completed(unit: impl Into<String>) -> Self {
        Event::known(kind::UNIT_COMPLETED).unit(unit)
    }

    /// `unit.merged`: its branch is merged.
    pub fn unit_merged(unit: impl Into<String>, payload: UnitMerged) -> Self {
        Event::known(kind::UNIT_MERGED).unit(unit).filled(payload)
    }

    /// `unit.failed`.
    pub fn unit_failed(unit: impl Into<String>, error: impl Into<String>) -> Self {
        Event::known(kind::UNIT_FAILED).unit(unit).error(error)
    }

    /// `unit.blocked`: it cannot run, and why; say which unit is the cause by `.payload(UnitBlocked { ..
    /// })`.
    pub fn unit_blocked(unit: impl Into<String>, reason: impl Into<String>) -> Self {
        Event::known(kind::UNIT_BLOCKED).unit(unit).error(reason)
    }

    /// `unit.skipped`: it is left out.
    pub fn unit_skipped(unit: impl Into<String>, payload: Intervention) -> Self {
        Event::known(kind::UNIT_SKIPPED).unit(unit).filled(payload)
    }

    /// `unit.cancelled`: it was stopped before its end.
    pub fn unit_cancelled(unit: impl Into<String>, payload: Intervention) -> Self {
        Event::known(kind::UNIT_CANCELLED).unit(unit).filled(payload)
    }

    fn of_task(kind: &'static str, unit: impl Into<String>, task: u32) -> Self {
        Event::known(kind).unit(unit).task(task)
    }

    /// `task.started`; say what it is by `.payload(TaskPayload { .. })`.
    pub fn task_started(unit: impl Into<String>, task: u32) -> Self {
        Event::of_task(kind::TASK_STARTED, unit, task)
    }

    /// `task.claude.invoke`: an agent, of whatever provider, begins to work on it.
    pub fn task_claude_invoke(unit: impl Into<String>, task: u32, payload: AgentInvoke) -> Self {
        Event::of_task(kind::TASK_CLAUDE_INVOKE, unit, task).filled(payload)
    }

    /// `task.claude.done`: the agent has ended; if badly, say so by `.error(..)`.
    pub fn task_claude_done(unit: impl Into<String>, task: u32, payload: AgentDone) -> Self {
        Event::of_task(kind::TASK_CLAUDE_DONE, unit, task).filled(payload)
    }

    /// `task.backpressure`: the command that must pass is being run.
    pub fn task_backpressure(unit: impl Into<String>, task: u32) -> Self {
        Event::of_task(kind::TASK_BACKPRESSURE, unit, task)
    }

    /// `task.validation.ok`.
    pub fn validation_ok(unit: impl Into<String>, task: u32) -> Self {
        Event::of_task(kind::TASK_VALIDATION_OK, unit, task)
    }

    /// `task.validation.fail`.
    pub fn validation_fail(unit: impl Into<String>, task: u32, error: impl Into<String>) -> Self {
        Event::of_task(kind::TASK_VALIDATION_FAIL, unit, task).error(error)
    }

    /// `task.committed`: what it changed is in a commit.
    pub fn task_committed(unit: impl Into<String>, task: u32, payload: Commit) -> Self {
        Event::of_task(kind::TASK_COMMITTED, unit, task).filled(payload)
    }

    /// `task.completed`.
    pub fn task_completed(unit: impl Into<String>, task: u32) -> Self {
        Event::of_task(kind::TASK_COMPLETED, unit, task)
    }

    /// `task.retry`: it failed and will be tried again as attempt number `attempt`.
    pub fn task_retry(unit: impl Into<String>, task: u32, attempt: u32, error: impl Into<String>) -> Self {
        let payload = TaskRetry { attempt, ..TaskRetry::default() };
        Event::of_task(kind::TASK_RETRY, unit, task).payload(payload).error(error)
    }

    /// `task.failed`.
    pub fn task_failed(unit: impl Into<String>, task: u32, error: impl Into<String>) -> Self {
        Event::of_task(kind::TASK_FAILED, unit, task).error(error)
    }

    /// `task.progress`: how far it is.
    pub fn task_progress(unit: impl Into<String>, task: u32, payload: TaskProgress) -> Self {
        Event::of_task(kind::TASK_PROGRESS, unit, task).payload(payload)
    }

    /// `task.usage`: what a model took for it since the last such event. What belongs to no task is told
    /// by [`Event::new`].
    pub fn task_usage(unit: impl Into<String>, task: u32, payload: Usage) -> Self {
        Event::of_task(kind::TASK_USAGE, unit, task).payload(payload)
    }

    /// `task.created`: the record of a task in a task store, which is no task of this run. Fails where the
    /// record holds JSON that not every reader takes.
    pub fn task_created(record: &TaskRecord) -> Result<Self, PayloadError> {
        Ok(Event::known(kind::TASK_CREATED).payload(Payload::try_from(record)?))
    }

    /// `task.updated`: the record of a task in a task store, which is no task of this run. Fails where the
    /// record holds JSON that not every reader takes.
    pub fn task_updated(record: &TaskRecord) -> Result<Self, PayloadError> {
        Ok(Event::known(kind::TASK_UPDATED).payload(Payload::try_from(record)?))
    }

    /// `task.deleted`: the record of a task in a task store, which is no task of this run. Fails where the
    /// record holds JSON that not every reader takes.
    pub fn task_deleted(record: &TaskRecord) -> Result<Self, PayloadError> {
        Ok(Event::known(kind::TASK_DELETED).payload(Payload::try_from(record)?))
    }

    fn of_pr(kind: &'static str, unit: impl Into<String>, pr: u32) -> Self {
        Event::known(kind).unit(unit).pr(pr)
    }

    /// `pr.created`. The unit of this and of all other `pr.*` may be empty: the pull request is of the run
    /// then.
    pub fn pr_created(unit: impl Into<String>, pr: u32, payload: PrPayload) -> Self {
        Event::of_pr(kind::PR_CREATED, unit, pr).filled(payload)
    }

    /// `pr.review.pending`: it waits for a reviewer.
    pub fn pr_review_pending(unit: impl Into<String>, pr: u32, payload: PrReview) -> Self {
        Event::of_pr(kind::PR_REVIEW_PENDING, unit, pr).filled(payload)
    }

    /// `pr.review.in_progress`: somebody reviews it.
    pub fn pr_review_in_progress(unit: impl Into<String>, pr: u32, payload: PrReview) -> Self {
        Event::of_pr(kind::PR_REVIEW_IN_PROGRESS, unit, pr).filled(payload)
    }

    /// `pr.review.approved`.
    pub fn pr_review_approved(unit: impl Into<String>, pr: u32, payload: PrReview) -> Self {
        Event::of_pr(kind::PR_REVIEW_APPROVED, unit, pr).filled(payload)
    }

    /// `pr.feedback.received`: a reviewer wants changes.
    pub fn pr_feedback_received(unit: impl Into<String>, pr: u32, payload: PrFeedback) -> Self {
        Event::of_pr(kind::PR_FEEDBACK_RECEIVED, unit, pr).filled(payload)
    }

    /// `pr.feedback.addressed`: the changes have been made.
    pub fn pr_feedback_addressed(unit: impl Into<String>, pr: u32, payload: PrFeedback) -> Self {
        Event::of_pr(kind::PR_FEEDBACK_ADDRESSED, unit, pr).filled(payload)
    }

    /// `pr.merge.queued`: it waits to be merged.
    pub fn pr_merge_queued(unit: impl Into<String>, pr: u32, payload: PrQueued) -> Self {
        Event::of_pr(kind::PR_MERGE_QUEUED, unit, pr).filled(payload)
    }

    /// `pr.conflict`: it cannot be merged as it is.
    pub fn pr_conflict(unit: impl Into<String>, pr: u32, payload: PrConflict) -> Self {
        Event::of_pr(kind::PR_CONFLICT, unit, pr).filled(payload)
    }

    /// `pr.merged`.
    pub fn pr_merged(unit: impl Into<String>, pr: u32, payload: PrMerged) -> Self {
        Event::of_pr(kind::PR_MERGED, unit, pr).filled(payload)
    }

    /// `pr.failed`.
    pub fn pr_failed(unit: impl Into<String>, pr: u32, error: impl Into<String>) -> Self {
        Event::of_pr(kind::PR_FAILED, unit, pr).error(error)
    }

    /// `worktree.created`: a work tree is there; the unit may be empty.
    pub fn worktree_created(unit: impl Into<String>, payload: Worktree) -> Self {
        Event::known(kind::WORKTREE_CREATED).unit(unit).payload(payload)
    }

    /// `worktree.removed`: a work tree is gone.
    pub fn worktree_removed(unit: impl Into<String>, payload: Worktree) -> Self {
        Event::known(kind::WORKTREE_REMOVED).unit(unit).payload(payload)
    }

    /// `branch.pushed`: a branch was sent to a remote; the unit may be empty.
    pub fn branch_pushed(unit: impl Into<String>, payload: BranchPushed) -> Self {
        Event::known(kind::BRANCH_PUSHED).unit(unit).payload(payload)
    }

    /// `feature.started`: work on a feature begins.
    pub fn feature_started(payload: Feature) -> Self {
        Event::known(kind::FEATURE_STARTED).payload(payload)
    }

    /// `feature.specs.generated`: its specifications are written.
    pub fn feature_specs_generated(payload: FeatureSpecs) -> Self {
        Event::known(kind::FEATURE_SPECS_GENERATED).payload(payload)
    }

    /// `feature.specs.reviewed`: they are judged.
    pub fn feature_specs_reviewed(payload: FeatureReview) -> Self {
        Event::known(kind::FEATURE_SPECS_REVIEWED).payload(payload)
    }

    /// `feature.specs.committed`: they are in a commit.
    pub fn feature_specs_committed(payload: FeatureSpecs) -> Self {
        Event::known(kind::FEATURE_SPECS_COMMITTED).payload(payload)
    }

    /// `feature.tasks.generated`: it is divided into units and tasks.
    pub fn feature_tasks_generated(payload: FeatureTasks) -> Self {
        Event::known(kind::FEATURE_TASKS_GENERATED).payload(payload)
    }

    /// `feature.units.complete`: all of its units are complete.
    pub fn feature_units_complete(payload: Feature) -> Self {
        Event::known(kind::FEATURE_UNITS_COMPLETE).payload(payload)
    }

    /// `feature.completed`: it is done.
    pub fn feature_completed(payload: Feature) -> Self {
        Event::known(kind::FEATURE_COMPLETED).payload(payload)
    }

    /// `feature.failed`.
    pub fn feature_failed(payload: Feature, error: impl Into<String>) -> Self {
        Event::known(kind::FEATURE_FAILED).payload(payload).error(error)
    }

    /// `feature.pr.opened`: its pull request is there.
    pub fn feature_pr_opened(pr: u32, payload: PrPayload) -> Self {
        Event::known(kind::FEATURE_PR_OPENED).pr(pr).filled(payload)
    }

    /// `codereview.started`: a review of the unit begins.
    pub fn codereview_started(unit: impl Into<String>, payload: CodeReview) -> Self {
        Event::known(kind::CODEREVIEW_STARTED).unit(unit).filled(payload)
    }

    /// `codereview.passed`: it found nothing.
    pub fn codereview_passed(unit: impl Into<String>, payload: CodeReviewPassed) -> Self {
        Event::known(kind::CODEREVIEW_PASSED).unit(unit).filled(payload)
    }

    /// `codereview.issues_found`: it found something.
    pub fn codereview_issues_found(unit: impl Into<String>, payload: CodeReviewIssues) -> Self {
        Event::known(kind::CODEREVIEW_ISSUES_FOUND).unit(unit).filled(payload)
    }

    /// `codereview.fix_attempt`: what it found is being mended.
    pub fn codereview_fix_attempt(unit: impl Into<String>, payload: CodeReviewFix) -> Self {
        Event::known(kind::CODEREVIEW_FIX_ATTEMPT).unit(unit).filled(payload)
    }

    /// `codereview.fix_applied`: what it found is mended.
    pub fn codereview_fix_applied(unit: impl Into<String>, payload: CodeReviewFix) -> Self {
        Event::known(kind::CODEREVIEW_FIX_APPLIED).unit(unit).filled(payload)
    }

    /// `codereview.failed`: the review could not be made; the merge goes on.
    pub fn codereview_failed(unit: impl Into<String>, error: impl Into<String>) -> Self {
        Event::known(kind::CODEREVIEW_FAILED).unit(unit).error(error)
    }

    /// `prd.discovered`: a document of requirements was found.
    pub fn prd_discovered(payload: Prd) -> Self {
        Event::known(kind::PRD_DISCOVERED).payload(payload)
    }

    /// `prd.selected`: it is the one to be worked on.
    pub fn prd_selected(payload: Prd) -> Self {
        Event::known(kind::PRD_SELECTED).payload(payload)
    }

    /// `prd.updated`: its head changed.
    pub fn prd_updated(payload: Prd) -> Self {
        Event::known(kind::PRD_UPDATED).payload(payload)
    }

    /// `prd.body.changed`: its text changed.
    pub fn prd_body_changed(payload: PrdDrift) -> Self {
        Event::known(kind::PRD_BODY_CHANGED).payload(payload)
    }

    /// `prd.drift.detected`: it is no longer what the work on it began from.
    pub fn prd_drift_detected(payload: PrdDrift) -> Self {
        Event::known(kind::PRD_DRIFT_DETECTED).payload(payload)
    }

    /// `log.*`: one line of output, the `n`-th of its unit, task and attempt (from 1).
    pub fn log(
        unit: impl Into<String>,
        task: Option<u32>,
        stream: LogStream,
        content: impl Into<String>,
        n: u64,
    ) -> Self {
        let mut event = Event::known(stream.kind());
        event.parts.unit = unit.into();
        event.parts.task = task.map(i64::from);
        event.parts.payload = Some(Payload::Log(LogPayload { content: content.into(), n }));
        event
    }

    /// `diff.file`: how a file of the unit's work tree differs now; the latest for a file replaces those
    /// before.
    pub fn diff_file(unit: impl Into<String>, payload: DiffFile) -> Self {
        Event::known(kind::DIFF_FILE).unit(unit).payload(payload)
    }

    /// `diff.removed`: the file does no longer differ.
    pub fn diff_removed(unit: impl Into<String>, file: impl Into<String>) -> Self {
        Event::known(kind::DIFF_REMOVED).unit(unit).payload(DiffRemoved { file: file.into() })
    }

    /// `cmd.accepted`: the command of this id is being executed.
    pub fn cmd_accepted(id: impl Into<String>) -> Self {
        Event::known(kind::CMD_ACCEPTED).payload(CmdAccepted { id: id.into() })
    }

    /// `cmd.rejected`: it was not executed, and why; say more by `.error(..)`.
    pub fn cmd_rejected(id: impl Into<String>, reason: RejectReason) -> Self {
        Event::known(kind::CMD_REJECTED).payload(CmdRejected { id: id.into(), reason })
    }

    /// `cmd.done`: it was executed; if that went wrong, say so by `.error(..)`.
    pub fn cmd_done(id: impl Into<String>) -> Self {
        Event::known(kind::CMD_DONE).payload(CmdDone { id: id.into() })
    }

    /// Sets a payload, unless it says nothing.
    fn filled<P: Default + PartialEq + Into<Payload>>(self, payload: P) -> Self {
        if payload == P::default() { self } else { self.payload(payload) }
    }
}
