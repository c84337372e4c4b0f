// What is measured, wherever it runs: in Node and in a page.

/** Blocks as a hub writes them under load. */
const BLOCK = 64 * 1024;

/** Lines of about 200 bytes as a hub passes them on: seven log lines in ten, the rest moves tasks. */
export function sample(count) {
  return Array.from({ length: count }, (_, at) => {
    const n = at + 1;
    const [type, payload] =
      n % 10 < 7 ? ["log.stdout", { content: `compiling module ${n} of the graph`, n }]
      : n % 10 === 7 ? ["task.started", { name: "build the thing", attempt: 1, command: "cargo test" }]
      : n % 10 === 8 ? ["task.completed", { name: "build the thing", attempt: 1 }]
      : ["unit.started", { total_tasks: 5 }];
    const time = `2025-01-18T10:30:15.${String(1 + n * 10).padStart(9, "0")}Z`;
    const place = { unit: `unit-${n % 200}`, task: 1 + (n % 5) };
    return JSON.stringify({ type, time, ...place, payload, run: "01JHZX3V9K5T8Q2W4E6R7Y1U0P", seq: n });
  });
}

/**
 * The works by name, the yardstick first. Each does all lines and returns how many were good.
 * `validate` is a compiled schema, where there is one.
 */
export function works({ Decoder, RunStore }, lines, validate) {
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  const blocks = [];
  for (let at = 0; at < bytes.length; at += BLOCK) blocks.push(bytes.subarray(at, at + BLOCK));
  const parsed = () => lines.reduce((good, line) => good + (JSON.parse(line).type ? 1 : 0), 0);
  const validated = () => lines.reduce((good, line) => good + (validate(JSON.parse(line)) ? 1 : 0), 0);
  const parsedFromBytes = () => {
    const text = new TextDecoder();
    let [good, torn] = [0, ""];
    for (const block of blocks) {
      const pieces = (torn + text.decode(block, { stream: true })).split("\n");
      torn = pieces.pop();
      for (const piece of pieces) good += JSON.parse(piece).type ? 1 : 0;
    }
    return good;
  };
  const eachBlock = (Class, take) => () => {
    const taker = new Class();
    const good = blocks.reduce((sum, block) => sum + take(taker, block), 0);
    taker.free();
    return good;
  };
  return {
    "JSON.parse, each line a string": parsed,
    "JSON.parse, from bytes": parsedFromBytes,
    ...(validate === undefined ? {} : { "JSON.parse + Ajv with full formats": validated }),
    "Decoder.check: validated": eachBlock(Decoder, (decoder, block) => decoder.check(block)),
    "Decoder.push: validated, objects": eachBlock(Decoder, (decoder, block) => decoder.push(block).length),
    "RunStore.push: validated, folded, listed": eachBlock(RunStore, (store, block) => store.push(block).events),
  };
}

/** Runs the works in turn, `rounds` times after two to warm up. Returns the times of each in milliseconds. */
export function race(works, count, rounds) {
  const times = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let round = -2; round < rounds; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const start = performance.now();
      const good = work();
      const took = performance.now() - start;
      if (good !== count) throw new Error(`${name}: ${good} of ${count} lines were good`);
      if (round >= 0) times[name].push(took);
    }
  }
  return times;
}

/** A table: events a second, and how many times as fast as the first, each the median of the rounds. */
export function table(title, times, count) {
  const [yardstick] = Object.values(times);
  const rows = Object.entries(times).map(([name, all]) => {
    const speed = count / median(all) / 1_000;
    const ratios = all.map((time, round) => yardstick[round] / time);
    const spread = (Math.max(...ratios) - Math.min(...ratios)) / 2;
    return `| ${name} | ${speed.toFixed(2)} | ${median(ratios).toFixed(2)} ± ${spread.toFixed(2)} |`;
  });
  return [`### ${title}`, "", "| | M/s | × JSON.parse |", "|---|---|---|", ...rows].join("\n");
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
