import { expect } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Machine } from "./machine.js";
import { TerminalRun } from "./terminal-run.js";

/** What each side has written by the time that a person has something to look at, in its order. */
export type Scenes = Readonly<Record<string, string>>;

export interface Window {
  readonly columns: number;
  readonly rows: number;
}

/** Nothing is to expire on a busy machine. */
const LIFETIMES = { rendezvousLifetimeMs: 300_000, msc4108LifetimeMs: 300_000 };

/** As the file of a code is called in what a person types. */
export const QR_FILE = "qr.png";

interface Site extends Window {
  readonly machine: Machine;
  readonly server: DevHomeserver;
  readonly session: string;
  readonly running: TerminalRun[];
}

async function onSite<T>(machine: Machine, window: Window, act: (site: Site) => Promise<T>): Promise<T> {
  const server = await machine.homeserver({ msc4108: true, intervalMs: 100, ...LIFETIMES });
  const session = await machine.addSession(server.existingSession);
  const running: TerminalRun[] = [];
  try {
    return await act({ ...window, machine, server, session, running });
  } finally {
    for (const each of running) await each.destroy();
  }
}

function start({ machine, columns, rows, running }: Site, ...args: string[]): TerminalRun {
  const started = new TerminalRun(machine, columns, rows, args);
  running.push(started);
  return started;
}

const CODE_IS_SHOWN = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] \d:\d\d (?:Scan this|Waiting for a scan)/;

/** Where a code fits, it is that of apps; and there is another one. */
function bothCodesAreMade(columns: number): RegExp {
  return columns < 76
    ? /\d:\d\d Waiting for a scan · c: other/
    : /Press c for[\s\S]*[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] \d:\d\d Scan this with a/;
}

const DIGITS_ARE_SHOWN = /Type this code[\s\S]*\d:\d\d Waiting until \d\d/;
const DIGITS_ARE_WANTED = /Scanned[\s\S]*Check code (?:on the other|shown there)/;
const CONSENT_IS_AWAITED = /The page must show[\s\S]*Waiting until it is/;
const LINK_IS_SHOWN = /Open this link[\s\S]*\d:\d\d Waiting until you/;

function digitsOf({ text }: TerminalRun): string {
  return /Waiting until (\d\d)/.exec(text)?.[1] ?? "";
}

function approve({ server }: Site, { text }: TerminalRun): void {
  const userCode = /[?&]code=([A-Z]{4}-[A-Z]{4})/.exec(text.replace(/\s/g, ""))?.[1] ?? "";
  expect(server.decide(userCode, "allow")).toBe(true);
}

/** `generate` on the new device, `scan` on the one that is signed in. */
export function newDeviceShows(machine: Machine, window: Window): Promise<Scenes> {
  return onSite(machine, window, async (site) => {
    const { server, session, columns } = site;
    const newDevice = start(site, "generate", "--homeserver", server.baseUrl.href, "--qr-file", QR_FILE);
    const code = await newDevice.until(bothCodesAreMade(columns));
    const existingDevice = start(site, "scan", QR_FILE, "--session", session);
    const question = await existingDevice.until(/\[y\/N\] /);
    existingDevice.type("y");
    const digits = await existingDevice.until(DIGITS_ARE_SHOWN);
    const wanted = await newDevice.until(DIGITS_ARE_WANTED);
    newDevice.type(digitsOf(existingDevice));
    const waiting = await newDevice.until(CONSENT_IS_AWAITED);
    const link = await existingDevice.until(LINK_IS_SHOWN);
    approve(site, existingDevice);
    const [done, helped] = await Promise.all([newDevice.ended(), existingDevice.ended()]);
    return {
      ...{ "new-1-code": code, "new-2-digits": wanted, "new-3-waiting": waiting, "new-4-done": done },
      ...{ "existing-1-question": question, "existing-2-digits": digits, "existing-3-approve": link },
      "existing-4-done": helped,
    };
  });
}

/** `generate --as existing` on the device that is signed in, as Element does it; `scan --as new` on the new one. */
export function newDeviceScans(machine: Machine, window: Window): Promise<Scenes> {
  return onSite(machine, window, async (site) => {
    const { server, session } = site;
    const existingDevice = start(
      site,
      ...["generate", "--as", "existing", "--session", session, "--qr-file", QR_FILE, "--yes"],
    );
    await existingDevice.until(CODE_IS_SHOWN);
    const newDevice = start(site, "scan", "--as", "new", QR_FILE, "--homeserver", server.baseUrl.href);
    const digits = await newDevice.until(DIGITS_ARE_SHOWN);
    await existingDevice.until(DIGITS_ARE_WANTED);
    existingDevice.type(digitsOf(newDevice));
    const waiting = await newDevice.until(CONSENT_IS_AWAITED);
    await existingDevice.until(LINK_IS_SHOWN);
    approve(site, existingDevice);
    const [done] = await Promise.all([newDevice.ended(), existingDevice.ended()]);
    return { "scanning-1-digits": digits, "scanning-2-waiting": waiting, "scanning-3-done": done };
  });
}
