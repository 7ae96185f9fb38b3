import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, vi } from "vitest";
import type { Machine } from "./machine.js";
import { stackFolder } from "./stack-parts.js";

/** What is used of playwright-core. */
export interface Page {
  textContent(selector: string): Promise<string | null>;
  fill(selector: string, text: string): Promise<void>;
  check(selector: string): Promise<void>;
  click(selector: string): Promise<void>;
}
interface Connection {
  contexts(): readonly { pages(): readonly Page[] }[];
}

const START_MS = 20_000;
const STOP_MS = 10_000;

/** A person's browser: a command that opens a link, and what the person then sees. */
export class PersonsBrowser {
  /** An executable for `--browser`. */
  readonly command: string;
  readonly #profile: string;

  private constructor(command: string, profile: string) {
    this.command = command;
    this.#profile = profile;
  }

  static async prepare(machine: Machine, chromium: string): Promise<PersonsBrowser> {
    const profile = machine.path("profile");
    await mkdir(profile);
    const command = machine.path("browser");
    // In a container Chromium can have no sandbox, and the tests' user may be root.
    const start = `"${chromium}" --headless=new --no-sandbox --remote-debugging-port=0`;
    const script = `#!/bin/sh\necho $$ > "${profile}/pid"\nexec ${start} --user-data-dir="${profile}" "$@"\n`;
    await writeFile(command, script, { mode: 0o700 });
    return new PersonsBrowser(command, profile);
  }

  /** The page that was opened, once it is. */
  async page(): Promise<Page> {
    const module = join(stackFolder(), "js/node_modules/playwright-core/index.mjs");
    const { chromium } = await import(pathToFileURL(module).href);
    // Chromium writes there at which port and path it listens to whoever drives it.
    const [port, path] = await vi.waitFor(() => this.#lines("DevToolsActivePort"), { timeout: START_MS });
    const connection: Connection = await chromium.connectOverCDP(`ws://127.0.0.1:${port}${path}`);
    const [page] = connection.contexts().flatMap((context) => context.pages());
    if (!page) throw new Error("The browser shows no page.");
    return page;
  }

  /** Ends it with all its processes: `--browser` starts a command in a group of its own. */
  async close(): Promise<void> {
    const [pid] = await this.#lines("pid").catch(() => []);
    // It was never started.
    if (pid === undefined) return;
    const group = -Number(pid);
    process.kill(group, "SIGKILL");
    await vi.waitFor(() => expect(() => process.kill(group, 0)).toThrow("ESRCH"), { timeout: STOP_MS });
  }

  async #lines(name: string): Promise<string[]> {
    const text = await readFile(join(this.#profile, name), "utf8");
    if (text === "") throw new Error(`${name} is empty.`);
    return text.split("\n");
  }
}
