import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll } from "vitest";
import type { Decision } from "../../src/dev-homeserver/dev-homeserver.js";

const run = promisify(execFile);

/** How Synapse and Matrix Authentication Service (MAS) are set, in the names of the stack's env.sh. */
export type StackSettings = Readonly<Partial<Record<StackSetting, string>>>;
type StackSetting =
  | "MSC4388_MODE"
  | "MSC4108_2024"
  | "AUTOFILL"
  | "DEVICE_GRANT"
  | "TOKEN_TTL"
  | "SCHEME"
  | "SERVER_NAME";

export type Server = "synapse" | "mas";

const CONFIGURATION: Readonly<Record<Server, string>> = { synapse: "hs", mas: "mas" };
const PORTS = ["PG_PORT", "SYN_PORT", "MAS_PORT", "HS_PORT", "TLS_HS_PORT", "TLS_MAS_PORT"] as const;
const START_MS = 180_000;
const STOP_MS = 60_000;
const PAUSE_MS = 100;

/** The folder of the installed stack, which .ci/stack hands in. */
export function stackFolder(): string {
  const folder = process.env["MATRIX_QR_LOGIN_STACK"];
  if (!folder) throw new Error("MATRIX_QR_LOGIN_STACK is not set: run these tests with npm run test:stack.");
  return folder;
}

/** A stack for all tests of a file. It can be had from the first test on. */
export function provideStack(settings: StackSettings = {}): () => Stack {
  let stack: Stack | undefined;
  beforeAll(async () => {
    stack = await Stack.start(settings);
  }, START_MS);
  afterAll(() => stack?.stop(), STOP_MS);
  return () => {
    if (!stack) throw new Error("The stack runs from the first test on.");
    return stack;
  };
}

/**
 * Synapse, MAS, PostgreSQL and nginx on loopback, with a fresh database, on ports and in a folder of their own.
 * The users are alice, bob and carol.
 */
export class Stack {
  /** As its users know it, and as it calls itself. */
  readonly baseUrl: URL;
  /** The same over plain http, whatever the scheme: for what tests ask by themselves. */
  readonly plainUrl: URL;
  readonly password: string;
  readonly #env: Readonly<Record<string, string>>;
  /** The certificate authority of its https URLs. */
  readonly #ca: string;

  private constructor(env: Readonly<Record<string, string>>, described: Readonly<Record<string, string>>) {
    const { HS_URL = "", CA = "", PASSWORD = "" } = described;
    this.baseUrl = new URL(HS_URL);
    this.plainUrl = new URL(`http://127.0.0.1:${env["HS_PORT"]}/`);
    this.password = PASSWORD;
    this.#env = env;
    this.#ca = CA;
  }

  static async start(settings: StackSettings): Promise<Stack> {
    const runs = join(stackFolder(), "runs");
    await mkdir(runs, { recursive: true });
    await stopLeftovers(runs);
    const ports = await freePorts(PORTS.length);
    const env = {
      PATH: process.env["PATH"] ?? "",
      // The process that has to stop it, see stopLeftovers.
      RUN: await mkdtemp(join(runs, `${process.pid}-`)),
      ...Object.fromEntries(PORTS.map((name, index) => [name, String(ports[index])])),
      ...settings,
    };
    await run(join(stackFolder(), "up.sh"), { env });
    return new Stack(env, parseVariables(await readFile(join(env.RUN, "stack.env"), "utf8")));
  }

  stop(): Promise<void> {
    return stop(this.#env);
  }

  /** What a program needs to trust its certificate. */
  get trust(): Readonly<Record<string, string>> {
    return { NODE_EXTRA_CA_CERTS: this.#ca };
  }

  /** Does what a person does on the consent page: log in, type the code where it is asked for, decide. */
  async decide(user: string, link: string, userCode: string, decision: Decision): Promise<void> {
    const secure = this.baseUrl.protocol === "https:" ? ["--cafile", this.#ca] : [];
    const deny = decision === "deny" ? ["--deny"] : [];
    const args = [link, "--user", user, "--password", this.password, "--code", userCode, ...secure, ...deny];
    // No proxy of the environment's: the page is on loopback.
    await run(join(stackFolder(), "approve.py"), args, { env: { PATH: process.env["PATH"] } });
  }

  /** Makes the time to consent be over. */
  async expireAuthorization(userCode: string): Promise<void> {
    const past = "update oauth2_device_code_grant set expires_at = now() - interval '1 minute'";
    const rows = await this.#sql("mas", `${past} where user_code = '${userCode}' returning 1`);
    if (rows !== "1") throw new Error(`There is no device authorization ${userCode}.`);
  }

  /**
   * Puts settings into a configuration file, in the place of those of the same name. They count after a restart.
   *
   * @param yaml one setting of the top level, with what is below it
   */
  async configure(server: Server, yaml: string): Promise<void> {
    const path = join(this.#folder, `${CONFIGURATION[server]}.yaml`);
    const [name = ""] = yaml.split(":");
    const others = (await readFile(path, "utf8")).split("\n").filter((line) => !line.startsWith(`${name}:`));
    await writeFile(path, `${others.join("\n")}\n${yaml}`);
  }

  /** Gives nginx other locations, in which Synapse is at port 8008 and MAS at 8080. */
  async configureProxy(locations: string): Promise<void> {
    const { SYN_PORT = "", MAS_PORT = "" } = this.#env;
    const ours = locations.replaceAll(":8008", `:${SYN_PORT}`).replaceAll(":8080", `:${MAS_PORT}`);
    const path = join(this.#folder, "nginx.conf");
    const configuration = await readFile(path, "utf8");
    await writeFile(
      path,
      configuration.replaceAll(/location .*proxy_pass http:\/\/syn; \}/g, () => ours),
    );
    process.kill(await this.#pid("nginx"), "SIGHUP");
  }

  /** Kills a server and starts it anew. Synapse has forgotten all rendezvous sessions then. */
  async restart(server: Server): Promise<void> {
    process.kill(await this.#pid(server), "SIGKILL");
    const log = openSync(join(this.#folder, "log", `${server}.out`), "a");
    const configuration = join(this.#folder, `${CONFIGURATION[server]}.yaml`);
    const [program, ...args] =
      server === "mas"
        ? ["rt/mas-cli", "server", "--config", configuration]
        : ["syn-venv/bin/python", "-m", "synapse.app.homeserver", "-c", configuration];
    const child = spawn(join(stackFolder(), program), args, {
      env: { PATH: process.env["PATH"], SYNAPSE_ASYNC_IO_REACTOR: "0" },
      detached: true,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    child.unref();
    await writeFile(join(this.#folder, "pids", server), String(child.pid));
    const port = this.#env[server === "mas" ? "MAS_PORT" : "SYN_PORT"];
    while (!(await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined))?.ok) {
      if (child.exitCode !== null) throw new Error(`${server} doesn't start again: see ${this.#folder}/log.`);
      await sleep(PAUSE_MS);
    }
  }

  get #folder(): string {
    return this.#env["RUN"] ?? "";
  }

  async #pid(server: Server | "nginx"): Promise<number> {
    return Number(await readFile(join(this.#folder, "pids", server), "utf8"));
  }

  async #sql(database: string, statement: string): Promise<string> {
    const server = ["-h", "127.0.0.1", "-p", this.#env["PG_PORT"] ?? "", "-U", "stack", "-d", database];
    const { stdout } = await run("psql", [...server, "-qXAt", "-c", statement]);
    return stdout.trim();
  }
}

async function stop(env: Readonly<Record<string, string>>): Promise<void> {
  await run(join(stackFolder(), "down.sh"), { env });
  await rm(env["RUN"] ?? "", { recursive: true, force: true });
}

/** Its processes outlive a test run that was killed. The folder's name says whose they were. */
async function stopLeftovers(runs: string): Promise<void> {
  for (const name of await readdir(runs)) {
    if (isAlive(Number.parseInt(name, 10))) continue;
    await stop({ PATH: process.env["PATH"] ?? "", RUN: join(runs, name) });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

function parseVariables(text: string): Record<string, string> {
  const lines = text.matchAll(/^(\w+)="?(.*?)"?$/gm);
  return Object.fromEntries(Array.from(lines, ([, name = "", value = ""]) => [name, value]));
}
