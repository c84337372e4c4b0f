// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connect, RunStore } from "../src/index.js";
import { bytes, control } from "./support/wire.js";

/** The page's requests: where each began, and whether the page has let go of it. */
const requests: { readonly since: string | null; readonly signal: AbortSignal }[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  // Here events come as responses; `socket.test.ts` is about the other way.
  vi.stubGlobal("WebSocket", undefined);
  vi.stubGlobal("fetch", (url: string, { signal }: { signal: AbortSignal }) => {
    requests.push({ since: new URL(url).searchParams.get("since"), signal });
    const cursor = control("hub.cursor", { cursor: `E:${requests.length}` });
    const body = new ReadableStream<Uint8Array>({ start: (stream) => stream.enqueue(bytes(cursor)) });
    return Promise.resolve(new Response(body, { headers: { "content-type": "application/x-ndjson" } }));
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
  requests.splice(0);
});

function show(state: DocumentVisibilityState): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

it("S2-03: rests in a hidden tab after 30 s and catches up when it is shown", async () => {
  const store = new RunStore();
  const connection = connect({ url: "/api/v1/events", store });
  await vi.advanceTimersByTimeAsync(0);
  expect(connection.status.state).toBe("live");
  show("hidden");
  await vi.advanceTimersByTimeAsync(29_999);
  expect(requests.map(({ signal }) => signal.aborted)).toEqual([false]);
  await vi.advanceTimersByTimeAsync(1);
  expect(requests.map(({ signal }) => signal.aborted)).toEqual([true]);
  expect(connection.status.paused).toBe(true);
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(requests).toHaveLength(1);
  show("visible");
  await vi.advanceTimersByTimeAsync(0);
  expect(requests.map(({ since }) => since)).toEqual(["snapshot", "E:1"]);
  expect(connection.status).toEqual({ state: "live", attempt: 0 });
  connection.close();
  store.free();
});

it("rests also when it was opened in the background", async () => {
  show("hidden");
  const store = new RunStore();
  const connection = connect({ url: "/api/v1/events", store });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(connection.status.paused).toBe(true);
  connection.close();
  store.free();
});

it("leaves no timer and no listener behind", async () => {
  const store = new RunStore();
  const connection = connect({ url: "/api/v1/events", store });
  await vi.advanceTimersByTimeAsync(0);
  connection.close();
  store.free();
  show("hidden");
  show("visible");
  window.dispatchEvent(new Event("online"));
  expect(vi.getTimerCount()).toBe(0);
  expect(requests).toHaveLength(1);
});
