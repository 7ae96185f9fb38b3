import { describe, expect, it } from "vitest";
import { isServerName, isUserId, serverNameOf } from "../../src/foundation/identifiers.js";
import { expectFailure } from "../support/failures.js";

const SERVER_NAMES = [
  "example.org",
  "Example.ORG",
  "example.org.",
  "example.org:8448",
  "example.org:443",
  "localhost",
  "localhost:65535",
  "xn--bcher-kva.example",
  "10.0.0.1:8008",
  "[::1]",
  "[2001:DB8::1]:8448",
  `${"a".repeat(63)}.example`,
];

const NO_SERVER_NAMES = [
  "",
  ".",
  "..",
  "a..b",
  "a..b:99999",
  ".example.org",
  "example.org:",
  "example.org:99999",
  "example.org:123456",
  "example.org:-1",
  "example.org/path",
  "https://example.org",
  "me@example.org",
  "exam ple.org",
  "example.org\n",
  "under_score.org",
  "bücher.example",
  "256.1.1.1",
  "example.1",
  "[::1",
  "::1",
  "[]",
  "[1.2.3.4]",
  `${"a.".repeat(127)}org`,
];

describe("a server name", () => {
  it.each(SERVER_NAMES)("may be %s", (name) => {
    expect(isServerName(name)).toBe(true);
  });

  it.each(NO_SERVER_NAMES)("can't be %j", (name) => {
    expect(isServerName(name)).toBe(false);
  });

  it.each(["0x7f.1", "127.1", "2130706433", "0177.0.0.1"])(
    "is no address in a form that only URLs know: %s",
    (name) => {
      expect(isServerName(name)).toBe(false);
    },
  );
});

describe("a user ID", () => {
  it.each(SERVER_NAMES)("may be of %s, whose name is what follows its first colon", (name) => {
    expect(isUserId(`@alice:${name}`)).toBe(true);
    expect(serverNameOf(`@alice:${name}`)).toBe(name);
  });

  it.each(["@old_style!:example.org", "@ALICE/=+:example.org", "@ä:example.org"])(
    "may be a historical one: %s",
    (userId) => {
      expect(isUserId(userId)).toBe(true);
    },
  );

  it.each([
    "alice",
    "alice:example.org",
    "@alice",
    "@:example.org",
    "@al ice:example.org",
    "@alice\u202e:example.org",
    `@${"a".repeat(255)}:example.org`,
    ...NO_SERVER_NAMES.map((name) => `@alice:${name}`),
  ])("can't be %j", async (userId) => {
    expect(isUserId(userId)).toBe(false);
    await expectFailure("usage_error", () => serverNameOf(userId));
  });
});
