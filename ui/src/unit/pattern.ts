import { literal } from "@choo/wire";

/** Of longer ids the beginning has to do: a pattern has at most 4 KiB. */
const LONGEST = 1000;

/** A pattern for the events of this unit and no other, whatever stars its id has. */
export function unitPattern(unit: string): string {
  return unit.length <= LONGEST ? literal(unit) : `${literal(unit.slice(0, LONGEST))}*`;
}
