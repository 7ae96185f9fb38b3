import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CommandContext } from "../../src/commands/context.js";
import { inspect } from "../../src/commands/inspect.js";
import type { GlobalOptions } from "../../src/commands/options/global.js";
import { Failure } from "../../src/foundation/failures.js";
import { encodeBase64 } from "../../src/protocol/base64.js";
import { decodeQrCode, encodeQrCode } from "../../src/protocol/qr-code.js";
import { qrPng } from "../../src/qr/draw/picture.js";
import { readQrCode } from "../../src/qr/read/read-qr-code.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { payloadOf } from "../support/pictures.js";

const KEY = "2IZoarIZe3gOMAqdSiFHSAcA15KfOasxueUUNwJI7Ws";
const payload = payloadOf("unstable_intent_0");

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "inspect-"));
});
afterAll(() => rm(directory, { recursive: true }));

async function run(
  sources: string[],
  options: Partial<GlobalOptions> = {},
  world: Partial<CommandContext> = {},
) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const context = {
    env: {},
    stdin: Readable.from([]),
    stdout,
    stderr,
    clock: new FakeClock(),
    readPicture: readQrCode,
    signal: new AbortController().signal,
    ...world,
  } as unknown as CommandContext;
  const failure = await inspect(sources, { timeout: 600, allowHttp: [], ...options }, context);
  const out = String(stdout.read() ?? "");
  const lines = options.json ? out.split("\n").slice(0, -1) : [];
  return {
    failure,
    out,
    err: String(stderr.read() ?? ""),
    events: lines.map((line) => JSON.parse(line) as object),
  };
}

describe("--json", () => {
  it("tells all fields of a code of MSC4388", async () => {
    const { failure, events, err } = await run([encodeBase64(payload)], { json: true });
    expect(failure).toBeUndefined();
    expect(err).toBe("");
    expect(events).toEqual([
      {
        event: "payload",
        source: encodeBase64(payload),
        payload: encodeBase64(payload),
        intent: "new",
        channel: "msc4388",
        prefix: "IO_ELEMENT_MSC4388",
        public_key: KEY,
        rendezvous_id: "e8da6355-550b-4a32-a193-1619d9830668",
        base_url: "https://matrix-client.matrix.org",
      },
    ]);
  });

  it("tells all fields of a code of 2024, the server name only where there is one", async () => {
    const codes = [payloadOf("2024_mode_4"), payloadOf("2024_mode_3")];
    const { events } = await run(codes.map(encodeBase64), { json: true });
    const common = {
      event: "payload",
      channel: "msc4108-2024",
      prefix: "MATRIX",
      public_key: KEY,
      rendezvous_url: "https://rendezvous.lab.element.dev/e8da6355-550b-4a32-a193-1619d9830668",
    };
    const [existing, fresh] = codes.map(encodeBase64);
    expect(events).toEqual([
      { ...common, source: existing, payload: existing, intent: "existing", server_name: "matrix.org" },
      { ...common, source: fresh, payload: fresh, intent: "new" },
    ]);
  });

  it("goes on after a source that can't be read, and exits as the first of these does", async () => {
    const loop = join(directory, "missing.png");
    const { failure, events } = await run([loop, encodeBase64(payload), directory], { json: true });
    expect(failure?.kind).toBe("usage");
    expect(events).toEqual([
      { event: "unreadable", source: loop, code: "source_not_found", message: `There is no file "${loop}".` },
      expect.objectContaining({ event: "payload" }),
      {
        event: "unreadable",
        source: directory,
        code: "picture_unreadable",
        message: `${directory} is a directory.`,
      },
    ]);
  });
});

describe("without --json", () => {
  it("a new device's code is explained", async () => {
    const path = join(directory, "new.png");
    await writeFile(path, await qrPng(payload));
    const { failure, out, err } = await run([path]);
    expect({ failure, err }).toEqual({ failure: undefined, err: "" });
    expect(out.replace(directory, "")).toMatchInlineSnapshot(`
      "/new.png
        Shown by         a new device, which wants to be signed in
        Scanning it      signs that device in to your account and shares your encryption keys with it
        Read by          this program, and no released app yet (seen in November 2026)
        Devices meet at  https://matrix-client.matrix.org
        No server was contacted, so it isn't known whether the code is still valid.
      "
    `);
  });

  it("existing devices' codes of both versions are explained", async () => {
    const stdin = Readable.from([Buffer.from(encodeBase64(payloadOf("2024_mode_4")))]);
    const { out } = await run(
      ["-", encodeBase64(payloadOf("stable_intent_1"))],
      {},
      { stdin: stdin as never },
    );
    expect(out).toMatchInlineSnapshot(`
      "Standard input
        Shown by         an existing device, which offers to sign another one in
        Scanning it      signs the device that scans it in to the account of the one that shows it
        Read by          this program, and apps that sign in by QR code
        Homeserver       matrix.org
        Devices meet at  https://rendezvous.lab.element.dev/e8da6355-550b-4a32-a193-1619d9830668
        No server was contacted, so it isn't known whether the code is still valid.

      TUFUUklYAwHYhmhqshl7eA4wCp1KIUdIBwDXkp85qzG55RQ3AkjtayRlOGRhNjM1NS01NTBiLTRhMzI…
        Shown by     an existing device, which offers to sign another one in
        Scanning it  signs the device that scans it in to the account of the one that shows it
        Read by      this program, and no released app yet (seen in November 2026)
        Homeserver   https://matrix-client.matrix.org
        No server was contacted, so it isn't known whether the code is still valid.
      "
    `);
  });

  it("a code is explained in the protocol's words too, if they are asked for", async () => {
    const { out } = await run([encodeBase64(payload), encodeBase64(payloadOf("2024_mode_4"))], {
      verbose: true,
    });
    expect(out).toMatch(/Version +MSC4388, with the unstable prefix IO_ELEMENT_MSC4388\n/);
    expect(out).toMatch(/Rendezvous ID +e8da6355-550b-4a32-a193-1619d9830668\n/);
    expect(out).toMatch(/Version +the 2024 version of MSC4108\n +Public key +2IZo arIZ/);
  });

  it("what can't be read goes to stderr with what to do about it, and the rest to stdout", async () => {
    const { failure, out, err } = await run(["nowhere.png", encodeBase64(payload)]);
    expect(failure?.kind).toBe("usage");
    expect(out).toMatch(/^SU9f/);
    expect(err).toBe(
      'Error: There is no file "nowhere.png".\n' +
        "Hint: Give the path of a picture, any text with the code in it, or - for stdin.\n",
    );
  });
});

describe("an error names its source once:", () => {
  it.each<[string, string, RegExp]>([
    ["a word", "nofile", /^Error: There is no file "nofile"\.\nHint: Give the path .*\n$/],
    ["an address", "https://example.org/a.png", /^Error: https:\/\/example\.org\/a\.png is a web address/],
    ["a folder", tmpdir(), /^Error: (?!.*: ).* is a directory\.\nHint: /],
    ["a long address", `https://example.org/${"a".repeat(120)}.png`, /^Error: (?!.*: ).* is a web address/],
    ["stdin", "-", /^Error: Standard input: There is nothing in it\.\nHint: Give a picture/],
    ["nothing", "", /^Error: An empty argument: There is no such file/],
  ])("%s", async (_, source, told) => {
    expect((await run([source])).err).toMatch(told);
  });
});

it("no text in a code can steer the terminal, in either form", async () => {
  const code = decodeQrCode(payload);
  const hostile = encodeBase64(
    encodeQrCode({ ...code, baseUrl: "https://example.org/\u202egro.elpmaxe\u200b\u2066" } as typeof code),
  );
  for (const json of [true, false]) {
    const { out, events } = await run([hostile, "\u001b]0;title\u0007.png"], json ? { json } : {});
    for (const unsafe of "\u202e\u200b\u2066\u001b\u0007") expect(out).not.toContain(unsafe);
    if (json)
      expect(events[0]).toMatchObject({ base_url: "https://example.org/\u202egro.elpmaxe\u200b\u2066" });
  }
});

it("standard input can be read only once", async () => {
  await expectFailure("usage_error", () => run(["-", "-"]));
});

it("an interrupted inspection ends with the signal's reason", async () => {
  const interrupted = new Failure("interrupted");
  const world = { stdin: new PassThrough() as never, signal: AbortSignal.abort(interrupted) };
  await expect(run(["-"], {}, world)).rejects.toBe(interrupted);
});
