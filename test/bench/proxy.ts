import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as v from "valibot";
import { PROGRAM } from "../support/cli-process.js";
import { Machine } from "../support/computer.js";
import { EventProcess } from "../support/event-process.js";
import { using, within } from "./clean-up.js";
import { type Measured, moreAtMost } from "./line.js";
import type { BenchOptions } from "./rows.js";
import { figuresOf } from "./statistics.js";

const HOMESERVER = fileURLToPath(new URL("bare-homeserver.mjs", import.meta.url));
const TARGET = "/_matrix/client/v3/account/whoami";
const WARM_UP = 500;
const ONE_BY_ONE = 3_000;
const AT_ONCE = 20;
const START_BOUND_MS = 60_000;
/** For each thousand requests: a stuck one is not waited for. */
const BOUND_MS = 10_000;
/** What a garbage collector may leave lying about. */
const FLAT = 1.1;

const Ready = v.object({ event: v.literal("ready"), base_url: v.string(), token_file: v.string() });

/** What a small request costs through `session serve`, beside a direct one; and its memory over many of them. */
export async function proxy({ requests, progress }: BenchOptions): Promise<readonly Measured[]> {
  const machine = await Machine.start();
  return using(
    machine,
    (machine) => machine.stop(),
    () => {
      const homeserver = fork(HOMESERVER);
      return using(
        homeserver,
        (child) => child.kill(),
        async () => {
          const port = await portOf(homeserver);
          const served = await serve(machine, port);
          return using(
            served,
            ({ process }) => process.destroy(),
            async ({ process, url, token }) => {
              const direct = clientOf(port, "token");
              const through = clientOf(Number(url.port), token);
              const bound = (count: number) => BOUND_MS * (1 + count / 1_000);
              const latencies = await within(bound(ONE_BY_ONE), "The proxy", latency(direct, through));
              progress(`${requests} requests`);
              const memory = memoryOver(requests, through, process.pid);
              return [...latencies, ...(await within(bound(requests), "The proxy", memory))];
            },
          );
        },
      );
    },
  );
}

async function portOf(homeserver: ChildProcess): Promise<number> {
  const [port] = await within(START_BOUND_MS, "Its start", once(homeserver, "message"));
  return v.parse(v.number(), port);
}

async function serve(machine: Machine, port: number) {
  const session = await machine.addSession({
    base_url: `http://127.0.0.1:${port}/`,
    user_id: "@bot:example.org",
    device_id: "ABCDEFGHIJ",
    access_token: "token",
  });
  const args = [PROGRAM, "session", "serve", "--json", "--session", session];
  const parse = (line: string) => {
    const ready = v.safeParse(Ready, JSON.parse(line));
    return ready.success ? ready.output : ({ event: "other" } as const);
  };
  const options = { env: machine.environment, cwd: machine.path(".") };
  const process = new EventProcess(globalThis.process.execPath, args, parse, options);
  const ready = await within(START_BOUND_MS, "Its start", process.event("ready")).catch(async (error) => {
    await process.destroy();
    throw error;
  });
  const token = (await readFile(ready.token_file, "utf8")).trim();
  return { process, url: new URL(ready.base_url), token };
}

type Client = () => Promise<void>;

function clientOf(port: number, token: string): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const headers = { authorization: `Bearer ${token}` };
  return () =>
    new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port, path: TARGET, agent, headers }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`Status ${response.statusCode}`));
        response.resume().once("end", resolve);
      });
      sent.once("error", reject).end();
    });
}

async function latency(direct: Client, through: Client): Promise<readonly Measured[]> {
  for (const client of [direct, through]) await oneByOne(client, WARM_UP);
  const own = figuresOf(await oneByOne(through, ONE_BY_ONE));
  const figures = figuresOf(await oneByOne(direct, ONE_BY_ONE));
  return [
    {
      what: "a small request through `session serve`",
      unit: "ms",
      own,
      beside: { name: "directly", figures },
      target: moreAtMost(1, "ms", own, figures),
    },
  ];
}

async function memoryOver(requests: number, client: Client, pid: number): Promise<readonly Measured[]> {
  const memory: number[] = [];
  const tenth = requests / 10;
  const startedAt = performance.now();
  for (let part = 0; part < 10; part++) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => oneByOne(client, tenth / AT_ONCE)));
    memory.push(await memoryOf(pid));
  }
  const each = (performance.now() - startedAt) / requests;
  const half = memory[memory.length / 2 - 1] ?? Number.NaN;
  const last = memory.at(-1) ?? Number.NaN;
  return [
    { what: `the same, ${AT_ONCE} at once`, unit: "ms", own: figuresOf([each]) },
    {
      what: `its memory after ${requests} requests`,
      unit: "MiB",
      own: figuresOf([last]),
      beside: { name: "after half of them", figures: figuresOf([half]) },
      target: { says: "flat", met: last <= half * FLAT },
    },
  ];
}

/** @returns how long each took, in milliseconds */
async function oneByOne(client: Client, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const startedAt = performance.now();
    await client();
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** Mebibytes. */
async function memoryOf(pid: number): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
  return Number(stdout) / 1024;
}
