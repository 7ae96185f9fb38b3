import { expect, it } from "vitest";
import type { DevHomeserverOptions } from "../../src/dev-homeserver/dev-homeserver.js";
import { Failure, type FailureCode } from "../../src/foundation/failures.js";
import { FAULTS, type FaultName, PASSING } from "./faults.js";
import { ORPHANED } from "./judge.js";
import { FaultyWorld } from "./world.js";

/** What a command came to. */
interface Ran {
  readonly ended: "done" | Failure;
  /** What is against the promises, whether it went well or not. */
  readonly broken: readonly string[];
}

/** A command that changes something on a server, but for the sign-ins of two devices. */
export interface Command {
  readonly run: (world: FaultyWorld) => Promise<Ran>;
  /** Of its homeserver. */
  readonly options?: DevHomeserverOptions;
  /** How it may end besides well, and after which fault of which request. */
  readonly exceptions?: readonly {
    readonly code: FailureCode;
    readonly what: RegExp;
    readonly why: string;
  }[];
}

/** A faulty run may repeat what it asks, and ask a little more. More than this is spinning. */
const spinsAt = (faultless: number) => 2 * faultless + 20;

/** Tests a command with one fault at each of its requests: it ends well where the fault passes, and cleanly in any case. */
export function testCommand(name: string, command: Command): void {
  const { exceptions = [] } = command;
  it.each(Object.keys(FAULTS) as FaultName[])(`${name}, with %s at any request`, async (fault) => {
    const wrong: string[] = [];
    const counts = new Map<string, number>();
    const faultless = await runs(command, () => undefined);
    expect([faultless.ended, ...faultless.broken]).toEqual(["done"]);
    for (let n = 1; ; n++) {
      let what = "";
      const ran = await runs(command, (sent) => {
        if (sent.n !== n) return undefined;
        what = sent.what;
        return FAULTS[fault];
      });
      if (what === "") break;
      const outcome = ran.ended instanceof Failure ? ran.ended.code : ran.ended;
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      const isException = exceptions.some(({ code, what: where }) => outcome === code && where.test(what));
      const isBad = fault in PASSING && outcome !== "done" && !isException;
      const isSpinning = ran.requests > spinsAt(faultless.requests);
      wrong.push(
        ...[
          ...ran.broken.filter((each) => !isException || each !== ORPHANED),
          ...(isBad ? [outcome] : []),
          ...(isSpinning ? [`${ran.requests} requests`] : []),
        ].map((each) => `${fault} at ${n}, ${what}: ${each}`),
      );
    }
    const told = [...counts].map(([outcome, count]) => `${count} × ${outcome}`).join(", ");
    process.stdout.write(`${name}: ${fault} at each request: ${told}\n`);
    expect(wrong).toEqual([]);
  });
}

async function runs({ run, options }: Command, faultAt: Parameters<typeof FaultyWorld.make>[0]) {
  const world = await FaultyWorld.make(faultAt, options);
  try {
    const { ended, broken } = await run(world);
    const forked = isChain(world.refreshTokens) ? [] : ["a refresh token was used after its successor"];
    return { ended, broken: [...broken, ...forked], requests: world.sent.length };
  } finally {
    await world.close();
  }
}

/** Whether nothing comes again once something else has come. */
function isChain(tokens: readonly string[]): boolean {
  const links = tokens.filter((token, at) => token !== tokens[at - 1]);
  return new Set(links).size === links.length;
}

export async function outcomeOf(work: Promise<unknown>): Promise<"done" | Failure> {
  try {
    await work;
    return "done";
  } catch (thrown) {
    return Failure.from(thrown);
  }
}
