import { createServer, type IncomingMessage, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request of a page, to be answered by the test. */
export class Request {
  readonly headers: IncomingHttpHeaders;
  /** Method and path. */
  readonly target: string;
  readonly query: URLSearchParams;
  /** What was sent with it. */
  readonly body: Promise<string>;
  /** Resolves when the page has let go. */
  readonly gone: Promise<void>;
  readonly #response: ServerResponse;

  constructor(message: IncomingMessage, response: ServerResponse) {
    const { pathname, searchParams } = new URL(message.url ?? "/", "http://hub");
    this.target = `${message.method} ${pathname}`;
    this.query = searchParams;
    this.headers = message.headers;
    this.body = message.setEncoding("utf8").reduce((text: string, chunk: string) => text + chunk, "");
    // Nobody may want it, and the page may be gone before it came whole.
    this.body.catch(() => {});
    this.#response = response;
    this.gone = new Promise((resolve) => response.once("close", resolve));
  }

  /** Begins or continues the stream, in the form that was asked for. */
  say(...lines: readonly string[]): this {
    if (!this.#response.headersSent) this.#response.writeHead(200, { "content-type": this.headers.accept });
    this.#response.write(lines.join(""));
    return this;
  }

  /** Ends the stream in order. */
  end(): void {
    this.#response.end();
  }

  /** Breaks the connection off. */
  cut(): void {
    this.#response.destroy();
  }

  /** Answers with JSON. */
  answer(status: number, body: object): void {
    this.#response.writeHead(status, { "content-type": "application/json" });
    this.#response.end(JSON.stringify(body));
  }

  refuse(status: number, message: string, headers: Record<string, string> = {}, kind = "test"): void {
    this.#response.writeHead(status, { "content-type": "application/json", ...headers });
    this.#response.end(status === 204 ? undefined : JSON.stringify({ error: { kind, message } }));
  }
}

/** An HTTP server that hands its requests to the test one by one. */
export class Hub {
  readonly #server: Server;
  readonly #waiting: Request[] = [];
  #taker: ((request: Request) => void) | undefined;

  private constructor() {
    this.#server = createServer((message, response) => {
      const request = new Request(message, response);
      const taker = this.#taker;
      this.#taker = undefined;
      if (taker === undefined) this.#waiting.push(request);
      else taker(request);
    });
  }

  static async start(): Promise<Hub> {
    const hub = new Hub();
    await new Promise<void>((resolve) => hub.#server.listen(0, "127.0.0.1", resolve));
    return hub;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/api/v1/events`;
  }

  /** How many requests nobody has taken. */
  get unasked(): number {
    return this.#waiting.length;
  }

  /** The next request, as soon as it is there. */
  request(): Promise<Request> {
    const request = this.#waiting.shift();
    if (request !== undefined) return Promise.resolve(request);
    return new Promise((resolve) => (this.#taker = resolve));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
