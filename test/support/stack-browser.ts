import { existsSync } from "node:fs";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { Machine } from "./machine.js";
import { stackFolder } from "./stack.js";

/** What is used of playwright-core. */
export interface Page {
  textContent(selector: string): Promise<string | null>;
  fill(selector: string, text: string): Promise<void>;
  check(selector: string): Promise<void>;
  click(selector: string): Promise<void>;
}
interface Connection {
  contexts(): readonly { pages(): readonly Page[] }[];
  newBrowserCDPSession(): Promise<{ send(method: string): Promise<unknown> }>;
}

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const PAUSE_MS = 50;
const START_MS = 20_000;

/** The Chromium of this computer, if it has one. */
export function findChromium(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** A person's browser: a command that opens a link, and what the person then sees. */
export class PersonsBrowser {
  /** An executable for `--browser`. */
  readonly command: string;
  readonly #profile: string;
  #connection: Connection | undefined;

  private constructor(command: string, profile: string) {
    this.command = command;
    this.#profile = profile;
  }

  static async prepare(machine: Machine, chromium: string): Promise<PersonsBrowser> {
    const profile = await mkdtemp(machine.path("profile-"));
    const command = machine.path("browser");
    // In a container Chromium can have no sandbox, and the tests' user may be root.
    const options = [
      "--headless=new",
      "--no-sandbox",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile}`,
    ];
    await writeFile(command, `#!/bin/sh\nexec "${chromium}" ${options.join(" ")} "$@"\n`, { mode: 0o700 });
    return new PersonsBrowser(command, profile);
  }

  /** The page that was opened, once it is. */
  async page(): Promise<Page> {
    const module = join(stackFolder(), "js/node_modules/playwright-core/index.mjs");
    const { chromium } = await import(pathToFileURL(module).href);
    const connection: Connection = await chromium.connectOverCDP(`http://127.0.0.1:${await this.#port()}`);
    this.#connection = connection;
    const [page] = connection.contexts().flatMap((context) => context.pages());
    if (!page) throw new Error("The browser shows no page.");
    return page;
  }

  async close(): Promise<void> {
    const session = await this.#connection?.newBrowserCDPSession();
    await session?.send("Browser.close");
  }

  /** Chromium writes there which port it listens on for whoever drives it. */
  async #port(): Promise<string> {
    const file = join(this.#profile, "DevToolsActivePort");
    for (const deadline = Date.now() + START_MS; Date.now() < deadline; ) {
      const [port] = (await readFile(file, "utf8").catch(() => "")).split("\n");
      if (port) return port;
      await sleep(PAUSE_MS);
    }
    throw new Error("The browser was not opened.");
  }
}
