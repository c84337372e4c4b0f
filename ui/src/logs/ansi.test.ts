import { describe, expect, it } from "vitest";
import { parseAnsi, plainText } from "./ansi";

const E = "\u001b";

describe("colours", () => {
  it("gives the sixteen as classes of the theme", () => {
    expect(parseAnsi(`${E}[1m${E}[32mok${E}[0m done`)).toEqual([
      { text: "ok", classes: "fg-green bold" },
      { text: " done", classes: "" },
    ]);
    expect(parseAnsi(`${E}[91;44mx`)[0]?.classes).toBe("fg-bright-red bg-blue");
  });

  it("gives palette and true colours as colours", () => {
    expect(parseAnsi(`${E}[38;5;208mx`)[0]).toMatchObject({ color: "rgb(255, 135, 0)", classes: "" });
    expect(parseAnsi(`${E}[48;5;244mx`)[0]).toMatchObject({ background: "rgb(128, 128, 128)" });
    expect(parseAnsi(`${E}[38;2;1;2;3mx`)[0]).toMatchObject({ color: "rgb(1, 2, 3)" });
  });

  it("gives the first sixteen of the palette as the theme's", () => {
    expect(parseAnsi(`${E}[38;5;1mx`)[0]?.classes).toBe("fg-red");
  });
});

describe("what is not text", () => {
  it("is left out: cursor moves, titles, links, charsets, bells", () => {
    expect(plainText(`${E}[2K${E}[1Ga${E}]0;title\u0007b${E}]8;;http://x${E}\\c${E}]8;;${E}\\${E}(Bd\u0007`)).toBe("abcd");
  });

  it("a carriage return shows what was written last", () => {
    expect(plainText("10%\r50%\r100%")).toBe("100%");
    expect(plainText("windows line\r")).toBe("windows line");
  });

  it("an unfinished sequence does no harm", () => {
    for (const line of [`a${E}`, `a${E}[`, `a${E}[38;5`, `a${E}]0;half`]) expect(plainText(line)).toMatch(/^a/);
  });
});

it("markup stays text", () => {
  const line = `${E}[31m<img src=x onerror=alert(1)>&amp;${E}[0m`;
  expect(parseAnsi(line)).toEqual([{ text: "<img src=x onerror=alert(1)>&amp;", classes: "fg-red" }]);
});

it("a tab and other scripts are kept", () => {
  expect(plainText("a\tб 漢字 🚂")).toBe("a\tб 漢字 🚂");
});
