import { beforeEach, expect, it } from "vitest";
import { parseToken, saveToken, subscribeToken, takeTokenFromAddress, token } from "./token";

beforeEach(() => {
  localStorage.clear();
  history.replaceState(null, "", "/");
});

it("finds the token in whatever a person pastes", () => {
  expect(parseToken(" http://127.0.0.1:8080/#token=abc-123 \n")).toBe("abc-123");
  expect(parseToken("#token=abc")).toBe("abc");
  expect(parseToken("token=abc")).toBe("abc");
  expect(parseToken("abc_DEF-1.2~3")).toBe("abc_DEF-1.2~3");
});

it("finds none where none is", () => {
  for (const pasted of ["", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/#", "#token=", "two words"]) {
    expect(parseToken(pasted)).toBeUndefined();
  }
});

it("moves it from the address into storage and leaves the rest of the address alone", () => {
  history.replaceState(null, "", "/?run=r#token=from-address");
  takeTokenFromAddress();
  expect(token()).toBe("from-address");
  expect(location.hash).toBe("");
  expect(location.search).toBe("?run=r");
});

it("leaves a fragment without a token as it is", () => {
  saveToken("kept");
  history.replaceState(null, "", "/#elsewhere");
  takeTokenFromAddress();
  expect(token()).toBe("kept");
  expect(location.hash).toBe("#elsewhere");
});

it("tells those who asked", () => {
  let calls = 0;
  const stop = subscribeToken(() => (calls += 1));
  saveToken("one");
  stop();
  saveToken("two");
  expect(calls).toBe(1);
});
