import { type ChildProcess, spawn } from "node:child_process";

export interface ProcessOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** `none` is /dev/null. A pipe by default, open until `endInput`. */
  readonly stdin?: "pipe" | "none";
  /** Whether it leads a process group of its own, as a command that is started from a terminal does. */
  readonly detached?: boolean;
}

export interface ProcessEnd {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that tells events, one JSON object a line: what it says so far, what is typed to it, how it ended. */
export class EventProcess<Event extends { readonly event: string }> {
  readonly args: readonly string[];
  readonly ended: Promise<ProcessEnd>;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcess;
  readonly #onOutput = new Set<() => void>();
  readonly #parse: (line: string) => Event;
  #end: ProcessEnd | undefined;

  constructor(
    command: string,
    args: readonly string[],
    parse: (line: string) => Event,
    { env, cwd, stdin = "pipe", detached = false }: ProcessOptions,
  ) {
    this.args = args;
    this.#parse = parse;
    const child = spawn(command, args, {
      env,
      cwd,
      detached,
      stdio: [stdin === "pipe" ? "pipe" : "ignore", "pipe", "pipe"],
    });
    this.#child = child;
    // A program that has ended reads no more.
    child.stdin?.on("error", () => undefined);
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.stdout += chunk;
      this.#tell();
    });
    child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
      this.stderr += chunk;
      this.#tell();
    });
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.#end = { code: code ?? signal ?? Number.NaN, stdout: this.stdout, stderr: this.stderr };
        resolve(this.#end);
        this.#tell();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  /** Its events so far. */
  get events(): readonly Event[] {
    const lines = this.stdout.split("\n");
    // What follows the last line break is no whole line yet.
    return lines.slice(0, -1).map(this.#parse);
  }

  /** Waits for an event: the first of its kind, or the first that also fits. */
  async event<Kind extends Event["event"]>(
    kind: Kind,
    fits: (event: Extract<Event, { event: Kind }>) => boolean = () => true,
  ): Promise<Extract<Event, { event: Kind }>> {
    const isWanted = (event: Event): event is Extract<Event, { event: Kind }> =>
      event.event === kind && fits(event as Extract<Event, { event: Kind }>);
    await this.until(() => this.events.some(isWanted), `the event ${kind}`);
    const event = this.events.find(isWanted);
    if (!event) throw new TypeError("It was there a moment ago.");
    return event;
  }

  /** Waits until the output is as it is wanted. */
  async until(isThere: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        try {
          if (isThere()) resolve();
          else if (this.#end) throw new Error(`It ended before ${what}: ${this.describe()}`);
          else return;
        } catch (error) {
          reject(error);
        }
        this.#onOutput.delete(look);
      };
      this.#onOutput.add(look);
      look();
    });
  }

  /** The last event of a run that is over. */
  get lastEvent(): Event {
    const last = this.events.at(-1);
    if (!last) throw new Error(`No event was told: ${this.describe()}`);
    return last;
  }

  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  endInput(content: string | Uint8Array = ""): void {
    this.#child.stdin?.end(content);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As Ctrl-C does: to all processes of its group. For one that is `detached`. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Ends it for good, where it still runs, and waits for that. */
  async destroy(): Promise<void> {
    if (!this.#end) this.kill("SIGKILL");
    await this.ended.catch(() => undefined);
  }

  describe(): string {
    return `${this.args.join(" ")}\nexit ${this.#end?.code}\n${this.stdout}${this.stderr}`;
  }

  #tell(): void {
    for (const look of [...this.#onOutput]) look();
  }
}
