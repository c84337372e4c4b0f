import type { HubGap, StoreChanges } from "@choo/wire";

/** What happened to one run between two frames. */
export class Batch {
  /** Units whose state moved. */
  readonly units = new Set<string>();
  /** Something about the run itself moved. */
  run = false;
  /** The run was replaced whole (snapshot, new graph): everything known about it is to be read again. */
  all = false;
  /** Lines arrived, so counts and lists of events and log lines moved. */
  events = false;
  /** Some run, this one or another, is new or moved: the run list is to be read again. */
  list = false;
  /** What the hub said to be missing in this page's stream. */
  readonly gaps: HubGap[] = [];
  /** Lines that could not be read. */
  errors = 0;

  /** Adds what one push to the store changed, seen from `run` (or from the run list, if there is none). */
  add(changes: StoreChanges, run: string | undefined): void {
    if (changes.missing) this.gaps.push(...changes.missing);
    this.errors += changes.errors;
    if (changes.events > 0) this.events = true;
    if (changes.runs.length > 0 || changes.all.length > 0 || changes.units.length > 0) this.list = true;
    if (run === undefined) return;
    if (changes.all.includes(run)) this.all = true;
    if (changes.runs.includes(run)) this.run = true;
    for (const moved of changes.units) {
      if (moved.run !== run) continue;
      for (const id of moved.ids) this.units.add(id);
    }
  }
}
