/**
 * What Date makes of a time, in milliseconds. V8 takes `.0116937830` for 116 ms: of more than nine digits it drops
 * leading zeros. Nine are all that anybody writes, so the rest goes first.
 */
export function millisOf(time) {
  return Date.parse(typeof time === "string" ? time.replace(/(\.\d{9})\d+/, "$1") : time);
}
