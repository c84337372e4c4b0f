import type { RunState } from "@choo/wire";
import { useFeed } from "../connection/FeedProvider";
import { formatBytes, plural } from "../format/count";
import { describeGaps, describeLoss, describeSummary, RESTARTED } from "./missing";

/** What this page does not know, said where it is seen. Nothing is drawn when nothing is missing. */
export function Notices({ state }: { readonly state: RunState }) {
  const feed = useFeed();
  const { loss, misshapen } = state;
  const lost = loss?.count ?? 0;
  const summary = describeSummary(state.summaries ?? [], feed.gaps);
  const holes = feed.gaps.filter(({ why }) => why !== RESTARTED);
  const unread = feed.errors + (misshapen ?? 0);
  return (
    <div className="notices">
      {lost > 0 && loss && (
        <p className="notice tone-orange" data-testid="loss-notice">
          <strong>{plural(lost, "event")} lost</strong> on the way to the hub
          {loss.bytes > 0 && ` (${formatBytes(loss.bytes)})`}: {describeLoss(loss)}.
        </p>
      )}
      {summary !== undefined && <p className="notice tone-yellow" data-testid="summary-notice">{summary}</p>}
      {holes.length > 0 && (
        <p className="notice tone-yellow" data-testid="gap-notice">
          <strong>Lines are missing in this page:</strong> {describeGaps(holes)}. Statuses are right all the same.
        </p>
      )}
      {unread > 0 && (
        <p className="notice tone-yellow" data-testid="misshapen-notice">
          <strong>{plural(unread, "line")}</strong> could not be read in full
          {feed.lastError === undefined ? "" : `, the last one because ${feed.lastError}`}.
        </p>
      )}
    </div>
  );
}
