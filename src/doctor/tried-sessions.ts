import type { Network } from "../network/network.js";
import { postRendezvous, rendezvousRequest, strongEtagOf } from "../rendezvous/msc4108-2024-requests.js";
import type { Answer, Msc4388Api } from "../rendezvous/msc4388-api.js";
import type { Refused, TriedSession } from "./trial.js";

/**
 * Makes a session of MSC4388 for a trial.
 *
 * @returns what was answered instead, where the server refuses to make one
 * @throws {Failure} `network_error`, `server_error`
 */
export async function makeMsc4388Session(
  api: Msc4388Api,
  signal: AbortSignal,
): Promise<TriedSession | Refused> {
  const made = await api.create("", { signal });
  if ("refused" in made) return made.refused;
  const { id, sequence_token: tag } = made.ok;
  return {
    tag,
    read: async (readSignal) =>
      orRefused(await api.get(id, { signal: readSignal }), ({ data, sequence_token }) => ({
        data,
        tag: sequence_token,
      })),
    write: async (data, current, writeSignal) =>
      orRefused(await api.put(id, current, data, { signal: writeSignal }), ({ sequence_token }) => ({
        tag: sequence_token,
      })),
    delete: async (deleteSignal) => {
      const answer = await api.delete(id, { signal: deleteSignal });
      return "refused" in answer ? answer.refused : undefined;
    },
  };
}

function orRefused<T, U>(answer: Answer<T>, use: (ok: T) => U): U | Refused {
  return "ok" in answer ? use(answer.ok) : answer.refused;
}

/**
 * Makes a session of MSC4108's 2024 version for a trial.
 *
 * @returns undefined where the server has none of this version
 * @throws {Failure} `url_refused`, `network_error`, `server_error`
 */
export async function makeMsc4108Session(
  network: Network,
  baseUrl: URL,
  signal: AbortSignal,
): Promise<TriedSession | undefined> {
  const posted = await postRendezvous(network, baseUrl, signal);
  if (!posted) return undefined;
  const { url, response } = posted;
  const read = async (headers: Readonly<Record<string, string>>, readSignal: AbortSignal) => {
    const got = await network.http.send({ ...rendezvousRequest("GET", url), headers, signal: readSignal });
    return got.status === 200 ? { data: got.text, tag: strongEtagOf(got) } : { status: got.status };
  };
  return {
    tag: strongEtagOf(response),
    read: (readSignal) => read({}, readSignal),
    readCompressed: (readSignal) => read({ "Accept-Encoding": "gzip" }, readSignal),
    async write(data, tag, writeSignal) {
      const request = rendezvousRequest("PUT", url, data);
      const headers = { ...request.headers, "If-Match": tag };
      const put = await network.http.send({ ...request, headers, signal: writeSignal });
      return put.status === 202 ? { tag: strongEtagOf(put) } : { status: put.status };
    },
    async delete(deleteSignal) {
      const { status } = await network.http.send({
        ...rendezvousRequest("DELETE", url),
        signal: deleteSignal,
      });
      return status >= 200 && status < 300 ? undefined : { status };
    },
  };
}
