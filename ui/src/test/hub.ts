import { vi } from "vitest";

/** One request that the page made of the stream. */
interface Request {
  readonly url: URL;
  readonly authorization: string | null;
}

/** The hub as the page sees it: `fetch`, with a stream that says what a test hands it. */
export class TestHub {
  readonly requests: Request[] = [];
  /** What `GET /api/v1/runs` lists. */
  listed: unknown[] = [];
  /** The token it wants, if any. */
  token: string | undefined;
  #stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  #waiting: (() => void)[] = [];
  readonly #run: string;
  #seq = 0;

  /** A hub whose events are of `run`. */
  constructor(run: string) {
    this.#run = run;
    vi.stubGlobal("fetch", (input: string | URL, init: RequestInit = {}) => Promise.resolve(this.#answer(new URL(input, location.href), init)));
  }

  /** Waits until the page has opened its stream. */
  async opened(): Promise<void> {
    if (this.#stream === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Sends events of the run, numbered from where the last ones ended. */
  send(...events: readonly Record<string, unknown>[]): void {
    this.#write(events.map((event) => ({ time: "2025-01-18T10:30:00Z", ...event, run: this.#run, seq: (this.#seq += 1) })));
  }

  /** Sends a control line of the hub, or one of the run's. */
  say(type: `hub.${string}` | "link.lost", payload: unknown): void {
    this.#write([{ type, payload, ...(type === "link.lost" ? { run: this.#run } : {}) }]);
  }

  #write(lines: readonly unknown[]): void {
    if (this.#stream === undefined) throw new Error("the page has no stream open");
    this.#stream.enqueue(new TextEncoder().encode(lines.map((line) => `${JSON.stringify(line)}\n`).join("")));
  }

  #answer(url: URL, init: RequestInit): Response {
    const authorization = new Headers(init.headers).get("authorization");
    this.requests.push({ url, authorization });
    if (this.token !== undefined && authorization !== `Bearer ${this.token}`) {
      return json(401, { error: { kind: "unauthorized", message: "the token is needed" } });
    }
    if (url.pathname === "/api/v1/runs") return json(200, { runs: this.listed, next: null });
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stream = controller;
        for (const resolve of this.#waiting.splice(0)) resolve();
      },
    });
    init.signal?.addEventListener("abort", () => (this.#stream = undefined));
    // As much of a response as a reader of streams looks at; the test's DOM has a Response of its own making.
    return { status: 200, ok: true, headers: new Headers({ "content-type": "application/x-ndjson" }), body } as Response;
  }
}

function json(status: number, value: unknown): Response {
  return { status, ok: status < 300, headers: new Headers(), body: null, json: () => Promise.resolve(value) } as unknown as Response;
}
