import type { RunState } from "@choo/wire";
import { useFeed } from "../connection/FeedProvider";
import { formatBytes, formatCount, plural } from "../format/count";
import { describeLoss, describeRanges } from "./missing";

/** What this page does not know, said where it is seen. Nothing is drawn when nothing is missing. */
export function Notices({ state }: { readonly state: RunState }) {
  const feed = useFeed();
  const { loss, summaries, misshapen } = state;
  const lost = loss?.count ?? 0;
  return (
    <div className="notices">
      {lost > 0 && loss && (
        <p className="notice tone-orange" data-testid="loss-notice">
          <strong>{plural(lost, "event")} lost</strong> on the way to the hub
          {loss.bytes > 0 && ` (${formatBytes(loss.bytes)})`}: {describeLoss(loss)}.
        </p>
      )}
      {summaries && summaries.length > 0 && (
        <p className="notice tone-yellow" data-testid="summary-notice">
          <strong>{describeRanges(summaries)}</strong> are known only as a summary: the web daemon was not there or was restarted;
          their log lines are gone.
        </p>
      )}
      {feed.gaps > 0 && (
        <p className="notice tone-yellow" data-testid="gap-notice">
          The hub’s history had moved past this page {feed.gaps === 1 ? "once" : `${formatCount(feed.gaps)} times`}. Statuses are right;
          events and log lines from that time are missing here.
        </p>
      )}
      {feed.errors + (misshapen ?? 0) > 0 && (
        <p className="notice tone-yellow" data-testid="misshapen-notice">
          {plural(feed.errors + (misshapen ?? 0), "line")} of this run could not be read in full.
        </p>
      )}
    </div>
  );
}
