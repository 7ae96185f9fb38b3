import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { revealed } from "../../src/foundation/secret.js";
import {
  parsePortableSession,
  parseStoredSession,
  StoredSessionEntries,
  toPortable,
} from "../../src/session/session-file.js";
import { expectFailure } from "../support/failures.js";
import { fullSession, fullSessionJson, secretsOf, USER } from "../support/sessions.js";

const parse = (session: unknown) => parseStoredSession(JSON.stringify(session), "file");

describe("a session file", () => {
  it("is complete when it is a portable session and says no more", () => {
    const session = fullSession();
    expect(parse(revealed(session))).toEqual({ ...session, state: "complete" });
    expect(toPortable(parse(revealed(session)))).toEqual(session);
  });

  it("needs no more than the first four fields", () => {
    const { base_url, user_id, device_id, access_token } = fullSession();
    const least = { base_url, user_id, device_id, access_token };
    expect(parse(revealed(least))).toEqual({ ...least, state: "complete" });
  });

  it("may hold null for what it lacks, and fields that nobody knows", () => {
    const { refresh_token: _, ...rest } = fullSession();
    const secrets = { ...rest.secrets, backup: null };
    expect(parse({ ...revealed({ ...rest, secrets }), refresh_token: null, unknown: 1 })).toEqual({
      ...rest,
      secrets,
      state: "complete",
    });
  });

  it("lacks what it holds nothing but nulls of", () => {
    const { oauth: _, secrets: __, device_keys: ___, ...rest } = fullSession();
    const written = {
      ...revealed(rest),
      oauth: { issuer: null, client_id: null },
      secrets: { cross_signing: null, backup: null },
      device_keys: {},
    };
    expect(parse(written)).toEqual({ ...rest, state: "complete" });
  });

  it("lacks the user ID only while the sign-in is not finished", async () => {
    const { user_id: _, ...rest } = fullSessionJson();
    expect(parse({ ...rest, state: "incomplete" }).user_id).toBeUndefined();
    const failure = await expectFailure("session_invalid", () => parse({ ...rest, state: "unconfirmed" }));
    expect(failure.message).toContain('"user_id" is missing');
    await expectFailure("session_invalid", () => parsePortableSession(JSON.stringify(rest), "file"));
  });

  it("needs no tokens while its sign-in isn't finished, and in no other state", async () => {
    const { access_token: _, refresh_token: __, user_id: ___, ...rest } = fullSessionJson();
    expect(parse({ ...rest, state: "incomplete" }).access_token).toBeUndefined();
    for (const state of ["complete", "unconfirmed", "unverified", "revocation_pending"]) {
      const lacking = { ...rest, user_id: USER, state };
      const failure = await expectFailure("session_invalid", () => parse(lacking));
      expect(failure.message).toContain('"access_token" is missing');
    }
  });

  it("is not exported while incomplete, nor after a logout", async () => {
    const session = fullSession();
    await expectFailure("session_incomplete", () => toPortable({ ...session, state: "incomplete" }));
    await expectFailure("session_dead", () => toPortable({ ...session, state: "revocation_pending" }));
  });

  it.each([
    ["base_url", "ftp://secret-value"],
    ["base_url", "https://secret-value:password@example.org/"],
    ["user_id", "secret-value"],
    ["device_id", ""],
    ["access_token", "secret-value\r\nX-Header: 1"],
    ["refresh_token", "secret-value".repeat(2000)],
    ["expires_at", "secret-value"],
    ["expires_at", "2026-99-99T00:00:00Z"],
    ["oauth.client_id", ["secret-value"]],
    ["oauth.issuer", "secret-value"],
    ["secrets.cross_signing.master_key", "secret-value"],
    ["secrets.cross_signing", "secret-value"],
    ["secrets.backup.key", "secret-value"],
    ["device_keys.ed25519", "c2VjcmV0LXZhbHVl"],
    ["device_identity", "secret-value"],
    ["device_keys_state", "secret-value"],
    ["state", "secret-value"],
    ["created_at", 1],
    ["device_name", "secret-value".repeat(2000)],
  ])("is refused for a wrong %s, without its value being told", async (path, value) => {
    const session: Record<string, unknown> = structuredClone(fullSessionJson());
    const fields = path.split(".");
    const last = fields.pop() ?? "";
    const holder = fields.reduce((object, field) => object[field] as Record<string, unknown>, session);
    holder[last] = value;
    const failure = await expectFailure("session_invalid", () => parse(session));
    expect(failure.message).toContain(`"${path}"`);
    expect(`${failure.stack} ${failure.hint} ${String(failure.cause)}`).not.toMatch(/secret-value|c2VjcmV0/);
  });

  it.each(["base_url", "user_id", "device_id", "access_token"])("is refused without %s", async (field) => {
    const failure = await expectFailure("session_invalid", () =>
      parse({ ...fullSessionJson(), [field]: null }),
    );
    expect(failure.message).toContain(`"${field}" is missing`);
  });

  it("is refused when it is not a JSON object, without a word of it being told", async () => {
    for (const text of ["", "secret-value", '{"access_token": secret-value}', '["secret-value"]', "null"]) {
      const failure = await expectFailure("session_invalid", () => parseStoredSession(text, "file"));
      expect(`${failure.stack} ${String(failure.cause)}`).not.toContain("secret-value");
    }
  });

  it("tells no secret when a whole session is wrong", async () => {
    const session = fullSessionJson();
    const failure = await expectFailure("session_invalid", () => parse({ ...session, base_url: 1 }));
    for (const secret of secretsOf(session)) expect(failure.message).not.toContain(secret);
  });
});

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
}

/** What a JSON Schema says of fields and states. */
function outline({ properties, required, enum: values }: ObjectSchema): ObjectSchema {
  if (values) return { enum: values };
  if (!properties) return {};
  return { required: required ?? [], properties: mapValues(properties, outline) };
}

interface ValibotSchema {
  readonly type: string;
  readonly wrapped?: ValibotSchema;
  readonly entries?: Readonly<Record<string, ValibotSchema>>;
  readonly options?: readonly string[];
}

/** The same of a valibot schema. */
function outlineOfValibot({ wrapped, options, entries }: ValibotSchema): ObjectSchema {
  if (wrapped) return outlineOfValibot(wrapped);
  if (options) return { enum: options };
  if (!entries) return {};
  const required = Object.keys(entries).filter((name) => !entries[name]?.type.endsWith("optional"));
  return { required, properties: mapValues(entries, outlineOfValibot) };
}

function mapValues<T, U>(object: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}

describe("docs/session-file", () => {
  const doc = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), "utf8");

  it("has a JSON Schema with the same fields, required ones and states", () => {
    expect(outline(JSON.parse(doc("session-file.schema.json")))).toEqual(
      outlineOfValibot(StoredSessionEntries as unknown as ValibotSchema),
    );
  });

  it("shows a session that is accepted, with each field that one can have", () => {
    const example = /```json\n([^`]*)```/.exec(doc("session-file.md"))?.[1] ?? "";
    const fields = Object.keys(parseStoredSession(example, "docs/session-file.md"));
    expect(fields.sort()).toEqual(Object.keys(StoredSessionEntries.entries).sort());
  });
});
