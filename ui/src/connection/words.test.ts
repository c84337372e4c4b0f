import { expect, it } from "vitest";
import { connectionWords } from "./words";

it("S2-13: says Live, Reconnecting… and Disconnected", () => {
  expect(connectionWords({ state: "live", attempt: 0 }, 0).short).toBe("Live");
  expect(connectionWords({ state: "reconnecting", attempt: 1 }, 0).short).toBe("Reconnecting…");
  expect(connectionWords({ state: "offline", attempt: 9 }, 0).short).toBe("Disconnected");
});

it("says that a hidden page rests, which is no trouble", () => {
  expect(connectionWords({ state: "offline", attempt: 0, paused: true }, 0)).toMatchObject({ short: "Paused", tone: "grey" });
});

it("counts down to the next attempt", () => {
  const status = { state: "reconnecting", attempt: 3, retryAt: 10_000 } as const;
  expect(connectionWords(status, 5_500).detail).toBe("attempt 3, next try in 5 s");
  expect(connectionWords(status, 10_000).detail).toBe("attempt 3, trying now");
  expect(connectionWords(status, 99_000).detail).toBe("attempt 3, trying now");
});

it("offers a retry only where one is waited for", () => {
  const states = ["connecting", "live", "slow", "reconnecting", "offline", "ended", "denied"] as const;
  const retry = states.filter((state) => connectionWords({ state, attempt: 1 }, 0).retry);
  expect(retry).toEqual(["reconnecting", "offline"]);
});
