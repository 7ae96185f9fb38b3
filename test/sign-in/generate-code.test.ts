import { describe, expect, it } from "vitest";
import type { Intent } from "../../src/foundation/events.js";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { decodeBase64 } from "../../src/protocol/base64.js";
import { decodeQrCode } from "../../src/protocol/qr-code.js";
import { byExpectedUser, byTypedCode } from "../../src/sign-in/confirmation.js";
import type { CodeToShow, GenerateCode } from "../../src/sign-in/generate-code.js";
import { expectedUser } from "../support/expected-user.js";
import { settle } from "../support/fake-clock.js";
import { RENDEZVOUS_URL, STABLE_PATH, UNSTABLE_PATH } from "../support/memory-rendezvous.js";
import { namesOf } from "../support/roles.js";
import { type Meeting, meeting } from "../support/scanned-code.js";

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

async function meet<Role extends Intent = "new">(both: Meeting, changes: Partial<GenerateCode<Role>> = {}) {
  return both.clock.runUntil(Promise.all([both.generate(changes), both.scan()]));
}

async function shownCode({ g }: Meeting) {
  const { payload } = await g.event("qr");
  return decodeQrCode(decodeBase64(payload) ?? new Uint8Array());
}

describe("the code on show", () => {
  it("names its session, its intent and the server with a slash, whatever way the server is written", async () => {
    const both = meeting();
    const [end] = await meet(both, { intent: "existing", baseUrl: new URL("https://rendezvous.example") });
    expect(end.failure).toBeUndefined();
    expect(await shownCode(both)).toMatchObject({
      channel: "msc4388",
      intent: "existing",
      baseUrl: "https://rendezvous.example/",
      rendezvousId: both.rendezvous.store.live()[0]?.id,
    });
  });

  it.each([
    ["auto", "both", "IO_ELEMENT_MSC4388", UNSTABLE_PATH],
    ["auto", "unstable", "IO_ELEMENT_MSC4388", UNSTABLE_PATH],
    ["auto", "stable", "MATRIX", STABLE_PATH],
    ["msc", "both", "MATRIX", STABLE_PATH],
    ["vodozemac-0.11.1", "both", "IO_ELEMENT_MSC4388", UNSTABLE_PATH],
    ["vodozemac-0.11.0", "both", "IO_ELEMENT_MSC4388", UNSTABLE_PATH],
  ] as const)(
    "with --dialect %s on a server with %s has the prefix %s",
    async (dialect, apis, prefix, path) => {
      const both = meeting({ apis });
      await meet(both, { dialect });
      expect(await shownCode(both)).toMatchObject({ prefix });
      const sessionPaths = both.rendezvous.requests
        .filter(({ method }) => method !== "GET")
        .map(({ url }) => url.pathname);
      for (const used of sessionPaths) expect(used).toContain(path);
    },
  );

  it("is announced with its end, and with the file that it was written to first", async () => {
    const both = meeting();
    let written: Uint8Array | undefined;
    const pictureFor = async ({ payload, channel, versions }: CodeToShow) => {
      expect(namesOf(both.g.events)).toEqual([]);
      expect([channel, versions]).toEqual(["msc4388", ["msc4388"]]);
      written = payload;
      return "/tmp/code.png";
    };
    await meet(both, { pictureFor });
    const until = { expires_in_ms: 120_000, expires_at: "2026-01-01T00:02:00.000Z", channel: "msc4388" };
    expect(both.g.events.slice(0, 2)).toEqual([
      { event: "rendezvous_created", base_url: RENDEZVOUS_URL.href, ...until },
      {
        event: "qr",
        intent: "new",
        payload: Buffer.from(written ?? [])
          .toString("base64")
          .replace(/=+$/, ""),
        file: "/tmp/code.png",
        ...until,
      },
    ]);
  });

  it("of a new device comes with a warning where apps can't read any that there is", async () => {
    const both = meeting();
    await meet(both, { version: "auto" });
    expect(namesOf(both.g.events).slice(0, 3)).toEqual(["warning", "rendezvous_created", "qr"]);
    const { code, message } = await both.g.event("warning");
    expect(code).toBe("apps_cannot_scan");
    expect(message).toContain("rendezvous.example");
  });

  it("of an existing device comes without that warning, and so does one whose version was chosen", async () => {
    const existing = meeting();
    await meet(existing, { intent: "existing", version: "auto" });
    const chosen = meeting();
    await meet(chosen, { version: "msc4388" });
    const events = [...existing.g.events, ...chosen.g.events];
    expect(namesOf(events)).toContain("qr");
    expect(namesOf(events)).not.toContain("warning");
  });

  it("is announced without a file where no picture goes with it", async () => {
    const both = meeting();
    await meet(both, { pictureFor: async () => undefined });
    expect(await both.g.event("qr")).not.toHaveProperty("file");
  });

  it("is another one each time", async () => {
    const [one, other] = [meeting(), meeting()];
    await Promise.all([meet(one), meet(other)]);
    const [first, second] = [await shownCode(one), await shownCode(other)];
    expect(first.publicKey).not.toEqual(second.publicKey);
  });

  it("of an existing device is made with its access token, which a new one doesn't have", async () => {
    const existing = meeting({ mode: "authenticated" });
    const [made] = await meet(existing, {
      intent: "existing",
      accessToken: async () => new Secret("access-token"),
    });
    expect(made.failure).toBeUndefined();
    const withToken = existing.rendezvous.requests.filter(({ headers }) => headers["authorization"]);
    expect(withToken.map(({ method, headers }) => `${method} ${headers["authorization"]}`)).toEqual([
      "GET Bearer access-token",
      "POST Bearer access-token",
    ]);

    const without = meeting({ mode: "authenticated" });
    const { failure } = await without.clock.runUntil(without.generate());
    expect(failure).toMatchObject({ code: "homeserver_without_rendezvous", kind: "unsupported" });
    expect(namesOf(without.g.events)).toEqual([]);
  });

  it("is not shown where its file can't be written, and its session is deleted", async () => {
    const both = meeting();
    const pictureFor = () => Promise.reject(new Failure("file_error"));
    const { failure } = await both.clock.runUntil(both.generate({ pictureFor }));
    expect(failure).toMatchObject({ code: "file_error", kind: "local" });
    expect(both.rendezvous.store.live()).toEqual([]);
    expect(namesOf(both.g.events)).toEqual([]);
  });

  it("is taken back when it is no longer wanted", async () => {
    const both = meeting();
    const end = both.generate();
    await both.g.event("qr");
    await both.clock.advance(3000);
    both.g.stop.abort(new Failure("interrupted"));
    expect((await both.clock.runUntil(end)).failure?.kind).toBe("signal");
    expect(both.rendezvous.written("g").at(-1)).toBe("g DELETE");
    expect(both.rendezvous.store.live()).toEqual([]);
  });

  it("is no obstacle to ending where its session can't be deleted", async () => {
    const both = meeting();
    const end = both.generate();
    await both.g.event("qr");
    both.rendezvous.fault = () => "before";
    const from = both.clock.now();
    both.g.stop.abort(new Failure("interrupted"));
    expect((await both.clock.runUntil(end)).failure?.code).toBe("interrupted");
    expect(both.clock.now() - from).toBeLessThanOrEqual(3500);
  });
});

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
