import { expect, it } from "vitest";
import { Topics } from "./Topics";

it("tells only those whose topic moved", () => {
  const topics = new Topics();
  const heard: string[] = [];
  topics.subscribe("unit:a", () => heard.push("a"));
  topics.subscribe("unit:b", () => heard.push("b"));
  const stop = topics.subscribe("unit:a", () => heard.push("also a"));
  topics.publish("unit:a");
  stop();
  topics.publish("unit:a");
  topics.publish("events");
  expect(heard).toEqual(["a", "also a", "a"]);
});

it("lets a listener leave while it is told", () => {
  const topics = new Topics();
  const heard: number[] = [];
  const stop = topics.subscribe("run", () => {
    heard.push(1);
    stop();
  });
  topics.subscribe("run", () => heard.push(2));
  topics.publish("run");
  topics.publish("run");
  expect(heard).toEqual([1, 2, 2]);
});
