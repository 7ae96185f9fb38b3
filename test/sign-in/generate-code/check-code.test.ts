import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { byExpectedUser, byTypedCode } from "../../../src/sign-in/confirmation.js";
import { expectedUser } from "../../support/expected-user.js";
import { settle } from "../../support/fake-clock.js";
import { namesOf } from "../../support/roles.js";
import { type Meeting, meet, meeting } from "../../support/scanned-code.js";

const { signal } = new AbortController();
const SUCCESS = { type: "m.login.success" } as const;

/** Types these codes, one after the other; `right` is what S shows. */
function typing({ shown }: Pick<Meeting, "shown">, codes: string[]) {
  const attempts = codes.length;
  const left = [...codes];
  const ask = async () => {
    const { check_code } = await shown();
    const code = left.shift() ?? "";
    return code === "right" ? check_code : code;
  };
  return byTypedCode(ask, attempts);
}

describe("the check code", () => {
  it("that is typed right goes on", async () => {
    const both = meeting();
    const [end] = await meet(both, { confirmation: typing(both, ["right"]) });
    expect(end.failure).toBeUndefined();
    expect(namesOf(both.g.events)).toEqual([
      "rendezvous_created",
      "qr",
      "check_code_required",
      "secure_channel",
    ]);
    expect(both.g.events.at(-1)).toEqual({
      event: "secure_channel",
      channel: "msc4388",
      dialect: "vodozemac-0.11.1",
    });
  });

  it("may be typed wrong twice where three attempts are given", async () => {
    const both = meeting();
    const [end] = await meet(both, { confirmation: typing(both, ["00", "", "right"]) });
    expect(end.failure).toBeUndefined();
    expect(both.g.events.slice(2)).toMatchObject([
      { event: "check_code_required", attempts_left: 3 },
      { event: "check_code_rejected", attempts_left: 2 },
      { event: "check_code_required", attempts_left: 2 },
      { event: "check_code_rejected", attempts_left: 1 },
      { event: "check_code_required", attempts_left: 1 },
      { event: "secure_channel" },
    ]);
  });

  it.each([
    ["thrice at a terminal", ["00", "01", "02"]],
    ["once from stdin", ["00"]],
  ])(
    "that is typed wrong %s ends it: the session is deleted, and nobody told anything",
    async (_what, codes) => {
      const both = meeting();
      const [end] = await meet(both, { confirmation: typing(both, codes) });
      expect(end.failure).toMatchObject({ code: "check_code_wrong", kind: "security" });
      expect(both.g.events.at(-1)).toEqual({ event: "check_code_rejected", attempts_left: 0 });
      // LoginOk is the one thing that it wrote.
      expect(both.rendezvous.written("g")).toEqual(["g POST", "g PUT", "g DELETE"]);
    },
  );

  it("is accepted of either vodozemac release, since which one S is can't be known", async () => {
    for (const dialect of ["vodozemac-0.11.0", "vodozemac-0.11.1"] as const) {
      const both = meeting();
      const met = Promise.all([both.generate(), both.scan(dialect)]);
      const [end] = await both.clock.runUntil(met);
      expect(end.failure).toBeUndefined();
    }
  });

  it("isn't waited for beyond the end of the session", async () => {
    const both = meeting();
    const ask = (_attempts: number, asked: AbortSignal) =>
      new Promise<string>((_, reject) => {
        asked.addEventListener("abort", () => reject(asked.reason), { once: true });
      });
    const [end] = await meet(both, { confirmation: byTypedCode(ask, 3) });
    expect(end.failure).toMatchObject({ code: "rendezvous_expired", kind: "late" });
  });

  it("isn't waited for when the other device has gone: typing it is ended", async () => {
    const both = meeting();
    let reason: unknown;
    const ask = (_attempts: number, asked: AbortSignal) =>
      new Promise<string>((_, reject) => {
        both.rendezvous.store.clear();
        asked.addEventListener(
          "abort",
          () => {
            reason = asked.reason;
            reject(asked.reason);
          },
          { once: true },
        );
      });
    const confirmation = byTypedCode(ask, 3);
    const end = await both.clock.runUntil(
      Promise.all([both.generate({ confirmation }), both.scan().catch(() => undefined)]).then(([g]) => g),
    );
    expect(end.failure).toMatchObject({ code: "rendezvous_gone", kind: "refused" });
    expect(reason).toMatchObject({ code: "rendezvous_gone" });
  });

  it("that is never typed, since input ends, cancels: the session is deleted, and nobody told", async () => {
    const both = meeting();
    const ask = async () => {
      await both.shown();
      throw new Failure("user_cancelled");
    };
    const [end] = await meet(both, { confirmation: byTypedCode(ask, 1) });
    expect(end.failure).toMatchObject({ code: "user_cancelled", kind: "refused" });
    expect(both.rendezvous.written("g")).toEqual(["g POST", "g PUT", "g DELETE"]);
  });

  it("is waited for while S has sent its first message already, which is read afterwards", async () => {
    const both = meeting();
    const { clock, g, shown } = both;
    const ask = async () => {
      const { check_code } = await shown();
      await clock.sleep(20_000);
      return check_code;
    };
    const generated = both.generate({ confirmation: byTypedCode(ask, 1) });
    const scanned = await clock.runUntil(both.scan());
    if (!("result" in scanned)) throw scanned.failure;
    await clock.runUntil(scanned.result.send(SUCCESS, signal));
    await clock.advance(5000);
    expect(namesOf(g.events)).not.toContain("secure_channel");
    const end = await clock.runUntil(generated);
    if (!("result" in end)) throw end.failure;
    expect(await clock.runUntil(end.result.receive(["m.login.success"], "machine", signal))).toEqual(SUCCESS);
  });
});

describe("a new device that holds the outcome to a user", () => {
  it("shows the check code, which S shows too, and goes on by itself", async () => {
    const both = meeting();
    const [g, s] = await meet(both, { confirmation: byExpectedUser(await expectedUser()) });
    if (!("result" in g && "result" in s)) throw g.failure ?? s.failure;
    expect(both.g.events.slice(2)).toEqual([
      {
        event: "check_code",
        check_code: expect.stringMatching(/^[1-9][0-9]$/),
        ...(await alternativeOf(both)),
      },
      { event: "secure_channel", channel: "msc4388" },
    ]);
    expect((await both.g.event("check_code")).check_code).toBe((await both.shown()).check_code);
    await s.result.send(SUCCESS, signal);
    await settle();
    const received = g.result.receive(["m.login.success"], "machine", signal);
    expect(await both.clock.runUntil(received)).toEqual(SUCCESS);
  });
});

/** The two releases may compute the same code. */
async function alternativeOf({ shown }: Meeting): Promise<{ alternative?: string }> {
  const { alternative } = await shown();
  return alternative === undefined ? {} : { alternative };
}
