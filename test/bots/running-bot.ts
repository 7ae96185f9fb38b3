import { readFile } from "node:fs/promises";
import { expect, vi } from "vitest";
import type { ProxyEvent } from "../../src/proxy/events.js";
import { PROGRAM } from "../support/cli-process.js";
import { EventProcess } from "../support/event-process.js";
import { freePort } from "../support/local-server.js";
import type { Machine } from "../support/machine.js";
import type { StackPartner } from "../support/stack-partner.js";
import type { Framework } from "./frameworks.js";

/** A bot on its session, and somebody who talks to it. */

/** Seconds; whatever happens, no bot outlives its test for long. */
const LIFETIME = 900;
const ANSWER_MS = 60_000;
/** A bot that has just begun, or was cut off, may pause for this long. */
const RECOVERY_MS = 90_000;
const ASKED_AGAIN_MS = 5_000;

/** Standard error is where `session run --json` tells its events, and the bot's own words are in a file. */
const EVENTS_TO_STDOUT = ["-c", 'exec "$@" 2>&1', "sh"];
const WORDS_TO_FILE = [
  "sh",
  "-c",
  'exec "$@" >> bot.log 2>&1',
  "sh",
  "timeout",
  "--foreground",
  String(LIFETIME),
];

type ProxyProcess = EventProcess<ProxyEvent | { readonly event: "other" }>;

export class RunningBot {
  readonly name: string;
  readonly #framework: Framework;
  readonly #machine: Machine;
  readonly #partner: StackPartner;
  readonly #address: string;
  /** Of the process that started the bot, whose group it is in. */
  #run: ProxyProcess;
  #proxy: ProxyProcess;
  #asked = 0;

  private constructor(machine: Machine, framework: Framework, partner: StackPartner, address: string) {
    this.name = framework.name;
    this.#framework = framework;
    this.#machine = machine;
    this.#partner = partner;
    this.#address = address;
    this.#run = this.#startRun();
    this.#proxy = this.#run;
  }

  /** By `session run`, on the machine's session `new`. */
  static async start(machine: Machine, framework: Framework, partner: StackPartner): Promise<RunningBot> {
    return new RunningBot(machine, framework, partner, `127.0.0.1:${await freePort()}`);
  }

  /** Where its proxy is now, and what it has told. */
  get proxy(): ProxyProcess {
    return this.#proxy;
  }

  /** Stops the bot, and starts it again with what it has stored. */
  async restart(): Promise<void> {
    this.#run.kill("SIGTERM");
    await this.#run.ended;
    this.#run = this.#startRun();
    this.#proxy = this.#run;
  }

  /** Kills the proxy, but not the bot, and puts `session serve` in its place. */
  async replaceProxy(): Promise<void> {
    this.#proxy.kill("SIGKILL");
    await this.#proxy.ended;
    const args = ["serve", "--json", "--timeout", String(LIFETIME), "--trace", this.#machine.path("trace")];
    this.#proxy = this.#start(process.execPath, [PROGRAM, "session", ...args, ...this.#onSession]);
    await this.#proxy.event("ready");
  }

  /** How many requests its proxy has sent so far, since it was replaced. */
  async requests(): Promise<number> {
    return (await readFile(this.#machine.path("trace"), "utf8")).split("\n").length - 1;
  }

  /** Asks once. */
  async answers(): Promise<void> {
    const number = await this.#ask();
    await this.#hears((said) => said === `${this.name} pong ${number}`, ANSWER_MS);
  }

  /** Asks again and again, until the bot is there: what was said before may never have reached it. */
  async comesToAnswer(): Promise<void> {
    const first = this.#asked + 1;
    const start = `${this.name} pong `;
    const isAnswer = (said: string) => said.startsWith(start) && Number(said.slice(start.length)) >= first;
    const deadline = Date.now() + RECOVERY_MS;
    let isThere = false;
    while (!isThere && Date.now() < deadline) {
      await this.#ask();
      isThere = await this.#hears(isAnswer, ASKED_AGAIN_MS).then(
        () => true,
        () => false,
      );
    }
    expect(isThere, `${this.name} answers`).toBe(true);
  }

  async #ask(): Promise<number> {
    const number = ++this.#asked;
    await this.#partner.say(`!${this.name} ping ${number}`);
    return number;
  }

  /** Asks many things at once, and doesn't listen. */
  async isFlooded(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#ask()));
  }

  /** @returns the `mxc:` URI of what it has uploaded */
  async uploads(): Promise<string> {
    await this.#partner.say(`!${this.name} upload`);
    const start = `${this.name} uploaded `;
    return (await this.#hears((said) => said.startsWith(start), ANSWER_MS)).slice(start.length);
  }

  async #hears(isMeant: (said: string) => boolean, ms: number): Promise<string> {
    return vi.waitFor(
      () => {
        const message = this.#partner.messages.find(isMeant);
        if (message === undefined) throw new Error(`${this.name} says nothing.`);
        return message;
      },
      { timeout: ms, interval: 100 },
    );
  }

  /** Ends the bot and its proxy, whatever they do. */
  async destroy(): Promise<void> {
    try {
      this.#run.killGroup("SIGKILL");
    } catch (error) {
      expect(error).toMatchObject({ code: "ESRCH" });
    }
    await Promise.all([this.#run.destroy(), this.#proxy.destroy()]);
  }

  /** What it and its proxy have said, for whoever wants to know why. */
  async describe(): Promise<string> {
    const words = await readFile(this.#machine.path("bot.log"), "utf8").catch(String);
    return `${this.#proxy.describe()}\n${words.slice(-5000)}`;
  }

  get #onSession(): readonly string[] {
    return ["--session", "new", "--listen", this.#address];
  }

  #startRun(): ProxyProcess {
    const run = [process.execPath, PROGRAM, "session", "run", "--json", ...this.#onSession];
    const command = [...WORDS_TO_FILE, ...this.#framework.command()];
    return this.#start("sh", [...EVENTS_TO_STDOUT, ...run, "--", ...command]);
  }

  #start(command: string, args: readonly string[]): ProxyProcess {
    const { folder } = this.#machine;
    const env = {
      PATH: process.env["PATH"],
      HOME: `${folder}/home`,
      XDG_STATE_HOME: `${folder}/state`,
      TMPDIR: `${folder}/tmp`,
    };
    const options = { env, cwd: `${folder}/work`, stdin: "none", detached: true } as const;
    return new EventProcess(command, args, parseLine, options);
  }
}

function parseLine(line: string): ProxyEvent | { readonly event: "other" } {
  return line.startsWith("{") ? (JSON.parse(line) as ProxyEvent) : { event: "other" };
}
