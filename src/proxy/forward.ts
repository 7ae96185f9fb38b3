import type { IncomingMessage, ServerResponse } from "node:http";
import { Failure } from "../foundation/failures.js";
import type { StreamAnswer } from "../network/streams.js";
import { TransportError } from "../network/transport.js";
import { matrixError, sendOn, sendOwn } from "./answers.js";
import type { DeviceSigner } from "./device-signer.js";
import { forwardedHeaders } from "./headers.js";
import type { Pace } from "./pace.js";
import { readRejection } from "./rejection.js";
import { type RequestBody, takeBody } from "./request-body.js";
import { isKeysUpload } from "./request-policy.js";
import type { TokenKeeper } from "./token-keeper.js";
import { isAway, type Upstream } from "./upstream.js";

/** One request on its way to the homeserver and back. */

/** Whoever doesn't pause when told to is answered this late, in milliseconds. */
const LATE_MS = 5_000;

export interface ForwardContext {
  readonly upstream: Pick<Upstream, "send" | "nextPauseMs" | "isReachable">;
  readonly keeper: Pick<TokenKeeper, "current" | "renew" | "death" | "expiresAt">;
  /** Signs device keys on their way; absent where that isn't for this session to do. */
  readonly signer: Pick<DeviceSigner, "sign"> | undefined;
  /** Of answers that nothing but trouble is to be had from. */
  readonly pace: Pick<Pace, "wait">;
}

/** What was asked of the proxy, judged already. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path and query for the homeserver. */
  readonly target: string;
  readonly path: string;
  /** Aborted when the program has gone. */
  readonly signal: AbortSignal;
}

/**
 * Hands a request on with the session's token, and its answer back.
 *
 * @throws whatever breaks the connection to the program: there is nobody left to answer
 */
export async function forward(asked: Asked, context: ForwardContext): Promise<void> {
  const { request, response, signal } = asked;
  const { keeper, upstream, pace } = context;
  const body = keeper.death ? { kept: null } : await takeBody(request);
  try {
    const answer = await ask(asked, body, context);
    // What stands in front of a homeserver says at once that it is away.
    if (isAway(answer)) await pace.wait(Math.min(upstream.nextPauseMs(), LATE_MS), signal);
    await sendOn(response, answer, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure)) throw error;
    if (keeper.death) {
      await pace.wait(LATE_MS, signal);
      return sendOwn(response, matrixError(401, "M_UNKNOWN_TOKEN", keeper.death.message));
    }
    const pauseMs = upstream.nextPauseMs();
    await pace.wait(Math.min(pauseMs, LATE_MS), signal);
    const status = error.code === "network_error" ? 502 : 503;
    sendOwn(response, matrixError(status, "M_UNKNOWN", error.message, pauseMs));
  }
}

/**
 * @throws {Failure} where there is no answer to be handed on, with what to tell the program instead
 * @throws the signal's reason
 */
async function ask(asked: Asked, body: RequestBody, context: ForwardContext): Promise<StreamAnswer> {
  const { keeper, upstream, signer } = context;
  const { request, target, path, signal } = asked;
  const { method = "GET", headers } = request;
  const isUpload = isKeysUpload(method, path) && body.kept;
  const upload = isUpload ? await signer?.sign(body.kept, headers["content-encoding"]) : undefined;
  const length = body.stream && headers["content-length"];
  const outgoing = {
    method,
    target,
    rawHeaders: [
      ...forwardedHeaders(request.rawHeaders),
      ...(length === undefined ? [] : ["content-length", length]),
    ],
    body: upload?.body ?? body.stream ?? body.kept,
    signal,
  };
  let token = await keeper.current();
  for (let tries = 1; ; tries++) {
    const answer = await upstream.send(outgoing, token).catch((error: unknown) => {
      if (!(error instanceof TransportError)) throw error;
      throw new Failure("network_error", `The homeserver can't be reached: ${error.message}.`);
    });
    const rejection = answer.status === 401 ? await readRejection(answer) : undefined;
    if (!rejection?.isUnknownToken) {
      void upload?.answered(answer.status);
      return rejection?.answer ?? answer;
    }
    if (tries > 1) throw rejected();
    token = await keeper.renew(token);
    // A body that was streamed is gone.
    if (body.stream) throw rejected();
  }
}

function rejected(): Failure {
  return new Failure("server_error", "The homeserver rejected the access token, which is a new one now.");
}
