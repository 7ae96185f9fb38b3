import type { ChannelVersion, Dialect } from "../../src/foundation/events.js";
import { it as machineTest } from "./machine.js";
import { type Peer, PeerProcess } from "./peers.js";

/** One thing that is run with another implementation, as docs/interop.md shows it. */
interface Cell {
  readonly table: "sign_in" | "both_codes" | "itself" | "between_sdks" | "endings" | "channel" | "qr_code";
  readonly version: ChannelVersion;
  readonly dialect?: Dialect;
  /** What matrix-qr-login does in it, or what the peers do. */
  readonly part: string;
  readonly peers: readonly Peer[];
  /** What comes out where the test passes. */
  readonly outcome: string;
}

/** A cell and how its test ended: an entry of the results file. */
export interface Result extends Omit<Cell, "peers"> {
  readonly peers: readonly Pick<Peer, "name" | "version">[];
  readonly state: "passed" | "failed" | "skipped";
  /** Why it was skipped, or what failed. */
  readonly note?: string;
}

declare module "vitest" {
  interface TaskMeta {
    cell?: Cell;
  }
}

export type StartPeer = (peer: Peer, ...args: readonly string[]) => PeerProcess;

interface Fixtures {
  /** Says what the test is about, and skips it where one of its peers can't be run. */
  readonly about: (cell: Cell) => void;
  /** Starts a process that ends with the test. */
  readonly startPeer: StartPeer;
}

/** `it`, with a machine and peers. */
export const it = machineTest.extend<Fixtures>({
  about: async ({ task, skip }, use) => {
    await use((cell) => {
      task.meta.cell = cell;
      const lacking = cell.peers.find(({ missing }) => missing !== undefined);
      if (lacking) skip(`${lacking.name} ${lacking.version} is ${lacking.missing}`);
    });
  },
  // biome-ignore lint/correctness/noEmptyPattern: a fixture has to take its fixtures apart.
  startPeer: async ({}, use) => {
    const started: PeerProcess[] = [];
    await use((peer, ...args) => {
      const process = new PeerProcess(peer, args);
      started.push(process);
      return process;
    });
    await Promise.all(started.map((process) => process.destroy()));
  },
});
