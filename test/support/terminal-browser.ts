import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findChromium } from "./chromium.js";

interface Locator {
  screenshot(): Promise<Uint8Array>;
  boundingBox(): Promise<{ y: number; height: number } | null>;
}
/** What is used of playwright-core. */
export interface Page {
  goto(url: string): Promise<unknown>;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  screenshot(): Promise<Uint8Array>;
  setViewportSize(size: { width: number; height: number }): Promise<void>;
  setContent(html: string): Promise<void>;
  addScriptTag(tag: { path: string }): Promise<unknown>;
  addStyleTag(tag: { path: string }): Promise<unknown>;
  evaluate<T>(script: string): Promise<T>;
  locator(selector: string): Locator;
}
export interface Browser {
  newPage(options: object): Promise<Page>;
  close(): Promise<void>;
}

/** In a container Chromium can have no sandbox, and the tests' user may be root. */
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

/** The folder in which .ci/terminal has installed what this takes. */
export function folder(): string {
  const path = process.env["MATRIX_QR_LOGIN_TERMINAL"];
  if (!path) throw new Error("Run these tests with .ci/terminal.");
  return path;
}

export async function startChromium(): Promise<Browser> {
  const module = join(folder(), "node_modules/playwright-core/index.mjs");
  const { chromium } = await import(pathToFileURL(module).href);
  return chromium.launch({ executablePath: findChromium(), args: FLAGS });
}
