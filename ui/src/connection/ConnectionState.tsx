import { useNow } from "../format/clock";
import { useConnectionStatus, useFeed } from "./FeedProvider";
import { connectionWords } from "./words";
import "./connection.css";

/** The state of the page's connection in words, with a way to hurry it. */
export function ConnectionState() {
  const feed = useFeed();
  const status = useConnectionStatus();
  const now = useNow(status.retryAt !== undefined);
  const words = connectionWords(status, now);
  return (
    <div className="connection">
      <span
        role="status"
        className={`connection-state tone-${words.tone}`}
        data-testid="connection-state"
        data-state={status.state}
        title={[words.detail, status.error].filter(Boolean).join("\n")}
      >
        <span className="connection-dot" aria-hidden="true" />
        {words.short}
      </span>
      {words.retry && (
        <>
          {words.detail !== "" && <span className="connection-detail">{words.detail}</span>}
          <button type="button" className="button small" onClick={() => feed.retryNow()}>Retry now</button>
        </>
      )}
    </div>
  );
}
