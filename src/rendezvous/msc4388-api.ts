import * as v from "valibot";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import { endpoint } from "../network/base-url.js";
import type { HttpClient, HttpRequest, HttpResponse } from "../network/http.js";
import { answerObject } from "../protocol/answer-object.js";
import type { QrPrefix } from "../protocol/qr-code.js";
import { Throttled } from "./lifetime.js";
import { budgetOf, type RequestBudget } from "./polling.js";

/** The API under its stable and its unstable name (MSC4388 §Unstable prefix). */
export type RendezvousApi = "stable" | "unstable";

const PATHS: Readonly<Record<RendezvousApi, string>> = {
  stable: "_matrix/client/v1/rendezvous",
  unstable: "_matrix/client/unstable/io.element.msc4388/rendezvous",
};

/** The QR code's prefix says which of the two APIs its session was made with. */
export const API_OF_PREFIX: Readonly<Record<QrPrefix, RendezvousApi>> = {
  MATRIX: "stable",
  IO_ELEMENT_MSC4388: "unstable",
};
export const PREFIX_OF_API: Readonly<Record<RendezvousApi, QrPrefix>> = {
  stable: "MATRIX",
  unstable: "IO_ELEMENT_MSC4388",
};

/** MSC4388 §Maximum payload size is 4096 bytes; the rest of an answer is small. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Matrix specification, Appendices §Opaque identifiers; real tokens hold base64 too, which is let through. */
const Opaque = v.pipe(
  v.string(),
  v.check((text) => text.length > 0 && Buffer.byteLength(text) <= 255, "must have 1 to 255 bytes"),
);
const LifetimeMs = v.pipe(v.number(), v.minValue(0));

/** `{}` is what MSC4388 had in March 2026, before the member: sessions can be created. */
const Discovery = answerObject({ create_available: v.optional(v.boolean(), true) });
/** As a path segment, these would name another endpoint. */
const RendezvousId = v.pipe(
  Opaque,
  v.check((id) => id !== "." && id !== "..", "names no session"),
);
const Created = answerObject({ id: RendezvousId, sequence_token: Opaque, expires_in_ms: LifetimeMs });
const Payload = answerObject({ data: v.string(), sequence_token: Opaque, expires_in_ms: LifetimeMs });
const Written = answerObject({ sequence_token: Opaque });
const MatrixError = answerObject({ errcode: v.string() });

export type RendezvousPayload = v.InferOutput<typeof Payload>;

/** An answer that isn't the one hoped for, with its Matrix error code where it has one. */
export interface Refusal {
  readonly status: number;
  readonly errcode: string | undefined;
  /** The answer, where that says that the rate is limited (429). */
  readonly throttled?: Throttled;
}
export type Answer<T> =
  | { readonly ok: T; readonly repeatedAfterLoss: boolean }
  | { readonly refused: Refusal; readonly repeatedAfterLoss: boolean };

type Options = Pick<HttpRequest, "accessToken" | "deadline" | "signal" | "final">;

/** The five calls of MSC4388 §Insecure rendezvous session, each a request and its validated answer. */
export class Msc4388Api {
  readonly baseUrl: URL;
  readonly name: RendezvousApi;
  /** What this device may ask. */
  readonly budget: RequestBudget;
  readonly #http: HttpClient;

  constructor(http: HttpClient, baseUrl: URL, name: RendezvousApi) {
    this.#http = http;
    this.budget = budgetOf(http);
    this.baseUrl = baseUrl;
    this.name = name;
  }

  discover(options: Options): Promise<Answer<v.InferOutput<typeof Discovery>>> {
    return this.#call("GET", undefined, undefined, Discovery, options);
  }

  create(data: string, options: Options): Promise<Answer<v.InferOutput<typeof Created>>> {
    return this.#call("POST", undefined, { data }, Created, options);
  }

  get(id: string, options: Options): Promise<Answer<RendezvousPayload>> {
    return this.#call("GET", id, undefined, Payload, options);
  }

  put(
    id: string,
    token: string,
    data: string,
    options: Options,
  ): Promise<Answer<v.InferOutput<typeof Written>>> {
    return this.#call("PUT", id, { sequence_token: token, data }, Written, options);
  }

  /** Synapse answers with an array: whatever the body holds is of no interest. */
  delete(id: string, options: Options): Promise<Answer<unknown>> {
    return this.#call("DELETE", id, undefined, v.unknown(), options);
  }

  async #call<T>(
    method: HttpRequest["method"],
    id: string | undefined,
    body: object | undefined,
    schema: v.GenericSchema<unknown, T>,
    options: Options,
  ): Promise<Answer<T>> {
    const path = id === undefined ? PATHS[this.name] : `${PATHS[this.name]}/${encodeURIComponent(id)}`;
    const response = await this.#http.send({
      method,
      url: endpoint(this.baseUrl, path),
      maxBytes: MAX_ANSWER_BYTES,
      expectJson: method !== "DELETE",
      ...(body ? { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } } : {}),
      ...options,
    });
    return readAnswer(response, schema, this.baseUrl);
  }
}

function readAnswer<T>(response: HttpResponse, schema: v.GenericSchema<unknown, T>, baseUrl: URL): Answer<T> {
  const { status, json, repeatedAfterLoss } = response;
  if (status >= 200 && status < 300) {
    const answer = v.safeParse(schema, json);
    if (answer.success) return { ok: answer.output, repeatedAfterLoss };
    const [issue] = answer.issues;
    const place = v.getDotPath(issue) ?? "the body";
    const what = `an answer that can't be used, at ${place}, where the two devices meet`;
    throw new Failure("server_error", `${shownHost(baseUrl)} gives ${what}.`, {
      hint: "Trying again won't change it: ask the server's admin.",
    });
  }
  const error = v.safeParse(MatrixError, json);
  return {
    refused: {
      status,
      errcode: error.success ? error.output.errcode : undefined,
      ...(status === 429 ? { throttled: new Throttled(response) } : {}),
    },
    repeatedAfterLoss,
  };
}

/** A refusal that has no meaning of its own here. */
export function refusedBy(baseUrl: URL, { status, errcode = "no error code" }: Refusal): Failure {
  const refused = `${status} (${escapeText(errcode, 80)})`;
  const message = `${shownHost(baseUrl)} answers with ${refused} where the two devices meet.`;
  return new Failure("server_error", message);
}

/** Why this device gets no rendezvous session. Synapse says 401 where the MSC says 403. */
export function withoutRendezvous(baseUrl: URL, refusal: Refusal): Failure {
  if (refusal.status === 401 || refusal.status === 403) {
    const message = `${shownHost(baseUrl)} makes QR codes only for devices that are signed in.`;
    return new Failure("homeserver_without_rendezvous", message);
  }
  if (refusal.status === 404) {
    const message = `${shownHost(baseUrl)} has no QR codes of the current version (msc4388).`;
    return new Failure("homeserver_without_rendezvous", message);
  }
  return refusedBy(baseUrl, refusal);
}
