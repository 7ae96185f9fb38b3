import type { Clock } from "../../src/foundation/clock.js";
import type { FakeClock } from "../support/fake-clock.js";

/** How a process comes to stand still: its monotonic clock goes on while it is stopped, and not while its machine is suspended. */
export type Halt = "stopped" | "suspended";

/** The clock of a device that may be halted while the world goes on. */
export class HaltableClock implements Clock {
  readonly #world: FakeClock;
  #halted: Promise<void> | undefined;
  /** Milliseconds that its monotonic clock has missed. */
  #missed = 0;

  constructor(world: FakeClock) {
    this.#world = world;
  }

  now(): number {
    return this.#world.now() - this.#missed;
  }

  date(): Date {
    return this.#world.date();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const wakeAt = this.now() + ms;
    do {
      await this.#world.sleep(wakeAt - this.now(), signal);
      await this.#halted;
    } while (this.now() < wakeAt);
    signal?.throwIfAborted();
  }

  /** Resolves once the device runs again. */
  async halt(how: Halt, ms: number): Promise<void> {
    const over = this.#world.sleep(ms).then(() => {
      if (how === "suspended") this.#missed += ms;
      this.#halted = undefined;
    });
    this.#halted = over;
    await over;
  }

  /** Resolves so many turns of the event loop after the device has run again; at once where it runs. */
  async running(turns: number): Promise<void> {
    if (!this.#halted) return;
    await this.#halted;
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
