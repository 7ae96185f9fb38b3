import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { recogniseQrCode } from "../../../src/protocol/qr-code.js";
import { readQrCode } from "../../../src/qr/read/read-qr-code.js";
import { type CorpusPicture, findCorpus } from "../../support/corpus.js";

const corpus = findCorpus();

interface Reading extends CorpusPicture {
  readonly outcome: "right" | "wrong" | "nothing";
}

/** What comes of a picture. Another kind of code than for signing in is as good as none. */
async function read(folder: string, picture: CorpusPicture): Promise<Reading> {
  const file = await readFile(join(folder, picture.file));
  const found = await readQrCode(file).catch((error: unknown) => {
    if (error instanceof Failure && error.code === "no_qr_code") return undefined;
    throw error;
  });
  const hex = found && recogniseQrCode(found) === "sign_in" ? Buffer.from(found).toString("hex") : null;
  if (hex === picture.payload_hex) return { ...picture, outcome: "right" };
  return { ...picture, outcome: hex === null ? "nothing" : "wrong" };
}

describe.skipIf(!corpus)("of the corpus", () => {
  const readings: Reading[] = [];
  beforeAll(async () => {
    for (const picture of corpus?.pictures ?? []) readings.push(await read(corpus?.folder ?? "", picture));
  }, 120_000);

  const filesOf = (category: RegExp, outcome: RegExp) =>
    readings
      .filter((reading) => category.test(reading.category) && outcome.test(reading.outcome))
      .map(({ file }) => file);
  const share = (category: RegExp) => filesOf(category, /right/).length / filesOf(category, /./).length;

  it("no picture gives a payload that isn't its own", () => {
    expect(filesOf(/./, /wrong/)).toEqual([]);
  });

  it("98 % and more are read", () => {
    expect(share(/./), filesOf(/./, /nothing/).join(", ")).toBeGreaterThanOrEqual(0.98);
  });

  it.each([
    ["terminals, line gaps included", /^term_/],
    ["pictures that EXIF says how to turn", /_exif$/],
    ["styled codes", /^styled_/],
    ["photos of 12 megapixels", /_12mp$/],
    ["pictures with two codes", /^two_qr$/],
    ["file formats", /^format$/],
  ])("all %s are read", (_, category) => {
    expect(filesOf(category, /./)).not.toEqual([]);
    expect(filesOf(category, /nothing/)).toEqual([]);
  });

  it("of heavily blurred photos more than 80 % are read", () => {
    expect(share(/_blur$/), filesOf(/_blur$/, /nothing/).join(", ")).toBeGreaterThan(0.8);
  });
});
