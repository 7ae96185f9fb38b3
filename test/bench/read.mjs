// npm run bench:read [-- <folder>]: how many pictures of each category are read, and how long one takes, beside jsqr
// alone and zxing-wasm alone. The folder has a manifest.json: [{ file, category, payload_hex or null }].
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import jsqr from "jsqr";
import sharp from "sharp";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { recogniseQrCode } from "../../dist/protocol/qr-code.js";
import { readQrCode } from "../../dist/qr/read/read-qr-code.js";

const folder = process.argv[2] ?? join(process.env.MATRIX_QR_LOGIN_SHARED ?? ".", "corpus");
const manifest = await readFile(join(folder, "manifest.json"), "utf8").catch(() => {
  process.stderr.write(`There is no ${join(folder, "manifest.json")}: give the folder of the pictures.\n`);
  process.exit(2);
});
const pictures = JSON.parse(manifest);
const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
prepareZXingModule({ overrides: { wasmBinary: Uint8Array.from(await readFile(wasm)).buffer } });

/** Decodes a picture as the readers' own examples do. */
async function pixelsOf(file) {
  const { data, info } = await sharp(file)
    .toColourspace("srgb")
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.length), ...info };
}

const READERS = {
  "matrix-qr-login": async (file) => [await readQrCode(file)],
  "zxing-wasm": async (file) =>
    (await readBarcodes(await pixelsOf(file), { formats: ["QRCode"] })).map(({ bytes }) => bytes),
  jsqr: async (file) => {
    const { data, width, height } = await pixelsOf(file);
    const code = jsqr.default(data, width, height, { inversionAttempts: "attemptBoth" });
    return code ? [Uint8Array.from(code.binaryData)] : [];
  },
};

/** Whether the picture gives its payload or, where it has none, no sign-in code; and the milliseconds that takes. */
async function time(reader, file, expected) {
  const start = performance.now();
  const codes = await reader(file).catch((error) => (error.code === "no_qr_code" ? [] : undefined));
  const ms = performance.now() - start;
  if (!codes) return { ms, right: false };
  const found = codes.filter((code) => recogniseQrCode(code) === "sign_in");
  const hex = found.map((code) => Buffer.from(code).toString("hex"));
  return { ms, right: expected === null ? hex.length === 0 : hex.includes(expected) };
}

const runs = [];
for (const { file, category, payload_hex } of pictures) {
  const content = await readFile(join(folder, file));
  for (const [name, reader] of Object.entries(READERS)) {
    // The first run of each reader loads it.
    if (runs.length < Object.keys(READERS).length) await time(reader, content, payload_hex);
    runs.push({ name, category, ...(await time(reader, content, payload_hex)) });
  }
}

function percentile(values, part) {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
}

function print(line) {
  process.stdout.write(`${line}\n`);
}

/** "12 of 12   34 ms" of each reader. */
function row(title, chosen, part) {
  const cells = Object.keys(READERS).map((name) => {
    const own = chosen.filter((run) => run.name === name);
    const right = own.filter((run) => run.right).length;
    const ms = percentile(
      own.map((run) => run.ms),
      part,
    );
    return `${`${right} of ${own.length}`.padStart(11)}${`${ms.toFixed(0)} ms`.padStart(9)}`;
  });
  print(title.padEnd(20) + cells.join(""));
}

const names = Object.keys(READERS).map((name) => name.padStart(20));
print(" ".repeat(20) + names.join(""));
for (const category of new Set(pictures.map((picture) => picture.category))) {
  row(
    category,
    runs.filter((run) => run.category === category),
    0.5,
  );
}
row("all, median", runs, 0.5);
row("all, 95th percentile", runs, 0.95);
