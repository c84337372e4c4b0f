import type { ConnectionStatus } from "@choo/wire";
import type { Tone } from "../status/status";

export interface ConnectionWords {
  /** One or two words for the corner of the page. */
  readonly short: string;
  /** What that means, or what happens next; empty if there is nothing to add. */
  readonly detail: string;
  readonly tone: Tone;
  /** Whether pressing "retry now" makes sense. */
  readonly retry: boolean;
}

/** A connection's state in words. `now` is Unix milliseconds, for the countdown. */
export function connectionWords(status: ConnectionStatus, now: number): ConnectionWords {
  if (status.paused) return { short: "Paused", detail: "It goes on when this page is looked at.", tone: "grey", retry: true };
  switch (status.state) {
    case "live":
      return { short: "Live", detail: "", tone: "green", retry: false };
    case "slow":
      return { short: "Live, slow", detail: "The connection answers slowly; what you see may be late.", tone: "yellow", retry: false };
    case "connecting":
      return { short: "Connecting…", detail: "", tone: "grey", retry: false };
    case "ended":
      return { short: "Ended", detail: "The run is over; nothing more will come.", tone: "grey", retry: false };
    case "denied":
      return { short: "Refused", detail: "The hub did not accept this page's token.", tone: "red", retry: false };
    case "reconnecting":
      return { short: "Reconnecting…", detail: attempt(status, now), tone: "yellow", retry: true };
    case "offline":
      return { short: "Disconnected", detail: attempt(status, now), tone: "red", retry: true };
  }
}

function attempt(status: ConnectionStatus, now: number): string {
  const parts: string[] = [];
  if (status.attempt > 0) parts.push(`attempt ${status.attempt}`);
  if (status.retryAt !== undefined) {
    const secs = Math.ceil((status.retryAt - now) / 1_000);
    parts.push(secs > 0 ? `next try in ${secs} s` : "trying now");
  }
  return parts.join(", ");
}
