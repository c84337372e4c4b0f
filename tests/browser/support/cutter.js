import net from "node:net";

/** A way to a hub that is cut again and again: connection n ends, in the middle of whatever it carries, after so many
 * bytes of answer, those behind the last number not at all. */
export class Cutter {
  /** How many connections were cut so far. */
  cuts = 0;
  #server;
  #limits;
  #asked = 0;
  /** @type {Set<net.Socket>} */
  #open = new Set();
  /** @type {{ cuts: number, resolve: () => void }[]} */
  #waiting = [];

  /**
   * @param {string} target `host:port`
   * @param {number[]} limits
   */
  constructor(target, limits) {
    const { hostname, port } = new URL(`http://${target}`);
    this.#limits = limits;
    this.#server = net.createServer((client) => {
      const hub = net.connect(Number(port), hostname);
      let left = Infinity;
      // Browsers make connections in advance: only those that ask for something count.
      client.once("data", () => (left = limits[this.#asked++] ?? Infinity));
      client.pipe(hub);
      hub.on("data", (/** @type {Buffer} */ bytes) => {
        client.write(bytes.subarray(0, left));
        left -= bytes.length;
        if (left <= 0) this.#cut(client, hub);
      });
      for (const [socket, other] of /** @type {const} */ ([[client, hub], [hub, client]])) {
        this.#open.add(socket);
        socket.on("error", () => other.destroy());
        socket.on("close", () => (other.end(), this.#open.delete(socket)));
      }
    });
  }

  /**
   * Begins to listen, until the test ends; gives `host:port`.
   * @param {import("node:test").TestContext} test
   * @returns {Promise<string>}
   */
  async listen(test) {
    test.after(() => {
      this.#server.close();
      for (const socket of this.#open) socket.destroy();
    });
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const address = /** @type {net.AddressInfo} */ (this.#server.address());
    return `127.0.0.1:${address.port}`;
  }

  /** How many connections are to be cut in all. */
  get planned() {
    return this.#limits.length;
  }

  /**
   * Resolves once so many connections were cut.
   * @param {number} cuts
   * @returns {Promise<void>}
   */
  cut(cuts) {
    return new Promise((resolve) => {
      this.#waiting.push({ cuts, resolve });
      this.#tell();
    });
  }

  /**
   * @param {net.Socket} client
   * @param {net.Socket} hub
   */
  #cut(client, hub) {
    if (hub.destroyed) return;
    hub.destroy();
    // What was written before is on its way first.
    client.end(() => client.destroy());
    this.cuts += 1;
    this.#tell();
  }

  #tell() {
    for (const { cuts, resolve } of this.#waiting) if (this.cuts >= cuts) resolve();
    this.#waiting = this.#waiting.filter(({ cuts }) => this.cuts < cuts);
  }
}
