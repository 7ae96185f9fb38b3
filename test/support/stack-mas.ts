import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Decision } from "../../src/dev-homeserver/dev-homeserver.js";
import type { ConsentPage, Login, Server, Stack, StackSettings, User } from "./stack.js";
import { freePorts, locationsAt, replaceSetting } from "./stack-parts.js";

const run = promisify(execFile);

const CONFIGURATION: Readonly<Record<Server, string>> = { synapse: "hs", mas: "mas" };
const PORTS = ["PG_PORT", "SYN_PORT", "MAS_PORT", "HS_PORT", "TLS_HS_PORT", "TLS_MAS_PORT"] as const;
const PAUSE_MS = 100;

const CONSENT_PAGE: ConsentPage = {
  confirm: "input[name=confirm_device]",
  allow: "button[value=consent]",
  allowed: "Access granted",
};

/** The folder in which that stack is installed, which .ci/stack hands in. */
function masFolder(): string {
  const folder = process.env["MATRIX_QR_LOGIN_MAS_STACK"];
  if (!folder) throw new Error("MATRIX_QR_LOGIN_MAS_STACK is not set: .ci/stack does, where there is MAS.");
  return folder;
}

/** With Matrix Authentication Service (MAS), PostgreSQL and nginx, started by scripts that aren't part of this repository. */
export class MasStack implements Stack {
  readonly consentPage = CONSENT_PAGE;
  readonly baseUrl: URL;
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

  static async start(settings: StackSettings): Promise<MasStack> {
    const runs = join(masFolder(), "runs");
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
    await run(join(masFolder(), "up.sh"), { env });
    return new MasStack(env, parseVariables(await readFile(join(env.RUN, "stack.env"), "utf8")));
  }

  stop(): Promise<void> {
    return stop(this.#env);
  }

  get trust(): Readonly<Record<string, string>> {
    return { NODE_EXTRA_CA_CERTS: this.#ca };
  }

  async signIn(user: User, deviceId: string): Promise<Login> {
    const response = await fetch(new URL("/_matrix/client/v3/login", this.plainUrl), {
      method: "POST",
      body: JSON.stringify({
        type: "m.login.password",
        identifier: { type: "m.id.user", user },
        password: this.password,
        device_id: deviceId,
      }),
    });
    const login = (await response.json()) as Readonly<Record<string, unknown>>;
    if (!response.ok) throw new Error(`MAS doesn't let ${user} in: ${JSON.stringify(login)}`);
    return { userId: String(login["user_id"]), deviceId, accessToken: String(login["access_token"]) };
  }

  async decide(link: string, userCode: string, decision: Decision): Promise<boolean> {
    const secure = this.baseUrl.protocol === "https:" ? ["--cafile", this.#ca] : [];
    const deny = decision === "deny" ? ["--deny"] : [];
    const args = [
      link,
      "--user",
      "alice",
      "--password",
      this.password,
      "--code",
      userCode,
      ...secure,
      ...deny,
    ];
    // No proxy of the environment's: the page is on loopback.
    const env = { PATH: process.env["PATH"] };
    const broken = await run(join(masFolder(), "approve.py"), args, { env }).then(
      () => undefined,
      ({ message }: Error) => message,
    );
    if (broken !== undefined && !broken.includes("HTTP 500")) throw new Error(broken);
    return broken === undefined;
  }

  async expireAuthorization(userCode: string): Promise<void> {
    const past = "update oauth2_device_code_grant set expires_at = now() - interval '1 minute'";
    const rows = await this.#sql("mas", `${past} where user_code = '${userCode}' returning 1`);
    if (rows !== "1") throw new Error(`There is no device authorization ${userCode}.`);
  }

  configure(server: Server, yaml: string): Promise<void> {
    return replaceSetting(join(this.#folder, `${CONFIGURATION[server]}.yaml`), yaml);
  }

  async configureProxy(locations: string): Promise<void> {
    const ours = locationsAt(locations, {
      synapse: Number(this.#env["SYN_PORT"]),
      mas: Number(this.#env["MAS_PORT"]),
    });
    const path = join(this.#folder, "nginx.conf");
    const configuration = await readFile(path, "utf8");
    await writeFile(
      path,
      configuration.replaceAll(/location .*proxy_pass http:\/\/syn; \}/g, () => ours),
    );
    process.kill(await this.#pid("nginx"), "SIGHUP");
  }

  async restart(server: Server): Promise<void> {
    process.kill(await this.#pid(server), "SIGKILL");
    const log = openSync(join(this.#folder, "log", `${server}.out`), "a");
    const configuration = join(this.#folder, `${CONFIGURATION[server]}.yaml`);
    const [program, ...args] =
      server === "mas"
        ? ["rt/mas-cli", "server", "--config", configuration]
        : ["syn-venv/bin/python", "-m", "synapse.app.homeserver", "-c", configuration];
    const child = spawn(join(masFolder(), program), args, {
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
  await run(join(masFolder(), "down.sh"), { env });
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

function parseVariables(text: string): Record<string, string> {
  const lines = text.matchAll(/^(\w+)="?(.*?)"?$/gm);
  return Object.fromEntries(Array.from(lines, ([, name = "", value = ""]) => [name, value]));
}
