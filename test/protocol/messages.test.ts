import { describe, expect, it } from "vitest";
import { revealed } from "../../src/foundation/secret.js";
import {
  type Message,
  type MessageFormat,
  msc4108Messages,
  msc4388Messages,
} from "../../src/protocol/messages.js";
import { newCrossSigningSecrets } from "../support/sessions.js";

const { read, write } = msc4388Messages;
const cross_signing = revealed(newCrossSigningSecrets());
const backup = {
  algorithm: "m.megolm_backup.v1.curve25519-aes-sha2",
  key: cross_signing.master_key,
  backup_version: "version_string",
};

/** The examples of MSC4108 §Message reference, with keys that are some. */
const EXAMPLES: Record<string, object> = {
  "m.login.protocols": {
    protocols: ["device_authorization_grant"],
    base_url: "https://matrix-client.matrix.org",
  },
  "m.login.protocol": {
    protocol: "device_authorization_grant",
    device_authorization_grant: {
      verification_uri_complete: "https://id.matrix.org/device/abcde",
      verification_uri: "...",
    },
    device_id: "ABCDEFGH",
  },
  "m.login.protocol_accepted": {},
  "m.login.failure": { reason: "unsupported_protocol", homeserver: "matrix.org" },
  "m.login.declined": {},
  "m.login.success": {},
  "m.login.secrets": { cross_signing, backup },
};

describe.each(Object.entries(EXAMPLES))("%s", (type, fields) => {
  it("is read as the MSC has it, and written so again", () => {
    const message = read({ type, ...fields });
    expect(message?.type).toBe(type);
    expect(JSON.parse(JSON.stringify(write(message as Message)))).toEqual({ type, ...fields });
  });

  it("may hold fields that nobody knows", () => {
    expect(read({ type, ...fields, "org.example.more": [1] })).toEqual(read({ type, ...fields }));
  });
});

describe("the messages", () => {
  it("name the homeserver by its base URL", () => {
    const message = { type: "m.login.protocols", protocols: [], homeserver: "https://hs.example/" } as const;
    expect(write(message)).toEqual({
      type: "m.login.protocols",
      protocols: [],
      base_url: "https://hs.example/",
    });
  });

  it.each([
    ["no backup at all", undefined],
    ["a backup that is null, as matrix-rust-sdk writes it", null],
  ])("may bring secrets with %s", (_what, absent) => {
    const message = read({
      type: "m.login.secrets",
      cross_signing,
      ...(absent === null && { backup: null }),
    });
    expect(revealed(message)).toMatchObject({ type: "m.login.secrets", cross_signing });
    expect((message as { backup?: unknown }).backup ?? undefined).toBeUndefined();
  });

  it("are written with their secrets in the clear, which they hold as secrets once read", () => {
    const message = read({ type: "m.login.secrets", cross_signing });
    if (message?.type !== "m.login.secrets") throw new Error("This is not what was written.");
    expect(JSON.stringify(message)).not.toContain(cross_signing.master_key);
    expect(write(message)).toEqual({ type: "m.login.secrets", cross_signing });
    // @ts-expect-error: what is sent takes no secrets that would be written as "[secret]".
    const format: MessageFormat = { read, write: (unrevealed) => unrevealed };
    expect(format.write(message)).toBe(message);
  });

  it("may lack verification_uri_complete, or have it as null", () => {
    const grant = (more: object) => ({
      ...EXAMPLES["m.login.protocol"],
      type: "m.login.protocol",
      device_authorization_grant: { verification_uri: "https://id.example/", ...more },
    });
    expect(read(grant({}))?.type).toBe("m.login.protocol");
    expect(read(grant({ verification_uri_complete: null }))?.type).toBe("m.login.protocol");
  });

  it("may have null for the grant of another protocol, and for members that nobody knows", () => {
    const protocol = { type: "m.login.protocol", protocol: "another", device_id: "ABCDEFGHIJ" };
    expect(read({ ...protocol, device_authorization_grant: null, other: null })?.type).toBe(protocol.type);
    expect(read({ ...protocol, device_id: null })).toBeUndefined();
  });

  it("may tell a failure without a homeserver, or with null for it, as matrix-rust-sdk writes it", () => {
    const failure = { type: "m.login.failure", reason: "device_already_exists" };
    expect(read(failure)?.type).toBe("m.login.failure");
    expect(read({ ...failure, homeserver: null })?.type).toBe("m.login.failure");
  });

  it("may ask for a protocol that nobody knows: that is for the role to answer", () => {
    const message = { type: "m.login.protocol", protocol: "org.example.magic", device_id: "ABCDEFGHIJ" };
    expect(read(message)).toMatchObject(message);
  });

  const { "m.login.protocol": protocol, "m.login.protocols": protocols } = EXAMPLES;
  it.each<[string, unknown]>([
    ["no object", "m.login.success"],
    ["nothing", null],
    ["a list", [{ type: "m.login.success" }]],
    ["no type", {}],
    ["a type that nobody knows", { type: "m.login.magic" }],
    ["a type that only an object's prototype has", { type: "constructor" }],
    ["protocols without base_url", { type: "m.login.protocols", protocols: [] }],
    [
      "protocols whose homeserver is named as in 2024",
      { type: "m.login.protocols", protocols: [], homeserver: "example.org" },
    ],
    ["protocols that are no list", { ...protocols, type: "m.login.protocols", protocols: "grant" }],
    ["a base_url without end", { ...protocols, type: "m.login.protocols", base_url: "x".repeat(2049) }],
    ["a protocol without device_id", { ...protocol, type: "m.login.protocol", device_id: undefined }],
    ["an empty device_id", { ...protocol, type: "m.login.protocol", device_id: "" }],
    ["a device_id that no server has", { ...protocol, type: "m.login.protocol", device_id: "x".repeat(256) }],
    [
      "a grant without verification_uri",
      { ...protocol, type: "m.login.protocol", device_authorization_grant: {} },
    ],
    ["a failure without reason", { type: "m.login.failure" }],
    ["a failure whose reason is no text", { type: "m.login.failure", reason: 1 }],
    ["secrets without cross-signing keys", { type: "m.login.secrets", backup }],
    [
      "secrets without the master key",
      { type: "m.login.secrets", cross_signing: { ...cross_signing, master_key: undefined } },
    ],
    [
      "a key that is no base64",
      { type: "m.login.secrets", cross_signing: { ...cross_signing, master_key: "!" } },
    ],
    [
      "a key that is too short",
      { type: "m.login.secrets", cross_signing: { ...cross_signing, master_key: "AAAA" } },
    ],
    [
      "a backup without key",
      { type: "m.login.secrets", cross_signing, backup: { ...backup, key: undefined } },
    ],
  ])("are none with %s", (_what, value) => {
    expect(read(value)).toBeUndefined();
  });
});

describe("the messages of the 2024 version", () => {
  const message = {
    type: "m.login.protocols",
    protocols: ["device_authorization_grant"],
    homeserver: "example.org",
  } as const;

  it("name the homeserver by its server name, or by the URL that matrix-rust-sdk has there", () => {
    expect(msc4108Messages.write(message)).toEqual(message);
    for (const homeserver of ["example.org", "https://matrix.example.org/"]) {
      expect(msc4108Messages.read({ ...message, homeserver })).toEqual({ ...message, homeserver });
    }
    expect(msc4108Messages.read({ ...message, homeserver: undefined, base_url: "https://hs.example/" })).toBe(
      undefined,
    );
  });

  it.each(Object.entries(EXAMPLES).filter(([type]) => type !== "m.login.protocols"))(
    "are the same otherwise: %s",
    (type, fields) => {
      expect(msc4108Messages.read({ type, ...fields })).toEqual(read({ type, ...fields }));
    },
  );
});
