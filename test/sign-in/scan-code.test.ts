import { describe, expect, it } from "vitest";
import type { Dialect } from "../../src/foundation/events.js";
import { Failure } from "../../src/foundation/failures.js";
import { byTypedCode } from "../../src/sign-in/confirmation.js";
import { checkIntent } from "../../src/sign-in/scan-code.js";
import { STABLE_PATH, UNSTABLE_PATH } from "../support/memory-rendezvous.js";
import { namesOf } from "../support/roles.js";
import { type Meeting, meeting } from "../support/scanned-code.js";

async function scanned(
  both: Meeting,
  generate: Parameters<Meeting["generate"]>[0] = {},
  ...scan: Parameters<Meeting["scan"]>
) {
  const met = Promise.all([both.generate(generate), both.scan(...scan)]);
  return (await both.clock.runUntil(met))[1];
}

describe("a device that scans", () => {
  it("says what it scanned, that it is secure, and which code to type on the other device", async () => {
    const both = meeting();
    const end = await scanned(both, { intent: "existing" });
    expect(end.failure).toBeUndefined();
    expect(both.s.events).toEqual([
      {
        event: "scanned",
        intent: "existing",
        channel: "msc4388",
        base_url: "https://rendezvous.example/",
      },
      { event: "secure_channel", channel: "msc4388", dialect: "vodozemac-0.11.1" },
      expect.objectContaining({ event: "check_code", check_code: expect.stringMatching(/^[1-9][0-9]$/) }),
    ]);
  });

  it.each<[Dialect, boolean]>([
    ["msc", false],
    ["vodozemac-0.11.1", true],
    ["vodozemac-0.11.0", true],
  ])(
    "finds out that the other speaks %s, and shows a second code for older apps: %s",
    async (dialect, two) => {
      // The two releases agree about once in ninety times.
      const alternatives = new Set<boolean>();
      for (let run = 0; run < 4; run++) {
        const both = meeting();
        const generated = both.generate({ dialect, confirmation: nobodyTypes });
        await both.clock.runUntil(both.scan());
        both.g.stop.abort(new Failure("interrupted"));
        await both.clock.runUntil(generated);
        alternatives.add((await both.shown()).alternative !== undefined);
      }
      expect(alternatives.has(true)).toBe(two);
    },
  );

  it.each<Dialect>(["msc", "vodozemac-0.11.1", "vodozemac-0.11.0"])(
    "shows one code where it is told that the other speaks %s",
    async (dialect) => {
      const both = meeting();
      const end = await scanned(both, { dialect }, dialect);
      expect(end.failure).toBeUndefined();
      expect(await both.shown()).not.toHaveProperty("alternative");
      expect(await both.s.event("secure_channel")).toMatchObject({ dialect });
    },
  );

  it.each<[Dialect, Dialect]>([
    ["msc", "vodozemac-0.11.1"],
    ["vodozemac-0.11.1", "msc"],
  ])("doesn't get on with %s where it is told %s, shows no code, and deletes the session", async (g, s) => {
    const both = meeting();
    const end = await scanned(both, { dialect: g, confirmation: nobodyTypes }, s);
    expect(end.failure).toMatchObject({ code: "message_not_authentic", kind: "security" });
    expect(namesOf(both.s.events)).toEqual(["scanned"]);
    expect(both.rendezvous.written("s")).toEqual(["s PUT", "s DELETE"]);
  });

  it("binds the URL as the code has it under the stable prefix", async () => {
    // G has the slash in its code; this one is as another implementation would write it.
    const both = meeting();
    const spelt = "https://Rendezvous.Example";
    const end = await scanned(both, { dialect: "msc", confirmation: nobodyTypes }, "auto", (code) => ({
      ...code,
      baseUrl: spelt,
    }));
    expect(await both.s.event("scanned")).toMatchObject({ base_url: "https://rendezvous.example/" });
    // G has bound another text, so its first message isn't authentic, and it ends the session.
    expect(end.failure).toMatchObject({ code: "rendezvous_gone" });
  });

  it("binds it in its WHATWG serialisation under the unstable one", async () => {
    const both = meeting();
    const end = await scanned(both, {}, "auto", (code) => ({
      ...code,
      baseUrl: "https://Rendezvous.Example",
    }));
    expect(end.failure).toBeUndefined();
    expect(await both.s.event("scanned")).toMatchObject({ base_url: "https://rendezvous.example/" });
  });

  it.each([
    ["MATRIX", STABLE_PATH, UNSTABLE_PATH],
    ["IO_ELEMENT_MSC4388", UNSTABLE_PATH, STABLE_PATH],
  ] as const)(
    "asks under the API of the prefix %s first, and under the other where there is none",
    async (prefix, first, other) => {
      const both = meeting({ apis: prefix === "MATRIX" ? "unstable" : "stable" });
      const end = both.scan("auto", (code) => ({ ...code, prefix }));
      void both.generate();
      await both.clock.runUntil(end);
      const paths = both.rendezvous.requests
        .filter(({ headers: _ }, at) => both.rendezvous.log[at]?.startsWith("s "))
        .map(({ url }) => url.pathname.replace(/\/[^/]+$/, ""));
      expect(paths.slice(0, 2)).toEqual([first, other]);
      both.g.stop.abort(new Failure("interrupted"));
    },
  );

  it("asks under no other API where the session is gone", async () => {
    const both = meeting();
    void both.generate();
    await both.g.event("qr");
    both.rendezvous.store.clear();
    const { failure } = await both.clock.runUntil(both.scan());
    expect(failure).toMatchObject({ code: "rendezvous_expired", kind: "late" });
    expect(both.rendezvous.log.filter((entry) => entry.startsWith("s "))).toEqual(["s GET"]);
    both.g.stop.abort(new Failure("interrupted"));
  });

  it("says so of a server that knows neither", async () => {
    const both = meeting();
    void both.generate();
    await both.g.event("qr");
    const baseUrl = "https://rendezvous.example/elsewhere/";
    const end = both.scan("auto", (code) => ({ ...code, baseUrl }));
    const { failure } = await both.clock.runUntil(end);
    expect(failure).toMatchObject({ code: "homeserver_without_rendezvous", kind: "unsupported" });
    both.g.stop.abort(new Failure("interrupted"));
  });

  it.each(["http://rendezvous.example/", "https://user:password@rendezvous.example/"])(
    "refuses a code with %s, and asks nothing of that server",
    async (baseUrl) => {
      const both = meeting();
      void both.generate();
      const { failure } = await both.clock.runUntil(both.scan("auto", (code) => ({ ...code, baseUrl })));
      expect(failure).toMatchObject({ code: "url_refused", kind: "security" });
      expect(failure?.message).not.toContain("password@");
      expect(both.rendezvous.log.filter((entry) => entry.startsWith("s "))).toEqual([]);
      both.g.stop.abort(new Failure("interrupted"));
    },
  );

  it("refuses a code that was scanned before, and leaves the session of the two alone", async () => {
    const both = meeting();
    await scanned(both);
    const { failure } = await both.clock.runUntil(both.scan());
    expect(failure).toMatchObject({ code: "concurrent_write", kind: "security" });
    expect(both.rendezvous.store.live()).toHaveLength(1);
  });

  it("that is interrupted while it waits for the answer deletes the session", async () => {
    const both = meeting();
    void both.generate();
    both.rendezvous.fault = ({ device, method }) => {
      const isWaiting = both.rendezvous.log.includes("s PUT");
      if (isWaiting && device === "g" && method === "GET") both.s.stop.abort(new Failure("terminated"));
      return undefined;
    };
    const { failure } = await both.clock.runUntil(both.scan());
    expect(failure?.kind).toBe("signal");
    expect(both.rendezvous.written("s")).toEqual(["s PUT", "s DELETE"]);
    both.g.stop.abort(new Failure("interrupted"));
  });
});

/** G waits for its code until it is stopped. */
const nobodyTypes = byTypedCode(
  (_attempts, signal) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    }),
  1,
);

describe("checkIntent", () => {
  it.each(["new", "existing"] as const)("lets the %s device scan the other's code", (as) => {
    expect(() => checkIntent({ intent: as === "new" ? "existing" : "new" }, as)).not.toThrow();
  });

  it.each([
    ["new", /wants to be signed in, as this one does/],
    ["existing", /already signed in, as this one is/],
  ] as const)("refuses two %s devices, and says so", (as, message) => {
    const check = () => checkIntent({ intent: as }, as);
    expect(check).toThrow(expect.objectContaining({ code: "wrong_intent", kind: "usage" }));
    expect(check).toThrow(expect.objectContaining({ message: expect.stringMatching(message) }));
  });
});
