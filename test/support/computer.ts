import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DevHomeserver,
  type DevHomeserverOptions,
  type ExistingSession,
  startDevHomeserver,
} from "../../src/dev-homeserver/dev-homeserver.js";
import { CliProcess, type ProcessEnd, type ProcessOptions } from "./cli-process.js";

export type StartOptions = Partial<ProcessOptions> & {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin at once, which then ends. */
  readonly input?: string | Uint8Array;
};

/**
 * A computer of its own for each test, or for the bench: a home folder in which the program keeps everything, and homeservers it
 * can reach. What runs on it ends with the test.
 */
export class Machine {
  readonly folder: string;
  readonly #running: CliProcess[] = [];
  readonly #servers: DevHomeserver[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(): Promise<Machine> {
    const machine = new Machine(await mkdtemp(join(tmpdir(), "matrix-qr-login-test-")));
    await Promise.all(["home", "state", "tmp", "work"].map((name) => mkdir(join(machine.folder, name))));
    return machine;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((running) => running.destroy()));
    await Promise.all(this.#servers.map((server) => server.close()));
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A path where tests put files of their own, and the program those that it is told to write. */
  path(name: string): string {
    return join(this.folder, "work", name);
  }

  /** What the program finds in its environment here. */
  get environment(): Readonly<Record<string, string | undefined>> {
    return {
      PATH: process.env["PATH"],
      HOME: join(this.folder, "home"),
      XDG_STATE_HOME: join(this.folder, "state"),
      TMPDIR: join(this.folder, "tmp"),
    };
  }

  /** Starts the program with exactly these arguments. */
  start(args: readonly string[], { env, input, ...options }: StartOptions = {}): CliProcess {
    const started = new CliProcess(args, {
      cwd: join(this.folder, "work"),
      ...options,
      env: { ...this.environment, ...env },
    });
    if (input !== undefined) started.endInput(input);
    this.#running.push(started);
    return started;
  }

  /** Runs the program to its end, with nothing on stdin. */
  run(args: readonly string[], options: StartOptions = {}): Promise<ProcessEnd> {
    return this.start(args, { stdin: options.input === undefined ? "none" : "pipe", ...options }).ended;
  }

  async homeserver(options: DevHomeserverOptions = {}): Promise<DevHomeserver> {
    const server = await startDevHomeserver(options);
    this.#servers.push(server);
    return server;
  }

  get sessionsFolder(): string {
    return join(this.folder, "state", "matrix-qr-login", "sessions");
  }

  /** Puts a session where the program looks for them. */
  async addSession(session: Partial<ExistingSession>, name = "existing"): Promise<string> {
    await mkdir(this.sessionsFolder, { recursive: true, mode: 0o700 });
    await chmod(join(this.folder, "state", "matrix-qr-login"), 0o700);
    const path = join(this.sessionsFolder, `${name}.json`);
    await writeFile(path, JSON.stringify(session), { mode: 0o600 });
    return path;
  }

  /** The files among the sessions: locks and leftovers included. */
  async sessionFiles(): Promise<string[]> {
    return (await readdir(this.sessionsFolder).catch(() => [])).sort();
  }

  async temporaryFiles(): Promise<string[]> {
    return readdir(join(this.folder, "tmp"));
  }

  /** Every file and folder that the program has written, with its permissions, as `0600 path`. */
  async written(): Promise<string[]> {
    const roots = ["state", "tmp", "work", "home"];
    const found = await Promise.all(roots.map((root) => this.#walk(root)));
    return found.flat().sort();
  }

  async #walk(folder: string): Promise<string[]> {
    const entries = await readdir(join(this.folder, folder), { withFileTypes: true }).catch(() => []);
    const below = entries.map(async (entry) => {
      const path = join(folder, entry.name);
      const { mode } = await stat(join(this.folder, path));
      const line = `${(mode & 0o777).toString(8).padStart(4, "0")} ${path}`;
      return entry.isDirectory() ? [line, ...(await this.#walk(path))] : [line];
    });
    return (await Promise.all(below)).flat();
  }
}
