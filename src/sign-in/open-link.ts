import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "../foundation/clock.js";
import { openOnDesktop } from "./desktop.js";

/** What becomes of a verification link, once it is printed. */
export type LinkOpener =
  /** Printing it is opening it. */
  | { readonly by: "printing" }
  /** The system's browser is tried; on a terminal the printed link counts, whether that works or not. */
  | { readonly by: "system_browser" }
  /** One executable, without a shell, the link as its only argument. */
  | { readonly by: "command"; readonly executable: string };

/** A command that ends within this time, and not with 0, has not opened the link. */
const COMMAND_MS = 2000;

/** @returns whether the person has the link in front of them; false is `unable_to_open_verification_uri` */
export async function openLink(
  opener: LinkOpener,
  link: URL,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  switch (opener.by) {
    case "printing":
      return true;
    case "system_browser":
      await openOnDesktop(link.href);
      return true;
    case "command":
      return runCommand(opener.executable, link, clock, signal);
  }
}

async function runCommand(
  executable: string,
  link: URL,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  let child: ChildProcess;
  try {
    child = spawn(executable, [link.href], { stdio: "ignore", detached: true, shell: false });
  } catch {
    // What no file can be called, the empty name for one, fails at once.
    return false;
  }
  const stop = new AbortController();
  const ended = new Promise<boolean>((resolve) => {
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
  const stillRunning = clock.sleep(COMMAND_MS, AbortSignal.any([signal, stop.signal])).then(() => true);
  try {
    return await Promise.race([ended, stillRunning]);
  } finally {
    stop.abort();
    stillRunning.catch(() => undefined);
    child.unref();
  }
}
