import type { Dialect } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import type { Secret } from "../foundation/secret.js";
import type { HttpClient } from "../network/http.js";
import { Msc4388Api, type Refusal, type RendezvousApi, withoutRendezvous } from "./msc4388-api.js";

/**
 * The names of the API that device G may use, in this order. What runs today runs under the unstable one, so
 * the stable one is only for servers that have nothing else, and for the dialect of MSC4388's text.
 */
function apisFor(dialect: Dialect | "auto"): readonly RendezvousApi[] {
  if (dialect === "auto") return ["unstable", "stable"];
  return dialect === "msc" ? ["stable"] : ["unstable"];
}

/**
 * Finds the API under which this server lets this device create a rendezvous session
 * (MSC4388 §`GET /_matrix/client/v1/rendezvous`).
 *
 * @throws {Failure} `homeserver_without_rendezvous`
 */
export async function chooseRendezvousApi(
  http: HttpClient,
  baseUrl: URL,
  dialect: Dialect | "auto",
  accessToken: Secret | undefined,
  signal: AbortSignal,
): Promise<Msc4388Api> {
  let refusal: Refusal = { status: 404, errcode: "M_UNRECOGNIZED" };
  for (const name of apisFor(dialect)) {
    const api = new Msc4388Api(http, baseUrl, name);
    const answer = await api.discover({ signal, ...(accessToken ? { accessToken } : {}) });
    if ("refused" in answer) {
      if (answer.refused.status !== 404) refusal = answer.refused;
    } else if (answer.ok.create_available) {
      return api;
    } else {
      refusal = { status: 403, errcode: "M_FORBIDDEN" };
    }
  }
  const failure = withoutRendezvous(baseUrl, refusal);
  if (dialect === "auto" || failure.code !== "homeserver_without_rendezvous") throw failure;
  const hint = `The dialect ${dialect} uses only its ${apisFor(dialect)[0]} API; the dialect auto tries both.`;
  throw new Failure(failure.code, failure.message, refusal.status === 404 ? { hint } : {});
}
