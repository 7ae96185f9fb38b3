import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Decision } from "../../src/dev-homeserver/dev-homeserver.js";
import { type SynapseAuthorization, startForSynapse } from "../../src/dev-homeserver/synapse/start.js";
import { Synapse } from "../../src/dev-homeserver/synapse/synapse.js";
import { systemClock } from "../../src/foundation/clock.js";
import { Secret } from "../../src/foundation/secret.js";
import type { HttpClient } from "../../src/network/http.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { ConsentBrowser } from "./consent-browser.js";
import { Daemon } from "./daemon.js";
import { localUrlPolicy } from "./local-url-policy.js";
import { ProvidedDevices } from "./provided-devices.js";
import type { ConsentPage, Login, Server, Stack, StackSettings, User } from "./stack.js";
import { type NginxSettings, nginxConfiguration, type StackPorts } from "./stack-nginx.js";
import { freePorts, locationsAt, replaceSetting, stackFolder } from "./stack-parts.js";

const CONSENT_PAGE: ConsentPage = { allow: "button[value=allow]", allowed: "Device approved" };
const SECRET = "for-tests-alone";
const IN_WAITING = fileURLToPath(new URL("synapse-in-waiting.py", import.meta.url));
const FOLDERS = join(tmpdir(), "matrix-qr-login-stack-");
/** Until a test gives nginx others. */
const LOCATIONS = "location / { proxy_pass http://127.0.0.1:8008; }";

/** What this program's authorization server has instead of settings of Matrix Authentication Service. */
const FEATURES = {
  device_code_grant_enabled: "deviceGrant",
  device_code_user_code_auto_fill_enabled: "verificationUriComplete",
} as const;

/** With Synapse on SQLite as PyPI has it, this program's own authorization server, and nginx. */
export class SynapseStack implements Stack {
  readonly consentPage = CONSENT_PAGE;
  readonly baseUrl: URL;
  readonly plainUrl: URL;
  readonly trust: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #proxied: NginxSettings;
  readonly #http: HttpClient;
  readonly #authorization: SynapseAuthorization;
  readonly #devices: ProvidedDevices;
  #synapse: Daemon;
  #nginx: Daemon;

  private constructor(
    folder: string,
    proxied: NginxSettings,
    http: HttpClient,
    authorization: SynapseAuthorization,
    devices: ProvidedDevices,
    synapse: Daemon,
    nginx: Daemon,
  ) {
    this.baseUrl = authorization.baseUrl;
    this.plainUrl = new URL(`http://127.0.0.1:${proxied.ports.http}/`);
    this.trust = { NODE_EXTRA_CA_CERTS: join(stackFolder(), "tls", "ca.pem") };
    this.#folder = folder;
    this.#proxied = proxied;
    this.#http = http;
    this.#authorization = authorization;
    this.#devices = devices;
    this.#synapse = synapse;
    this.#nginx = nginx;
  }

  static async start(settings: StackSettings): Promise<SynapseStack> {
    const folder = await mkdtemp(FOLDERS);
    const [synapse = 0, mas = 0, http = 0, https = 0, masHttps = 0] = await freePorts(5);
    const ports: StackPorts = { synapse, mas, http, https, masHttps };
    const isSecure = settings.SCHEME === "https";
    const proxied = { folder, ports, tls: isSecure ? join(stackFolder(), "tls") : undefined };
    const baseUrl = isSecure ? `https://localhost:${https}/` : `http://127.0.0.1:${http}/`;
    await writeFile(join(folder, "synapse.yaml"), synapseConfiguration(settings, folder, ports, baseUrl));

    const nginx = await startNginx(proxied, LOCATIONS);
    const daemon = await startSynapse(folder, synapse);
    const urlPolicy = localUrlPolicy();
    const client = createHttpClient({ clock: systemClock, env: {}, urlPolicy, userAgent: "test" });
    const devices = new ProvidedDevices();
    const authorization = await startForSynapse({
      http: client,
      synapse: urlOf(synapse),
      secret: new Secret(SECRET),
      ownerOf: devices.ownerOf,
      port: mas,
      accessTokenLifetimeMs: Number(settings.TOKEN_TTL ?? 300) * 1000,
      deviceGrant: settings.DEVICE_GRANT !== "false",
      verificationUriComplete: settings.AUTOFILL !== "false",
      ...(isSecure && { publicUrl: new URL(`https://localhost:${masHttps}/`) }),
    });
    // Tests set encryption up by themselves, with every kind of stack.
    await asService(client, synapse).allowCrossSigningReset("alice");
    return new SynapseStack(folder, proxied, client, authorization, devices, daemon, nginx);
  }

  get password(): string {
    return this.#authorization.account.password;
  }

  async signIn(user: User, deviceId: string): Promise<Login> {
    const synapse = asService(this.#http, this.#proxied.ports.synapse);
    return { deviceId, ...(await this.#devices.provide(synapse, user, deviceId)) };
  }

  async decide(link: string, userCode: string, decision: Decision): Promise<boolean> {
    const { localpart, password } = this.#authorization.account;
    const browser = new ConsentBrowser(new URL(`http://127.0.0.1:${this.#proxied.ports.mas}/`));
    const { pathname, search } = new URL(link);
    await browser.open(pathname + search);
    if (search === "") await browser.submit({ code: userCode });
    const page = await browser.submit({ username: localpart, password });
    if (page.status === 500) return false;
    const { text } = await browser.submit({ action: decision === "allow" ? "allow" : "decline" });
    if (text.includes(decision === "allow" ? CONSENT_PAGE.allowed : "Device declined")) return true;
    throw new Error(`The consent page ends in: ${text}`);
  }

  async expireAuthorization(userCode: string): Promise<void> {
    if (this.#authorization.expireAuthorization(userCode)) return;
    throw new Error(`There is no device authorization ${userCode}.`);
  }

  async configure(server: Server, yaml: string): Promise<void> {
    if (server === "synapse") return replaceSetting(join(this.#folder, "synapse.yaml"), yaml);
    const lines = yaml.trimEnd().split("\n").slice(1);
    const features = lines.map((line) => {
      const [, name = "", value] = /^ +(\w+): (true|false)$/.exec(line) ?? [];
      const feature = FEATURES[name as keyof typeof FEATURES];
      if (!feature) throw new Error(`The authorization server has nothing like: ${line}`);
      return [feature, value === "true"];
    });
    this.#authorization.configure(Object.fromEntries(features));
  }

  async configureProxy(locations: string): Promise<void> {
    await this.#nginx.kill();
    this.#nginx = await startNginx(this.#proxied, locations);
  }

  async restart(server: Server): Promise<void> {
    // The authorization server's settings count at once, and it forgets who is signed in.
    if (server === "mas") return;
    // Devices repeat a request for ten seconds: no more than a moment may pass, however busy the machine is.
    const { synapse: port } = this.#proxied.ports;
    const next = synapseInWaiting(this.#folder, port);
    await next.said("loaded");
    await this.#synapse.kill();
    this.#synapse = next;
    await next.answers(healthAt(port));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#authorization.close(), this.#synapse.kill(), this.#nginx.kill()]);
    await this.#http.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Synapse without an authorization server yet, for a test that starts one by itself. */
export interface LonelySynapse {
  readonly url: URL;
  /** Where Synapse looks for its authorization server. */
  readonly port: number;
  /** A file with the secret that both share. */
  readonly secretFile: string;
  stop(): Promise<void>;
}

export async function startLonelySynapse(): Promise<LonelySynapse> {
  const folder = await mkdtemp(FOLDERS);
  const [synapse = 0, mas = 0] = await freePorts(2);
  const url = new URL(`http://127.0.0.1:${synapse}/`);
  const configuration = synapseConfiguration({ SERVER_NAME: url.host }, folder, { synapse, mas }, url.href);
  await writeFile(join(folder, "synapse.yaml"), configuration);
  const secretFile = join(folder, "secret");
  await writeFile(secretFile, `${SECRET}\n`);
  const daemon = await startSynapse(folder, synapse);
  return {
    url,
    port: mas,
    secretFile,
    async stop() {
      await daemon.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const urlOf = (port: number) => new URL(`http://127.0.0.1:${port}/`);

/** Synapse, as its authorization server talks to it. */
const asService = (http: HttpClient, port: number) => new Synapse(http, urlOf(port), new Secret(SECRET));

async function startSynapse(folder: string, port: number): Promise<Daemon> {
  const daemon = synapseInWaiting(folder, port);
  await daemon.answers(healthAt(port));
  return daemon;
}

/** It begins to listen when nobody else does. */
function synapseInWaiting(folder: string, port: number): Daemon {
  const python = join(stackFolder(), "venv/bin/python");
  const args = [String(port), "-c", join(folder, "synapse.yaml")];
  return new Daemon([python, IN_WAITING, ...args], join(folder, `synapse-${randomUUID()}.log`));
}

function healthAt(port: number): string {
  return `http://127.0.0.1:${port}/health`;
}

async function startNginx(settings: NginxSettings, locations: string): Promise<Daemon> {
  const { folder, ports } = settings;
  const path = join(folder, "nginx.conf");
  await writeFile(path, nginxConfiguration(settings, locationsAt(locations, ports)));
  const daemon = new Daemon(["nginx", "-c", path, "-e", "stderr"], join(folder, "nginx.log"));
  await daemon.listening(ports.http);
  return daemon;
}

/** One setting of the top level a line, in JSON, which is YAML too. */
function synapseConfiguration(
  settings: StackSettings,
  folder: string,
  { synapse, mas }: Pick<StackPorts, "synapse" | "mas">,
  baseUrl: string,
): string {
  const unlimited = { per_second: 10_000, burst_count: 10_000 };
  const configuration = {
    server_name: settings.SERVER_NAME ?? "localhost",
    public_baseurl: baseUrl,
    pid_file: join(folder, "synapse.pid"),
    report_stats: false,
    trusted_key_servers: [],
    suppress_key_server_warning: true,
    signing_key_path: join(folder, "signing.key"),
    media_store_path: join(folder, "media"),
    macaroon_secret_key: SECRET,
    form_secret: SECRET,
    enable_registration: false,
    presence: { enabled: false },
    federation_domain_whitelist: [],
    listeners: [
      {
        port: synapse,
        tls: false,
        type: "http",
        bind_addresses: ["127.0.0.1"],
        x_forwarded: true,
        resources: [{ names: ["client", "federation"], compress: false }],
      },
    ],
    database: { name: "sqlite3", args: { database: join(folder, "synapse.db") } },
    matrix_authentication_service: { enabled: true, endpoint: `http://127.0.0.1:${mas}/`, secret: SECRET },
    experimental_features: {
      msc4108_enabled: settings.MSC4108_2024 !== "false",
      msc4388_mode: settings.MSC4388_MODE ?? "open",
    },
    rc_message: unlimited,
    rc_login: { address: unlimited, account: unlimited, failed_attempts: unlimited },
  };
  return Object.entries(configuration)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
    .join("");
}
