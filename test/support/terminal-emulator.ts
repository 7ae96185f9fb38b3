import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import type { Bitmap } from "./terminal-bitmap.js";
import { type Browser, folder, type Page, startChromium } from "./terminal-browser.js";

export interface Look {
  readonly font: string;
  readonly lineHeight: number;
  /** In pixels; 15 by default. */
  readonly fontSize?: number;
  readonly theme: { readonly background: string; readonly foreground: string };
}

export const THEMES = {
  dark: { background: "#1e1e1e", foreground: "#d4d4d4" },
  light: { background: "#fdf6e3", foreground: "#586e75" },
} as const;

export interface Shown {
  /** Its lines as text, without what has scrolled away. */
  readonly lines: readonly string[];
  /** The lines that begin with a background colour: those of a QR code. */
  readonly colouredLines: readonly number[];
  /** These lines as a camera sees them that is held up to them: jsqr takes letters for parts of codes. */
  readonly code: Bitmap;
  /** All that is in sight. */
  readonly window: Bitmap;
}

/** A terminal emulator as people use it: xterm.js in Chromium, fonts and all. */
export class TerminalEmulator {
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(browser: Browser, page: Page) {
    this.#browser = browser;
    this.#page = page;
  }

  static async start(): Promise<TerminalEmulator> {
    const modules = join(folder(), "node_modules");
    const browser = await startChromium();
    const page = await browser.newPage({ viewport: { width: 1600, height: 1600 } });
    await page.setContent('<div id="terminal" style="display: inline-block"></div>');
    await page.addStyleTag({ path: join(modules, "@xterm/xterm/css/xterm.css") });
    await page.addScriptTag({ path: join(modules, "@xterm/xterm/lib/xterm.js") });
    return new TerminalEmulator(browser, page);
  }

  /** Shows what a program has written in a window of that size. The screenshot is kept under the name. */
  async show(name: string, output: string, columns: number, rows: number, look: Look): Promise<Shown> {
    const { font, lineHeight, fontSize = 15, theme } = look;
    // What has scrolled away isn't looked at, and a scrollbar would cover what is.
    const hidden = { scrollback: 0 };
    const options = { cols: columns, rows, fontFamily: font, fontSize, lineHeight, theme, ...hidden };
    const seen = await this.#page.evaluate<{ text: string; coloured: number }[]>(`(async () => {
      const place = document.getElementById("terminal");
      place.replaceChildren();
      const terminal = new Terminal(${JSON.stringify(options)});
      terminal.open(place);
      await new Promise((written) => terminal.write(${JSON.stringify(output)}, written));
      await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)));
      const { active } = terminal.buffer;
      return Array.from({ length: terminal.rows }, (_, y) => {
        const line = active.getLine(active.baseY + y);
        const cells = Array.from({ length: terminal.cols }, (_, x) => line.getCell(x));
        const end = cells.findIndex((cell) => cell.isBgDefault());
        return { text: line.translateToString(true), coloured: end < 0 ? cells.length : end };
      });
    })()`);
    const png = await this.#page.locator("#terminal").screenshot();
    await mkdir(join(folder(), "screenshots"), { recursive: true });
    await writeFile(this.pathOf(name), png);
    const colouredLines = seen.flatMap(({ coloured }, y) => (coloured > 0 ? [y] : []));
    const codeColumns = Math.max(...seen.map(({ coloured }) => coloured));
    const code = await cut(png, rows, colouredLines, codeColumns / columns, theme.background);
    const window = await bitmapOf(sharp(png));
    return { lines: seen.map(({ text }) => text), colouredLines, code, window };
  }

  /** Where the screenshot of that name is. */
  pathOf(name: string): string {
    return join(folder(), "screenshots", `${name}.png`);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

/** In pixels: as much of the window as a camera sees around a code. */
const AROUND = 40;

/**
 * @param part how much of the width is the code's: text beside it is none of it
 * @param background of the window, which is what is around the code
 */
async function cut(
  png: Uint8Array,
  rows: number,
  lines: readonly number[],
  part: number,
  background: string,
): Promise<Bitmap> {
  const metadata = await sharp(png).metadata();
  const { height } = metadata;
  // Where there is no code, there is nothing to cut.
  const width = Math.max(1, Math.round(metadata.width * part));
  const lineHeight = height / rows;
  const top = Math.round((lines[0] ?? 0) * lineHeight);
  const cutHeight = Math.max(1, Math.round(lines.length * lineHeight));
  const code = sharp(png)
    .extract({ left: 0, top, width, height: cutHeight })
    .extend({ top: AROUND, bottom: AROUND, left: AROUND, right: AROUND, background });
  return bitmapOf(code);
}

async function bitmapOf(picture: Sharp): Promise<Bitmap> {
  const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data: new Uint8ClampedArray(data), width: info.width, height: info.height };
}
