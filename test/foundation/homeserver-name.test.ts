import { describe, expect, it } from "vitest";
import { homeserverNameOf, userIdOf } from "../../src/foundation/homeserver-name.js";
import { isSameUser } from "../../src/foundation/identifiers.js";
import { shownHost } from "../../src/foundation/shown-host.js";
import { expectFailure } from "../support/failures.js";

describe("a homeserver that somebody names", () => {
  it.each([
    ["example.org", "example.org"],
    ["EXAMPLE.org", "example.org"],
    ["example.org:8448", "example.org:8448"],
    ["[2001:DB8::1]:8448", "[2001:db8::1]:8448"],
    ["example.org/", "example.org"],
    ["example.org//", "example.org"],
    ["example.org/_matrix/client/versions", "example.org"],
    ["example.org/.well-known/matrix/client", "example.org"],
    [" example.org\n", "example.org"],
    ["\u200bexample.org\ufeff", "example.org"],
    ['"example.org"', "example.org"],
    ["'example.org'", "example.org"],
    ["“example.org”", "example.org"],
    [`"'example.org'"`, "example.org"],
    ["<https://example.org>", "https://example.org/"],
    ["@alice:example.org", "example.org"],
    ["@alice:example.org:8448", "example.org:8448"],
    ["@Alice:Bücher.example", "xn--bcher-kva.example"],
    ["https://matrix.to/#/@alice:example.org", "example.org"],
    ["https://matrix.to/#/%40alice%3Aexample.org?via=x", "example.org"],
    ["matrix:u/alice:example.org?action=chat", "example.org"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["bu\u0308cher.example:8448", "xn--bcher-kva.example:8448"],
    ["ｅｘａｍｐｌｅ．ｏｒｇ", "example.org"],
    ["https://bücher.example", "https://xn--bcher-kva.example/"],
    ["HTTPS://MATRIX.example.org/base", "https://matrix.example.org/base"],
    ["https:/example.org", "https://example.org/"],
    ["https://matrix.example.org/_matrix/client/v3/login?x=1#y", "https://matrix.example.org/"],
    ["https://matrix.example.org/base/_matrix/client/versions", "https://matrix.example.org/base/"],
    ["http://localhost:8008", "http://localhost:8008/"],
  ])("%j is %s", (text, name) => {
    expect(homeserverNameOf(text)).toBe(name);
    expect(homeserverNameOf(name)).toBe(name);
  });

  it.each([
    ["", /is empty/, /@you:example\.org/],
    ['""', /is empty/, /@you:example\.org/],
    ["a b", /neither a server name nor a URL/, /@you:example\.org/],
    ["alice@example.org", /neither/, /e-mail/],
    ["#room:example.org", /neither/, /a room/],
    ["example.org/base", /neither/, /https:\/\/example\.org\/base\?/],
    ["ftp://example.org", /neither/, /@you:example\.org/],
    ["https://", /neither/, /@you:example\.org/],
    ["@alice", /neither/, /@you:example\.org/],
    ["0x7f.1", /neither/, /@you:example\.org/],
    ["bücher.example@evil.example", /neither/, /e-mail/],
    ["ü/evil.example", /neither/, /evil/],
    ["\u001b[31mx", /^\\u\{1b\}\[31mx is neither/, /@you:example\.org/],
  ])("can't be %j", async (text, message, hint) => {
    const failure = await expectFailure("usage_error", () => homeserverNameOf(text));
    expect(failure.message).toMatch(message);
    expect(failure.hint).toMatch(hint);
  });
});

describe("a user ID that somebody types", () => {
  it.each([
    ["@alice:example.org", "@alice:example.org"],
    [' "@alice:example.org" ', "@alice:example.org"],
    ["@Alice:Example.org", "@Alice:Example.org"],
    ["@alice:bücher.example", "@alice:xn--bcher-kva.example"],
    ["https://matrix.to/#/@alice:example.org", "@alice:example.org"],
  ])("%j is %s", (text, userId) => {
    expect(userIdOf(text)).toBe(userId);
  });

  it.each(["alice", "alice:example.org", "@alice", "@a b:example.org", "example.org", ""])(
    "can't be %j",
    async (text) => {
      await expectFailure("usage_error", () => userIdOf(text));
    },
  );

  it("is the same with another spelling of its server name, and of nothing else", () => {
    expect(isSameUser("@alice:EXAMPLE.org", "@alice:example.org")).toBe(true);
    expect(isSameUser("@Alice:example.org", "@alice:example.org")).toBe(false);
    expect(isSameUser("@alice:example.org", "@alice:example.com")).toBe(false);
  });
});

describe("a host that is shown", () => {
  it.each([
    ["https://example.org:8448/", "example.org:8448"],
    ["https://[::1]/", "[::1]"],
    ["https://bücher.example/", "xn--bcher-kva.example (bücher.example)"],
  ])("of %s is %s", (url, shown) => {
    expect(shownHost(new URL(url))).toBe(shown);
  });
});
