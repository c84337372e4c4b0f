/** What is asked for in `accept`, and what has to come. */
export const SSE = "text/event-stream";

/**
 * Server-sent events of whole blocks (`batch=1`) back to lines: what stands behind `data:`. Comments and the other fields
 * say nothing that the lines do not.
 */
export class DataLines {
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();
  #rest = "";

  /** Takes the next bytes, cut anywhere. */
  push(bytes: Uint8Array): Uint8Array {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    const end = text.lastIndexOf("\n") + 1;
    this.#rest = text.slice(end);
    let lines = "";
    // A line ends with CR, LF or both; the hub writes LF, a proxy may not.
    for (const line of text.slice(0, end).split(/\r\n|\r|\n/)) {
      if (line.startsWith("data: ")) lines += `${line.slice(6)}\n`;
      else if (line.startsWith("data:")) lines += `${line.slice(5)}\n`;
    }
    return this.#encoder.encode(lines);
  }
}
