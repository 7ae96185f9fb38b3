import { createHash, randomBytes } from "node:crypto";
import type { Clock } from "../../foundation/clock.js";
import { type RendezvousBehaviour, SPECIFICATION } from "../behaviour.js";
import { type Answer, CORS_HEADERS, json, matrixError, type Refusal } from "../http/answers.js";
import type { Call, Routes } from "../http/router.js";

/** 2024 version §Maximum payload size, in bytes. */
const MAX_PAYLOAD = 4096;
const CREATE_PATH = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous";

/** Real clients want neither a charset nor another type. */
const PLAIN_TEXT = "text/plain";

interface Slot {
  readonly id: string;
  payload: string;
  etag: string;
  modifiedAt: Date;
  expiresAt: number;
}

/** The live rendezvous sessions of MSC4108's 2024 version, each of which lives on with every write. */
export class Msc4108Store {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly behaviour: RendezvousBehaviour;
  readonly #slots = new Map<string, Slot>();

  constructor(clock: Clock, lifetimeMs: number, behaviour = SPECIFICATION.rendezvous) {
    this.#clock = clock;
    this.#lifetimeMs = lifetimeMs;
    this.behaviour = behaviour;
  }

  create(payload: string): Slot {
    const id = randomBytes(16).toString("base64url");
    const slot: Slot = { id, payload, etag: "", modifiedAt: this.#clock.date(), expiresAt: 0 };
    this.#slots.set(id, slot);
    return this.write(slot, payload);
  }

  write(slot: Slot, payload: string): Slot {
    slot.payload = payload;
    slot.modifiedAt = this.#clock.date();
    slot.expiresAt = this.#clock.now() + this.#lifetimeMs;
    // An entity tag of the payload alone makes the same again look unwritten.
    const tagged = this.behaviour.etagOf === "payload" ? [payload] : [slot.id, slot.etag, payload];
    const hash = createHash("sha256").update(JSON.stringify(tagged));
    slot.etag = `"${hash.digest("base64url")}"`;
    return slot;
  }

  find(id: string): Slot | undefined {
    const slot = this.#slots.get(id);
    if (slot && this.#clock.now() < slot.expiresAt) return slot;
    this.#slots.delete(id);
    return undefined;
  }

  delete(id: string): void {
    this.#slots.delete(id);
  }

  /** The URL paths of the sessions that have not expired. */
  live(): string[] {
    return [...this.#slots.keys()]
      .filter((id) => this.find(id))
      .map((id) => `${this.behaviour.path2024}/${id}`);
  }

  clear(): void {
    this.#slots.clear();
  }

  /** 2024 version §Common HTTP response headers. Times on the wire are whole seconds of the wall clock. */
  headers(slot: Slot): Record<string, string> {
    const now = this.#clock.date();
    const left = slot.expiresAt - this.#clock.now();
    return {
      ...CORS_HEADERS,
      "access-control-allow-headers": `${CORS_HEADERS["access-control-allow-headers"]}, If-Match, If-None-Match`,
      "access-control-expose-headers": "ETag",
      "cache-control": "no-store",
      pragma: "no-cache",
      date: now.toUTCString(),
      etag: slot.etag,
      expires: new Date(now.getTime() + left).toUTCString(),
      "last-modified": slot.modifiedAt.toUTCString(),
    };
  }
}

/** The rendezvous API of MSC4108's 2024 version, under its unstable path. */
export function msc4108Routes(store: Msc4108Store, baseUrl: URL): Routes {
  const { path2024: sessionPath, takesRepeatedWrite2024 } = store.behaviour;
  const find = (call: Call): Slot => {
    const slot = store.find(call.param("id"));
    if (!slot) throw matrixError(404, "M_NOT_FOUND", "There is no such rendezvous session, or it has ended.");
    return slot;
  };

  return {
    [`POST ${CREATE_PATH}`]: (call) => {
      const slot = store.create(payloadOf(call));
      const url = new URL(`${sessionPath}/${slot.id}`, baseUrl);
      const { status, body, headers } = json(201, { url: url.href });
      return { status, body, headers: { ...headers, ...store.headers(slot) } };
    },

    [`GET ${sessionPath}/{id}`]: (call) => {
      const slot = find(call);
      const headers = store.headers(slot);
      if (call.headers["if-none-match"] === slot.etag) return { status: 304, headers, body: "" };
      return { status: 200, headers: { ...headers, "content-type": PLAIN_TEXT }, body: slot.payload };
    },

    [`PUT ${sessionPath}/{id}`]: (call) => {
      const slot = find(call);
      const ifMatch = call.headers["if-match"];
      if (ifMatch === undefined) throw matrixError(400, "M_MISSING_PARAM", "If-Match is missing.");
      const payload = payloadOf(call);
      if (ifMatch !== slot.etag) {
        if (!takesRepeatedWrite2024 || payload !== slot.payload) throw concurrentWrite(store.headers(slot));
        return { status: 202, headers: store.headers(slot), body: "" };
      }
      return { status: 202, headers: store.headers(store.write(slot, payload)), body: "" };
    },

    [`DELETE ${sessionPath}/{id}`]: (call) => {
      store.delete(find(call).id);
      return { status: 204, headers: CORS_HEADERS, body: "" };
    },
  };
}

function payloadOf({ headers, body }: Call): string {
  if (headers["content-type"]?.split(";")[0]?.trim() !== PLAIN_TEXT) {
    throw matrixError(400, "M_INVALID_PARAM", `Content-Type has to be ${PLAIN_TEXT}.`);
  }
  if (body.length > MAX_PAYLOAD) {
    throw matrixError(413, "M_TOO_LARGE", `The payload has at most ${MAX_PAYLOAD} bytes.`);
  }
  return Buffer.from(body).toString();
}

/** 2024 version §Unstable prefix: the new code stands in a field of its own. */
function concurrentWrite(headers: Answer["headers"]): Refusal {
  const refusal = matrixError(412, "M_UNKNOWN", "The rendezvous session was written to in the meantime.", {
    "org.matrix.msc4108.errcode": "M_CONCURRENT_WRITE",
  });
  Object.assign(refusal.answer.headers, headers);
  return refusal;
}
