// @vitest-environment happy-dom
import { act, StrictMode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useConnection, useLogs, useRun, useRuns, useUnit, type FeedOptions } from "../src/react.js";
import type { Feed } from "../src/react.js";
import { bytes, control, line } from "./support/wire.js";

/** A hub's answers as this page's `fetch` gives them: one stream per request, fed by the test. */
const streams: { readonly url: string; readonly body: ReadableStreamDefaultController<Uint8Array> }[] = [];

let root: Root;
let container: HTMLElement;

beforeEach(() => {
  vi.stubGlobal("IS_REACT_ACT_ENVIRONMENT", true);
  // Here events come as responses; `socket.test.ts` is about the other way.
  vi.stubGlobal("WebSocket", undefined);
  vi.stubGlobal("fetch", (url: string) => {
    const stream = new ReadableStream<Uint8Array>({ start: (body) => void streams.push({ url, body }) });
    return Promise.resolve(new Response(stream, { headers: { "content-type": "application/x-ndjson" } }));
  });
  container = document.createElement("div");
  root = createRoot(container);
});

afterEach(async () => {
  await act(async () => root.unmount());
  streams.splice(0);
  vi.unstubAllGlobals();
});

const renders = { a: 0, b: 0 };

function Unit({ feed, id }: { readonly feed: Feed | undefined; readonly id: "a" | "b" }) {
  const unit = useUnit(feed, "r", id);
  renders[id] += 1;
  return <i id={id}>{unit?.status ?? "unknown"}</i>;
}

function Logs({ feed }: { readonly feed: Feed | undefined }) {
  const { lines, total } = useLogs(feed, "r", { from: 1, count: 1 });
  return <i id="logs">{`${lines.map(({ content }) => content).join()} of ${total}`}</i>;
}

function Run({ feed }: { readonly feed: Feed | undefined }) {
  return <i id="run">{`${useRun(feed, "r")?.status ?? "unknown"} of ${useRuns(feed).length}`}</i>;
}

function App(options: FeedOptions) {
  const { feed, status } = useConnection(options);
  return (
    <>
      <i id="state">{status.state}</i>
      <Run feed={feed} />
      <Unit feed={feed} id="a" />
      <Unit feed={feed} id="b" />
      <Logs feed={feed} />
    </>
  );
}

function text(id: string): string | null | undefined {
  return container.querySelector(`#${id}`)?.textContent;
}

/** Says something to the page's newest stream and waits until the page shows this. */
async function say(lines: string, id: string, shown: string): Promise<void> {
  await act(async () => {
    streams.at(-1)?.body.enqueue(bytes(lines));
    await vi.waitFor(() => expect(text(id)).toBe(shown), { interval: 5 });
  });
}

it("shows what the hub says, and renders a unit only when that one moves", async () => {
  await act(async () => root.render(<App url="http://hub/api/v1/events" run="r" />));
  expect(text("run")).toBe("unknown of 0");
  await say(control("hub.hello", { proto: 1, epoch: "E", recovered: false }), "state", "live");
  await say(line("orch.started", "r", 1) + line("unit.started", "r", 2, { unit: "a" }), "a", "in_progress");
  expect(text("run")).toBe("running of 1");
  const { b } = renders;
  await say(line("unit.completed", "r", 3, { unit: "a" }), "a", "complete");
  expect([text("b"), renders.b]).toEqual(["unknown", b]);
  const log = (seq: number) => line("log.stdout", "r", seq, { unit: "a", payload: { content: `line ${seq}`, n: seq } });
  await say(log(4) + log(5), "logs", "line 5 of 2");
});

it("connects anew only when an option differs, and not for the same ones written again", async () => {
  const render = (types: string[]) => act(async () => root.render(<App url="http://hub/api/v1/events" types={types} />));
  await render(["task.*"]);
  await render(["task.*"]);
  expect(streams).toHaveLength(1);
  await render(["unit.*"]);
  expect(streams.map(({ url }) => new URL(url).searchParams.get("types"))).toEqual(["task.*", "unit.*"]);
});

it("survives being mounted twice, as development does", async () => {
  await act(async () => root.render(<StrictMode><App url="http://hub/api/v1/events" /></StrictMode>));
  await say(line("unit.started", "r", 1, { unit: "a" }), "a", "in_progress");
  expect(text("state")).toBe("live");
});
