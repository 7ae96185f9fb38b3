import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { atMost, type Line, type Measured } from "./line.js";
import { loadReaders, OTHERS, type ReaderName, type Reading, read } from "./readers.js";
import type { BenchOptions } from "./rows.js";
import { type Figures, figuresOf, percentile } from "./statistics.js";

const Manifest = v.array(
  v.object({ file: v.string(), category: v.string(), payload_hex: v.nullable(v.string()) }),
);

const NAMES = ["own", ...OTHERS] as const;
type Readings = Readonly<Record<ReaderName, readonly (Reading & { readonly category: string })[]>>;

/** The pictures of a folder, each of which is already in memory: how many are read, and how long one takes. */
export async function pictures({ picturesFolder }: BenchOptions): Promise<readonly Measured[]> {
  const text = await readFile(join(picturesFolder, "manifest.json"), "utf8").catch(() => undefined);
  if (text === undefined) {
    return [{ what: "a folder of pictures", because: "name one with --pictures, see docs/pictures.md" }];
  }
  const readings = await readAll(picturesFolder, v.parse(Manifest, JSON.parse(text)));
  const categories = new Set(readings.own.map(({ category }) => category));
  return [
    ...OTHERS.flatMap((other) => summary(readings, other)),
    ...[...categories].map((category) =>
      lineOf(`pictures: ${category}`, ofCategory(readings, category), "zxing-wasm"),
    ),
  ];
}

async function readAll(folder: string, manifest: v.InferOutput<typeof Manifest>): Promise<Readings> {
  const readings: Record<ReaderName, (Reading & { category: string })[]> = {
    own: [],
    "zxing-wasm": [],
    jsQR: [],
  };
  let isLoaded = false;
  for (const { file, category, payload_hex } of manifest) {
    const picture = await readFile(join(folder, file));
    if (!isLoaded) await loadReaders(picture);
    isLoaded = true;
    for (const name of NAMES) readings[name].push({ category, ...(await read(name, picture, payload_hex)) });
  }
  return readings;
}

function ofCategory(readings: Readings, wanted: string): Readings {
  const of = (name: ReaderName) => readings[name].filter(({ category }) => category === wanted);
  return { own: of("own"), "zxing-wasm": of("zxing-wasm"), jsQR: of("jsQR") };
}

const msOf = (readings: Readings, name: ReaderName) => readings[name].map(({ ms }) => ms);
const rightOf = (readings: Readings, name: ReaderName) =>
  `${readings[name].filter(({ right }) => right).length} of ${readings[name].length} right`;

/** The picture in the middle, and the one that only a twentieth are slower than. */
function summary(readings: Readings, other: ReaderName): readonly Line[] {
  const own = figuresOf(msOf(readings, "own"));
  const [slow, theirSlow] = [percentileOf(readings, "own"), percentileOf(readings, other)];
  const name = `${other} alone, ${rightOf(readings, other)}`;
  const title = `pictures, ${rightOf(readings, "own")}`;
  return [
    { ...lineOf("pictures", readings, other), target: atMost(60, "ms", own.median) },
    {
      what: `${title}: the 95th percentile`,
      unit: "ms",
      own: slow,
      beside: { name, figures: theirSlow },
      target: atMost(500, "ms", slow.median),
    },
  ];
}

function percentileOf(readings: Readings, name: ReaderName): Figures {
  return figuresOf([percentile(msOf(readings, name), 0.95)]);
}

function lineOf(title: string, readings: Readings, other: ReaderName): Line {
  const own = figuresOf(msOf(readings, "own"));
  const figures = figuresOf(msOf(readings, other));
  return {
    what: `${title}, ${rightOf(readings, "own")}`,
    unit: "ms",
    own,
    beside: { name: `${other} alone, ${rightOf(readings, other)}`, figures },
  };
}
