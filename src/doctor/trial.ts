import { TRAPS, type Trap, type TrialStep } from "./traps.js";

/** How a server refused a request. */
export interface Refused {
  readonly status: number;
}
/** What a read found. The tag is what a write has to name: absent where the answer had none that counts. */
interface Content {
  readonly data: string;
  readonly tag: string | undefined;
}

/** A rendezvous session of either version that was just made, empty, to be tried out. */
export interface TriedSession {
  /** Of the answer that made it. */
  readonly tag: string | undefined;
  read(signal: AbortSignal): Promise<Content | Refused>;
  /** The tag that is read, by a client that takes compressed answers; only where tags can suffer from that. */
  readonly readCompressed?: (signal: AbortSignal) => Promise<Pick<Content, "tag"> | Refused>;
  write(data: string, tag: string, signal: AbortSignal): Promise<Pick<Content, "tag"> | Refused>;
  delete(signal: AbortSignal): Promise<Refused | undefined>;
}

export interface Trial {
  /** The worst that was met. */
  readonly trap?: Trap;
  readonly failed: readonly TrialStep[];
}

/**
 * How often it is read, before it is written to and after. With two processes that take turns the second read
 * would do; with two of which one is drawn by lot, all of these miss the other one in 1 of 1000 trials. Tuwunel
 * lets one address make 20 requests at once.
 */
const READS = 5;
/** Long enough for a proxy to find it worth compressing. */
const DATA = "matrix-qr-login doctor. ".repeat(40);

/**
 * Does with a session what a sign-in does, each request on its own connection if the session sends them so, and
 * finds out what its deployment does to it. The session is deleted, if it lets itself be.
 *
 * @throws {Failure} `network_error`, `server_error`
 * @throws the signal's reason
 */
export async function tryOut(session: TriedSession, signal: AbortSignal): Promise<Trial> {
  const steps = new Set<TrialStep>();
  const traps = new Set<Trap>();
  const note = (step: TrialStep, trap: Trap) => {
    steps.add(step);
    traps.add(trap);
  };
  const reads = { found: 0, lost: 0 };
  /** @param expected what is there, unless it can't be known */
  const readAll = async (step: TrialStep, expected: Content | undefined) => {
    for (let read = 0; read < READS; read++) {
      const got = await session.read(signal);
      if (!("status" in got)) {
        reads.found++;
        if (!expected) continue;
        if (got.data !== expected.data) note(step, "cached");
        else if (got.tag === undefined || got.tag !== expected.tag) note(step, "etags_changed");
      } else if (got.status === 404) {
        reads.lost++;
        steps.add(step);
      } else note(step, "read_refused");
    }
  };

  const writeAndReadAll = async () => {
    const empty: Content = { data: "", tag: session.tag };
    await readAll("read", empty);
    const written = empty.tag === undefined ? undefined : await session.write(DATA, empty.tag, signal);
    if (written === undefined) note("write", "etags_changed");
    else if ("status" in written) note("write", isConflict(written) ? "etags_changed" : "write_refused");
    else if (written.tag === undefined) note("write", "etags_changed");
    const isWritten = written !== undefined && !("status" in written);
    await readAll("read_written", isWritten ? { data: DATA, tag: written.tag } : undefined);
    const compressed = await session.readCompressed?.(signal);
    if (compressed && !("status" in compressed) && compressed.tag === undefined) {
      note("read_written", "etags_weak_in_browsers");
    }
  };
  try {
    await writeAndReadAll();
  } catch (thrown) {
    // Nobody else will delete it; what was thrown says more than why it can't be.
    await session.delete(signal).catch(() => undefined);
    throw thrown;
  }
  const refused = await deleted(session, reads.lost, signal);
  if (refused) note("delete", "delete_refused");
  else if (!("status" in (await session.read(signal)))) note("read_deleted", "cached");

  if (reads.lost > 0) traps.add(reads.found > 0 ? "split" : "not_found");
  const trap = (Object.keys(TRAPS) as Trap[]).find((each) => traps.has(each));
  return { ...(trap === undefined ? {} : { trap }), failed: [...steps] };
}

/** 409, and 412 in the 2024 version: the tag that was read isn't the one that the server knows. */
function isConflict({ status }: Refused): boolean {
  return status === 409 || status === 412;
}

/** Where some requests miss it, another try may meet it. */
async function deleted(
  session: TriedSession,
  missed: number,
  signal: AbortSignal,
): Promise<Refused | undefined> {
  let refused = await session.delete(signal);
  for (let tries = 1; refused && missed > 0 && tries < READS; tries++) refused = await session.delete(signal);
  return refused;
}
