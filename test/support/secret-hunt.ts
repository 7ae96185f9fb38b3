import { ServerResponse } from "node:http";
import { vi } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Revealed } from "../../src/foundation/secret.js";
import type { PortableSession } from "../../src/session/session-file.js";

/** Fields of answers whose values are secrets. */
const SECRET_FIELDS = ["access_token", "refresh_token", "device_code"] as const;

/** Every answer that homeservers in this process give from now on. */
const answers = vi.spyOn(ServerResponse.prototype, "end");

/** The tokens and device codes that a homeserver has issued since it started. */
export function tokensIssuedBy({ serverName }: DevHomeserver): string[] {
  const bodies = answers.mock.calls.flatMap(([body], call) => {
    const response = answers.mock.contexts[call] as ServerResponse | undefined;
    return response?.req.headers.host === serverName ? [parseJson(body)] : [];
  });
  return bodies.flatMap((body) => SECRET_FIELDS.flatMap((field) => body[field] ?? [])).map(String);
}

function parseJson(body: unknown): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(body as string).toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Everything in a session that nobody may see. */
export function secretsIn({
  access_token,
  refresh_token,
  secrets,
  device_keys,
}: Partial<Revealed<PortableSession>>) {
  const keys = [
    ...Object.values(secrets?.cross_signing ?? {}),
    secrets?.backup?.key,
    ...Object.values(device_keys ?? {}),
  ];
  return [access_token, refresh_token, ...keys].filter((secret) => secret !== undefined);
}

/** The secrets of the account itself, and of its existing device. */
export function secretsOfAccount({ account, existingSession }: DevHomeserver): string[] {
  return [account.password, ...secretsIn(existingSession)];
}

/** The secrets that can be found in a text, in any of the ways in which they may have been written there. */
export function secretsFoundIn(text: string, secrets: readonly string[]): string[] {
  const lower = text.toLowerCase();
  // Buffers and lists of bytes are printed in columns.
  const dense = lower.replaceAll(/\s/g, "");
  return [...new Set(secrets)].filter((secret) =>
    spellings(secret).some((spelling) =>
      [lower, dense].some((seen) => seen.includes(spelling.toLowerCase())),
    ),
  );
}

/** As it is, in a URL and in JSON, and it and the bytes that it stands for as base64, standard and URL-safe, as hex, and as numbers. */
function spellings(secret: string): string[] {
  const isKey = /^[A-Za-z0-9+/]{43}$/.test(secret);
  const contents = [Buffer.from(secret), ...(isKey ? [Buffer.from(secret, "base64")] : [])];
  const encoded = contents.flatMap((content) => [
    // Whoever looks for the unpadded text finds the padded one, too.
    content.toString("base64").replace(/=+$/, ""),
    content.toString("base64url"),
    content.toString("hex"),
    content.join(","),
    // A Uint8Array as JSON
    [...content.entries()].map(([index, byte]) => `"${index}":${byte}`).join(","),
  ]);
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), ...encoded];
}
