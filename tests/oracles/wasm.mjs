// Says what @choo/wire makes of each input, as a stream of its own: the events and faults of its decoder, and what
// its store has folded them to.
import { Decoder, load, RunStore } from "@choo/wire";
import { answerBatches } from "./batches.mjs";

await load();

answerBatches((bytes) => {
  const stream = Buffer.concat([bytes, Buffer.from("\n")]);
  const decoder = new Decoder();
  const store = new RunStore();
  const events = decoder.push(stream);
  store.push(stream);
  const runs = store.runs().map(({ run }) => run);
  const said = {
    events,
    faults: decoder.takeFaults(),
    states: runs.map((run) => store.run(run)),
    units: runs.map((run) => store.units(run)),
    storeFaults: store.faults(),
  };
  decoder.free();
  store.free();
  return JSON.stringify(said);
});
