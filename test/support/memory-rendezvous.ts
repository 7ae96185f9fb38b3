import { SPECIFICATION } from "../../src/dev-homeserver/behaviour.js";
import { Refusal } from "../../src/dev-homeserver/http/answers.js";
import { Router } from "../../src/dev-homeserver/http/router.js";
import type { RendezvousApis, RendezvousMode } from "../../src/dev-homeserver/options.js";
import { rendezvousRoutes } from "../../src/dev-homeserver/rendezvous/routes.js";
import { RendezvousStore } from "../../src/dev-homeserver/rendezvous/store.js";
import type { HttpClient } from "../../src/network/http.js";
import { RepeatingHttpClient } from "../../src/network/http-client.js";
import {
  BodyTooLarge,
  type Transport,
  type TransportAnswer,
  TransportError,
  type TransportRequest,
} from "../../src/network/transport.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import type { RendezvousSession } from "../../src/protocol/rendezvous-session.js";
import { Msc4388Api, type RendezvousApi } from "../../src/rendezvous/msc4388-api.js";
import { pollPauses } from "../../src/rendezvous/polling.js";
import { type FakeClock, settle } from "./fake-clock.js";
import { answer } from "./fake-transport.js";

export const RENDEZVOUS_URL = new URL("https://rendezvous.example/");
export const STABLE_PATH = "/_matrix/client/v1/rendezvous";
export const UNSTABLE_PATH = "/_matrix/client/unstable/io.element.msc4388/rendezvous";

/** A try of a request, and who makes it. */
interface Try {
  readonly device: string;
  readonly method: string;
  readonly body: string;
}

/**
 * What goes wrong with one try: it never arrives, only its answer is lost, at once or when something else has
 * happened, or something else is answered.
 */
type Fault = "before" | "after" | Promise<"after"> | TransportAnswer;
const brokenOff = () => new TransportError("the connection broke off", { mayHaveBeenSent: true });

/** The rendezvous routes of the development homeserver in memory, under the real HTTP client's repeats. */
export class MemoryRendezvous {
  readonly clock: FakeClock;
  readonly store: RendezvousStore;
  /** The tries that came, as `DEVICE METHOD`. */
  readonly log: string[] = [];
  readonly requests: TransportRequest[] = [];
  fault: (request: Try) => Fault | undefined = () => undefined;
  readonly #router = new Router();

  constructor(
    clock: FakeClock,
    options: { lifetimeMs?: number; mode?: RendezvousMode; apis?: RendezvousApis } = {},
  ) {
    const { lifetimeMs = 120_000, mode = "open", apis = "both" } = options;
    this.clock = clock;
    this.store = new RendezvousStore(clock, lifetimeMs);
    const authenticate = () => ({ deviceId: "EXISTING" }) as never;
    this.#router.add(
      rendezvousRoutes(this.store, authenticate, {
        rendezvous: mode,
        rendezvousApis: apis,
        behaviour: SPECIFICATION,
        clock,
      }),
    );
  }

  /** @param device its name in the log */
  client(device: string): HttpClient {
    const transport: Transport = async (request) => {
      const { method, body = "" } = request;
      this.log.push(`${device} ${method}`);
      this.requests.push(request);
      const fault = this.fault({ device, method, body });
      if (fault === "before") throw brokenOff();
      const given = this.#answer(request);
      const later = await Promise.race([
        fault,
        ...(fault instanceof Promise ? [aborted(request.signal)] : []),
      ]);
      if (later === "after") throw brokenOff();
      const answered = later ?? given;
      if (answered.body.length > request.maxBytes) throw new BodyTooLarge();
      return answered;
    };
    const { clock } = this;
    const urlPolicy = createUrlPolicy([]);
    return new RepeatingHttpClient({ clock, urlPolicy, userAgent: "test", transport, close: async () => {} });
  }

  api(device: string, name: RendezvousApi = "unstable"): Msc4388Api {
    return new Msc4388Api(this.client(device), RENDEZVOUS_URL, name);
  }

  /** A fault that loses the answer once the other device has done something about it, as `DEVICE METHOD`. */
  async lostOnce(entry: string): Promise<"after"> {
    const before = this.log.filter((each) => each === entry).length;
    while (this.log.filter((each) => each === entry).length === before) await settle();
    return "after";
  }

  /** The methods of a device, without its polls. */
  written(device: string): string[] {
    return this.log.filter((entry) => entry.startsWith(`${device} `) && !entry.endsWith(" GET"));
  }

  /** Somebody else who knows the session writes into it. */
  interfere(data: string): void {
    const [state] = this.store.live();
    if (!state) throw new Error("There is no rendezvous session.");
    this.store.put(state.id, state.sequenceToken, data);
  }

  #answer({ method, url, headers, body = "" }: TransportRequest): TransportAnswer {
    const call = { headers, query: url.searchParams, body: Buffer.from(body) };
    try {
      const given = this.#router.answer(method, url.pathname, call);
      return answer(given.status, given.body.toString());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return answer(error.answer.status, error.answer.body.toString());
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/**
 * Has a wait look for what is there already although nobody runs the clock: there is a pause before its first look.
 * For tests in which time is of no interest.
 */
export function lookSoon(session: RendezvousSession, clock: FakeClock): void {
  const wait = session.waitForChange.bind(session);
  session.waitForChange = (pace, signal) => {
    const firstPause = pollPauses(pace).next().value;
    looking = looking.then(() => (clock.isRunning ? undefined : clock.advance(firstPause)));
    return wait(pace, signal);
  };
}

let looking = Promise.resolve();
