import type { WebSocketLike } from "../../src/socket.js";

/** A WebSocket whose other end is the test. */
export class FakeSocket implements WebSocketLike {
  static readonly opened: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  /** What the page has said. */
  readonly said: { type: string; payload: Record<string, unknown> }[] = [];
  isClosed = false;

  constructor(readonly url: string, readonly protocols: readonly string[]) {
    FakeSocket.opened.push(this);
  }

  send(text: string): void {
    this.said.push(JSON.parse(text) as FakeSocket["said"][number]);
  }

  close(): void {
    this.isClosed = true;
  }

  /** The handshake succeeds. */
  open(): void {
    this.onopen?.();
  }

  /** A message for a subscription, up to a cursor. */
  say(id: string, cursor: string, ...lines: readonly string[]): void {
    const last = JSON.stringify({ type: "hub.cursor", payload: { cursor, id } });
    this.onmessage?.({ data: [...lines.map((line) => line.trimEnd()), last].join("\n") });
  }

  /** The connection ends, or never came about. */
  end(): void {
    this.onclose?.();
  }

  /** How many nobody has closed. */
  static get alive(): number {
    return FakeSocket.opened.filter(({ isClosed }) => !isClosed).length;
  }
}
