import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { findChromium } from "./chromium.js";
import type { Bitmap } from "./terminal-bitmap.js";

/** What is used of playwright-core. */
interface Page {
  setContent(html: string): Promise<void>;
  addScriptTag(tag: { path: string }): Promise<unknown>;
  addStyleTag(tag: { path: string }): Promise<unknown>;
  evaluate<T>(script: string): Promise<T>;
  locator(selector: string): { screenshot(): Promise<Uint8Array> };
}
interface Browser {
  newPage(options: object): Promise<Page>;
  close(): Promise<void>;
}

/** In a container Chromium can have no sandbox, and the tests' user may be root. */
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

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
}

/** The folder in which .ci/terminal has installed what this takes. */
function folder(): string {
  const path = process.env["MATRIX_QR_LOGIN_TERMINAL"];
  if (!path) throw new Error("Run these tests with .ci/terminal.");
  return path;
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
    const { chromium } = await import(pathToFileURL(join(modules, "playwright-core/index.mjs")).href);
    const browser: Browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS });
    const page = await browser.newPage({ viewport: { width: 1600, height: 1600 } });
    await page.setContent('<div id="terminal" style="display: inline-block"></div>');
    await page.addStyleTag({ path: join(modules, "@xterm/xterm/css/xterm.css") });
    await page.addScriptTag({ path: join(modules, "@xterm/xterm/lib/xterm.js") });
    return new TerminalEmulator(browser, page);
  }

  /** Shows what a program has written in a window of that size. The screenshot is kept under the name. */
  async show(name: string, output: string, columns: number, rows: number, look: Look): Promise<Shown> {
    const { font, lineHeight, fontSize = 15, theme } = look;
    const options = { cols: columns, rows, fontFamily: font, fontSize, lineHeight, theme };
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
    const code = await cut(png, rows, colouredLines, codeColumns / columns);
    return { lines: seen.map(({ text }) => text), colouredLines, code };
  }

  /** Where the screenshot of that name is. */
  pathOf(name: string): string {
    return join(folder(), "screenshots", `${name}.png`);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}

/** @param part how much of the width is the code's: text beside it is none of it */
async function cut(png: Uint8Array, rows: number, lines: readonly number[], part: number): Promise<Bitmap> {
  const metadata = await sharp(png).metadata();
  const { height } = metadata;
  // Where there is no code, there is nothing to cut.
  const width = Math.max(1, Math.round(metadata.width * part));
  const lineHeight = height / rows;
  const top = Math.round((lines[0] ?? 0) * lineHeight);
  const cutHeight = Math.max(1, Math.round(lines.length * lineHeight));
  const { data, info } = await sharp(png)
    .extract({ left: 0, top, width, height: cutHeight })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8ClampedArray(data), width: info.width, height: info.height };
}
