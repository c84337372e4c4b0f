import { Link, type LinkOptions } from "../../src/link.js";

/** A link on a clock of its own, with a driver that notes what it is told to do. */
export class Rig {
  /** Milliseconds since the beginning. */
  now = 0;
  /** What the link wanted, as `open CURSOR` and `cut`, since this was last looked at. */
  #commands: string[] = [];
  readonly link: Link;

  /** Without `random` every wait is as long as it can be. */
  constructor(options: Partial<LinkOptions> = {}) {
    this.link = new Link({ random: () => 1, ...options });
    this.#drive();
  }

  get state(): string {
    return this.link.status.state;
  }

  /** In how many milliseconds the next attempt is due. */
  get wait(): number | undefined {
    const { retryAt } = this.link.status;
    return retryAt === undefined ? undefined : retryAt - this.now;
  }

  takeCommands(): string[] {
    return this.#commands.splice(0);
  }

  /** Reports something to the link and does what it then wants. */
  tell(report: (link: Link, now: number) => void): void {
    report(this.link, this.now);
    this.#drive();
  }

  /** The hub answers and says something. */
  open(): void {
    this.tell((link, now) => link.handleOpen(now));
    this.say();
  }

  /** Bytes come, with a cursor among them if one is given. */
  say(cursor?: string): void {
    this.tell((link, now) => {
      link.handleBytes(now);
      link.handleChanges({ ended: [], ...(cursor === undefined ? {} : { cursor }) });
    });
  }

  fail(): void {
    this.tell((link, now) => link.handleError("broken", now));
  }

  refuse(status: number, retryAfter?: number): void {
    const wish = retryAfter === undefined ? {} : { retryAfter };
    this.tell((link, now) => link.handleRefusal({ status, message: `status ${status}`, ...wish }, now));
  }

  /** Lets time pass, from one thing the link waits for to the next. */
  pass(millis: number): void {
    const end = this.now + millis;
    for (let steps = 0; steps < 100_000; steps += 1) {
      const next = this.link.pollTimeout();
      if (next === undefined || next > end) {
        this.now = end;
        return;
      }
      this.now = Math.max(this.now, next);
      this.tell((link, now) => link.handleTimeout(now));
    }
    throw new Error("the link wakes up without end");
  }

  #drive(): void {
    for (let steps = 0; steps < 100; steps += 1) {
      const command = this.link.poll(this.now);
      if (command === undefined) return;
      this.#commands.push(command.do === "open" ? `open ${command.since}` : "cut");
    }
    throw new Error("the link gives commands without end");
  }
}
