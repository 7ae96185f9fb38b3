import * as v from "valibot";
import { escapeText } from "../../foundation/escape-text.js";
import { Failure } from "../../foundation/failures.js";
import type { Secret } from "../../foundation/secret.js";
import type { HttpClient, HttpRequest } from "../../network/http.js";

/** Upper bound of an answer in bytes. */
const MAX_ANSWER = 256 * 1024;
/** An error of Synapse's is an answer here, which is told at once. */
const SERVER_ERRORS = [500, 501, 502, 503, 504];

const Fields = v.record(v.string(), v.unknown());
const User = v.object({ user_id: v.pipe(v.string(), v.maxLength(255)) });
type Fields = v.InferOutput<typeof Fields>;

/** What Synapse answers: a JSON object, whatever the status. */
export interface SynapseAnswer {
  readonly status: number;
  readonly fields: Fields;
}

/**
 * A Synapse, as Matrix Authentication Service and as clients talk to it. What the service has to tell it goes to
 * /_synapse/mas/, with the secret that both share (Synapse's synapse/rest/synapse/mas).
 */
export class Synapse {
  readonly #http: HttpClient;
  readonly #url: URL;
  readonly #secret: Secret;
  readonly #signal: AbortSignal | undefined;

  /** @param signal ends all that is asked */
  constructor(http: HttpClient, url: URL, secret: Secret, signal?: AbortSignal) {
    this.#http = http;
    this.#url = url;
    this.#secret = secret;
    this.#signal = signal;
  }

  /**
   * Makes the user, who may be there already.
   *
   * @returns the user ID
   */
  async provisionUser(localpart: string): Promise<string> {
    await this.#tell("provision_user", { localpart });
    const query = new URLSearchParams({ localpart });
    const user = v.safeParse(User, await this.ask(`GET /_synapse/mas/query_user?${query}`, this.#secret));
    if (!user.success) throw new Failure("server_error", "Synapse doesn't say what its user is called.");
    return user.output.user_id;
  }

  /** Makes the device, or renames it. */
  upsertDevice(localpart: string, deviceId: string, displayName: string | undefined): Promise<Fields> {
    return this.#tell("upsert_device", { localpart, device_id: deviceId, display_name: displayName });
  }

  deleteDevice(localpart: string, deviceId: string): Promise<Fields> {
    return this.#tell("delete_device", { localpart, device_id: deviceId });
  }

  /** Makes these the user's only devices. */
  syncDevices(localpart: string, devices: readonly string[]): Promise<Fields> {
    return this.#tell("sync_devices", { localpart, devices });
  }

  /** Lets the user's next upload of cross-signing keys replace others; for ten minutes. */
  allowCrossSigningReset(localpart: string): Promise<Fields> {
    return this.#tell("allow_cross_signing_reset", { localpart });
  }

  /**
   * A request that has to succeed.
   *
   * @param request `METHOD /path`
   * @throws {Failure} `network_error`; `url_refused`; `usage_error` for a wrong secret; `server_error` for all else but
   *   a 2xx
   */
  async ask(request: string, token?: Secret, body?: object): Promise<Fields> {
    const { status, fields } = await this.answer(request, token, body);
    if (status >= 200 && status < 300) return fields;
    if (status === 403 && token === this.#secret) {
      throw new Failure("usage_error", "Synapse has another secret.", {
        hint: "It is the secret of matrix_authentication_service in Synapse's settings.",
      });
    }
    const error = escapeText(String(fields["errcode"] ?? "without an error code"));
    throw new Failure("server_error", `Synapse answers ${request} with ${status}, ${error}.`);
  }

  /**
   * @param request `METHOD /path`
   * @throws {Failure} `network_error`, `server_error`, `url_refused`; the signal's reason
   */
  async answer(request: string, token?: Secret, body?: object): Promise<SynapseAnswer> {
    const [method, path] = request.split(" ") as [HttpRequest["method"], string];
    try {
      const { status, json } = await this.#http.send({
        method,
        url: new URL(path, this.#url),
        headers: { "content-type": "application/json" },
        ...(token && { accessToken: token }),
        ...(body && { body: JSON.stringify(body) }),
        ...(this.#signal && { signal: this.#signal }),
        maxBytes: MAX_ANSWER,
        expectJson: false,
        final: SERVER_ERRORS,
      });
      const fields = v.safeParse(Fields, json);
      return { status, fields: fields.success ? fields.output : {} };
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "network_error") throw error;
      const { hint = error.message } = error.details;
      const message = `Synapse can't be reached at ${this.#url.href}.`;
      throw new Failure("network_error", message, { cause: error, hint });
    }
  }

  #tell(what: string, body: object): Promise<Fields> {
    return this.ask(`POST /_synapse/mas/${what}`, this.#secret, body);
  }
}
