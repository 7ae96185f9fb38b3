import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { Shown, TerminalEmulator } from "./terminal-emulator.js";

/** Pictures for the documentation: screenshots of a terminal, in a window's frame. */

const PADDING = 12;
const TITLE_BAR = 26;
const GAP = 10;
/** How many colours are left: a terminal has few. */
const COLOURS = 32;

interface Colours {
  readonly background: string;
  readonly foreground: string;
}

/** The lines in which there is something. */
function usedLines({ lines, colouredLines }: Shown): number {
  return (
    1 +
    Math.max(
      lines.findLastIndex((line) => line.trim() !== ""),
      ...colouredLines,
    )
  );
}

/** @param lines how many of the screenshot's lines are kept; those with something in them unless it is given */
export async function framed(
  emulator: TerminalEmulator,
  name: string,
  shown: Shown,
  colours: Colours,
  { title, lines = usedLines(shown) }: { readonly title: string; readonly lines?: number },
): Promise<Buffer> {
  const screenshot = sharp(emulator.pathOf(name));
  const { width, height } = await screenshot.metadata();
  const kept = Math.round((height * lines) / shown.lines.length);
  const content = await screenshot.extract({ left: 0, top: 0, width, height: kept }).toBuffer();
  const all = { width: width + 2 * PADDING, height: kept + 2 * PADDING + TITLE_BAR };
  const frame = `<svg xmlns="http://www.w3.org/2000/svg" width="${all.width}" height="${all.height}">
    <rect x="0.5" y="0.5" width="${all.width - 1}" height="${all.height - 1}" rx="7"
      fill="${colours.background}" stroke="#80808080"/>
    <text x="${all.width / 2}" y="18" text-anchor="middle" font-family="DejaVu Sans" font-size="12"
      fill="${colours.foreground}" opacity="0.7">${title}</text>
  </svg>`;
  return sharp(Buffer.from(frame))
    .composite([{ input: content, left: PADDING, top: TITLE_BAR + PADDING }])
    .png({ palette: true, colours: COLOURS, effort: 10 })
    .toBuffer();
}

/** One picture above the other. */
async function stacked(above: Buffer, below: Buffer, background: string): Promise<Buffer> {
  const [upper, lower] = await Promise.all([sharp(above).metadata(), sharp(below).metadata()]);
  const width = Math.max(upper.width, lower.width);
  const height = upper.height + GAP + lower.height;
  return sharp({ create: { width, height, channels: 3, background } })
    .composite([
      { input: above, left: 0, top: 0 },
      { input: below, left: 0, top: upper.height + GAP },
    ])
    .png()
    .toBuffer();
}

export interface Moment {
  readonly above: Buffer;
  readonly below: Buffer;
  readonly forMs: number;
}

/** An animation that goes on for ever; all pictures in it are equally large. */
export async function writeRecording(path: string, moments: readonly Moment[], background: string) {
  const frames = await Promise.all(moments.map(({ above, below }) => stacked(above, below, background)));
  await sharp(frames, { join: { animated: true } })
    .gif({ delay: moments.map(({ forMs }) => forMs), loop: 0, colours: COLOURS, dither: 0, effort: 10 })
    .toFile(path);
}

/** @param folder made if it isn't there */
export async function writePicture(folder: string, name: string, picture: Buffer): Promise<void> {
  await mkdir(folder, { recursive: true });
  await sharp(picture).png({ palette: true, colours: COLOURS, effort: 10 }).toFile(join(folder, name));
}
