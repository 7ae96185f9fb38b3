import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { pictureLevel, qrPng, qrSvg } from "../../../src/qr/draw/picture.js";
import { qrFileFormat, writeQrFile } from "../../../src/qr/draw/qr-file.js";
import { expectFailure } from "../../support/failures.js";
import { payloadOf, scanPicture } from "../../support/pictures.js";

const payload = payloadOf("unstable_intent_1");

describe("a code's picture", () => {
  it("can be scanned, as PNG and as SVG", async () => {
    expect(await scanPicture(await qrPng(payload))).toEqual(payload);
    expect(await scanPicture(Buffer.from(qrSvg(payload)))).toEqual(payload);
  });

  it("is the same in both formats, 8 pixels a module, with a light margin of 4 modules", async () => {
    const png = await sharp(await qrPng(payload, "Q"))
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const svg = await sharp(Buffer.from(qrSvg(payload, "Q")))
      .greyscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(png.info.width).toBe((53 + 8) * 8);
    expect(svg.info.width).toBe(png.info.width);
    expect(png.data.subarray(0, png.info.width * 32).every((grey) => grey === 255)).toBe(true);
    expect(png.data[png.info.width * 32 + 32]).toBe(0);
    expect(svg.data.equals(png.data)).toBe(true);
  });

  it("takes the best level up to Q that holds the payload, and says when none does", async () => {
    expect([1663, 1664, 2331, 2332].map((length) => pictureLevel(new Uint8Array(length)))).toEqual([
      "Q",
      "M",
      "M",
      "L",
    ]);
    await expectFailure("server_error", () => qrSvg(new Uint8Array(2954)));
    await expectFailure("server_error", () => qrPng(new Uint8Array(2954)));
  });
});

describe("--qr-file", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "qr-file-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it.each(["code.png", "code.svg", "CODE.SVG"])("writes %s, for its owner only", async (name) => {
    const path = join(directory, name);
    await writeQrFile(path, payload);
    expect(await scanPicture(await readFile(path))).toEqual(payload);
    expect((await sharp(path).metadata()).format).toBe(qrFileFormat(path));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it("replaces an older picture, open permissions included, and leaves nothing beside it", async () => {
    const path = join(directory, "code.png");
    await writeFile(path, "old", { mode: 0o644 });
    await writeQrFile(path, payloadOf("unstable_intent_0"));
    await writeQrFile(path, payload);
    expect(await scanPicture(await readFile(path))).toEqual(payload);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(["code.png"]);
  });

  it.each(["code.jpg", "code", "png", "code.png.bak", "\u001b[2J.gif"])(
    "refuses the name %j",
    async (name) => {
      const failure = await expectFailure("usage_error", () => writeQrFile(join(directory, name), payload));
      expect(failure.message).not.toContain("\u001b");
      expect(await readdir(directory)).toEqual([]);
    },
  );

  it("says when it can't be written", async () => {
    const path = join(directory, randomUUID(), "code.png");
    const failure = await expectFailure("file_error", () => writeQrFile(path, payload));
    expect(failure.message).toContain("ENOENT");
  });
});
