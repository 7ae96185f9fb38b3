import { webcrypto } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { Secret } from "../../../src/foundation/secret.js";
import { decodeBase64 } from "../../../src/protocol/base64.js";
import { decodeQrCode } from "../../../src/protocol/qr-code.js";
import type { CodeToShow } from "../../../src/sign-in/generate-code.js";
import { RENDEZVOUS_URL, STABLE_PATH, UNSTABLE_PATH } from "../../support/memory-rendezvous.js";
import { namesOf } from "../../support/roles.js";
import { type Meeting, meet, meeting } from "../../support/scanned-code.js";

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

  it("is not shown where its key can't be made, and its session is deleted", async () => {
    const both = meeting();
    vi.spyOn(webcrypto.subtle, "generateKey").mockRejectedValueOnce(new Error("No such curve."));
    await expect(both.clock.runUntil(both.generate())).rejects.toThrow("No such curve.");
    expect(both.rendezvous.written("g")).toEqual(["g POST", "g DELETE"]);
    expect(namesOf(both.g.events)).toEqual([]);
  });

  it("whose key can't be made is told of once, where there is no session either", async () => {
    const both = meeting();
    vi.spyOn(webcrypto.subtle, "generateKey").mockRejectedValueOnce(new Error("No such curve."));
    both.rendezvous.fault = ({ method }) => (method === "POST" ? "before" : undefined);
    const { failure } = await both.clock.runUntil(both.generate());
    expect(failure?.code).toBe("network_error");
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
