import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connect, RunStore, type Connection, type ConnectionStatus, type ConnectOptions } from "../src/index.js";
import { Hub } from "./support/hub.js";
import { control, line } from "./support/wire.js";

/** A connection to a hub, its store, and everything it told. */
class Page {
  readonly store = new RunStore();
  readonly statuses: ConnectionStatus[] = [];
  /** Callbacks so far. */
  changes = 0;
  readonly connection: Connection;
  readonly #waiting = new Set<() => void>();

  constructor(options: Omit<ConnectOptions, "store">) {
    this.connection = connect({
      ...options,
      store: this.store,
      onChange: () => {
        this.changes += 1;
        this.#look();
      },
      onStatus: (status) => {
        this.statuses.push(status);
        this.#look();
      },
    });
  }

  /** Resolves as soon as this is so. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  untilState(state: ConnectionStatus["state"]): Promise<void> {
    return this.until(() => this.connection.status.state === state);
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

let hub: Hub;
const pages: Page[] = [];

beforeEach(async () => {
  hub = await Hub.start();
  // No wait between attempts: jitter starts at zero.
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(async () => {
  for (const { connection, store } of pages.splice(0)) {
    connection.close();
    store.free();
  }
  await hub.stop();
  vi.restoreAllMocks();
});

function open(options: Partial<ConnectOptions> = {}): Page {
  const page = new Page({ url: hub.url, ...options });
  pages.push(page);
  return page;
}

const hello = control("hub.hello", { proto: 1, epoch: "E", recovered: false });
const cursor = (at: string) => control("hub.cursor", { cursor: at });
const log = (seq: number) => line("log.stdout", "r", seq, { unit: "a", payload: { content: `line ${seq} ✓`, n: seq } });

it("asks for what it was told to ask for, with the token in the header and nowhere else", async () => {
  open({ token: "secret", run: "r", since: "earliest", types: ["task.*", "unit.*"], units: ["ä b", "c,d"] });
  const { query, headers } = await hub.request();
  expect(headers.authorization).toBe("Bearer secret");
  expect(headers.accept).toBe("application/x-ndjson");
  expect([...query]).toEqual([
    ["since", "earliest"], ["run", "r"], ["types", "task.*"], ["types", "unit.*"], ["units", "ä b"],
    ["units", "c\\,d"],
  ]);
});

it("S4-28: comes back after a cut within a line, loses nothing and has nothing twice", async () => {
  const page = open({ run: "r" });
  const first = await hub.request();
  expect(first.query.get("since")).toBe("snapshot");
  expect(first.headers.authorization).toBeUndefined();
  const torn = log(4);
  // Within the three bytes of the tick.
  first.say(hello, log(1), log(2), cursor("E:2"), log(3), torn.slice(0, torn.indexOf("✓")));
  await page.until(() => page.store.eventCount("r") === 3);
  expect(page.connection.status).toEqual({ state: "live", attempt: 0 });
  first.cut();

  const second = await hub.request();
  expect(second.query.get("since")).toBe("E:2");
  second.say(control("hub.hello", { proto: 1, epoch: "E", recovered: true }), log(3), log(4), cursor("E:4"), log(5));
  await page.until(() => page.store.eventCount("r") === 5);
  expect(page.store.logs("r", "a", undefined, 0, 9).map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
  expect(page.store.faults()).toEqual([]);
  expect(page.connection.cursor).toBe("E:4");
  // Waiting and trying are told apart by `retryAt`.
  expect(page.statuses.map(({ state, retryAt }) => [state, retryAt !== undefined])).toEqual([
    ["live", false], ["reconnecting", true], ["reconnecting", false], ["live", false],
  ]);
});

it("comes back after an orderly end, and after the hub has been away", async () => {
  const page = open();
  (await hub.request()).say(hello, cursor("E:1")).end();
  const second = await hub.request();
  expect(second.query.get("since")).toBe("E:1");
  second.cut();
  const third = await hub.request();
  expect(third.query.get("since")).toBe("E:1");
  third.say(hello);
  await page.untilState("live");
});

it("puts characters together that chunks have torn", async () => {
  const page = open();
  const request = await hub.request();
  const text = log(1);
  request.say(hello, text.slice(0, 20));
  await page.until(() => page.changes > 0);
  request.say(text.slice(20));
  await page.until(() => page.store.eventCount("r") === 1);
  expect(page.store.logs("r", undefined, undefined, 0, 1)[0]?.content).toBe("line 1 ✓");
});

it("does not hammer a hub that refuses the token", async () => {
  const page = open({ token: "old" });
  (await hub.request()).refuse(401, "a token is needed");
  await page.untilState("denied");
  expect(page.connection.status).toEqual({ state: "denied", attempt: 0, error: "a token is needed" });
  expect(hub.unasked).toBe(0);
  page.connection.retryNow();
  (await hub.request()).say(hello);
  await page.untilState("live");
});

it("begins with a snapshot when its cursor is refused", async () => {
  const page = open({ since: "nonsense" });
  (await hub.request()).refuse(400, "not a cursor");
  const second = await hub.request();
  expect(second.query.get("since")).toBe("snapshot");
  second.say(hello);
  await page.untilState("live");
});

it("tries again as late as a full hub asks for", async () => {
  const page = open();
  const asked = Date.now();
  (await hub.request()).refuse(503, "too many clients", { "retry-after": "1000" });
  await page.untilState("reconnecting");
  const { retryAt = 0, error } = page.connection.status;
  expect(error).toBe("too many clients");
  expect(retryAt - asked).toBeGreaterThanOrEqual(999_000);
  page.connection.retryNow();
  (await hub.request()).say(hello);
  await page.untilState("live");
});

it("asks for another form when something else than a stream comes", async () => {
  const page = open({ maxReconnectAttempts: 0 });
  (await hub.request()).refuse(200, "welcome");
  expect((await hub.request()).headers.accept).toBe("text/event-stream");
  page.connection.close();
});

it("says so when something else than a hub answers in every form", async () => {
  const page = open({ maxReconnectAttempts: 0, transports: ["ndjson"] });
  (await hub.request()).refuse(200, "welcome");
  await page.untilState("offline");
  expect(page.connection.status.error).toBe("the answer is application/json, not a stream of events");
  expect(page.changes).toBe(0);
});

it("ends with its run, and lets go", async () => {
  const page = open({ run: "r" });
  const request = await hub.request();
  request.say(hello, line("orch.completed", "r", 1), control("hub.end", { run: "r", status: "completed" }), cursor("E:1"));
  await page.untilState("ended");
  expect(page.store.run("r")?.status).toBe("completed");
  await request.gone;
  expect(hub.unasked).toBe(0);
});

it("ends with 204", async () => {
  const page = open({ run: "r", since: "E:9" });
  (await hub.request()).refuse(204, "");
  await page.untilState("ended");
});

it("rests and catches up", async () => {
  const page = open();
  const first = await hub.request();
  first.say(hello, log(1), cursor("E:1"));
  await page.until(() => page.connection.cursor === "E:1");
  page.connection.pause();
  expect(page.connection.status).toEqual({ state: "offline", attempt: 0, paused: true });
  await first.gone;
  page.connection.resume();
  const second = await hub.request();
  expect(second.query.get("since")).toBe("E:1");
});

it("says nothing more once closed", async () => {
  const page = open();
  const request = await hub.request();
  request.say(hello, log(1));
  await page.until(() => page.store.eventCount("r") === 1);
  const { changes } = page;
  const told = page.statuses.length;
  page.connection.close();
  page.connection.close();
  page.connection.retryNow();
  await request.gone;
  expect([page.changes, page.statuses.length, page.connection.status.state]).toEqual([changes, told, "ended"]);
  expect(hub.unasked).toBe(0);
});

it("may be closed from its own callback", async () => {
  const store = new RunStore();
  const closed = new Promise<void>((resolve) => {
    const connection = connect({
      url: hub.url,
      store,
      onChange: () => {
        connection.close();
        store.free();
        resolve();
      },
    });
  });
  const request = await hub.request();
  request.say(hello, log(1));
  await closed;
  await request.gone;
});

it("keeps its connection when a callback throws, and reports the mistake", async () => {
  const reported = new Promise<unknown>((resolve) => {
    const queue = globalThis.queueMicrotask;
    vi.spyOn(globalThis, "queueMicrotask").mockImplementation((task) =>
      queue(() => {
        try {
          task();
        } catch (error) {
          resolve(error);
        }
      }),
    );
  });
  const store = new RunStore();
  const connection = connect({ url: hub.url, store, onChange: () => { throw new Error("mistake"); } });
  (await hub.request()).say(hello, cursor("E:1"));
  await expect(reported).resolves.toEqual(new Error("mistake"));
  expect(connection.status.state).toBe("live");
  connection.close();
  store.free();
});

it("refuses an address that is none, at once", () => {
  expect(() => open({ url: "http://" })).toThrow(TypeError);
});

it("takes a big catch-up in turns", async () => {
  const page = open();
  const request = await hub.request();
  const lines = [];
  for (let seq = 1; seq <= 20_000; seq += 1) lines.push(log(seq));
  request.say(hello, ...lines, cursor("E:20000"));
  await page.until(() => page.connection.cursor === "E:20000");
  expect(page.store.logCount("r", "a")).toBe(20_000);
  expect(page.changes).toBeGreaterThan(1);
});
