import { describe, expect, it } from "vitest";
import { ExpectedUser, makeExpectedUser } from "../../src/protocol/expected-user.js";
import { expectedUser } from "../support/expected-user.js";
import { expectFailure } from "../support/failures.js";

const USER = "@bot:Example.org";
const user = await makeExpectedUser(USER, async () => new URL("https://hs.example/"));

describe("an expected user", () => {
  it("has the base URL that its own server name leads to", async () => {
    const asked: string[] = [];
    const made = await makeExpectedUser(USER, async (serverName) => {
      asked.push(serverName);
      return new URL("https://hs.example/");
    });
    expect([made.userId, made.baseUrl.href]).toEqual([USER, "https://hs.example/"]);
    expect(asked).toEqual(["Example.org"]);
    await expectFailure("usage_error", () => makeExpectedUser("bot", async () => new URL("https://x/")));
  });

  it("is told from all that only looks like one, without a throw", async () => {
    expect(ExpectedUser.isGenuine(user)).toBe(true);
    expect(ExpectedUser.isGenuine(await expectedUser())).toBe(true);
    const imitations = [Object.create(ExpectedUser.prototype), { ...user }, {}, USER, 1, undefined, null];
    for (const imitation of imitations) expect(ExpectedUser.isGenuine(imitation)).toBe(false);
  });

  it("can't be made by its class, which says so", () => {
    const byItsClass = ExpectedUser as unknown as new (...parts: readonly unknown[]) => unknown;
    expect(() => new byItsClass(Symbol("x"), USER, new URL("https://evil.example/"))).toThrow(
      /resolveUserHomeserver/,
    );
  });

  it.each([
    "Example.org",
    "example.ORG",
    "https://hs.example/",
    "https://hs.example",
    "https://HS.example:443/",
  ])("agrees with a claim that means its homeserver: %s", (claim) => {
    expect(user.agreesWith(claim)).toBe(true);
  });

  it.each([
    "",
    "hs.example",
    "evil.example",
    "example.org.evil.example",
    "http://hs.example/",
    "https://hs.example:8448/",
    "https://hs.example/under",
    "https://hs.example/?x",
    "https://evil.example/",
  ])("doesn't with one that means another's: %j", (claim) => {
    expect(user.agreesWith(claim)).toBe(false);
  });

  it("agrees with a base URL that has a path with and without a slash at its end, and without no path", async () => {
    const under = await makeExpectedUser(USER, async () => new URL("https://hs.example/under/"));
    expect(under.agreesWith("https://hs.example/under")).toBe(true);
    expect(under.agreesWith("https://hs.example/under/")).toBe(true);
    expect(under.agreesWith("https://hs.example/")).toBe(false);
  });
});
