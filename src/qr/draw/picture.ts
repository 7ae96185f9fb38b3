import { Failure } from "../../foundation/failures.js";
import type { QrLevel } from "./choices.js";
import { fitsLevel, qrModules, withMargin } from "./modules.js";

/** The quiet zone of ISO/IEC 18004. */
const MARGIN = 4;
/** Pixels a module: the usual code comes out at about 500 pixels a side. */
const SCALE = 8;

/** The level for pictures, which have room: the proposals' own examples use Q. */
export function pictureLevel(payload: Uint8Array): QrLevel {
  if (fitsLevel(payload, "Q")) return "Q";
  return fitsLevel(payload, "M") ? "M" : "L";
}

/** @throws {Failure} `server_error` when the payload is too long for a code of that level */
export function qrSvg(payload: Uint8Array, level: QrLevel = pictureLevel(payload)): string {
  const modules = withMargin(qrModules(payload, level), MARGIN);
  const side = modules.length;
  const runs = modules.flatMap((row, y) =>
    darkRuns(row).map(([x, length]) => `M${x} ${y}h${length}v1h-${length}z`),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${side * SCALE}" height="${side * SCALE}"`,
    ` viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">`,
    `<path fill="#fff" d="M0 0h${side}v${side}h-${side}z"/>`,
    `<path fill="#000" d="${runs.join("")}"/>`,
    "</svg>\n",
  ].join("");
}

/**
 * @throws {Failure} `server_error` when the payload is too long for a code of that level, `file_error` where sharp can't
 *   be loaded
 */
export async function qrPng(
  payload: Uint8Array,
  level: QrLevel = pictureLevel(payload),
): Promise<Uint8Array> {
  const modules = withMargin(qrModules(payload, level), MARGIN);
  const side = modules.length;
  const pixels = Uint8Array.from(modules.flat(), (isDark) => (isDark ? 0 : 255));
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new Failure("file_error", "PNG pictures can't be made in this installation.", {
      hint: "Name the picture .svg, or install this program anew, with the optional packages that sharp needs.",
      cause,
    });
  });
  return sharp(pixels, { raw: { width: side, height: side, channels: 1 } })
    .resize(side * SCALE, side * SCALE, { kernel: "nearest" })
    .toColourspace("b-w")
    .png()
    .toBuffer();
}

/** Where dark modules begin in a row, and how many there are. */
function darkRuns(row: readonly boolean[]): [start: number, length: number][] {
  const runs: [number, number][] = [];
  row.forEach((isDark, x) => {
    if (!isDark) return;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === x) last[1]++;
    else runs.push([x, 1]);
  });
  return runs;
}
