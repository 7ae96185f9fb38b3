import { readFile } from "node:fs/promises";
import { deflateSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { qrPng, qrSvg } from "../../../src/qr/draw/picture.js";
import { MAX_PICTURE_BYTES } from "../../../src/qr/read/limits.js";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { expectFailure } from "../../support/failures.js";
import { payloadOf, pictureOf } from "../../support/pictures.js";
import { SeededRandom } from "../../support/random.js";

const payload = payloadOf("unstable_intent_0");

describe("a picture is refused", () => {
  it.each([
    ["nothing at all", Buffer.alloc(0)],
    ["a text", Buffer.from("This is no picture.")],
    ["a beginning without a picture", Buffer.from("\u0089PNG\r\n\u001a\n", "latin1")],
    ["another kind of file", Buffer.from("%PDF-1.4\n%%EOF")],
    ["noise", new SeededRandom(1).bytes(5000)],
  ])("that is %s", async (_, bytes) => {
    await expectFailure("picture_unreadable", () => readQrCode(bytes));
  });

  it("that is a HEIC file without an image in it", async () => {
    const bytes = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from("ftypheic"), Buffer.alloc(4000)]);
    await expectFailure("picture_unreadable", () => readQrCode(bytes));
  });

  it.each(["png", "jpeg", "webp"] as const)("that is a %s cut off before its code", async (format) => {
    const whole = await (await pictureOf(payload)).toFormat(format).toBuffer();
    for (const part of [0.01, 0.3]) {
      const failure = await readQrCode(whole.subarray(0, whole.length * part)).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(Failure);
      expect(["picture_unreadable", "no_qr_code"]).toContain((failure as Failure).code);
    }
  });

  it("on which the decoder breaks, as any other without a code; and later ones are read", async () => {
    await expectFailure("no_qr_code", async () =>
      readQrCode(await readFile(new URL("fixtures/traps-the-decoder.gif", import.meta.url))),
    );
    expect(await readQrCode(await qrPng(payload))).toEqual(payload);
  });

  it("that shows no code", async () => {
    const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: "#fff" } })
      .png()
      .toBuffer();
    const failure = await expectFailure("no_qr_code", () => readQrCode(picture));
    expect(failure.message).toMatch(
      /^No QR code was found in 300 x 200 pixels, tried as it is, .*sharpened, .*enlarged, redrawn, by jsQR\.$/,
    );
    expect(failure.hint).toMatch(/straight on, sharp/);
  });

  it("of which only the first page is looked at, as its message says", async () => {
    const page = (background: string) =>
      ({ create: { width: 99, height: 99, channels: 3, background } }) as const;
    const pages = await Promise.all(["#111", "#eee"].map((colour) => sharp(page(colour)).png().toBuffer()));
    const picture = await sharp(pages, { join: { animated: true } })
      .gif()
      .toBuffer();
    const failure = await expectFailure("no_qr_code", () => readQrCode(picture));
    expect(failure.message).toContain("Only the first of its 2 pages");
  });

  it.each([
    [1, 1],
    [3, 900],
    [9000, 1],
    [200_000, 3],
    [3, 200_000],
  ])("of %i by %i pixels, without any other error", async (width, height) => {
    const picture = await sharp({ create: { width, height, channels: 4, background: "#0000" } })
      .png()
      .toBuffer();
    await expectFailure("no_qr_code", () => readQrCode(picture));
  });

  it("of more than 50 MB", async () => {
    await expectFailure("picture_too_large", () => readQrCode(new Uint8Array(MAX_PICTURE_BYTES + 1)));
  });

  it.each([
    ["PNG", () => hugePng(10_001, 10_000)],
    ["PNG of 400 megapixels in 50 KB", () => hugePng(20_000, 20_000)],
    ["SVG", () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="1e8" height="1e8"/>')],
  ])("of more than 100 megapixels: %s", async (_, picture) => {
    await expectFailure("picture_too_large", () => readQrCode(picture()));
  });
});

describe("an SVG that could take long", () => {
  it("is refused where it is compressed, since nobody knows what is in it", async () => {
    await expectFailure("picture_unreadable", () => readQrCode(gzipSync(qrSvg(payload))));
  });

  it.each([
    ["elements", '<filter id="f"><feTurbulence numOctaves="9"/></filter>'],
    ["elements of any prefix", '<a.b:filter xmlns:a.b="http://www.w3.org/2000/svg"/>'],
    ["attributes", '<g filter="blur(20px)"/>'],
    ["styles", '<g style="filter : blur(20px)"/>'],
  ])("is refused where it has filters, as %s", async (_, filter) => {
    const svg = qrSvg(payload).replace("</svg>", `${filter}</svg>`);
    await expectFailure("picture_unreadable", () => readQrCode(Buffer.from(svg)));
  });

  it("is stripped of a huge picture even where it gives no size, and has to be laid out to be measured", async () => {
    const image = dataImage((url) => `<image width="9" height="9" href="${url}"/>`, hugePng(20_000, 20_000));
    const before = process.resourceUsage().maxRSS;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg">${image}</svg>`;
    await expect(readQrCode(Buffer.from(svg))).rejects.toBeInstanceOf(Failure);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(500_000);
  });
});

describe("an SVG's references", () => {
  const code = qrSvg(payload);
  const around = (content: string) => code.replace("</svg>", `${content}</svg>`);

  it.each([
    ["a file", '<image width="61" height="61" href="file:///etc/hostname"/>'],
    ["a server", '<image width="61" height="61" href="http://127.0.0.1:9/x.png"/>'],
    ["a style sheet", '<style>@import url("http://127.0.0.1:9/x.css");</style>'],
    ["a picture in a data: URL", dataImage((url) => `<image width="61" height="61" href="${url}"/>`)],
  ])("to %s don't matter: the code is read", async (_, content) => {
    expect(await readQrCode(Buffer.from(around(content)))).toEqual(payload);
  });

  it.each([
    ["outright", (url: string) => `<image width="9" height="9" href="${url}"/>`],
    [
      "by a character reference",
      (url: string) => `<image width="9" height="9" href="&#x64;${url.slice(1)}"/>`,
    ],
    [
      "inside another SVG",
      (url: string) => {
        const inner = `<svg xmlns="http://www.w3.org/2000/svg"><image id="a" width="9" height="9" href="${url}"/></svg>`;
        return `<use href="data:image/svg+xml;base64,${Buffer.from(inner).toString("base64")}#a"/>`;
      },
    ],
  ])("to a huge picture, %s, cost neither memory nor time", async (_, element) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99">${dataImage(element, hugePng(20_000, 20_000))}</svg>`;
    const before = process.resourceUsage().maxRSS;
    await expectFailure("no_qr_code", () => readQrCode(Buffer.from(svg)));
    // Kilobytes; drawn, the picture would take 1.6 GB at the very least.
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(800_000);
  });

  it("to entities are refused, files and swelling texts among them", async () => {
    const bodies = ['<!ENTITY x SYSTEM "file:///etc/hostname">', '<!ENTITY x "da"><!ENTITY y "&x;&x;">'];
    for (const body of bodies) {
      const svg = `<!DOCTYPE svg [${body}]>${around("<text>&x;</text>")}`;
      await expectFailure("picture_unreadable", () => readQrCode(Buffer.from(svg)));
    }
  });
});

function dataImage(element: (url: string) => string, png: Uint8Array = hugePng(10, 10)): string {
  return element(`data:image/png;base64,${Buffer.from(png).toString("base64")}`);
}

/** A black-and-white PNG that says little in few bytes. */
function hugePng(width: number, height: number): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = Buffer.alloc((1 + Math.ceil(width / 8)) * height);
  const signature = Buffer.from("\u0089PNG\r\n\u001a\n", "latin1");
  return Buffer.concat([
    signature,
    pngChunk("IHDR", header),
    pngChunk("IDAT", deflateSync(rows)),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from(type), data]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(data.length, 0);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return chunk;
}

/** PNG §D: what zlib offers only from Node 22.2 on. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
