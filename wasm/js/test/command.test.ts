import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CommandError, connect, RunStore, type CommandOptions, type Connection } from "../src/index.js";
import { Hub, type Request } from "./support/hub.js";
import { control, line } from "./support/wire.js";

let hub: Hub;
let store: RunStore;
let connection: Connection;

beforeEach(async () => {
  hub = await Hub.start();
  store = new RunStore();
  connection = connect({ url: hub.url, token: "secret", store });
  // The connection's own stream: commands have one of theirs.
  (await hub.request()).say(control("hub.hello", { proto: 1, epoch: "E", recovered: false }));
  // No wait between attempts: jitter starts at zero.
  vi.spyOn(Math, "random").mockReturnValue(0);
});

afterEach(async () => {
  connection.close();
  store.free();
  await hub.stop();
  vi.restoreAllMocks();
});

const hello = control("hub.hello", { proto: 1, epoch: "E", recovered: false });
const told = (type: string, seq: number, payload: object, rest = {}) => line(`cmd.${type}`, "r", seq, { payload, ...rest });

function cancel(options?: CommandOptions) {
  return connection.command("r", "cancel", { unit: "a" }, options);
}

/** The command is on its way: the request that follows it. */
async function given(): Promise<Request> {
  (await hub.request()).answer(202, { id: "c", cursor: "E:5" });
  return (await hub.request()).say(hello);
}

/** Why it was not given, or is not known. */
async function failure(promise: Promise<unknown>): Promise<CommandError> {
  const error = await promise.then(() => undefined, (reason: unknown) => reason);
  expect(error).toBeInstanceOf(CommandError);
  return error as CommandError;
}

it("gives a command and follows the run until it is done", async () => {
  const outcome = cancel({ if: { status: ["running"] }, idempotencyKey: "k" });
  const request = await hub.request();
  expect(request.target).toBe("POST /api/v1/runs/r/commands");
  expect(request.headers).toMatchObject({
    authorization: "Bearer secret", "content-type": "application/json", "idempotency-key": "k",
  });
  expect(JSON.parse(await request.body)).toEqual({ cmd: "cancel", args: { unit: "a" }, if: { status: ["running"] } });
  request.answer(202, { id: "c", cursor: "E:5" });
  const stream = await hub.request();
  expect([...stream.query]).toEqual([["since", "E:5"], ["run", "r"], ["types", "cmd.*"]]);
  stream.say(hello, told("request", 6, { id: "c", cmd: "cancel" }), told("done", 7, { id: "another" }));
  stream.say(told("accepted", 8, { id: "c" }), told("done", 9, { id: "c" }));
  expect(await outcome).toEqual({ state: "done", id: "c" });
  await stream.gone;
});

it("waits no longer than it is told to", async () => {
  const outcome = cancel({ until: "accepted" });
  (await given()).say(told("accepted", 1, { id: "c" }));
  expect(await outcome).toEqual({ state: "accepted", id: "c" });
});

it("tells what became of it, whatever that is", async () => {
  const outcomes = [
    [told("done", 1, { id: "c" }, { error: "exit 1" }), { state: "done", id: "c", error: "exit 1" }],
    [told("rejected", 1, { id: "c", reason: "conflict" }, { error: "it is over" }),
      { state: "rejected", id: "c", reason: "conflict", error: "it is over" }],
    [told("rejected", 1, { id: "c", reason: "unanswered" }), { state: "rejected", id: "c", reason: "unanswered" }],
    [told("rejected", 1, { id: "c", reason: "expired" }), { state: "expired", id: "c" }],
    [told("rejected", 1, { id: "c", reason: "no_producer" }), { state: "no_producer", id: "c" }],
  ] as const;
  for (const [answer, expected] of outcomes) {
    const outcome = cancel({ until: "accepted" });
    (await given()).say(answer);
    expect(await outcome).toEqual(expected);
  }
});

it("says at once that nobody is there who could be told", async () => {
  const outcome = cancel();
  (await hub.request()).refuse(409, "no orchestrator", {}, "no_producer");
  expect(await outcome).toEqual({ state: "no_producer", error: "no orchestrator" });
});

it("comes back where it stood when what it follows breaks", async () => {
  const outcome = cancel();
  const first = await given();
  first.say(told("accepted", 1, { id: "c" }), control("hub.cursor", { cursor: "E:7" }));
  first.end();
  const second = await hub.request();
  expect(second.query.get("since")).toBe("E:7");
  second.say(hello, told("done", 2, { id: "c" }));
  expect(await outcome).toEqual({ state: "done", id: "c" });
});

it("asks again with the same key while the hub is away or busy", async () => {
  const outcome = cancel();
  const first = await hub.request();
  const key = first.headers["idempotency-key"];
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  first.cut();
  const second = await hub.request();
  expect(second.headers["idempotency-key"]).toBe(key);
  second.refuse(503, "too many commands", { "retry-after": "0" }, "busy");
  (await given()).say(told("done", 1, { id: "c" }));
  expect(await outcome).toEqual({ state: "done", id: "c" });
});

it("gives up when the hub does not answer, and leaves the key", async () => {
  const failed = failure(cancel({ idempotencyKey: "k" }));
  for (let attempt = 0; attempt < 4; attempt += 1) (await hub.request()).cut();
  expect(await failed).toMatchObject({ kind: "unreachable", idempotencyKey: "k", name: "CommandError" });
  const busy = failure(cancel());
  for (let attempt = 0; attempt < 4; attempt += 1) (await hub.request()).refuse(503, "busy", { "retry-after": "0" }, "busy");
  expect(await busy).toMatchObject({ kind: "busy", status: 503 });
});

it("throws what the hub refuses, in its words", async () => {
  for (const [status, kind] of [[401, "token"], [403, "scope"], [404, "not_found"], [422, "key_reused"]] as const) {
    const failed = failure(cancel());
    (await hub.request()).refuse(status, "for people", {}, kind);
    expect(await failed).toMatchObject({ kind, status, message: "for people" });
  }
  const strange = failure(cancel());
  (await hub.request()).answer(202, { id: 7 });
  expect(await strange).toMatchObject({ kind: "refused", status: 202 });
});

it("says when nobody can know what became of it", async () => {
  const missing = failure(cancel());
  (await given()).say(control("hub.gap", { from: "E:5", to: "E:9", count: 4, why: "evicted" }));
  expect(await missing).toMatchObject({ kind: "missing" });
  const ended = failure(cancel());
  (await given()).say(`${JSON.stringify({ type: "hub.end", run: "r", payload: { run: "r", status: "completed" } })}\n`);
  expect(await ended).toMatchObject({ kind: "ended" });
  const denied = failure(cancel());
  (await hub.request()).answer(202, { id: "c", cursor: "E:5" });
  (await hub.request()).refuse(401, "no token");
  expect(await denied).toMatchObject({ kind: "denied", message: "no token" });
});

it("waits for as long as somebody does", async () => {
  const before = await failure(cancel({ signal: AbortSignal.abort() }));
  expect([before.kind, hub.unasked]).toEqual(["aborted", 0]);
  const asking = new AbortController();
  const asked = failure(cancel({ signal: asking.signal }));
  await hub.request();
  asking.abort();
  expect(await asked).toMatchObject({ kind: "aborted" });
  const following = new AbortController();
  const followed = failure(cancel({ signal: following.signal }));
  const stream = await given();
  following.abort();
  expect(await followed).toMatchObject({ kind: "aborted" });
  await stream.gone;
});
