import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import type { HttpRequest, HttpResponse } from "../network/http.js";
import type { Network } from "../network/network.js";
import {
  type Pace,
  type Received,
  type RendezvousSession,
  unlessRead,
  usedCode,
  type WriteOutcome,
} from "../protocol/rendezvous-session.js";
import { AS_POLL, type InTime, Lifetime, Throttled } from "./lifetime.js";
import {
  postRendezvous,
  rendezvousRequest,
  strongEtagOf,
  unusableRendezvous,
} from "./msc4108-2024-requests.js";
import { budgetOf } from "./polling.js";

/** 2024 version §Maximum duration of a rendezvous; for servers that don't tell. */
const DEFAULT_LIFETIME_MS = 60_000;
/** Messages of this version are sealed without additional data. */
const UNBOUND = new Uint8Array();
/** What devices write: base64, and first of all a public key behind it (2024 version §Establishment, step 4). */
const MESSAGE = /^[\w+/=-]+(\|[\w+/=-]+)?$/;

/**
 * A rendezvous session of MSC4108's 2024 version: a URL whose content is guarded by its ETag (§Insecure
 * rendezvous session). Each write lets it live on.
 */
export class Msc4108Session implements RendezvousSession {
  readonly channel = "msc4108-2024";
  readonly url: URL;
  readonly additionalData = UNBOUND;
  /** Whether the server has told how long it lives; else that is a guess. */
  readonly tellsLifetime: boolean;
  readonly #network: Network;
  readonly #lifetime: Lifetime;
  /** The entity tag of what is there, as far as we know: sent back as it came. */
  #etag: string;
  /** Whether it is ours to delete: made by this device, or, as far as we know, written to by it. */
  #isOurs: boolean;

  /** @throws {Failure} `server_error` for a first answer without an entity tag */
  private constructor(
    network: Network,
    url: URL,
    first: { readonly response: HttpResponse; readonly sentAt: number },
    isOurs: boolean,
  ) {
    const { clock, http } = network;
    const lifetimeMs = lifetimeOf(first.response);
    this.#network = network;
    this.url = url;
    this.tellsLifetime = lifetimeMs !== undefined;
    this.#lifetime = new Lifetime(
      clock,
      budgetOf(http),
      url,
      first.sentAt,
      lifetimeMs ?? DEFAULT_LIFETIME_MS,
    );
    this.#etag = strongEtag(first.response, url);
    this.#isOurs = isOurs;
  }

  /**
   * Device G: makes the session, on this server or wherever it redirects to.
   *
   * @returns undefined where the server has no rendezvous sessions of this version
   */
  static async create(
    network: Network,
    baseUrl: URL,
    signal: AbortSignal,
  ): Promise<Msc4108Session | undefined> {
    const posted = await postRendezvous(network, baseUrl, signal);
    return posted && new Msc4108Session(network, posted.url, posted, true);
  }

  /**
   * Device S: looks at the session of the QR code for the first time.
   *
   * @throws {Failure} `rendezvous_expired`, and `concurrent_write` where somebody has scanned the code before
   */
  static async join(network: Network, url: URL, signal: AbortSignal): Promise<Msc4108Session> {
    const sentAt = network.clock.now();
    const response = await network.http.send({ ...rendezvousRequest("GET", url), signal });
    if (response.status === 404) throw new Failure("rendezvous_expired");
    if (response.status !== 200) throw unusableRendezvous(url, response);
    if (response.text !== "") throw usedCode();
    return new Msc4108Session(network, url, { response, sentAt }, false);
  }

  get expiresAt(): number {
    return this.#lifetime.expiresAt;
  }

  async write(data: string, signal: AbortSignal): Promise<WriteOutcome> {
    const ifMatch = this.#etag;
    const wasOurs = this.#isOurs;
    this.#isOurs = true;
    const response = await this.#send("PUT", { "If-Match": ifMatch }, signal, { body: data });
    this.#isOurs = wasOurs || response.status === 202 || response.repeatedAfterLoss;
    if (response.status === 202) {
      this.#etag = strongEtag(response, this.url);
      return { written: true };
    }
    // Our data may have been there: whoever reads a last message deletes the session.
    if (response.status === 404 && response.repeatedAfterLoss) throw new Failure("delivery_unknown");
    if (response.status !== 412) throw this.#lost(response);
    const there = await this.#send("GET", {}, signal);
    if (there.status !== 200) {
      throw response.repeatedAfterLoss ? unlessRead(this.#lost(there)) : this.#lost(there);
    }
    const etag = strongEtag(there, this.url);
    if (there.text === data) {
      this.#isOurs = true;
      this.#etag = etag;
      return { written: true };
    }
    if (etag === ifMatch) throw changedEtags(this.url);
    // Our data was there and has been replied to: the reply is the next change, and opens without our tag.
    if (response.repeatedAfterLoss) return { written: true };
    this.#etag = etag;
    return { written: false, found: { data: there.text, sealedWith: [UNBOUND] }, mayHaveBeenRead: false };
  }

  waitForChange(pace: Pace, signal: AbortSignal): Promise<Received> {
    let doubted: string | undefined;
    return this.#lifetime.poll(pace, signal, async () => {
      const response = await this.#poll(signal);
      if (![200, 304].includes(response.status)) throw this.#lost(response);
      if (response.status === 304) return undefined;
      const { text } = response;
      // Some proxy may have answered for the server, once: what no device writes is an alarm only if it is there again.
      const isDoubtful = strongEtagOf(response) === undefined || !MESSAGE.test(text);
      if (isDoubtful && text !== doubted) {
        doubted = text;
        return undefined;
      }
      const etag = strongEtag(response, this.url);
      if (etag === this.#etag) return undefined;
      this.#etag = etag;
      return { data: text, sealedWith: [UNBOUND] };
    });
  }

  async waitUntilGone(signal: AbortSignal): Promise<void> {
    await this.#lifetime.poll("machine", signal, async () => {
      const response = await this.#poll(signal);
      return response.status === 404 ? true : undefined;
    });
  }

  async delete(signal: AbortSignal): Promise<void> {
    if (!this.#isOurs) return;
    const response = await this.#network.http.send({ ...rendezvousRequest("DELETE", this.url), signal });
    if (!response.status.toString().startsWith("2") && response.status !== 404) throw this.#lost(response);
  }

  async #poll(signal: AbortSignal): Promise<HttpResponse> {
    const response = await this.#send("GET", { "If-None-Match": this.#etag }, signal, AS_POLL);
    if (response.status === 429) throw new Throttled(response);
    return response;
  }

  async #send(
    method: HttpRequest["method"],
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    { body, ...how }: Pick<HttpRequest, "body" | "final"> = {},
  ): Promise<HttpResponse> {
    const sentAt = this.#network.clock.now();
    const { url } = this;
    const response = await this.#lifetime.inTime(signal, (inTime: InTime) => {
      const plain = rendezvousRequest(method, url, body);
      const all = { ...plain, headers: { ...plain.headers, ...headers }, ...inTime, ...how };
      return this.#network.http.send(all);
    });
    const lifetime = lifetimeOf(response);
    if (lifetime !== undefined) this.#lifetime.renew(sentAt, lifetime);
    return response;
  }

  #lost(response: HttpResponse): Failure {
    return response.status === 404 ? this.#lifetime.gone() : unusableRendezvous(this.url, response);
  }
}

/**
 * `Expires` is a time on the server's clock: it says something only beside that clock's `Date`. One that isn't
 * later is a proxy's against caches: the session was there a moment ago.
 */
function lifetimeOf(response: HttpResponse): number | undefined {
  const expires = Date.parse(response.header("expires") ?? "");
  const date = Date.parse(response.header("date") ?? "");
  const lifetime = expires - date;
  return lifetime > 0 ? lifetime : undefined;
}

function strongEtag(response: HttpResponse, url: URL): string {
  const etag = strongEtagOf(response);
  if (etag === undefined) throw changedEtags(url);
  return etag;
}

function changedEtags(url: URL): Failure {
  return new Failure(
    "server_error",
    `A proxy in front of ${shownHost(url)} removes or changes ETag headers.`,
    {
      hint: "Its admin has to let them through (no compression there); the newer version of the code (msc4388) needs none.",
    },
  );
}
