import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type DevHomeserver, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { ROOT } from "./pages.js";

/** What a block of a page finds when it is run: see CONTRIBUTING.md. */

/** A block that writes a QR code there gets it scanned. */
const QR_FILE = "qr.png";
const LOOK_MS = 20;

/** Concurrent tests have to take it from their own context. */
export type OnTestFinished = (cleanUp: () => void | Promise<void>) => void;

export interface Stage {
  readonly homeserver: DevHomeserver;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onTestFinished: OnTestFinished;
}

export async function setStage(onTestFinished: OnTestFinished): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), "matrix-qr-login-docs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const homeserver = await startDevHomeserver({
    localpart: "bot",
    autoConsent: "allow",
    autoConsentDelayMs: 0,
    // No device refreshes what is in `token`, however long a page takes.
    accessTokenLifetimeMs: 3_600_000,
  });
  onTestFinished(() => homeserver.close());
  writeFileSync(join(folder, "existing.json"), JSON.stringify(homeserver.existingSession), { mode: 0o600 });
  writeFileSync(join(folder, "token"), homeserver.existingSession.access_token, { mode: 0o600 });
  writeFileSync(join(folder, "recovery-key"), homeserver.recoveryKey, { mode: 0o600 });
  symlinkSync(join(ROOT, "docs"), join(folder, "docs"));
  const program = `exec "${process.execPath}" "${join(ROOT, "bin/matrix-qr-login.js")}" "$@"`;
  writeScript(join(folder, "matrix-qr-login"), program);
  writeScript(join(folder, "npx"), `shift\n${program}`);
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${folder}${delimiter}${process.env["PATH"]}`,
    XDG_STATE_HOME: join(folder, "state"),
    MATRIX_QR_LOGIN_HOMESERVER: undefined,
    MATRIX_QR_LOGIN_SESSION: undefined,
  };
  return { homeserver, folder, env, onTestFinished };
}

function writeScript(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

export interface End {
  readonly code: number | null;
  /** Of both streams, with the script before it. */
  readonly report: string;
}

/** Runs a block as a script, while the other device scans what it shows. */
export async function runBlock(code: string, stage: Stage): Promise<{ block: End; scan?: End }> {
  const script = code.replaceAll("example.org", stage.homeserver.serverName);
  rmSync(join(stage.folder, QR_FILE), { force: true });
  const ended = new AbortController();
  const scanning = scanWhatIsWritten(stage, ended.signal);
  const block = await run("bash", ["-euo", "pipefail", "-c", script], stage);
  ended.abort();
  const scan = await scanning;
  return { block, ...(scan ? { scan } : {}) };
}

async function scanWhatIsWritten(stage: Stage, blockEnded: AbortSignal): Promise<End | undefined> {
  while (!existsSync(join(stage.folder, QR_FILE))) {
    if (blockEnded.aborted) return undefined;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const args = ["scan", QR_FILE, "--session", "existing.json", "--yes", "--no-browser", "--plain"];
  return run("matrix-qr-login", args, stage);
}

function run(command: string, args: readonly string[], { folder, env, onTestFinished }: Stage): Promise<End> {
  // A group of its own, so that what a script leaves in the background ends with the test.
  const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  onTestFinished(() => endGroup(child));
  let report = `${args.join(" ")}\n`;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      report += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, report }));
  });
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended, and all that it had started.
  }
}
