import * as v from "valibot";
import { Failure } from "../foundation/failures.js";
import { shownHost } from "../foundation/shown-host.js";
import { endpoint } from "../network/base-url.js";
import type { HttpRequest, HttpResponse } from "../network/http.js";
import type { Network } from "../network/network.js";
import { describeAnswer, oddAnswer } from "../network/odd-answer.js";
import { answerObject } from "../protocol/answer-object.js";

const CREATE_PATH = "_matrix/client/unstable/org.matrix.msc4108/rendezvous";
/** 2024 version §Maximum payload size is 4 KB; the rest of an answer is small. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_REDIRECTS = 3;

const Created = answerObject({ url: v.pipe(v.string(), v.maxLength(2048)) });

/** A rendezvous session of MSC4108's 2024 version that was just made. */
export interface PostedRendezvous {
  /** Held to the URL policy. */
  readonly url: URL;
  readonly response: HttpResponse;
  /** Milliseconds on the monotonic clock. */
  readonly sentAt: number;
}

/**
 * Makes a rendezvous session, on this server or wherever it redirects to (2024 version §Create a rendezvous
 * session: only 307 counts).
 *
 * @returns undefined where the server has no rendezvous sessions of this version
 * @throws {Failure} `url_refused`, `network_error`, `server_error`
 */
export async function postRendezvous(
  { http, urlPolicy, clock }: Network,
  baseUrl: URL,
  signal: AbortSignal,
): Promise<PostedRendezvous | undefined> {
  let target = endpoint(baseUrl, CREATE_PATH);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const sentAt = clock.now();
    const response = await http.send({ ...rendezvousRequest("POST", target, ""), signal });
    const location = response.header("location");
    if (response.status === 307 && location !== undefined && URL.canParse(location, target.href)) {
      target = urlPolicy.check(new URL(location, target), target);
      continue;
    }
    if (response.status === 404 || response.status === 403) return undefined;
    const created = v.safeParse(Created, response.json);
    if (response.status !== 201 || !created.success || !URL.canParse(created.output.url, target.href)) {
      throw unusableRendezvous(target, response);
    }
    return { url: urlPolicy.check(new URL(created.output.url, target), target), response, sentAt };
  }
  throw new Failure("server_error", `${shownHost(baseUrl)} redirects in a circle where a QR code is made.`);
}

/** A request of the 2024 version, whose payloads are plain text. */
export function rendezvousRequest(method: HttpRequest["method"], url: URL, body?: string) {
  return {
    method,
    url,
    maxBytes: MAX_ANSWER_BYTES,
    expectJson: false,
    ...(body === undefined ? {} : { body, headers: { "Content-Type": "text/plain" } }),
  } satisfies HttpRequest;
}

/** The entity tag of an answer, if it is one that counts: 2024 version §The send mechanism, strong and single-valued. */
export function strongEtagOf(response: HttpResponse): string | undefined {
  const etag = response.header("etag");
  const counts = etag !== undefined && etag !== "" && !etag.startsWith("W/") && etag.length <= 255;
  return counts ? etag : undefined;
}

/** `server_error` for an answer that has no meaning here. The URL isn't told: whoever knows it can read and write. */
export function unusableRendezvous(url: URL, response: HttpResponse): Failure {
  const odd = oddAnswer(new URL(CREATE_PATH, url.origin), response);
  const isRedirect = response.status >= 300 && response.status < 400;
  const what = isRedirect ? response.status : describeAnswer(url, response);
  const message = `${shownHost(url)} answers with ${what} where the two devices meet.`;
  return new Failure("server_error", message, odd.details);
}
