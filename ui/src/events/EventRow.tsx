import type { WireEvent } from "@choo/wire";
import { formatClock } from "../format/time";
import { plainText } from "../logs/ansi";
import { eventTone, summarize } from "./summary";

interface Props {
  readonly event: WireEvent;
  readonly open: boolean;
  readonly onToggle: () => void;
}

/** One event: a line, and the whole of it as JSON when opened. */
export function EventRow({ event, open, onToggle }: Props) {
  return (
    <div className="event" data-testid="event-row" data-type={event.type} data-seq={event.seq}>
      <button type="button" className="event-line" aria-expanded={open} onClick={onToggle}>
        <span className="event-time">{formatClock(event.time)}</span>
        <span className={`event-type mono tone-${eventTone(event.type)}`}>{event.type}</span>
        <span className="event-unit">
          {event.unit}
          {event.task !== undefined && <span className="event-task">#{event.task}</span>}
        </span>
        <span className={event.error ? "event-summary error" : "event-summary"}>{plainText(summarize(event))}</span>
      </button>
      {open && <pre className="event-raw" tabIndex={0} aria-label={`Raw event ${event.type}`}>{JSON.stringify(event, null, 2)}</pre>}
    </div>
  );
}
