import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connect, RunStore, type Connection, type ConnectOptions } from "../src/index.js";
import { DataLines } from "../src/sse.js";
import { socketUrl } from "../src/socket.js";
import { Hub } from "./support/hub.js";
import { FakeSocket } from "./support/socket.js";
import { control, line } from "./support/wire.js";

const pages: { connection: Connection; store: RunStore }[] = [];

beforeEach(() => {
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(() => {
  for (const { connection, store } of pages.splice(0)) {
    connection.close();
    store.free();
  }
  // The sockets of one test are nothing to the next.
  for (const socket of FakeSocket.opened.splice(0)) socket.end();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function open(options: Partial<ConnectOptions> = {}) {
  const store = new RunStore();
  const connection = connect({ url: "http://hub:1/api/v1/events", store, ...options });
  const page = { connection, store };
  pages.push(page);
  return page;
}

const hello = control("hub.hello", { proto: 1, epoch: "E", recovered: false });
const log = (run: string, seq: number) => line("log.stdout", run, seq, { unit: "a", payload: { content: "x", n: seq } });
const socket = (n: number): FakeSocket => FakeSocket.opened[n] ?? expect.fail(`no socket ${n}`);

it("stands beside the stream's address", () => {
  expect(socketUrl("http://h:1/api/v1/events?x=1#y")).toBe("ws://h:1/api/v1/ws");
  expect(socketUrl("https://h/p/api/v1/events")).toBe("wss://h/p/api/v1/ws");
  expect(socketUrl("https://h/elsewhere")).toBeUndefined();
});

it("is one for all connections of a page to a hub, whatever they follow", () => {
  const one = open({ token: "secret", run: "r", types: ["log.*"], since: "earliest" });
  const two = open({ token: "secret", run: "s" });
  expect(FakeSocket.opened).toHaveLength(1);
  const it = socket(0);
  expect([it.url, it.protocols]).toEqual(["ws://hub:1/api/v1/ws", ["choo.v1", "choo.token.secret"]]);
  expect(it.said).toEqual([]);
  it.open();
  expect(it.said).toEqual([
    { type: "subscribe", payload: { id: "1", since: "earliest", run: "r", types: ["log.*"] } },
    { type: "subscribe", payload: { id: "2", since: "snapshot", run: "s" } },
  ]);
  expect(one.connection.status.state).toBe("connecting");
  it.say("1", "E:1", hello, log("r", 1));
  expect([one.connection.status.state, two.connection.status.state]).toEqual(["live", "connecting"]);
  it.say("2", "E:1", hello);
  it.say("2", "E:2", log("s", 1));
  expect([one.store.eventCount("r"), one.store.eventCount("s"), two.store.eventCount("s")]).toEqual([1, 0, 1]);
  expect([one.connection.cursor, two.connection.cursor]).toEqual(["E:1", "E:2"]);
  one.connection.close();
  expect(it.said.at(-1)).toEqual({ type: "unsubscribe", payload: { id: "1" } });
  expect(it.isClosed).toBe(false);
  two.connection.close();
  expect(it.said.at(-1)).toEqual({ type: "unsubscribe", payload: { id: "2" } });
});

it("is kept for a moment for a page that turns to something else, and closed then", () => {
  vi.useFakeTimers();
  const one = open();
  socket(0).open();
  one.connection.close();
  vi.advanceTimersByTime(900);
  const two = open({ run: "r" });
  vi.advanceTimersByTime(5_000);
  expect([FakeSocket.opened.length, socket(0).isClosed]).toEqual([1, false]);
  expect(socket(0).said.map(({ type }) => type)).toEqual(["subscribe", "unsubscribe", "subscribe"]);
  two.connection.close();
  vi.advanceTimersByTime(1_000);
  expect(socket(0).isClosed).toBe(true);
  vi.useRealTimers();
});

it("another hub or token has another", () => {
  open();
  open({ token: "a" });
  open({ url: "http://hub:2/api/v1/events" });
  expect(FakeSocket.opened).toHaveLength(3);
});

it("comes back where it stood when the connection ends", async () => {
  const page = open();
  socket(0).open();
  socket(0).say("1", "E:7", hello, log("r", 1));
  socket(0).end();
  expect(page.connection.status.state).toBe("reconnecting");
  await vi.waitFor(() => expect(FakeSocket.opened).toHaveLength(2));
  socket(1).open();
  expect(socket(1).said[0]?.payload["since"]).toBe("E:7");
  socket(1).say("1", "E:8", hello, log("r", 1), log("r", 2));
  expect([page.connection.status.state, page.store.eventCount("r")]).toEqual(["live", 2]);
});

it("a refused subscription ends that connection alone", async () => {
  const page = open({ types: ["x".repeat(5000)] });
  const other = open();
  socket(0).open();
  socket(0).onmessage?.({
    data: JSON.stringify({ type: "hub.error", payload: { kind: "filter", message: "too long", count: 1, id: "1" } }),
  });
  await vi.waitFor(() => expect(page.connection.status).toMatchObject({ state: "denied", error: "too long" }));
  socket(0).say("2", "E:1", hello);
  expect(other.connection.status.state).toBe("live");
});

it("S3-43: where there is no WebSocket a response does, and the WebSocket is asked for again the next time", async () => {
  const hub = await Hub.start();
  const page = open({ url: hub.url });
  socket(0).end();
  const first = await hub.request();
  expect(first.headers.accept).toBe("application/x-ndjson");
  first.say(hello, log("r", 1), control("hub.cursor", { cursor: "E:1" }));
  await vi.waitFor(() => expect(page.store.eventCount("r")).toBe(1));
  first.cut();
  await vi.waitFor(() => expect(FakeSocket.opened).toHaveLength(2));
  socket(1).open();
  expect(socket(1).said[0]?.payload["since"]).toBe("E:1");
  page.connection.close();
  await hub.stop();
});

it("server-sent events are the last resort", async () => {
  const hub = await Hub.start();
  const page = open({ url: hub.url, transports: ["ndjson", "sse"] });
  (await hub.request()).refuse(406, "not in this form");
  const request = await hub.request();
  expect([request.headers.accept, request.query.get("batch")]).toEqual(["text/event-stream", "1"]);
  const data = [hello, log("r", 1)].map((text) => `data: ${text}`);
  request.say("retry: 1000\n", "id: E:1\n", ...data, "\n", ":\n");
  await vi.waitFor(() => expect(page.store.eventCount("r")).toBe(1));
  expect(page.store.faults()).toEqual([]);
  page.connection.close();
  await hub.stop();
});

it("lines come out of server-sent events however they are cut and ended", () => {
  for (const end of ["\n", "\r\n"]) {
    const text = ["retry: 1000", "id: E:1", 'data: {"a":"✓"}', 'data:{"b":2}', "", ":", ""].join(end);
    for (const size of [1, 2, 3, 7, 1000]) {
      const lines = new DataLines();
      const bytes = new TextEncoder().encode(text);
      let got = "";
      for (let at = 0; at < bytes.length; at += size) {
        got += new TextDecoder().decode(lines.push(bytes.subarray(at, at + size)));
      }
      expect(got).toBe('{"a":"✓"}\n{"b":2}\n');
    }
  }
});
