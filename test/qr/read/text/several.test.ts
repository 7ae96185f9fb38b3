import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { Intent } from "../../../../src/foundation/events.js";
import { encodeQrCode } from "../../../../src/protocol/qr-code.js";
import { drawQr } from "../../../../src/qr/draw/blocks.js";
import { qrPng } from "../../../../src/qr/draw/picture.js";
import { readQrCode } from "../../../../src/qr/read/read-qr-code.js";
import { readPayload } from "../../../../src/qr/read/source.js";
import { expectFailure } from "../../../support/failures.js";
import { strayCode } from "../../../support/qr-samples.js";

const [first, second, third] = [strayCode("new"), strayCode("new"), strayCode("new")];
const elsewhere = strayCode("new", "https://matrix.example.net/");

function of2024(intent: Intent = "new", server = "rendezvous.example.org"): Buffer {
  return Buffer.from(
    encodeQrCode({
      channel: "msc4108-2024",
      prefix: "MATRIX",
      intent,
      publicKey: new Uint8Array(32).fill(7),
      rendezvousUrl: `https://${server}/session`,
      ...(intent === "existing" && { serverName: server }),
    }),
  );
}

const event = (code: Buffer) => JSON.stringify({ event: "qr", payload: code.toString("base64") });
const command = (code: Buffer) => `matrix-qr-login scan ${code.toString("base64").replace(/=+$/, "")}`;
const drawn = (code: Buffer) => {
  const options = { columns: 500, rows: 500, size: "small", ecLevel: "L", colour: false } as const;
  return drawQr(code, options)?.lines.join("\n") ?? "";
};
const image = async (code: Buffer) =>
  `<img src="data:image/png;base64,${Buffer.from(await qrPng(code)).toString("base64")}">`;

async function read(...lines: string[]): Promise<Buffer> {
  const world = { readPicture: readQrCode, signal: new AbortController().signal };
  return Buffer.from(
    await readPayload("-", { ...world, stdin: Readable.from([Buffer.from(lines.join("\n"))]) }),
  );
}

describe("of several codes in one text", () => {
  it("the newest is taken where a log shows one after the other", async () => {
    expect(await read(event(first), event(second), event(third))).toEqual(third);
    expect(await read(command(first), "A new code:", command(second))).toEqual(second);
    const renewal = "A new code, since the previous one expires soon (MSC4388, good for 2 min):";
    expect(await read(drawn(first), "", renewal, "Waiting", drawn(second))).toEqual(second);
  });

  it("the newest is taken, too, whose payload has escapes that the older one's hasn't", async () => {
    const escaped = event(second).replaceAll("/", "\\/").replaceAll("+", "\\u002b");
    expect(await read(event(first), escaped)).toEqual(second);
  });

  it("only those of the last run count", async () => {
    const started = '{"event":"started","role":"new"}';
    expect(await read(started, event(elsewhere), started, event(first))).toEqual(first);
    expect(await read(started, event(elsewhere), started)).toEqual(elsewhere);
  });

  it("of two versions of one sign-in, the one of MSC4388 is taken, the newest of it", async () => {
    const old = of2024();
    expect(await read(event(old), event(first))).toEqual(first);
    expect(await read(event(first), event(second), event(old))).toEqual(second);
    expect(await read(old.toString("hex"), first.toString("hex"))).toEqual(first);
    expect(await read(drawn(first), drawn(old))).toEqual(first);
    expect(await read(await image(old), await image(first))).toEqual(first);
  });

  it("the same one twice is one", async () => {
    expect(await read(first.toString("base64"), first.toString("hex"), command(first))).toEqual(first);
  });

  it("a whole one goes before a damaged one", async () => {
    expect(await read(first.toString("base64").slice(0, 60), "", command(second))).toEqual(second);
  });

  it.each<[string, () => Promise<string[]>]>([
    ["are of one version", async () => [first, second].map((code) => code.toString("base64"))],
    ["have different roles", async () => [event(of2024("existing", "matrix.example.org")), event(first)]],
    ["are of different servers", async () => [event(of2024("new", "rendezvous.example.net")), event(first)]],
    ["are in a log, of different servers", async () => [event(elsewhere), event(first)]],
    ["are in pictures", async () => [await image(first), await image(second)]],
    ["are drawn", async () => [drawn(first), drawn(second)]],
  ])("none is taken if they %s", async (_, texts) => {
    const failure = await expectFailure("several_sign_in_codes", async () => read(...(await texts())));
    expect(failure.message).toBe("There is more than one sign-in code in this text.");
    expect(failure.hint).toBe("Give the one you mean by itself.");
  });
});
