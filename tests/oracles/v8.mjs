// Says what JSON.parse makes of each line of standard input: the value, or "!" and why not; and behind a
// tab what Date makes of its time, in milliseconds.
import { readFileSync } from "node:fs";
import { millisOf } from "./millis.mjs";

const lines = readFileSync(0).toString("utf8").split("\n");
lines.pop();
const said = lines.map((line) => {
  try {
    const value = JSON.parse(line);
    return `${JSON.stringify(value)}\t${millisOf(value.time ?? value.timestamp)}\n`;
  } catch (error) {
    return `!${error.message}\n`;
  }
});
process.stdout.write(said.join(""));
