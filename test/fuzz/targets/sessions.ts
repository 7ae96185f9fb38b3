import fc from "fast-check";
import { expect } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { parseJson } from "../../../src/foundation/json.js";
import { revealed, Secret } from "../../../src/foundation/secret.js";
import { parsePortableSession, parseStoredSession } from "../../../src/session/session-file.js";
import { fullSessionJson, secretsOf } from "../../support/sessions.js";
import { anyBytes, changedJson, jsonChanges, nearlyBytes } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";

const SESSION = fullSessionJson();
const SECRETS = secretsOf(SESSION);
const STORED = {
  ...SESSION,
  state: "complete",
  created_at: "2026-01-01T00:00:00Z",
  proxy_token: "proxy-token-1",
};

const texts = fc.oneof(
  jsonChanges.map((changes) => changedJson(STORED, changes)),
  nearlyBytes(fc.constant(Buffer.from(JSON.stringify(STORED)))).map((bytes) => Buffer.from(bytes).toString()),
  anyBytes.map((bytes) => Buffer.from(bytes).toString("latin1")),
);

function expectNoSecretIn({ message, hint = "" }: Failure): void {
  for (const secret of SECRETS) expect(`${message} ${hint}`).not.toContain(secret);
}

export const sessionTargets: readonly Target[] = [
  target("a session file is read, or refused without a word of what is in it", 300, texts, async (text) => {
    const outcome = await outcomeOf(() => parseStoredSession(text, "session.json"));
    if (outcome instanceof Failure) {
      expect(outcome.code).toBe("session_invalid");
      expectNoSecretIn(outcome);
      return;
    }
    const written = JSON.stringify(revealed(outcome));
    expect(revealed(parseStoredSession(written, "session.json"))).toEqual(revealed(outcome));
    expect(JSON.stringify(outcome)).not.toContain(SESSION.access_token);
  }),

  target(
    "a session that is handed in is read, or refused without a word of what is in it",
    600,
    texts,
    async (text) => {
      const outcome = await outcomeOf(() => parsePortableSession(text, "stdin"));
      if (!(outcome instanceof Failure)) {
        expect(parseJson(text)).toMatchObject({ user_id: outcome.user_id, base_url: outcome.base_url });
        expect(outcome.access_token).toBeInstanceOf(Secret);
        return;
      }
      expect(outcome.code).toBe("session_invalid");
      expectNoSecretIn(outcome);
    },
  ),
];
