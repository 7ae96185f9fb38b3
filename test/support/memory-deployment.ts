import { BEHAVIOURS } from "../../src/dev-homeserver/behaviour.js";
import { Refusal } from "../../src/dev-homeserver/http/answers.js";
import { Router } from "../../src/dev-homeserver/http/router.js";
import type { RendezvousMode } from "../../src/dev-homeserver/options.js";
import { Msc4108Store, msc4108Routes } from "../../src/dev-homeserver/rendezvous/msc4108-2024.js";
import { rendezvousRoutes } from "../../src/dev-homeserver/rendezvous/routes.js";
import { RendezvousStore } from "../../src/dev-homeserver/rendezvous/store.js";
import { examine } from "../../src/doctor/examine.js";
import type { Check, Diagnosis, Finding } from "../../src/doctor/findings.js";
import { RepeatingHttpClient } from "../../src/network/http-client.js";
import type { TransportAnswer, TransportRequest } from "../../src/network/transport.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { FakeClock } from "./fake-clock.js";
import { answer } from "./fake-transport.js";
import { AUTH_METADATA } from "./oauth-homeserver.js";

const { synapse: SYNAPSE } = BEHAVIOURS;
const BASE_URL = new URL("https://hs.example/");

type Forward = (request: TransportRequest) => TransportAnswer;

export interface DeploymentOptions {
  /** `off`, as servers have it that know nothing of MSC4388. */
  readonly msc4388?: RendezvousMode;
  readonly msc4108?: boolean;
  /** Processes that answer for rendezvous sessions, in turn; each knows only its own. */
  readonly processes?: number;
  /** What else it answers, by `METHOD URL`; it has OAuth and tells no name without. */
  readonly routes?: Readonly<Record<string, TransportAnswer>>;
  /** What stands in front of it. */
  readonly proxy?: (request: TransportRequest, forward: Forward) => TransportAnswer;
}

const OAUTH: Readonly<Record<string, TransportAnswer>> = {
  "GET https://hs.example/_matrix/client/versions": answer(200, { versions: ["v1.14", "v1.15"] }),
  "GET https://hs.example/_matrix/client/v1/auth_metadata": answer(200, AUTH_METADATA),
  "POST https://auth.example/register": answer(201, { client_id: "client" }),
  "POST https://auth.example/device": answer(200, {
    device_code: "code",
    user_code: "ABC123",
    verification_uri: "https://auth.example/link",
    verification_uri_complete: "https://auth.example/link?code=ABC123",
    expires_in: 1200,
  }),
};

/** A homeserver in memory, as it is deployed: behind a proxy, in several processes. */
export class MemoryDeployment {
  readonly clock = new FakeClock();
  readonly requests: TransportRequest[] = [];
  readonly #processes: readonly { readonly router: Router; live(): number }[];
  readonly #options: DeploymentOptions;
  #turn = 0;

  constructor(options: DeploymentOptions = {}) {
    this.#options = options;
    const { processes = 1, msc4388 = "off", msc4108 = false } = options;
    this.#processes = Array.from({ length: processes }, () => {
      const store = new RendezvousStore(this.clock, 120_000, SYNAPSE.rendezvous);
      const store2024 = new Msc4108Store(this.clock, 60_000, SYNAPSE.rendezvous);
      const router = new Router();
      const authenticate = () => {
        throw new TypeError("Nobody has a token here.");
      };
      const settings = {
        rendezvous: msc4388,
        rendezvousApis: "unstable",
        behaviour: SYNAPSE,
        clock: this.clock,
      } as const;
      router.add(rendezvousRoutes(store, authenticate, settings));
      if (msc4108) router.add(msc4108Routes(store2024, BASE_URL));
      return { router, live: () => store.live().length + store2024.live().length };
    });
  }

  /** How many rendezvous sessions there are. */
  get live(): number {
    return this.#processes.reduce((sum, process) => sum + process.live(), 0);
  }

  /** What `doctor` finds. */
  async diagnose(): Promise<Diagnosis & { finding(check: Check): Finding }> {
    const { clock } = this;
    const urlPolicy = createUrlPolicy([]);
    const { proxy = (request, forward) => forward(request) } = this.#options;
    const http = new RepeatingHttpClient({
      ...{ clock, urlPolicy, userAgent: "test" },
      transport: async (request) => {
        this.requests.push(request);
        return proxy(request, (forwarded) => this.#answer(forwarded));
      },
      close: async () => {},
    });
    const told: Finding[] = [];
    const examination = { http, urlPolicy, clock, baseUrl: BASE_URL };
    const { signal } = new AbortController();
    const diagnosis = await clock.runUntil(
      examine(examination, (finding) => void told.push(finding), signal),
    );
    const finding = (check: Check) => {
      const found = told.find((each) => each.check === check);
      if (!found) throw new Error(`There is no finding about ${check}.`);
      return found;
    };
    return { ...diagnosis, finding };
  }

  #answer({ method, url, headers, body = "" }: TransportRequest): TransportAnswer {
    const route = this.#options.routes?.[`${method} ${url.href}`] ?? OAUTH[`${method} ${url.href}`];
    if (route) return route;
    const process = this.#processes[this.#turn++ % this.#processes.length];
    const lowerCase = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const call = { headers: lowerCase, query: url.searchParams, body: Buffer.from(body) };
    try {
      const given = process?.router.answer(method, url.pathname, call);
      return answer(given?.status ?? 500, given?.body ?? "", given?.headers);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return answer(error.answer.status, error.answer.body, error.answer.headers);
    }
  }
}
