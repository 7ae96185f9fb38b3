import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homeserverAt } from "../../src/dev-homeserver/dev-homeserver.js";
import { type Given, Router } from "../../src/dev-homeserver/http/router.js";
import { answerTo } from "../../src/dev-homeserver/http/server.js";
import { type DevHomeserverOptions, withDefaults } from "../../src/dev-homeserver/options.js";
import type { Intent } from "../../src/foundation/events.js";
import { RepeatingHttpClient } from "../../src/network/http-client.js";
import type { Transport, TransportAnswer, TransportRequest } from "../../src/network/transport.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { FakeClock } from "../support/fake-clock.js";
import { HaltableClock } from "./clock.js";
import type { Fault } from "./faults.js";
import { type ActingDevice, actingDevice, type Scene } from "./scene.js";

export const BASE_URL = new URL("https://hs.example/");

/** How long a request is on its way, in milliseconds. */
const LATENCY_MS = 200;

/** A try of a request: which it was of all, and whose. */
export interface Sent {
  readonly n: number;
  readonly device: Intent;
  readonly what: string;
}

/** Which fault a try meets, if any. */
export type FaultAt = (sent: Sent) => Fault | undefined;

/** One of the two devices, in memory: its own clock, and its way to the homeserver. */
export interface FaultyDevice extends ActingDevice {
  readonly name: Intent;
  readonly clock: HaltableClock;
  /** One try of a request, as `world.http` repeats it. */
  readonly transport: Transport;
  /** Its process is killed: nothing of it happens any more, from here on. */
  die(): void;
}

/** A homeserver in memory, two devices, and a folder for the files of both; in between, things go wrong. */
export class FaultyWorld implements Scene {
  readonly baseUrl = BASE_URL;
  readonly clock: FakeClock;
  readonly server: Awaited<ReturnType<typeof homeserverAt>>;
  readonly directory: string;
  readonly sent: Sent[] = [];
  /** Each refresh token that was sent, in this order. */
  readonly refreshTokens: string[] = [];
  readonly devices = new Map<Intent, FaultyDevice>();
  readonly #router: Router<Given>;
  readonly #faultAt: FaultAt;

  private constructor(
    clock: FakeClock,
    server: FaultyWorld["server"],
    router: Router<Given>,
    directory: string,
    faultAt: FaultAt,
  ) {
    this.clock = clock;
    this.server = server;
    this.#router = router;
    this.directory = directory;
    this.#faultAt = faultAt;
  }

  static async make(faultAt: FaultAt, options: DevHomeserverOptions = {}): Promise<FaultyWorld> {
    const clock = new FakeClock();
    const router = new Router<Given>();
    const settings = withDefaults({
      clock,
      msc4108: true,
      autoConsent: "allow",
      autoConsentDelayMs: 1500,
      ...options,
    });
    const server = await homeserverAt(BASE_URL, BASE_URL.host, settings, router);
    const directory = await mkdtemp(join(tmpdir(), "matrix-qr-login-faults-"));
    return new FaultyWorld(clock, server, router, directory, faultAt);
  }

  async close(): Promise<void> {
    this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  device(name: Intent): FaultyDevice {
    const clock = new HaltableClock(this.clock);
    let isDead = false;
    let tell: (died: "killed") => void = () => undefined;
    const died = new Promise<"killed">((resolve) => {
      tell = resolve;
    });
    const transport: Transport = async (request) => {
      if (isDead) return forever();
      const answer = await this.#send(name, clock, request);
      return isDead ? forever() : answer;
    };
    const urlPolicy = createUrlPolicy([]);
    const http = new RepeatingHttpClient({
      ...{ clock, urlPolicy, userAgent: "test", transport },
      close: async () => undefined,
    });
    const device: FaultyDevice = {
      name,
      clock,
      transport,
      ...actingDevice({ http, urlPolicy, clock }, died),
      die() {
        isDead = true;
        tell("killed");
      },
    };
    this.devices.set(name, device);
    return device;
  }

  /** Asks the homeserver without any fault. */
  async ask({ method, url, headers, body }: Omit<TransportRequest, "maxBytes" | "signal">) {
    const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    const answer = await answerTo(this.#router, {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers: Object.fromEntries(lowerCase),
      body: Buffer.from(body ?? ""),
    });
    const date = this.clock.date().toUTCString();
    return { ...answer, headers: { date, ...answer.headers }, body: Buffer.from(answer.body) };
  }

  /** Whether an access token is good. */
  async isGood(accessToken: string): Promise<boolean> {
    const url = new URL("_matrix/client/v3/account/whoami", BASE_URL);
    const headers = { authorization: `Bearer ${accessToken}` };
    return (await this.ask({ method: "GET", url, headers })).status === 200;
  }

  async #send(device: Intent, clock: HaltableClock, request: TransportRequest): Promise<TransportAnswer> {
    const { method, url, signal } = request;
    const sent = { n: this.sent.length + 1, device, what: `${method} ${withoutIds(url.pathname)}` };
    this.sent.push(sent);
    const refreshToken = new URLSearchParams(request.body).get("refresh_token");
    if (url.pathname === "/oauth2/token" && refreshToken !== null) this.refreshTokens.push(refreshToken);
    const fault = this.#faultAt(sent);
    const handle = () => this.ask(request);
    const sleep = (ms: number) => this.clock.sleep(ms, signal);
    await sleep(LATENCY_MS);
    const answer = await (fault ? fault({ handle, sleep, signal, clock }) : handle());
    // What came while the device was halted is read after the timers that have run out.
    await clock.running(2);
    signal.throwIfAborted();
    return answer;
  }
}

function withoutIds(path: string): string {
  return path.replace(/\/(_?rendezvous|devices)\/[^/]+$/, "/$1/ID");
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
