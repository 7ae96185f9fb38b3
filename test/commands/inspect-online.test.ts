import { PassThrough, Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { CommandContext } from "../../src/commands/context.js";
import { inspect } from "../../src/commands/inspect.js";
import type { InspectOptions } from "../../src/commands/options/inspect.js";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { encodeBase64 } from "../../src/protocol/base64.js";
import { encodeQrCode, type SignInQrPayload } from "../../src/protocol/qr-code.js";
import { readQrCode } from "../../src/qr/read/read-qr-code.js";
import { call, devHomeserver, field } from "../support/dev-homeserver.js";
import { FakeClock } from "../support/fake-clock.js";

const MSC4388 = "/_matrix/client/unstable/io.element.msc4388/rendezvous";
const MSC4108 = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous";
const publicKey = new Uint8Array(32).fill(7);

/** A homeserver that notes what it is asked for, and a code of each version that lives there. */
async function homeserverWithCodes() {
  const asked: string[] = [];
  const homeserver = await devHomeserver({
    msc4108: true,
    intercept: ({ method, path }) => {
      asked.push(`${method} ${path}`);
      return undefined;
    },
  });
  const { baseUrl } = homeserver;
  const id = field(await call(baseUrl, `POST ${MSC4388}`, { json: { data: "" } }), "id");
  const rendezvousUrl = field(
    await call(baseUrl, `POST ${MSC4108}`, { body: "", headers: { "content-type": "text/plain" } }),
    "url",
  );
  const codes = {
    msc4388: {
      channel: "msc4388",
      intent: "new",
      prefix: "IO_ELEMENT_MSC4388",
      publicKey,
      rendezvousId: id,
      baseUrl: baseUrl.href,
    },
    "msc4108-2024": { channel: "msc4108-2024", intent: "new", prefix: "MATRIX", publicKey, rendezvousUrl },
  } satisfies Record<string, SignInQrPayload>;
  asked.length = 0;
  return { homeserver, asked, codes };
}

async function inspected(
  code: SignInQrPayload,
  options: Partial<InspectOptions> = {},
  { clock = new FakeClock(), env = {} }: { clock?: FakeClock; env?: NodeJS.ProcessEnv } = {},
) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const context = {
    ...{ env, clock, stdout, stderr },
    stdin: Readable.from([]),
    readPicture: readQrCode,
    signal: new AbortController().signal,
  } as unknown as CommandContext;
  const given = { timeout: 600, allowHttp: ["127.0.0.1"], online: true as const, ...options };
  const failure = await inspect([encodeBase64(encodeQrCode(code))], given, context);
  const out = String(stdout.read() ?? "");
  return { failure: failure?.code, out, err: String(stderr.read() ?? "") };
}

async function event(...args: Parameters<typeof inspected>): Promise<Record<string, unknown>> {
  const [code, options, world] = args;
  const { failure, out } = await inspected(code, { ...options, json: true }, world);
  return { ...JSON.parse(out), failure };
}

const VERSIONS = ["msc4388", "msc4108-2024"] as const;

describe.each(VERSIONS)("inspect --online, of a code of %s", (version) => {
  it("tells that it can still be scanned, and for how long", async () => {
    const { codes } = await homeserverWithCodes();
    const expires_in_ms = version === "msc4388" ? 120_000 : 60_000;
    expect(await event(codes[version])).toMatchObject({ event: "payload", alive: true, expires_in_ms });
    const { out, err, failure } = await inspected(codes[version]);
    expect(out).toMatch(
      version === "msc4388" ? / {2}It can still be scanned, for 2 min\.\n$/ : /for 1 min\.\n$/,
    );
    expect({ err, failure }).toEqual({ err: "", failure: undefined });
  });

  it("reads, and does nothing else: neither device is told", async () => {
    const { asked, codes, homeserver } = await homeserverWithCodes();
    const before = sessionsOf(homeserver);
    await event(codes[version]);
    expect(asked).toEqual([expect.stringMatching(/^GET \//)]);
    expect(sessionsOf(homeserver)).toEqual(before);
  });

  it("tells that it is over, which is no failure", async () => {
    const { codes, homeserver } = await homeserverWithCodes();
    homeserver.expireRendezvous();
    const found = await event(codes[version]);
    expect(found).toMatchObject({ alive: false });
    expect(found["failure"]).toBeUndefined();
    expect(found).not.toHaveProperty("expires_in_ms");
    expect((await inspected(codes[version])).out).toContain("It can't be scanned any more");
  });

  it("says why that can't be found out where plain http isn't allowed, and asks nothing", async () => {
    const { asked, codes } = await homeserverWithCodes();
    const found = await event(codes[version], { allowHttp: [] });
    expect(found).toMatchObject({ event: "payload", code: "url_refused", failure: "url_refused" });
    expect(found).not.toHaveProperty("alive");
    const { out } = await inspected(codes[version], { allowHttp: [] });
    expect(out).toMatch(/could not be found out:\n {2}http:.* is refused: /);
    expect(asked).toEqual([]);
  });

  it("asks this machine where the user's own homeserver is on it", async () => {
    const { codes } = await homeserverWithCodes();
    const env = { MATRIX_QR_LOGIN_HOMESERVER: "http://localhost:8008" };
    expect(await event(codes[version], { allowHttp: [] }, { env })).toMatchObject({ alive: true });
  });
});

describe("inspect --online, of a code that was scanned before", () => {
  it("tells so for MSC4388", async () => {
    const { codes, homeserver } = await homeserverWithCodes();
    const [state] = homeserver.liveRendezvousSessions();
    const path = `${MSC4388}/${codes.msc4388.rendezvousId}`;
    const json = { sequence_token: state?.sequenceToken, data: "of the device that scanned it" };
    await call(homeserver.baseUrl, `PUT ${path}`, { json });
    expect(await event(codes.msc4388)).toMatchObject({ alive: false, scanned: true });
    expect((await inspected(codes.msc4388)).out).toContain("It has been scanned already");
  });

  it("tells so for the 2024 version", async () => {
    const { codes, homeserver } = await homeserverWithCodes();
    const { pathname } = new URL(codes["msc4108-2024"].rendezvousUrl);
    const etag = (await call(homeserver.baseUrl, `GET ${pathname}`)).headers.get("etag") ?? "";
    const headers = { "content-type": "text/plain", "if-match": etag };
    await call(homeserver.baseUrl, `PUT ${pathname}`, { body: "AAAA", headers });
    expect(await event(codes["msc4108-2024"])).toMatchObject({ alive: false, scanned: true });
  });
});

it("says why nothing can be found out about a code whose server has no such sessions", async () => {
  const { baseUrl } = await devHomeserver({ rendezvous: "off" });
  const code = {
    channel: "msc4388",
    intent: "new",
    prefix: "MATRIX",
    publicKey,
    rendezvousId: "gone",
    baseUrl: baseUrl.href,
  } as const;
  const { failure, message } = await event(code);
  expect(failure).toBe("homeserver_without_rendezvous");
  expect(message).toContain("has no QR codes of the current version");
});

function sessionsOf(homeserver: DevHomeserver) {
  return structuredClone([homeserver.liveRendezvousSessions(), homeserver.liveMsc4108Sessions()]);
}
