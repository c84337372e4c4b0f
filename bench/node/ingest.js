// ingest check|decode FILE ROUNDS: validates, or decodes to objects, every line of a file in 64 KiB reads. Prints
// `lines`, `bytes`, `bad`, `wall_ns` and `cpu_ns`: a contract of the side-by-side harness.

import { closeSync, openSync, readSync } from "node:fs";
import { Decoder, load } from "@choo/wire";

const [how, path, rounds = "1"] = process.argv.slice(2);
if (path === undefined || !["check", "decode"].includes(how)) throw new Error("usage: ingest check|decode FILE ROUNDS");
await load();
const buffer = new Uint8Array(64 * 1024);
const take = how === "check" ? (decoder, block) => decoder.check(block) : (decoder, block) => decoder.push(block).length;
let [lines, bytes, bad] = [0, 0, 0];
const start = process.hrtime.bigint();
const before = process.cpuUsage();
for (let round = 0; round < Number(rounds); round += 1) {
  const decoder = new Decoder();
  const file = openSync(path);
  for (let count; (count = readSync(file, buffer)) > 0; ) {
    bytes += count;
    lines += take(decoder, buffer.subarray(0, count));
  }
  closeSync(file);
  bad += decoder.bad;
  decoder.free();
}
const { user, system } = process.cpuUsage(before);
const wall = Number(process.hrtime.bigint() - start);
console.log(JSON.stringify({ lines: lines + bad, bytes, bad, wall_ns: wall, cpu_ns: (user + system) * 1000 }));
