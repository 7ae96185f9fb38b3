import fc from "fast-check";
import { expect } from "vitest";
import { parseJson } from "../../../src/foundation/json.js";
import { revealed, Secret } from "../../../src/foundation/secret.js";
import { encodeBase64 } from "../../../src/protocol/base64.js";
import { failureOf } from "../../../src/protocol/failure-reasons.js";
import {
  DEVICE_AUTHORIZATION_GRANT,
  type Message,
  type MessageFormat,
  msc4108Messages,
  msc4388Messages,
} from "../../../src/protocol/messages.js";
import { anyBytes, key32, nearlyBytes, nearlyJson } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";

const text = fc.string({ minLength: 1, maxLength: 100 });
const url = fc.webUrl();
const secret = key32.map((key) => new Secret(encodeBase64(key)));

const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    type: fc.constant("m.login.protocols" as const),
    protocols: fc.array(fc.oneof(fc.constant(DEVICE_AUTHORIZATION_GRANT), text), { maxLength: 5 }),
    homeserver: url,
  }),
  fc.record({
    type: fc.constant("m.login.protocol" as const),
    protocol: text,
    device_authorization_grant: fc.record(
      { verification_uri: url, verification_uri_complete: url },
      { requiredKeys: ["verification_uri"] },
    ),
    device_id: text,
  }),
  fc.record({
    type: fc.constant("m.login.protocol" as const),
    protocol: text,
    device_authorization_grant: fc.constant(null),
    device_id: text,
  }),
  fc.record({
    type: fc.constant("m.login.failure" as const),
    reason: text,
    homeserver: fc.option(text, { nil: null }),
  }),
  fc.constantFrom(
    { type: "m.login.protocol_accepted" as const },
    { type: "m.login.declined" as const },
    { type: "m.login.success" as const },
  ),
  fc.record({
    type: fc.constant("m.login.secrets" as const),
    cross_signing: fc.record({ master_key: secret, self_signing_key: secret, user_signing_key: secret }),
    backup: fc.option(fc.record({ algorithm: text, key: secret, backup_version: text }), { nil: null }),
  }),
);

const formats: Readonly<Record<string, MessageFormat>> = { msc4388: msc4388Messages, 2024: msc4108Messages };

function targetsOf(version: string, format: MessageFormat): readonly Target[] {
  const written = messages.map((message) => JSON.stringify(format.write(message)));
  return [
    target(`a message of ${version} is read as it was written`, 300, messages, (message) => {
      const json = parseJson(JSON.stringify(format.write(message)));
      expect(revealed(format.read(json))).toEqual(revealed(message));
    }),

    target(
      `a message of ${version} is read, or is none`,
      500,
      fc.oneof(
        nearlyJson(written.map((json) => JSON.parse(json))),
        nearlyBytes(written.map((json) => Buffer.from(json))),
        anyBytes,
      ),
      async (sent) => {
        const message = format.read(parseJson(sent));
        if (!message) return;
        // Nothing of it is lost or made up on the way.
        expect(revealed(format.read(parseJson(JSON.stringify(format.write(message)))))).toEqual(
          revealed(message),
        );
        if (message.type !== "m.login.failure") return;
        await outcomeOf(() => {
          throw failureOf(message);
        });
      },
    ),
  ];
}

export const messageTargets = Object.entries(formats).flatMap(([version, format]) =>
  targetsOf(version, format),
);
