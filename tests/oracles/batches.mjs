// How judges in Node talk. Standard input has batches: how many inputs, then each with its length before it, all
// as 32 bits little endian. Standard output has a line of text for each input.
import { readSync, writeSync } from "node:fs";

function read(count) {
  const bytes = Buffer.alloc(count);
  let got = 0;
  while (got < count) {
    const more = readSync(0, bytes, got, count - got, null);
    if (more === 0) process.exit(0);
    got += more;
  }
  return bytes;
}

/** Answers until the input ends; `judge` makes one line of text of one input's bytes. */
export function answerBatches(judge) {
  for (;;) {
    const count = read(4).readUInt32LE();
    const said = [];
    for (let i = 0; i < count; i += 1) said.push(judge(read(read(4).readUInt32LE())), "\n");
    let left = Buffer.from(said.join(""));
    while (left.length > 0) left = left.subarray(writeSync(1, left));
  }
}
