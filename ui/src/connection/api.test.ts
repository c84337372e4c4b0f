import { afterEach, expect, it, vi } from "vitest";
import { ApiError, fetchRuns, parseRun } from "./api";

afterEach(() => vi.unstubAllGlobals());

function answer(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
}

const signal = new AbortController().signal;

it("reads page after page and sends the token", async () => {
  const asked: { path: string; authorization: string | null }[] = [];
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push({ path, authorization: new Headers(init.headers).get("authorization") });
    const second = path.includes("from=");
    return Promise.resolve(answer(200, { runs: [{ run: second ? "old" : "new", status: "completed" }], next: second ? null : "c:1" }));
  });
  expect((await fetchRuns("secret", signal)).map(({ run }) => run)).toEqual(["new", "old"]);
  expect(asked).toEqual([
    { path: "/api/v1/runs?limit=1000", authorization: "Bearer secret" },
    { path: "/api/v1/runs?limit=1000&from=c%3A1", authorization: "Bearer secret" },
  ]);
});

it("gives the hub's own words for an error", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(answer(503, { error: { kind: "busy", message: "too many clients" } })));
  await expect(fetchRuns(undefined, signal)).rejects.toThrow(new ApiError(503, "too many clients"));
});

it("does not trust the form of an answer", async () => {
  vi.stubGlobal("fetch", () => Promise.resolve(answer(200, "<html>")));
  await expect(fetchRuns(undefined, signal)).rejects.toThrow(ApiError);
  expect(parseRun({ run: "r", status: "levitating" })).toBeUndefined();
  expect(parseRun({ run: 1, status: "running" })).toBeUndefined();
  expect(parseRun(null)).toBeUndefined();
});
