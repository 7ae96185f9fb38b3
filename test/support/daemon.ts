import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Kills the server as soon as its own standard input has ended: as it does too when who started it is killed. */
const GUARD = '"$@" & server=$!; cat > /dev/null; kill -KILL $server; wait $server';
const START_MS = 150_000;
const PAUSE_MS = 50;

/** A server process that never outlives the one that started it. */
export class Daemon {
  readonly #guard: ChildProcess;
  readonly #log: string;

  /** @param log the file that its output goes to */
  constructor(command: readonly string[], log: string) {
    const output = openSync(log, "a");
    const env = { PATH: process.env["PATH"] };
    this.#guard = spawn("sh", ["-c", GUARD, "sh", ...command], { env, stdio: ["pipe", output, output] });
    closeSync(output);
    this.#log = log;
  }

  /** Waits until its output has a text. */
  async said(text: string): Promise<void> {
    await this.#until(async () => this.#output().includes(text));
  }

  /** Waits until a URL of it answers with success. */
  async answers(url: string): Promise<void> {
    await this.#until(async () => (await fetch(url).catch(() => undefined))?.ok === true);
  }

  /** Waits until it takes connections at a port of 127.0.0.1. */
  async listening(port: number): Promise<void> {
    await this.#until(() => canConnect(port));
  }

  async #until(isReady: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + START_MS;
    while (!(await isReady())) {
      if (Date.now() > deadline) {
        throw new Error(`It doesn't start:\n${this.#output().slice(-2000)}`);
      }
      await sleep(PAUSE_MS);
    }
  }

  #output(): string {
    return readFileSync(this.#log, "utf8");
  }

  async kill(): Promise<void> {
    const ended = once(this.#guard, "close");
    this.#guard.stdin?.end();
    await ended;
  }
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
