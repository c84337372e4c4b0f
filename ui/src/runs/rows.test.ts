import type { RunSummary } from "@choo/wire";
import { expect, it } from "vitest";
import type { ListedRun } from "../connection/api";
import { mergeRuns, settled } from "./rows";

const counts = { pending: 0, ready: 0, in_progress: 0, in_review: 0, complete: 0, failed: 0, blocked: 0, skipped: 0, cancelled: 0 };

function listed(run: string, started?: string): ListedRun {
  return { run, status: "running", ...(started ? { started } : {}), units: 3, failed: 0, live: false };
}

function streamed(run: string, started: string | undefined, failed: number): RunSummary {
  const base = { run, status: "failed", units: 4, counts: { ...counts, failed }, seq: 9, loss: { count: 2, bytes: 0, ranges: [] }, summarized: false } as RunSummary;
  return { ...base, ...(started ? { started } : {}) };
}

it("puts the newest first, and a run that is about to start above all", () => {
  const rows = mergeRuns([listed("old", "2025-01-01T00:00:00Z"), listed("new", "2025-01-02T00:00:00Z"), listed("waiting")], []);
  expect(rows.map(({ run }) => run)).toEqual(["waiting", "new", "old"]);
});

it("orders runs of the same moment by id, newest ULID first", () => {
  const at = "2025-01-01T00:00:00Z";
  expect(mergeRuns([listed("01A", at), listed("01C", at), listed("01B", at)], []).map(({ run }) => run)).toEqual(["01C", "01B", "01A"]);
});

it("believes the stream where both know a run", () => {
  const [row, ...rest] = mergeRuns([listed("r", "2025-01-01T00:00:00Z")], [streamed("r", "2025-01-01T00:00:00Z", 1)]);
  expect(rest).toEqual([]);
  expect(row).toMatchObject({ status: "failed", units: 4, failed: 1, lost: 2 });
});

it("counts every end as settled", () => {
  expect(settled({ ...counts, complete: 3, failed: 1, blocked: 2, skipped: 1, cancelled: 1, ready: 9, in_progress: 9 })).toBe(8);
});
