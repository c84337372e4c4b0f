import type { TaskState } from "@choo/wire";
import { useNow } from "../format/clock";
import { elapsed, formatDuration } from "../format/duration";
import { TASK } from "../status/status";
import { StatusIcon } from "../status/StatusIcon";
import { ErrorText } from "./ErrorText";

interface Props {
  readonly number: number;
  readonly task: TaskState;
  /** What already stands on the page: an error within it is not repeated. */
  readonly shownAbove: string;
}

/** One task: how it stands, which attempt this is, how long it took, why it failed. */
export function TaskRow({ number, task, shownAbove }: Props) {
  const look = TASK[task.status];
  const running = !task.ended && task.status !== "pending" && Boolean(task.started);
  const now = useNow(running);
  const took = task.ended || running ? elapsed(task.started, task.ended, now) : undefined;
  const attempt = task.attempt > 1 ? `attempt ${task.attempt}` : "";
  return (
    <li className="task" data-testid="task-row" data-task={number} data-status={task.status} data-attempt={task.attempt}>
      <div className="task-line">
        <StatusIcon look={look} />
        <span className="task-number">{number}</span>
        <span className="task-name">{task.name ?? `Task ${number}`}</span>
        {attempt !== "" && <span className="task-attempt">{attempt}</span>}
        <span className="task-status">{look.word}</span>
        <span className="task-took">{took === undefined ? "" : formatDuration(took)}</span>
      </div>
      {task.error && !shownAbove.includes(task.error) && (
        <ErrorText title={task.status === "failed" ? "Error" : "Last failure"} text={task.error} tone={task.status === "failed" ? "red" : "yellow"} />
      )}
    </li>
  );
}
