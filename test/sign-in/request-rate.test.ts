import { beforeAll, describe, expect, it } from "vitest";
import type { Intent } from "../../src/foundation/events.js";
import { byTypedCode } from "../../src/sign-in/confirmation.js";
import type { FakeClock } from "../support/fake-clock.js";
import { MemoryHomeserver } from "../support/memory-homeserver.js";
import { ExistingRole, NewRole, receiveProtocols, sendProtocols } from "../support/roles.js";
import { meeting } from "../support/scanned-code.js";

/** A homeserver whose every answer takes so long, in milliseconds. */
function slowHomeserver(clock: FakeClock, ms: number): MemoryHomeserver {
  const homeserver = new MemoryHomeserver(clock);
  const slowly = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, name) {
        const value: unknown = Reflect.get(of, name);
        if (typeof value !== "function" || name === "signedIn") return value;
        return async (...args: unknown[]) => {
          await clock.sleep(ms);
          return Reflect.apply(value, of, args);
        };
      },
    });
  const [forSignIn, forAccount] = [homeserver.forSignIn(), homeserver.forAccount()];
  homeserver.forAccount = () => slowly(forAccount);
  homeserver.forSignIn = () => slowly({ ...forSignIn, signedIn: () => slowly(forAccount) });
  return homeserver;
}

interface Try {
  readonly at: number;
  readonly device: string;
  readonly method: string;
}

/** Each try of a rendezvous request, of both devices, from the code on show to the receipt of the secrets. */
async function triesOf(intent: Intent, answerMs: number, personMs: number): Promise<readonly Try[]> {
  const both = meeting();
  const { clock, rendezvous, shown } = both;
  const tries: Try[] = [];
  rendezvous.fault = ({ device, method }) => void tries.push({ at: clock.now(), device, method });
  const typed = async () => {
    const { check_code } = await shown();
    await clock.sleep(personMs);
    return check_code;
  };
  const homeserver = slowHomeserver(clock, answerMs);
  if (personMs > 0) homeserver.polls = [{ status: "pending" }, ...homeserver.polls];
  const [newRole, existingRole] = [new NewRole(homeserver), new ExistingRole(homeserver)];
  const meet = async <G extends Intent, S extends Intent>(generating: G) => {
    const scanned = clock.sleep(2 * personMs).then(() => both.scan<S>());
    const changes = { intent: generating, confirmation: byTypedCode(typed, 1) };
    const ends = await clock.runUntil(Promise.all([both.generate<G>(changes), scanned]));
    const [g, s] = ends;
    if (!("result" in g && "result" in s)) throw g.failure ?? s.failure;
    return [g.result, s.result] as const;
  };
  if (intent === "new") {
    const [g, s] = await meet<"new", "existing">("new");
    const ends = [newRole.run(g, receiveProtocols), existingRole.run(s, sendProtocols)];
    for (const end of await clock.runUntil(Promise.all(ends))) expect(end.failure).toBeUndefined();
  } else {
    const [g, s] = await meet<"existing", "new">("existing");
    const ends = [newRole.run(s), existingRole.run(g)];
    for (const end of await clock.runUntil(Promise.all(ends))) expect(end.failure).toBeUndefined();
  }
  return tries;
}

const cases = (["new", "existing"] as const).flatMap((intent) =>
  [0, 40, 80, 120, 160, 250, 400, 1500].flatMap((answerMs) =>
    [0, 3000].map((personMs) => [intent, answerMs, personMs] as const),
  ),
);

describe.each(cases)(
  "a code of the %s device, a homeserver that takes %i ms, and a person who takes %i",
  (intent, answerMs, personMs) => {
    let tries: readonly Try[];
    beforeAll(async () => {
      tries = await triesOf(intent, answerMs, personMs);
    });

    it("asks for the rendezvous session less than ten times a second, after twenty times at once", () => {
      const times = tries.map(({ at }) => at);
      expect(times.length).toBeGreaterThan(15);
      const afterBurst = times.slice(20);
      for (const from of afterBurst) {
        const within = afterBurst.filter((at) => at >= from && at < from + 10_000);
        expect(within.length).toBeLessThan(100);
      }
      // As a server counts it that limits the rate so: none is refused.
      let left = 20;
      let before = 0;
      for (const at of times) {
        left = Math.min(20, left + ((at - before) / 1000) * 10) - 1;
        before = at;
        expect(left).toBeGreaterThanOrEqual(0);
      }
    });

    it("never looks twice within 100 ms", () => {
      for (const name of ["g", "s"]) {
        const looks = tries.filter(({ device, method }) => device === name && method === "GET");
        const pauses = looks.slice(1).map(({ at }, before) => at - (looks[before]?.at ?? 0));
        for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(100);
      }
    });

    it("asks no more than 30 times, and 4 times for each second that the person or the homeserver takes", () => {
      // A consent is noticed at the next poll for tokens.
      const consentMs = personMs > 0 ? 5000 : 0;
      const seconds = (3 * personMs + consentMs + 7 * answerMs) / 1000;
      expect(tries.length).toBeLessThanOrEqual(30 + 4 * seconds);
    });
  },
);
