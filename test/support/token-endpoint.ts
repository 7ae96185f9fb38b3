import { expect } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import type { Tokens } from "../../src/protocol/homeserver.js";
import { type Refresh, SessionAccessTokens } from "../../src/session/session-tokens.js";
import { SessionStore } from "../../src/session/store.js";
import { FakeClock } from "./fake-clock.js";
import { fullSession, temporaryDirectory } from "./sessions.js";

/** A token endpoint that rotates: a refresh token is good once, or again if its answer was lost. */
export class TokenEndpoint {
  readonly asked: string[] = [];
  answerIsLost = false;
  readonly #store: SessionStore;
  readonly #path: string;

  constructor(store: SessionStore, path: string) {
    this.#store = store;
    this.#path = path;
  }

  /** For how long each could be tried, in milliseconds. */
  readonly triedFor: number[] = [];

  readonly refresh: Refresh = async (refreshToken, clientId, issuer, _signal, beforeAsking) => {
    expect([clientId, issuer]).toEqual(["client-1", "https://auth.example.org/"]);
    expect((await this.#store.read(this.#path)).refresh_token).toEqual(refreshToken);
    this.triedFor.push(await beforeAsking());
    this.asked.push(refreshToken.reveal());
    if (this.answerIsLost) throw new Failure("network_error");
    return tokens(this.asked.length + 1);
  };
}

export const tokens = (number: number): Tokens => ({
  accessToken: new Secret(`access-token-${number}`),
  refreshToken: new Secret(`refresh-token-${number}`),
  expiresAt: "2026-01-01T01:00:00Z",
});

/** A session file, the endpoint that knows its refresh token, and its access tokens. */
export async function refreshableSession() {
  const store = new SessionStore(await temporaryDirectory());
  const path = store.pathOf("bot");
  await store.create(path, { ...fullSession(), state: "complete" });
  const endpoint = new TokenEndpoint(store, path);
  const open = (clock = new FakeClock(), refresh = endpoint.refresh) =>
    new SessionAccessTokens(store, path, refresh, clock);
  return { store, path, endpoint, open };
}
