// Generated from schema/**/*.schema.json by `npm run generate`; do not edit.

/**
 * What an orchestrator can be asked to do.
 */
export type Command = "pause" | "resume" | "cancel" | "retry" | "skip" | "approve" | "reject" | (string & {});
/**
 * What happened to a file, in the words of `git diff --name-status`.
 */
export type FileStatus =
  "added" | "modified" | "deleted" | "renamed" | "copied" | "type_changed" | "unmerged" | (string & {});
/**
 * How a pull request is merged.
 */
export type MergeMethod = "merge" | "squash" | "rebase" | "fast_forward" | (string & {});
/**
 * Why a command was not executed.
 */
export type RejectReason =
  | "expired"
  | "precondition"
  | "unsupported"
  | "not_found"
  | "conflict"
  | "disabled"
  | "no_producer"
  | "busy"
  | "unanswered"
  | "forbidden"
  | (string & {});
/**
 * What a review comes to, in the words of GitHub's pull request reviews.
 */
export type ReviewVerdict = "approved" | "changes_requested" | "commented" | (string & {});
/**
 * One orchestration. Ours are ULIDs.
 */
export type RunId = string;
/**
 * How a run stands.
 */
export type RunStatus = "waiting" | "running" | "paused" | "completed" | "failed" | "cancelled" | "stale";
/**
 * How much an issue matters, in the words of the Language Server Protocol.
 */
export type Severity = "error" | "warning" | "info" | "hint" | (string & {});
/**
 * How a task stands.
 */
export type TaskStatus = "pending" | "running" | "validating" | "retrying" | "completed" | "failed";
/**
 * How a unit stands.
 */
export type UnitStatus =
  "pending" | "ready" | "in_progress" | "in_review" | "complete" | "failed" | "blocked" | "skipped" | "cancelled";
/**
 * US dollars, to nine decimal places.
 */
export type Usd = number;
/**
 * Where a log line comes from; the last part of its event type.
 */
export type LogStream = "stdout" | "stderr" | "system" | "error";

/**
 * `task.claude.done`: the agent has ended. If it failed, the event's `error` says how. What it took is
 * told by `task.usage`, so that nothing is counted twice.
 */
export interface AgentDone {
  /**
   * How long it took, in milliseconds.
   */
  duration_ms?: number;
  /**
   * Its exit code, where it was a process and ended by itself.
   */
  exit_code?: number;
  /**
   * The model that answered.
   */
  model?: string;
  /**
   * Who ran the model.
   */
  provider?: string;
  /**
   * The conversation.
   */
  session_id?: string;
  /**
   * How often the model was asked.
   */
  turns?: number;
}
/**
 * `task.claude.invoke`: an agent begins to work on a task.
 */
export interface AgentInvoke {
  /**
   * Which attempt at the task this is, from 1.
   */
  attempt?: number;
  /**
   * The model that is asked for.
   */
  model?: string;
  /**
   * Who runs the model, such as `anthropic`; the values of OpenTelemetry's `gen_ai.provider.name`.
   */
  provider?: string;
  /**
   * The conversation, for whoever wants to go on with it.
   */
  session_id?: string;
  /**
   * What the task is called.
   */
  title?: string;
}
/**
 * `branch.pushed`: a branch was sent to a remote.
 */
export interface BranchPushed {
  /**
   * The branch.
   */
  branch: string;
  /**
   * The commit that it stands at, as full hash.
   */
  commit?: string;
  /**
   * Whether it replaced what the remote had.
   */
  forced?: boolean;
  /**
   * The remote, by its name or URL.
   */
  remote?: string;
}
/**
 * `cmd.accepted`: the orchestrator has begun to execute a command.
 */
export interface CmdAccepted {
  /**
   * The command's id.
   */
  id: string;
}
/**
 * What a command is about: the run, one of its units, or one task of a unit.
 */
export interface CmdArgs {
  /**
   * Why, for people and the record.
   */
  reason?: string;
  /**
   * The task's number within the unit; absent means the whole unit.
   */
  task?: number;
  /**
   * The unit; absent means the whole run.
   */
  unit?: string;
  [k: string]: unknown;
}
/**
 * `cmd.done`: a command that was accepted has been executed. If that went wrong, the event's `error`
 * says how.
 */
export interface CmdDone {
  /**
   * The command's id.
   */
  id: string;
}
/**
 * `cmd.rejected`: a command was not executed. More for people may stand in the event's `error`.
 */
export interface CmdRejected {
  /**
   * The command's id.
   */
  id: string;
  /**
   * Why.
   */
  reason: RejectReason;
}
/**
 * `cmd.request`: somebody wants something done. Executed at most once per id.
 */
export interface CmdRequest {
  /**
   * With what.
   */
  args?: CmdArgs;
  /**
   * Who asks, for people and the record.
   */
  by?: string;
  /**
   * What to do.
   */
  cmd: Command;
  /**
   * Rejected when it comes later than this.
   */
  expires?: string;
  /**
   * Names the command in its answers; the same id again is the same command.
   */
  id: string;
  /**
   * What must be so when it is executed; otherwise it is rejected.
   */
  if?: Precondition;
}
/**
 * `codereview.started`, `codereview.failed`: a review begins, or could not be made; why not stands in the
 * event's `error`, and the merge goes on.
 */
export interface CodeReview {
  /**
   * The branch or commit that the changes are compared with.
   */
  base?: string;
  /**
   * Who reviews: a person or a provider of models.
   */
  reviewer?: string;
}
/**
 * `codereview.fix_attempt`, `codereview.fix_applied`: the issues are being mended, or have been.
 */
export interface CodeReviewFix {
  /**
   * The commit that mends them, as full hash; once it is applied.
   */
  commit?: string;
  /**
   * Which round this is, from 1.
   */
  iteration: number;
  /**
   * How many rounds there may be.
   */
  max_iterations?: number;
}
/**
 * `codereview.issues_found`: a review found something.
 */
export interface CodeReviewIssues {
  /**
   * How many issues there are, told or not.
   */
  count: number;
  /**
   * The issues.
   */
  issues?: ReviewIssue[];
}
/**
 * `codereview.passed`: a review found nothing.
 */
export interface CodeReviewPassed {
  /**
   * What was said.
   */
  summary?: string;
}
/**
 * `task.committed`: what the task changed is in a commit.
 */
export interface Commit {
  /**
   * How many lines were added.
   */
  additions?: number;
  /**
   * The branch it is on.
   */
  branch?: string;
  /**
   * The commit, as full hash.
   */
  commit?: string;
  /**
   * How many lines were deleted.
   */
  deletions?: number;
  /**
   * How many files changed.
   */
  files?: number;
  /**
   * Its message, or the first line of it.
   */
  message?: string;
}
/**
 * `diff.file`: how a file of the unit's work tree differs now from where the unit began. The latest
 * for a file replaces those before.
 */
export interface DiffFile {
  /**
   * How many lines were added.
   */
  additions?: number;
  /**
   * Whether it is a binary file, of which there is no text to show.
   */
  binary?: boolean;
  /**
   * How many lines were deleted.
   */
  deletions?: number;
  /**
   * The difference as a unified diff; empty for a binary file or a mere change of name.
   */
  diff: string;
  /**
   * The file's path from the root of the work tree, with `/`.
   */
  file: string;
  /**
   * Its path before, where it was renamed or copied.
   */
  old_file?: string;
  /**
   * What happened to the file.
   */
  status?: FileStatus;
  /**
   * Whether `diff` was cut because of its size.
   */
  truncated?: boolean;
}
/**
 * `diff.removed`: a file does no longer differ.
 */
export interface DiffRemoved {
  /**
   * The file's path, as in `diff.file`.
   */
  file: string;
}
/**
 * How one file of a unit's work tree differs, without the text: that is in the event of this `seq`.
 */
export interface DiffState {
  /**
   * How many lines were added.
   */
  additions?: number;
  /**
   * Whether it is a binary file, of which there is no text to show.
   */
  binary?: boolean;
  /**
   * How many lines were deleted.
   */
  deletions?: number;
  /**
   * Its path before, where it was renamed or copied.
   */
  old_file?: string;
  /**
   * The `seq` of the event that told of it last, which has the text; `None` if that had none.
   */
  seq?: number;
  /**
   * What happened to the file.
   */
  status?: FileStatus;
  /**
   * The task that was said to have changed it last.
   */
  task?: number;
  /**
   * Whether the text was cut because of its size.
   */
  truncated?: boolean;
  /**
   * When it was last told of.
   */
  updated?: string;
}
/**
 * A dependency.
 */
export interface EdgePayload {
  /**
   * The dependency.
   */
  from: string;
  /**
   * The dependant.
   */
  to: string;
}
/**
 * `feature.started`, `feature.units.complete`, `feature.completed`, `feature.failed`: the feature itself.
 * Why it failed stands in the event's `error`.
 */
export interface Feature {
  /**
   * The branch that its units are merged into.
   */
  branch?: string;
  /**
   * The document that it comes from, as in `prd.*`.
   */
  prd_id: string;
  /**
   * What it is called.
   */
  title?: string;
}
/**
 * `feature.specs.reviewed`: somebody, or a model, has judged the specifications of a feature.
 */
export interface FeatureReview {
  /**
   * What was said.
   */
  feedback?: string;
  /**
   * Which round of review this was, from 1.
   */
  iteration?: number;
  /**
   * The document that they come from.
   */
  prd_id: string;
  /**
   * Who judged.
   */
  reviewer?: string;
  /**
   * What came of it.
   */
  verdict?: ReviewVerdict;
}
/**
 * `feature.specs.generated`, `feature.specs.committed`: the specifications made for a feature.
 */
export interface FeatureSpecs {
  /**
   * The commit that they are in, as full hash.
   */
  commit?: string;
  /**
   * How many there are.
   */
  count?: number;
  /**
   * Their paths from the root of the repository, as far as they are told.
   */
  files?: string[];
  /**
   * The document that they come from.
   */
  prd_id: string;
}
/**
 * `feature.tasks.generated`: a feature has been divided into units and tasks.
 */
export interface FeatureTasks {
  /**
   * The document that they come from.
   */
  prd_id: string;
  /**
   * How many tasks they have in all.
   */
  task_count?: number;
  /**
   * How many units there are.
   */
  unit_count?: number;
}
/**
 * A run's whole dependency graph: units, the edges between them, and the units by level.
 */
export interface GraphPayload {
  /**
   * The dependencies.
   */
  edges: EdgePayload[];
  /**
   * The ids by level: level 0 depends on nothing, every other unit stands one level above the
   * highest of its dependencies.
   */
  levels: string[][];
  /**
   * The units, each id once.
   */
  nodes: NodePayload[];
}
/**
 * `hub.bye`: the hub ends this stream.
 */
export interface HubBye {
  /**
   * Why: `shutdown`, `too_many_clients`, …
   */
  code: string;
  /**
   * After how many milliseconds to come back.
   */
  retry_ms: number;
}
/**
 * `hub.cursor`: everything up to here has been sent.
 */
export interface HubCursor {
  /**
   * The cursor; opaque, to be handed back as `since`. Behind a part of what a stream begins with it is
   * the word or the cursor that the stream was asked for.
   */
  cursor: string;
  /**
   * Which subscription of a WebSocket the message belongs to, if that was given a name.
   */
  id?: string;
}
/**
 * `hub.end`: nothing more will come of this run.
 */
export interface HubEnd {
  /**
   * The run.
   */
  run: RunId;
  /**
   * How it ended.
   */
  status: RunStatus;
}
/**
 * `hub.error`: a producer sent something that is not a line, or this reader something that cannot be read;
 * the stream goes on.
 */
export interface HubError {
  /**
   * How many bad lines this one stands for.
   */
  count: number;
  /**
   * Which subscription of a WebSocket could not be made, if that was given a name.
   */
  id?: string;
  /**
   * A stable name: that of a `LineErrorKind`, `reserved-type`, `torn-snapshot` or
   * `large-snapshot` (a part of an `orch.snapshot` that does not follow, or has no room), or `history` for
   * how it is stored; of a reader's `subscribe` it is `subscribe`, `filter` or `cursor`.
   */
  kind: string;
  /**
   * What was wrong, for people.
   */
  message: string;
}
/**
 * `hub.gap`: events are missing in this reader's stream; snapshots follow.
 */
export interface HubGap {
  /**
   * How many events are missing, of all runs and types, where that is known.
   */
  count?: number;
  /**
   * The cursor behind the last event before the gap; empty if there was none.
   */
  from: string;
  /**
   * The cursor at which the stream goes on.
   */
  to: string;
  /**
   * Why: `evicted` (the history no longer holds them), `crash` (the hub that told them crashed before
   * they were stored), `damaged` (what was stored cannot be read), `unstored` (the disk took nothing
   * when they came), `epoch` (another hub gave the cursor), `future` (the cursor lies ahead of the
   * history).
   */
  why: string;
}
/**
 * `hub.hello`: the first line of a stream to a reader.
 */
export interface HubHello {
  /**
   * The hub's epoch: another one means the hub was started anew.
   */
  epoch: string;
  /**
   * The protocol's version, `PROTO`.
   */
  proto: number;
  /**
   * Whether the cursor asked for could be resumed exactly.
   */
  recovered: boolean;
}
/**
 * `hub.snapshot`: a run's state at a cursor, in parts that apply together.
 */
export interface HubSnapshot {
  /**
   * Where in the stream the state stands; events behind it are not in it.
   */
  cursor: string;
  /**
   * Which part this is, from 1.
   */
  part: number;
  /**
   * How many parts there are.
   */
  parts: number;
  /**
   * The run.
   */
  run: RunId;
  /**
   * The state, or this part of it (see `RunState.parts`).
   */
  state: RunState;
}
/**
 * `orch.paused`, `orch.resumed`, `orch.cancelled`, `unit.skipped`, `unit.cancelled`: somebody took a hand.
 */
export interface Intervention {
  /**
   * Who.
   */
  by?: string;
  /**
   * The id of the command that asked for it, as in `cmd.request`.
   */
  cmd?: string;
  /**
   * Why.
   */
  reason?: string;
}
/**
 * `link.ack`: the hub has written a run's lines to its history, fsync aside.
 */
export interface LinkAck {
  /**
   * The run.
   */
  run: RunId;
  /**
   * Everything up to this `seq` is there.
   */
  seq: number;
}
/**
 * `link.bye`: the pusher has sent everything and closes.
 */
export interface LinkBye {
  /**
   * The last `seq` of the run; 0 if there was none.
   */
  last: number;
}
/**
 * `link.hello`: the first line of a pusher on a new connection.
 */
export interface LinkHello {
  /**
   * The first `seq` that the pusher still holds as a line of its own; what lies before it is known to
   * it as a summary only. 0 if it holds none.
   */
  first: number;
  /**
   * The last `seq` given so far; 0 before the first event.
   */
  last: number;
  /**
   * The protocol's version, `PROTO`.
   */
  proto: number;
  /**
   * The run that the pusher tells of.
   */
  run: RunId;
}
/**
 * `link.lost`: events of this run are missing between the pusher and the hub.
 */
export interface LinkLost {
  /**
   * How many of each event type; empty where nobody knows.
   */
  by_type?: {
    [k: string]: number;
  };
  /**
   * How many bytes they had, newlines included; 0 where nobody knows.
   */
  bytes: number;
  /**
   * How many events of the range are missing.
   */
  count: number;
  /**
   * The first `seq` of the range in which events are missing.
   */
  from: number;
  /**
   * Why: `overflow` (a buffer was full), `unannounced` (the hub found a hole nobody told of).
   */
  reason: string;
  /**
   * The last one.
   */
  to: number;
}
/**
 * `link.ping`: are you there? Answered by a `link.pong` at once.
 */
export interface LinkPing {
  /**
   * Comes back in the answer; opaque to who answers.
   */
  id: string;
}
/**
 * `link.pong`: the answer to a `link.ping`.
 */
export interface LinkPong {
  /**
   * That of the ping.
   */
  id: string;
}
/**
 * `link.welcome`: the hub's answer to `link.hello`.
 */
export interface LinkWelcome {
  /**
   * The hub's epoch: another one means the hub was started anew.
   */
  epoch: string;
  /**
   * Up to which `seq` the hub's history has each of the runs it was told of; a run that it does not
   * know is absent. Announced losses count as had.
   */
  have: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^[A-Za-z0-9._-]{1,64}$".
     */
    [k: string]: number;
  };
  /**
   * The protocol's version, `PROTO`.
   */
  proto: number;
}
/**
 * `log.*`: one line of output.
 */
export interface LogPayload {
  /**
   * The line without its newline; ANSI escapes are kept.
   */
  content: string;
  /**
   * Counts lines within unit, task and attempt from 1, so that stored and live logs join; 0 where
   * the producer does not count.
   */
  n: number;
}
/**
 * Events that were lost on the way, as `link.lost` told of them.
 */
export interface Loss {
  /**
   * How many bytes they had, where that is known.
   */
  bytes: number;
  /**
   * How many events are missing.
   */
  count: number;
  /**
   * Where they are missing, in rising order; far ones are merged when there are many.
   */
  ranges: LostRange[];
}
/**
 * One announced hole.
 */
export interface LostRange {
  /**
   * How many bytes they had.
   */
  bytes: number;
  /**
   * How many events of the range are missing; the others did arrive.
   */
  count: number;
  /**
   * The first `seq` of the range.
   */
  from: number;
  /**
   * Why, in a word: `overflow`, `unannounced`, …
   */
  reason: string;
  /**
   * The last one.
   */
  to: number;
}
/**
 * A unit in the graph.
 */
export interface NodePayload {
  /**
   * How many of them are complete.
   */
  completed_tasks?: number;
  /**
   * What it depends on.
   */
  depends_on?: string[];
  /**
   * The unit's id.
   */
  id: string;
  /**
   * A name for people, where it differs from the id.
   */
  label?: string;
  /**
   * Its level from 0; the original tool's separate graph event leaves it out.
   */
  level?: number;
  /**
   * Its status when the graph was sent.
   */
  status?: UnitStatus;
  /**
   * How many tasks it has.
   */
  tasks?: number;
}
/**
 * `orch.snapshot`: the state of a run up to an event, for a reader that has not seen all before it; whole,
 * or in parts that follow each other and apply together.
 */
export interface OrchSnapshot {
  /**
   * Which part this is, from 1; absent for a whole state.
   */
  part?: number;
  /**
   * How many parts there are, the same in each of them; absent for a whole state.
   */
  parts?: number;
  /**
   * The state, or this part of it (see `RunState.parts`).
   */
  state: RunState;
  /**
   * The `seq` of the last event that is in the state. A reader that has seen it ignores the rest.
   */
  through: number;
}
/**
 * `orch.started`: an orchestration begins.
 */
export interface OrchStarted {
  /**
   * The whole dependency graph; a pusher that knows it fills it in.
   */
  graph?: GraphPayload;
  /**
   * How many units may run at once.
   */
  parallelism: number;
  /**
   * How many units there are.
   */
  unit_count: number;
}
/**
 * `pr.conflict`: a pull request, or a branch without one, cannot be merged as it is.
 */
export interface PrConflict {
  /**
   * The files in conflict, as paths from the root of the repository.
   */
  files?: string[];
  /**
   * The branch it is to be merged into.
   */
  target?: string;
}
/**
 * `pr.feedback.received`, `pr.feedback.addressed`: a reviewer wants changes, or they have been made.
 */
export interface PrFeedback {
  /**
   * What was said on the whole.
   */
  comment?: string;
  /**
   * The last commit of the changes, as full hash; once they have been made.
   */
  commit?: string;
  /**
   * How many comments there are.
   */
  count?: number;
  /**
   * Who wants them.
   */
  reviewer?: string;
}
/**
 * `pr.merged`: a pull request was merged.
 */
export interface PrMerged {
  /**
   * The commit that the target stands at since, as full hash.
   */
  commit?: string;
  /**
   * How.
   */
  method?: MergeMethod;
  /**
   * The branch it was merged into.
   */
  target?: string;
}
/**
 * `pr.created`, `pr.failed`, and what a reader takes from every `pr.*`: what is known of a pull request
 * besides its number, which the event has. Also of `feature.pr.opened`.
 */
export interface PrPayload {
  /**
   * The branch it comes from.
   */
  branch?: string;
  /**
   * The branch it is to be merged into.
   */
  target?: string;
  /**
   * Its title.
   */
  title?: string;
  /**
   * Where a person can look at it.
   */
  url?: string;
}
/**
 * `pr.merge.queued`: a pull request waits to be merged.
 */
export interface PrQueued {
  /**
   * Its place in the queue, from 1.
   */
  position?: number;
  /**
   * The branch it is to be merged into.
   */
  target?: string;
}
/**
 * `pr.review.pending`, `pr.review.in_progress`, `pr.review.approved`: who reviews.
 */
export interface PrReview {
  /**
   * What was said.
   */
  comment?: string;
  /**
   * Who was asked, reviews or has approved.
   */
  reviewer?: string;
}
/**
 * One pull request of a run.
 */
export interface PrState {
  /**
   * The branch it comes from.
   */
  branch?: string;
  /**
   * What went wrong last; at most 4 KiB.
   */
  error?: string;
  /**
   * The last `pr.*` event without its `pr.`: `created`, `review.pending`, `merged`, …
   */
  status: string;
  /**
   * Its title.
   */
  title?: string;
  /**
   * The unit it belongs to, empty if none was named.
   */
  unit?: string;
  /**
   * When it last changed.
   */
  updated?: string;
  /**
   * Where a person can look at it.
   */
  url?: string;
}
/**
 * `prd.discovered`, `prd.selected`, `prd.updated`: a document was found, chosen to be worked on, or its
 * head changed.
 */
export interface Prd {
  /**
   * Its path from the root of the repository.
   */
  path?: string;
  /**
   * The document's id.
   */
  prd_id: string;
  /**
   * Why it was chosen.
   */
  reason?: string;
  /**
   * The status that it gives itself, such as `draft` or `approved`.
   */
  status?: string;
  /**
   * Its title.
   */
  title?: string;
}
/**
 * `prd.body.changed`, `prd.drift.detected`: a document is no longer what the work on it began from.
 */
export interface PrdDrift {
  /**
   * The same of its text now.
   */
  new_hash?: string;
  /**
   * A hash of its text then.
   */
  old_hash?: string;
  /**
   * Its path from the root of the repository.
   */
  path?: string;
  /**
   * The document's id.
   */
  prd_id: string;
  /**
   * What changed, in words.
   */
  summary?: string;
  /**
   * The units that this concerns, as far as they are known.
   */
  units?: string[];
}
/**
 * What must be so for a command to be executed. Everything that is said must hold.
 */
export interface Precondition {
  /**
   * The task is at this attempt.
   */
  attempt?: number;
  /**
   * The status of what the command is about (run, unit or task) is one of these; empty means any.
   */
  status?: string[];
  [k: string]: unknown;
}
/**
 * One issue of a review.
 */
export interface ReviewIssue {
  /**
   * The file, as a path from the root of the repository.
   */
  file?: string;
  /**
   * The line in the file, from 1.
   */
  line?: number;
  /**
   * What is the matter.
   */
  message: string;
  /**
   * How much it matters.
   */
  severity?: Severity;
  /**
   * What could be done about it.
   */
  suggestion?: string;
}
/**
 * Everything that is known of a run but its log and diff texts.
 *
 * Folding is deterministic and ignores what it has seen before (`seq` not above
 * `RunState.seq`), so resent lines do no harm. It never computes with `seq` beyond that: what is
 * missing is said by `link.lost` and kept in `RunState.loss`.
 *
 * Everything but `RunState.diffs` and `RunState.diffs_omitted` comes from events that are never
 * dropped without the state being told anew by `orch.snapshot`. Those two come from bulk events, which
 * may be lost for good; where `RunState.loss` is not empty, a file may be missing or out of date.
 */
export interface RunState {
  /**
   * The files that differ, by the unit that is named (empty for none) and their path in its work tree;
   * of each the latest event counts. Made from bulk events. At most 4,096 files a unit.
   */
  diffs?: {
    [k: string]: {
      [k: string]: DiffState;
    };
  };
  /**
   * How many events told of files beyond that. Made from bulk events.
   */
  diffs_omitted?: number;
  /**
   * When it ended.
   */
  ended?: string;
  /**
   * Why it failed; at most 4 KiB.
   */
  error?: string;
  /**
   * What was lost on the way.
   */
  loss?: Loss;
  /**
   * How many events of a known type had a payload that could not be read.
   */
  misshapen?: number;
  /**
   * How many units may run at once.
   */
  parallelism?: number;
  /**
   * The pull requests by their number.
   */
  prs?: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^-?\d+$".
     */
    [k: string]: PrState;
  };
  /**
   * The run.
   */
  run: RunId;
  /**
   * The highest `seq` folded; 0 before the first.
   */
  seq: number;
  /**
   * When it started.
   */
  started?: string;
  /**
   * How it stands.
   */
  status: RunStatus;
  /**
   * Events known only through an `orch.snapshot`: their effect is in the state, their lines (logs
   * among them) never came.
   */
  summaries?: SeqRange[];
  /**
   * How many units it said it has.
   */
  unit_count?: number;
  /**
   * The units by their id.
   */
  units?: {
    [k: string]: UnitState;
  };
  /**
   * What all of it took.
   */
  usage?: UsageTotal;
}
/**
 * An inclusive range of `seq`.
 */
export interface SeqRange {
  /**
   * The first.
   */
  from: number;
  /**
   * The last.
   */
  to: number;
}
/**
 * `subscribe`: a reader wants these events, besides those of its other subscriptions. Empty lists let
 * everything pass.
 */
export interface Subscribe {
  /**
   * Its name on this connection, at most 256 bytes; it stands in the `hub.cursor` of its messages. A
   * subscription of the same name is replaced, also that without one.
   */
  id?: string;
  /**
   * Of the records of a task store only those whose repository fits; other events are not affected.
   * Without a name, repositories add to those of the subscription that has none and is otherwise the same.
   */
  repositories?: string[];
  /**
   * Only this run; the subscription ends when the run has.
   */
  run?: string;
  /**
   * Where to begin: a cursor, `snapshot` (default), `earliest` or `now`.
   */
  since?: string;
  /**
   * Only types that fit one of these patterns, such as `task.*`.
   */
  types?: string[];
  /**
   * Only units that fit.
   */
  units?: string[];
}
/**
 * `task.started`, `task.backpressure`, `task.completed`, `task.failed`, and what a reader takes from every
 * `task.*` of this run: what is known of the task itself.
 */
export interface TaskPayload {
  /**
   * Which attempt this is, from 1.
   */
  attempt?: number;
  /**
   * The command it runs.
   */
  command?: string;
  /**
   * What the task is called.
   */
  name?: string;
  /**
   * The same, as the original tool says it; counts where there is no `name`.
   */
  title?: string;
}
/**
 * `task.progress`: how far a task is.
 */
export interface TaskProgress {
  /**
   * Steps done.
   */
  done: number;
  /**
   * What it is doing.
   */
  message?: string;
  /**
   * Steps in all, where that is known.
   */
  total?: number;
}
/**
 * `task.created`, `task.updated`, `task.deleted`: a task's record changed in a task store.
 */
export interface TaskRecord {
  /**
   * Who changed it.
   */
  changed_by: string;
  /**
   * The repository it belongs to.
   */
  repository: string;
  /**
   * The record itself, as the store has it.
   */
  task?: unknown;
  /**
   * The record's id.
   */
  task_id: string;
}
/**
 * `task.retry`: a task failed and is tried again. Why it failed stands in the event's `error`.
 */
export interface TaskRetry {
  /**
   * Which attempt comes next, from 1.
   */
  attempt: number;
  /**
   * After how many milliseconds it is tried.
   */
  delay_ms?: number;
  /**
   * A stable name for what failed, such as `backpressure_failed`.
   */
  reason?: string;
}
/**
 * One task of a unit.
 */
export interface TaskState {
  /**
   * Which attempt this is, from 1; 0 before the first.
   */
  attempt: number;
  /**
   * When it ended.
   */
  ended?: string;
  /**
   * Why its last attempt failed; at most 4 KiB.
   */
  error?: string;
  /**
   * What it is called.
   */
  name?: string;
  /**
   * When its first attempt started.
   */
  started?: string;
  /**
   * How it stands.
   */
  status: TaskStatus;
  /**
   * What it took, all attempts together.
   */
  usage?: UsageTotal;
}
/**
 * `unit.blocked`: a unit cannot run. Why stands in the event's `error`.
 */
export interface UnitBlocked {
  /**
   * The unit whose end is the cause, also where it is no direct dependency.
   */
  blocked_by?: string;
}
/**
 * `unit.merged`: a unit's branch was merged.
 */
export interface UnitMerged {
  /**
   * The unit's branch.
   */
  branch?: string;
  /**
   * The commit that the target stands at since, as full hash.
   */
  commit?: string;
  /**
   * The branch it was merged into.
   */
  target_branch?: string;
}
/**
 * `unit.started`: task totals, as far as they are known.
 */
export interface UnitStarted {
  /**
   * How many of them were complete before, for instance in an earlier run.
   */
  completed_tasks?: number;
  /**
   * How many tasks the unit has.
   */
  total_tasks?: number;
}
/**
 * One unit of a run.
 */
export interface UnitState {
  /**
   * The branch it is worked on, empty if none was named.
   */
  branch?: string;
  /**
   * How many of them are complete.
   */
  completed_tasks: number;
  /**
   * The task it is at, from 0: the number of the last started one less one (SPEC §9).
   */
  current_task: number;
  /**
   * What it depends on.
   */
  depends_on?: string[];
  /**
   * When it ended.
   */
  ended?: string;
  /**
   * Why it failed or is blocked; at most 4 KiB.
   */
  error?: string;
  /**
   * A name for people, where it differs from the id.
   */
  label?: string;
  /**
   * Its level in the graph, from 0.
   */
  level: number;
  /**
   * Its place in the graph as the producer listed it, from 0.
   */
  order: number;
  /**
   * How its review by the orchestrator stands: the last `codereview.*` event without its `codereview.`.
   */
  review?: string;
  /**
   * When it started.
   */
  started?: string;
  /**
   * How it stands.
   */
  status: UnitStatus;
  /**
   * Its tasks by their number.
   */
  tasks?: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^-?\d+$".
     */
    [k: string]: TaskState;
  };
  /**
   * How many tasks it has, where that is known.
   */
  total_tasks?: number;
  /**
   * What its tasks took.
   */
  usage?: UsageTotal;
  /**
   * Where its work tree is, on the machine of the orchestrator; empty once that is removed.
   */
  worktree?: string;
}
/**
 * `unsubscribe`: a reader does not want the events of a subscription any more.
 */
export interface Unsubscribe {
  /**
   * The subscription's name; none for the one that has none.
   */
  id?: string;
  /**
   * Only these of its repositories; the subscription ends with the last one. All of it if there are none.
   */
  repositories?: string[];
}
/**
 * `task.usage`: what a model took for the task since the last such event; amounts of several events
 * add up.
 */
export interface Usage {
  /**
   * How many of the input tokens were put into a cache.
   */
  cache_creation_input_tokens?: number;
  /**
   * How many of the input tokens a cache held already.
   */
  cache_read_input_tokens?: number;
  /**
   * What that cost in US dollars; 0 where nobody knows.
   */
  cost_usd: number;
  /**
   * Tokens that went in, those from a cache included (OpenTelemetry, `gen_ai.usage.input_tokens`).
   */
  input_tokens: number;
  /**
   * The model that took them.
   */
  model?: string;
  /**
   * Tokens that came out.
   */
  output_tokens: number;
}
/**
 * Sums of `Usage`.
 */
export interface UsageTotal {
  /**
   * How many of the input tokens were put into a cache.
   */
  cache_creation_input_tokens?: number;
  /**
   * How many of the input tokens a cache held already.
   */
  cache_read_input_tokens?: number;
  /**
   * What that cost in US dollars.
   */
  cost_usd: Usd;
  /**
   * Tokens that went in, those from a cache included.
   */
  input_tokens: number;
  /**
   * Tokens that came out.
   */
  output_tokens: number;
}
/**
 * `task.validation.ok`, `task.validation.fail`: the result of a task's check. Why it failed stands in the
 * event's `error`.
 */
export interface Validation {
  /**
   * Which attempt was checked, from 1.
   */
  attempt?: number;
  /**
   * The command that checked.
   */
  command?: string;
  /**
   * How long it took, in milliseconds.
   */
  duration_ms?: number;
  /**
   * Its exit code, where it ended by itself.
   */
  exit_code?: number;
  /**
   * The end of what it said; the whole of it is in the log.
   */
  output?: string;
  /**
   * Whether nothing was checked.
   */
  skipped?: boolean;
}
/**
 * `worktree.created`, `worktree.removed`: a work tree that a unit, or a feature, is worked on in.
 */
export interface Worktree {
  /**
   * The branch or commit that this one began from.
   */
  base?: string;
  /**
   * The branch that is checked out there.
   */
  branch?: string;
  /**
   * Where it is, on the machine of the orchestrator.
   */
  path: string;
}
/**
 * Which events of a run to list. Empty means all.
 */
export interface EventFilter {
  /**
   * Text that must occur in one of the event's strings, ASCII letters in either case.
   */
  q?: string;
  /**
   * Patterns for the repository of records in a task store; other events are not affected.
   */
  repositories?: string[];
  /**
   * Patterns for the event type, of which it must fit one (see `Glob`).
   */
  types?: string[];
  /**
   * Patterns for the unit, `\*` for a star in its id. Events without a unit are left out then.
   */
  units?: string[];
}
/**
 * A graph with coordinates, in CSS pixels from the top left corner.
 */
export interface GraphLayout {
  /**
   * Every edge whose two ends are known, in the order of the graph.
   */
  edges: RoutedEdge[];
  /**
   * Height of the whole drawing.
   */
  height: number;
  /**
   * Height of every node's box.
   */
  node_height: number;
  /**
   * Width of every node's box.
   */
  node_width: number;
  /**
   * Every node, in the order of the graph.
   */
  nodes: PlacedNode[];
  /**
   * Width of the whole drawing.
   */
  width: number;
}
/**
 * One line of output, as a log view wants it.
 */
export interface LogLine {
  /**
   * The text, without its newline; ANSI escapes are kept.
   */
  content: string;
  /**
   * Its number within unit, task and attempt from 1; 0 where the producer does not count.
   */
  n: number;
  /**
   * Where it comes from.
   */
  stream: LogStream;
  /**
   * The task's number within the unit.
   */
  task?: number;
  /**
   * When it was written.
   */
  time?: string;
  /**
   * The unit; empty for none.
   */
  unit: string;
}
/**
 * Where a node's box is.
 */
export interface PlacedNode {
  /**
   * The unit.
   */
  id: string;
  /**
   * Its level in the graph, from 0.
   */
  level: number;
  /**
   * Left edge of the box.
   */
  x: number;
  /**
   * Top edge of the box.
   */
  y: number;
}
/**
 * A point of a drawing.
 */
export interface Point {
  /**
   * To the right.
   */
  x: number;
  /**
   * Downwards.
   */
  y: number;
}
/**
 * The way of an edge: from the middle of one box's side to the middle of another's, through bends.
 */
export interface RoutedEdge {
  /**
   * The dependency.
   */
  from: string;
  /**
   * At least two points.
   */
  points: Point[];
  /**
   * The unit that waits for it.
   */
  to: string;
}
/**
 * A run in one line.
 */
export interface RunSummary {
  /**
   * How many of them stand how.
   */
  counts: UnitCounts;
  /**
   * When it ended.
   */
  ended?: string;
  /**
   * What was lost on the way.
   */
  loss: Loss;
  /**
   * The run.
   */
  run: RunId;
  /**
   * The highest `seq` folded; 0 before the first.
   */
  seq: number;
  /**
   * When it started.
   */
  started?: string;
  /**
   * How it stands.
   */
  status: RunStatus;
  /**
   * Whether some events are known only through a snapshot, so that their lines, logs among them,
   * are not here.
   */
  summarized: boolean;
  /**
   * How many units it has.
   */
  units: number;
}
/**
 * What changed in a store: names only, in proportion to the change. Ask the store for what is shown.
 */
export interface StoreChanges {
  /**
   * Runs replaced whole: every unit, every file and the graph may have changed.
   */
  all: RunId[];
  /**
   * The hub's farewell, if it came.
   */
  bye?: HubBye;
  /**
   * Up to where the stream has been taken, if it got on.
   */
  cursor?: string;
  /**
   * Units of which files differ in another way (the empty name stands for no unit), of the same runs.
   */
  diffs?: UnitChanges[];
  /**
   * Runs of which nothing more will come.
   */
  ended: HubEnd[];
  /**
   * How many lines could not be used, here or at the hub.
   */
  errors: number;
  /**
   * How many events came that were not there before, of all runs.
   */
  events: number;
  /**
   * How many times the hub said that events are missing in this stream.
   */
  gaps: number;
  /**
   * The hub's greeting, if it came.
   */
  hello?: HubHello;
  /**
   * What it said, at most the last 16 times.
   */
  missing?: HubGap[];
  /**
   * Runs whose state changed in any way; more lines alone do not count.
   */
  runs: RunId[];
  /**
   * Units that changed, of runs that were not replaced whole.
   */
  units: UnitChanges[];
}
/**
 * A line that could not be used. The stream went on.
 */
export interface StoreFault {
  /**
   * A stable name: that of a `LineErrorKind`, `oversized`, `no-run`,
   * `bad-control`, or what the hub reported of a producer's line.
   */
  kind: string;
  /**
   * What was wrong, for people.
   */
  message: string;
}
/**
 * Units of one run that changed.
 */
export interface UnitChanges {
  /**
   * The units, each once, in the order in which they first changed.
   */
  ids: string[];
  /**
   * The run.
   */
  run: RunId;
}
/**
 * Units by status.
 */
export interface UnitCounts {
  blocked: number;
  cancelled: number;
  complete: number;
  failed: number;
  in_progress: number;
  in_review: number;
  pending: number;
  ready: number;
  skipped: number;
}
/**
 * What an event of any type can say, beside its type and payload. Members that nobody knows are kept.
 */
export interface Envelope {
  /**
   * What went wrong; absent for nothing.
   */
  error?: string;
  /**
   * The pull request's number.
   */
  pr?: number;
  /**
   * The run.
   */
  run?: RunId;
  /**
   * The number within the run, contiguous from 1: a hole is a loss.
   */
  seq?: number;
  /**
   * The task's number within its unit; 0 is a value.
   */
  task?: number;
  /**
   * When it happened.
   */
  time?: string;
  /**
   * The unit; absent for none.
   */
  unit?: string;
  [k: string]: unknown;
}

/**
 * What the events of each known type carry. A producer can write another payload all the same: it is admitted as it
 * is, and the states' `misshapen` counts it.
 *
 * Types of your own can be added, and then `WireEvent` knows them too:
 *
 *     declare module "@choo/wire" {
 *       interface Payloads {
 *         "x.acme.deployed": { version: string };
 *       }
 *     }
 */
export interface Payloads {
  /** `orch.started`: an orchestration begins. */
  "orch.started": OrchStarted;
  "orch.completed": unknown;
  "orch.failed": unknown;
  /** `orch.started`: an orchestration begins. */
  "orch.dryrun.started": OrchStarted;
  "orch.dryrun.completed": unknown;
  /** `orch.paused`, `orch.resumed`, `orch.cancelled`, `unit.skipped`, `unit.cancelled`: somebody took a hand. */
  "orch.paused": Intervention;
  /** `orch.paused`, `orch.resumed`, `orch.cancelled`, `unit.skipped`, `unit.cancelled`: somebody took a hand. */
  "orch.resumed": Intervention;
  /** `orch.paused`, `orch.resumed`, `orch.cancelled`, `unit.skipped`, `unit.cancelled`: somebody took a hand. */
  "orch.cancelled": Intervention;
  /** `orch.snapshot`: the state of a run up to an event, for a reader that has not seen all before it; whole, or in parts that follow each other and apply together. */
  "orch.snapshot": OrchSnapshot;
  /** A run's whole dependency graph: units, the edges between them, and the units by level. */
  "graph": GraphPayload;
  "unit.queued": unknown;
  /** `unit.started`: task totals, as far as they are known. */
  "unit.started": UnitStarted;
  "unit.completed": unknown;
  /** `unit.merged`: a unit's branch was merged. */
  "unit.merged": UnitMerged;
  "unit.failed": unknown;
  /** `unit.blocked`: a unit cannot run. Why stands in the event's `error`. */
  "unit.blocked": UnitBlocked;
  /** `orch.paused`, `orch.resumed`, `orch.cancelled`, `unit.skipped`, `unit.cancelled`: somebody took a hand. */
  "unit.skipped": Intervention;
  /** `orch.paused`, `orch.resumed`, `orch.cancelled`, `unit.skipped`, `unit.cancelled`: somebody took a hand. */
  "unit.cancelled": Intervention;
  /** `task.started`, `task.backpressure`, `task.completed`, `task.failed`, and what a reader takes from every `task.*` of this run: what is known of the task itself. */
  "task.started": TaskPayload;
  /** `task.claude.invoke`: an agent begins to work on a task. */
  "task.claude.invoke": AgentInvoke;
  /** `task.claude.done`: the agent has ended. If it failed, the event's `error` says how. What it took is told by `task.usage`, so that nothing is counted twice. */
  "task.claude.done": AgentDone;
  /** `task.started`, `task.backpressure`, `task.completed`, `task.failed`, and what a reader takes from every `task.*` of this run: what is known of the task itself. */
  "task.backpressure": TaskPayload;
  /** `task.validation.ok`, `task.validation.fail`: the result of a task's check. Why it failed stands in the event's `error`. */
  "task.validation.ok": Validation;
  /** `task.validation.ok`, `task.validation.fail`: the result of a task's check. Why it failed stands in the event's `error`. */
  "task.validation.fail": Validation;
  /** `task.committed`: what the task changed is in a commit. */
  "task.committed": Commit;
  /** `task.started`, `task.backpressure`, `task.completed`, `task.failed`, and what a reader takes from every `task.*` of this run: what is known of the task itself. */
  "task.completed": TaskPayload;
  /** `task.retry`: a task failed and is tried again. Why it failed stands in the event's `error`. */
  "task.retry": TaskRetry;
  /** `task.started`, `task.backpressure`, `task.completed`, `task.failed`, and what a reader takes from every `task.*` of this run: what is known of the task itself. */
  "task.failed": TaskPayload;
  /** `task.created`, `task.updated`, `task.deleted`: a task's record changed in a task store. */
  "task.created": TaskRecord;
  /** `task.created`, `task.updated`, `task.deleted`: a task's record changed in a task store. */
  "task.updated": TaskRecord;
  /** `task.created`, `task.updated`, `task.deleted`: a task's record changed in a task store. */
  "task.deleted": TaskRecord;
  /** `task.progress`: how far a task is. */
  "task.progress": TaskProgress;
  /** `task.usage`: what a model took for the task since the last such event; amounts of several events add up. */
  "task.usage": Usage;
  /** `pr.created`, `pr.failed`, and what a reader takes from every `pr.*`: what is known of a pull request besides its number, which the event has. Also of `feature.pr.opened`. */
  "pr.created": PrPayload;
  /** `pr.review.pending`, `pr.review.in_progress`, `pr.review.approved`: who reviews. */
  "pr.review.pending": PrReview;
  /** `pr.review.pending`, `pr.review.in_progress`, `pr.review.approved`: who reviews. */
  "pr.review.in_progress": PrReview;
  /** `pr.review.pending`, `pr.review.in_progress`, `pr.review.approved`: who reviews. */
  "pr.review.approved": PrReview;
  /** `pr.feedback.received`, `pr.feedback.addressed`: a reviewer wants changes, or they have been made. */
  "pr.feedback.received": PrFeedback;
  /** `pr.feedback.received`, `pr.feedback.addressed`: a reviewer wants changes, or they have been made. */
  "pr.feedback.addressed": PrFeedback;
  /** `pr.merge.queued`: a pull request waits to be merged. */
  "pr.merge.queued": PrQueued;
  /** `pr.conflict`: a pull request, or a branch without one, cannot be merged as it is. */
  "pr.conflict": PrConflict;
  /** `pr.merged`: a pull request was merged. */
  "pr.merged": PrMerged;
  /** `pr.created`, `pr.failed`, and what a reader takes from every `pr.*`: what is known of a pull request besides its number, which the event has. Also of `feature.pr.opened`. */
  "pr.failed": PrPayload;
  /** `worktree.created`, `worktree.removed`: a work tree that a unit, or a feature, is worked on in. */
  "worktree.created": Worktree;
  /** `worktree.created`, `worktree.removed`: a work tree that a unit, or a feature, is worked on in. */
  "worktree.removed": Worktree;
  /** `branch.pushed`: a branch was sent to a remote. */
  "branch.pushed": BranchPushed;
  /** `feature.started`, `feature.units.complete`, `feature.completed`, `feature.failed`: the feature itself. Why it failed stands in the event's `error`. */
  "feature.started": Feature;
  /** `feature.specs.generated`, `feature.specs.committed`: the specifications made for a feature. */
  "feature.specs.generated": FeatureSpecs;
  /** `feature.specs.reviewed`: somebody, or a model, has judged the specifications of a feature. */
  "feature.specs.reviewed": FeatureReview;
  /** `feature.specs.generated`, `feature.specs.committed`: the specifications made for a feature. */
  "feature.specs.committed": FeatureSpecs;
  /** `feature.tasks.generated`: a feature has been divided into units and tasks. */
  "feature.tasks.generated": FeatureTasks;
  /** `feature.started`, `feature.units.complete`, `feature.completed`, `feature.failed`: the feature itself. Why it failed stands in the event's `error`. */
  "feature.units.complete": Feature;
  /** `pr.created`, `pr.failed`, and what a reader takes from every `pr.*`: what is known of a pull request besides its number, which the event has. Also of `feature.pr.opened`. */
  "feature.pr.opened": PrPayload;
  /** `feature.started`, `feature.units.complete`, `feature.completed`, `feature.failed`: the feature itself. Why it failed stands in the event's `error`. */
  "feature.completed": Feature;
  /** `feature.started`, `feature.units.complete`, `feature.completed`, `feature.failed`: the feature itself. Why it failed stands in the event's `error`. */
  "feature.failed": Feature;
  /** `codereview.started`, `codereview.failed`: a review begins, or could not be made; why not stands in the event's `error`, and the merge goes on. */
  "codereview.started": CodeReview;
  /** `codereview.passed`: a review found nothing. */
  "codereview.passed": CodeReviewPassed;
  /** `codereview.issues_found`: a review found something. */
  "codereview.issues_found": CodeReviewIssues;
  /** `codereview.fix_attempt`, `codereview.fix_applied`: the issues are being mended, or have been. */
  "codereview.fix_attempt": CodeReviewFix;
  /** `codereview.fix_attempt`, `codereview.fix_applied`: the issues are being mended, or have been. */
  "codereview.fix_applied": CodeReviewFix;
  /** `codereview.started`, `codereview.failed`: a review begins, or could not be made; why not stands in the event's `error`, and the merge goes on. */
  "codereview.failed": CodeReview;
  /** `prd.discovered`, `prd.selected`, `prd.updated`: a document was found, chosen to be worked on, or its head changed. */
  "prd.discovered": Prd;
  /** `prd.discovered`, `prd.selected`, `prd.updated`: a document was found, chosen to be worked on, or its head changed. */
  "prd.selected": Prd;
  /** `prd.discovered`, `prd.selected`, `prd.updated`: a document was found, chosen to be worked on, or its head changed. */
  "prd.updated": Prd;
  /** `prd.body.changed`, `prd.drift.detected`: a document is no longer what the work on it began from. */
  "prd.body.changed": PrdDrift;
  /** `prd.body.changed`, `prd.drift.detected`: a document is no longer what the work on it began from. */
  "prd.drift.detected": PrdDrift;
  /** `log.*`: one line of output. */
  "log.stdout": LogPayload;
  /** `log.*`: one line of output. */
  "log.stderr": LogPayload;
  /** `log.*`: one line of output. */
  "log.system": LogPayload;
  /** `log.*`: one line of output. */
  "log.error": LogPayload;
  /** `diff.file`: how a file of the unit's work tree differs now from where the unit began. The latest for a file replaces those before. */
  "diff.file": DiffFile;
  /** `diff.removed`: a file does no longer differ. */
  "diff.removed": DiffRemoved;
  /** `cmd.request`: somebody wants something done. Executed at most once per id. */
  "cmd.request": CmdRequest;
  /** `cmd.accepted`: the orchestrator has begun to execute a command. */
  "cmd.accepted": CmdAccepted;
  /** `cmd.rejected`: a command was not executed. More for people may stand in the event's `error`. */
  "cmd.rejected": CmdRejected;
  /** `cmd.done`: a command that was accepted has been executed. If that went wrong, the event's `error` says how. */
  "cmd.done": CmdDone;
  /** `link.hello`: the first line of a pusher on a new connection. */
  "link.hello": LinkHello;
  /** `link.welcome`: the hub's answer to `link.hello`. */
  "link.welcome": LinkWelcome;
  /** `link.ack`: the hub has written a run's lines to its history, fsync aside. */
  "link.ack": LinkAck;
  /** `link.ping`: are you there? Answered by a `link.pong` at once. */
  "link.ping": LinkPing;
  /** `link.pong`: the answer to a `link.ping`. */
  "link.pong": LinkPong;
  /** `link.lost`: events of this run are missing between the pusher and the hub. */
  "link.lost": LinkLost;
  /** `link.bye`: the pusher has sent everything and closes. */
  "link.bye": LinkBye;
  /** `hub.hello`: the first line of a stream to a reader. */
  "hub.hello": HubHello;
  /** `hub.snapshot`: a run's state at a cursor, in parts that apply together. */
  "hub.snapshot": HubSnapshot;
  /** `hub.gap`: events are missing in this reader's stream; snapshots follow. */
  "hub.gap": HubGap;
  /** `hub.cursor`: everything up to here has been sent. */
  "hub.cursor": HubCursor;
  /** `hub.end`: nothing more will come of this run. */
  "hub.end": HubEnd;
  /** `hub.error`: a producer sent something that is not a line, or this reader something that cannot be read; the stream goes on. */
  "hub.error": HubError;
  /** `hub.bye`: the hub ends this stream. */
  "hub.bye": HubBye;
  /** `subscribe`: a reader wants these events, besides those of its other subscriptions. Empty lists let everything pass. */
  "subscribe": Subscribe;
  /** `unsubscribe`: a reader does not want the events of a subscription any more. */
  "unsubscribe": Unsubscribe;
}

/** An event of one of the types in `Payloads`. */
export interface KnownEvent<Type extends keyof Payloads = keyof Payloads> extends Envelope {
  /** The event type, dotted. */
  type: Type;
  /** What else there is to say. */
  payload?: Payloads[Type];
}

/**
 * The type of an event that `Payloads` does not have: another program's, or one of a newer version.
 *
 * No literal is such a type, so that comparing with one tells the known events apart. The vendors' `x.*` can be
 * compared with all the same, as long as `Payloads` has none of them.
 */
export type UnknownType =
  | Undeclared
  | ([Extract<keyof Payloads, `x.${string}`>] extends [never] ? `x.${string}` : never);

/** A string of which nothing more is known. A mere `string` would swallow the literals beside it. */
declare enum Undeclared {
  // No event type has white space.
  type = "any other type",
}

/** An event of a type that is not in `Payloads`. */
export interface UnknownEvent extends Envelope {
  /** The event type, dotted. */
  type: UnknownType;
  /** What else there is to say: anything. */
  payload?: unknown;
}

/**
 * One event, as a line of the wire carries it: `if (event.type === "log.stdout")`, and the payload is known to be that
 * of a log line.
 */
export type WireEvent = { [Type in keyof Payloads]: KnownEvent<Type> }[keyof Payloads] | UnknownEvent;
