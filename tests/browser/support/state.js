/** The statuses of a state's units, by id.
 * @param {import("@choo/wire").RunState} state */
export function statuses(state) {
  return Object.fromEntries(Object.entries(state.units ?? {}).map(([id, unit]) => [id, unit.status]));
}

/** A line of output as a page shows it: the colours become classes, the codes go.
 * @param {string} line */
export function plain(line) {
  return line.replaceAll(/\u001b\[[0-9;]*m/g, "");
}
