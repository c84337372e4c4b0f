import { describe, expect, it } from "vitest";
import { backoffCeiling } from "../src/backoff.js";
import { ANSWER_WITHIN, DEAD_AFTER, HEALTHY_AFTER, REST_AFTER, SLOW_AFTER } from "../src/link.js";
import { Rig } from "./support/rig.js";

describe("where it reads on", () => {
  it("begins with a snapshot, or as asked", () => {
    expect(new Rig().takeCommands()).toEqual(["open snapshot"]);
    expect(new Rig({ since: "earliest" }).takeCommands()).toEqual(["open earliest"]);
    expect(new Rig({ since: "e:7" }).takeCommands()).toEqual(["open e:7"]);
  });

  it("S4-28: comes back at its last cursor", () => {
    const rig = new Rig({ since: "earliest" });
    rig.open();
    rig.say("e:3");
    rig.say("e:9");
    rig.fail();
    rig.pass(1_000);
    expect(rig.takeCommands()).toEqual(["open earliest", "open e:9"]);
    expect(rig.link.cursor).toBe("e:9");
  });

  it("begins anew when the hub does not understand the cursor, and gives up when it was not that", () => {
    const rig = new Rig({ since: "earliest" });
    rig.open();
    rig.say("broken");
    rig.fail();
    rig.pass(1_000);
    rig.refuse(400);
    rig.pass(2_000);
    expect(rig.takeCommands()).toEqual(["open earliest", "open broken", "open earliest"]);
    rig.refuse(400);
    expect(rig.state).toBe("denied");
    rig.pass(3_600_000);
    expect(rig.takeCommands()).toEqual([]);
  });

  it("begins with a snapshot when the caller's own cursor is a bad one", () => {
    const rig = new Rig({ since: "nonsense" });
    rig.refuse(400);
    rig.pass(1_000);
    expect(rig.takeCommands()).toEqual(["open nonsense", "open snapshot"]);
  });
});

describe("backoff", () => {
  it("S2-07: doubles from 1 s to 30 s and goes on for ever", () => {
    const rig = new Rig();
    const waits = [];
    for (let i = 0; i < 8; i += 1) {
      rig.fail();
      waits.push(rig.wait);
      rig.pass(rig.wait ?? 0);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(rig.takeCommands()).toHaveLength(9);
    expect(backoffCeiling(5_000)).toBe(30_000);
  });

  it("has full jitter", () => {
    const randoms = [0, 0.5, 0.999];
    const rig = new Rig({ random: () => randoms.shift() ?? 0 });
    rig.fail();
    expect(rig.wait).toBe(0);
    rig.pass(0);
    rig.fail();
    expect(rig.wait).toBe(1_000);
    rig.pass(1_000);
    rig.fail();
    expect(rig.wait).toBeCloseTo(3_996);
  });

  it("begins anew after 5 s in health, not after an answer", () => {
    const rig = new Rig();
    rig.fail();
    rig.pass(1_000);
    rig.tell((link, now) => link.handleOpen(now));
    rig.pass(HEALTHY_AFTER);
    rig.fail();
    expect(rig.wait).toBe(2_000);
    rig.pass(2_000);
    rig.open();
    rig.pass(HEALTHY_AFTER - 1);
    rig.fail();
    expect(rig.wait).toBe(4_000);
    rig.pass(4_000);
    rig.open();
    rig.pass(HEALTHY_AFTER);
    rig.fail();
    expect(rig.wait).toBe(1_000);
  });

  it("S2-08: stops after maxReconnectAttempts, and goes on when somebody asks", () => {
    const rig = new Rig({ maxReconnectAttempts: 2 });
    for (let i = 0; i < 3; i += 1) {
      rig.fail();
      rig.pass(rig.wait ?? 0);
    }
    expect(rig.takeCommands()).toEqual(["open snapshot", "open snapshot", "open snapshot"]);
    expect(rig.link.status).toEqual({ state: "offline", attempt: 3, error: "broken" });
    expect(rig.link.pollTimeout()).toBeUndefined();
    rig.tell((link) => link.handleRetryNow());
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
  });

  it("retries never when told so", () => {
    const rig = new Rig({ maxReconnectAttempts: 0 });
    rig.fail();
    expect(rig.state).toBe("offline");
    expect(rig.link.pollTimeout()).toBeUndefined();
  });

  it("waits as long as the hub asks, and the jitter on top", () => {
    const rig = new Rig();
    rig.refuse(503, 7_000);
    expect(rig.wait).toBe(8_000);
    rig.pass(8_000);
    rig.open();
    rig.tell((link) => link.handleChanges({ ended: [], bye: { code: "shutdown", retry_ms: 1_500 } }));
    expect(rig.state).toBe("live");
    rig.tell((link, now) => link.handleEnd(now));
    expect(rig.wait).toBe(1_500 + 2_000);
    expect(rig.link.status.error).toBe("the hub closed the stream (shutdown)");
    rig.pass(3_500);
    rig.fail();
    expect(rig.wait).toBe(4_000);
  });

  it("does not wait when somebody does not want to", () => {
    const rig = new Rig();
    rig.fail();
    rig.takeCommands();
    rig.tell((link) => link.handleRetryNow());
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
    rig.tell((link) => link.handleRetryNow());
    expect(rig.takeCommands()).toEqual([]);
    expect(rig.wait).toBeUndefined();
  });
});

describe("quality", () => {
  it("S2-04: tells live, slow and dead by the hub's silence", () => {
    const rig = new Rig();
    expect(rig.state).toBe("connecting");
    rig.open();
    rig.pass(SLOW_AFTER);
    expect(rig.state).toBe("live");
    rig.pass(5_000);
    expect(rig.state).toBe("slow");
    rig.say();
    expect(rig.state).toBe("live");
    rig.takeCommands();
    rig.pass(DEAD_AFTER + 5_000);
    expect(rig.takeCommands()[0]).toBe("cut");
    expect(rig.link.status).toMatchObject({ state: "reconnecting", error: "the hub fell silent" });
  });

  it("stays live as long as the keep-alive comes", () => {
    const rig = new Rig();
    rig.open();
    for (let i = 0; i < 100; i += 1) {
      rig.pass(15_000);
      expect(rig.state).toBe("live");
      rig.say();
    }
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
  });

  it("gives up on a hub that does not answer", () => {
    const rig = new Rig();
    rig.pass(ANSWER_WITHIN);
    expect(rig.takeCommands()).toEqual(["open snapshot", "cut"]);
    expect(rig.state).toBe("reconnecting");
    rig.pass(1_000);
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
  });

  it("notices after a long sleep, at the first look, that nothing came", () => {
    const rig = new Rig();
    rig.open();
    rig.takeCommands();
    rig.now += 8 * 3_600_000;
    rig.tell((link, now) => link.handleTimeout(now));
    expect(rig.takeCommands()).toEqual(["cut"]);
    expect(rig.wait).toBe(1_000);
  });
});

describe("hidden tabs and networks", () => {
  it("S2-03: rests after 30 s out of sight and catches up at once", () => {
    const rig = new Rig();
    rig.open();
    rig.say("e:5");
    rig.tell((link, now) => link.handleVisibility(true, now));
    rig.pass(REST_AFTER - 1);
    expect(rig.state).toBe("slow");
    rig.say();
    rig.pass(1);
    expect(rig.takeCommands()).toEqual(["open snapshot", "cut"]);
    expect(rig.link.status).toEqual({ state: "offline", attempt: 0, paused: true });
    rig.pass(3_600_000);
    expect(rig.takeCommands()).toEqual([]);
    rig.tell((link, now) => link.handleVisibility(false, now));
    expect(rig.takeCommands()).toEqual(["open e:5"]);
    expect(rig.state).toBe("connecting");
  });

  it("does not rest for a glance elsewhere", () => {
    const rig = new Rig();
    rig.open();
    for (let i = 0; i < 5; i += 1) {
      rig.tell((link, now) => link.handleVisibility(true, now));
      rig.pass(REST_AFTER / 2);
      rig.tell((link, now) => link.handleVisibility(false, now));
      rig.say();
    }
    rig.pass(20_000);
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
  });

  it("tries at once when the tab or the network comes back", () => {
    const rig = new Rig();
    rig.fail();
    rig.tell((link, now) => link.handleVisibility(true, now));
    rig.tell((link, now) => link.handleVisibility(false, now));
    expect(rig.takeCommands()).toEqual(["open snapshot", "open snapshot"]);
    rig.fail();
    rig.tell((link) => link.handleOnline(false));
    expect(rig.state).toBe("offline");
    expect(rig.wait).toBe(2_000);
    rig.tell((link) => link.handleOnline(true));
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
  });

  it("keeps a connection to this machine when the network goes", () => {
    const rig = new Rig();
    rig.open();
    rig.tell((link) => link.handleOnline(false));
    expect(rig.state).toBe("live");
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
  });

  it("rests when told so, and being shown does not wake it", () => {
    const rig = new Rig();
    rig.open();
    rig.tell((link) => link.handlePause());
    rig.tell((link, now) => link.handleVisibility(false, now));
    rig.tell((link) => link.handleOnline(true));
    expect(rig.takeCommands()).toEqual(["open snapshot", "cut"]);
    rig.tell((link) => link.handleResume());
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
  });
});

describe("ends", () => {
  const end = (run: string) => ({ ended: [{ run, status: "completed" as const }] });

  it("ends with its run and with no other", () => {
    const rig = new Rig({ run: "mine" });
    rig.open();
    rig.tell((link) => link.handleChanges(end("other")));
    expect(rig.state).toBe("live");
    rig.tell((link) => link.handleChanges(end("mine")));
    expect(rig.takeCommands()).toEqual(["open snapshot", "cut"]);
    expect(rig.state).toBe("ended");
    rig.tell((link) => link.handleRetryNow());
    rig.tell((link, now) => link.handleVisibility(false, now));
    rig.tell((link) => link.handleOnline(true));
    rig.tell((link) => link.handleResume());
    rig.pass(3_600_000);
    expect(rig.takeCommands()).toEqual([]);
  });

  it("goes on when a run ends and all runs are followed", () => {
    const rig = new Rig();
    rig.open();
    rig.tell((link) => link.handleChanges(end("any")));
    expect(rig.state).toBe("live");
  });

  it("ends with 204", () => {
    const rig = new Rig({ run: "mine" });
    rig.refuse(204);
    expect(rig.link.status).toEqual({ state: "ended", attempt: 0 });
  });

  it.each([401, 403])("does not hammer a hub that says %i", (status) => {
    const rig = new Rig();
    rig.refuse(status);
    expect(rig.link.status).toEqual({ state: "denied", attempt: 0, error: `status ${status}` });
    rig.pass(3_600_000);
    rig.tell((link, now) => link.handleVisibility(false, now));
    rig.tell((link) => link.handleOnline(true));
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
    rig.tell((link) => link.handleRetryNow());
    expect(rig.takeCommands()).toEqual(["open snapshot"]);
    expect(rig.state).toBe("connecting");
  });

  it.each([404, 429, 500, 502, 503])("tries again after %i", (status) => {
    const rig = new Rig();
    rig.refuse(status);
    expect(rig.wait).toBe(1_000);
  });

  it("closes for good, twice as well as once", () => {
    const rig = new Rig();
    rig.open();
    rig.tell((link) => link.handleClose());
    rig.tell((link) => link.handleClose());
    rig.tell((link) => link.handleRetryNow());
    rig.pass(3_600_000);
    expect(rig.takeCommands()).toEqual(["open snapshot", "cut"]);
    expect(rig.link.pollTimeout()).toBeUndefined();
  });
});

it("is never stuck, whatever happens in whatever order", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let round = 0; round < 300; round += 1) {
    const rig = new Rig({ random });
    let wire = "none";
    const note = () => {
      for (const command of rig.takeCommands()) {
        // One connection at a time, and none is cut that is not there.
        if (command === "cut") expect(wire).not.toBe("none");
        else expect(wire).toBe("none");
        wire = command === "cut" ? "none" : "asked";
      }
    };
    note();
    for (let step = 0; step < 60; step += 1) {
      const pick = Math.floor(random() * 10);
      if (pick === 0 && wire === "asked") rig.tell((link, now) => (wire = "open", link.handleOpen(now)));
      else if (pick === 1 && wire === "open") rig.say(`e:${step}`);
      else if (pick === 2 && wire !== "none") (wire = "none"), rig.fail();
      else if (pick === 3 && wire === "asked") (wire = "none"), rig.refuse([503, 500, 401][step % 3] ?? 500);
      else if (pick === 4) rig.tell((link, now) => link.handleVisibility(random() < 0.5, now));
      else if (pick === 5) rig.tell((link) => link.handleOnline(random() < 0.5));
      else if (pick === 6) rig.tell((link) => (random() < 0.5 ? link.handlePause() : link.handleResume()));
      else if (pick === 7) rig.tell((link) => link.handleRetryNow());
      else rig.pass(random() * 40_000);
      note();
    }
    rig.tell((link, now) => link.handleVisibility(false, now));
    rig.tell((link) => link.handleRetryNow());
    note();
    for (let tries = 0; wire === "none"; tries += 1) {
      expect(tries).toBeLessThan(10);
      rig.pass(31_000);
      note();
    }
  }
});
