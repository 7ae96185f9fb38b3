import type { IncomingHttpHeaders } from "node:http";
import * as v from "valibot";
import type { Authenticate } from "../client-server/authentication.js";
import { json, matrixError } from "../http/answers.js";
import { jsonBody } from "../http/bodies.js";
import type { Call, Routes } from "../http/router.js";
import type { Settings } from "../options.js";
import { limited, RateLimit } from "./rate-limit.js";
import type { RendezvousStore } from "./store.js";

/** MSC4388 §Maximum payload size, in bytes of UTF-8. */
const MAX_DATA = 4096;

const Creation = v.object({ data: v.string() });
const Write = v.object({ data: v.string(), sequence_token: v.string() });

const STABLE = { path: "/_matrix/client/v1/rendezvous", concurrentWrite: "M_CONCURRENT_WRITE" };
const UNSTABLE = {
  path: "/_matrix/client/unstable/io.element.msc4388/rendezvous",
  concurrentWrite: "IO_ELEMENT_MSC4388_CONCURRENT_WRITE",
};

/** The rendezvous API (MSC4388). Both prefixes lead to the same sessions. */
export function rendezvousRoutes(
  store: RendezvousStore,
  authenticate: Authenticate,
  {
    rendezvous: mode,
    rendezvousApis: apis,
    behaviour: { rendezvous: behaviour },
    clock,
  }: Pick<Settings, "rendezvous" | "rendezvousApis" | "behaviour" | "clock">,
): Routes {
  if (mode === "off") return {};
  const served = apis === "both" ? [STABLE, UNSTABLE] : [apis === "stable" ? STABLE : UNSTABLE];

  /** A bad token is 401 whatever a missing one is. */
  const checkMayCreate = (call: Call) => {
    if (mode === "open") return;
    if (call.headers.authorization === undefined) {
      const { status, errcode } = behaviour.withoutToken;
      throw matrixError(status, errcode, "Creating a rendezvous session needs an access token here.");
    }
    authenticate(call);
  };

  const routes = ({ path, concurrentWrite }: typeof STABLE): Routes => ({
    [`GET ${path}`]: (call) => {
      checkMayCreate(call);
      return json(200, { create_available: true });
    },

    [`POST ${path}`]: (call) => {
      checkMayCreate(call);
      const { data } = jsonBody(Creation, call.body);
      checkSize(data);
      const created = store.create(data);
      if ("retryAfterMs" in created) {
        throw matrixError(429, "M_LIMIT_EXCEEDED", "There are too many rendezvous sessions.", {
          retry_after_ms: created.retryAfterMs,
        });
      }
      const { id, sequenceToken, expiresInMs } = created;
      return json(200, { id, sequence_token: sequenceToken, expires_in_ms: expiresInMs });
    },

    [`GET ${path}/{id}`]: (call) => {
      if (isNavigation(call.headers)) {
        throw matrixError(403, "M_FORBIDDEN", "A rendezvous session is not for a browser to go to.");
      }
      const state = store.get(call.param("id"));
      if (!state) throw notFound();
      const { data, sequenceToken, expiresInMs } = state;
      return json(200, { data, sequence_token: sequenceToken, expires_in_ms: expiresInMs });
    },

    [`PUT ${path}/{id}`]: (call) => {
      const { data, sequence_token } = jsonBody(Write, call.body);
      checkSize(data);
      const written = store.put(call.param("id"), sequence_token, data);
      if (written === "not_found") throw notFound();
      if (written === "concurrent_write") {
        throw matrixError(409, concurrentWrite, "The rendezvous session was written to in the meantime.");
      }
      return json(200, { sequence_token: written.sequenceToken });
    },

    [`DELETE ${path}/{id}`]: (call) => {
      if (!store.delete(call.param("id"))) throw notFound();
      return json(200, behaviour.deletionAnswer);
    },
  });

  const all: Routes = Object.assign({}, ...served.map(routes));
  return behaviour.rate ? limited(all, new RateLimit(clock, behaviour.rate)) : all;
}

function checkSize(data: string): void {
  if (Buffer.byteLength(data) > MAX_DATA) {
    throw matrixError(413, "M_TOO_LARGE", `The data has at most ${MAX_DATA} bytes.`);
  }
}

function notFound() {
  return matrixError(404, "M_NOT_FOUND", "There is no such rendezvous session, or it has ended.");
}

/** Whether a browser was made to go to the URL, to be refused for MSC4388 §Unsafe content. */
function isNavigation(headers: IncomingHttpHeaders): boolean {
  const destination = headers["sec-fetch-dest"];
  return (
    headers["sec-fetch-mode"] === "navigate" ||
    (destination !== undefined && destination !== "empty") ||
    headers["sec-fetch-user"] === "?1" ||
    headers["sec-fetch-site"] === "none"
  );
}
