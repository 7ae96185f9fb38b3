import fc from "fast-check";
import { expect } from "vitest";
import { escapeText, safeJson } from "../../../src/foundation/escape-text.js";
import { Failure } from "../../../src/foundation/failures.js";
import { isServerName, isUserId, serverNameOf } from "../../../src/foundation/identifiers.js";
import { path, toBaseUrl } from "../../../src/network/base-url.js";
import { createUrlPolicy, isLoopback } from "../../../src/network/url-policy.js";
import { parseListenAddress } from "../../../src/proxy/listen-address.js";
import { judge } from "../../../src/proxy/request-policy.js";
import { isSessionName, nameOfDevice, nameOfUser } from "../../../src/session/names.js";
import { nearMiss } from "../../../src/session/near-miss.js";
import { anyText, nearlyText } from "../arbitraries.js";
import { outcomeOf, type Target, target } from "../target.js";

const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.constantFrom(
    "localhost",
    "127.0.0.1",
    "[::1]",
    "0x7f.1",
    "2130706433",
    "xn--bcher-kva.example",
    "example.org.",
  ),
);
const serverName = fc
  .tuple(host, fc.option(fc.nat(70_000), { nil: undefined }))
  .map(([name, port]) => (port === undefined ? name : `${name}:${port}`));
const userId = fc
  .tuple(fc.string({ minLength: 1 }), serverName)
  .map(([name, server]) => `@${name}:${server}`);
const url = fc
  .tuple(
    fc.constantFrom("https://", "http://", "HTTPS:", "ftp://", "https:\\\\", ""),
    serverName,
    fc.webPath(),
  )
  .map((parts) => parts.join(""));

const policy = createUrlPolicy(["allowed.example"]);

/** Paths as bots and attackers write them. */
const requestTarget = fc
  .array(
    fc.constantFrom(
      ..."/ // . .. %2e %2E%2e %252e %2f %5c ; ? & = access_token x y _matrix client v3 login register refresh logout".split(
        " ",
      ),
      ..."keys upload device_signing sync rooms unstable %6cogin LOGIN log%69n %25 % é".split(" "),
    ),
    { maxLength: 14 },
  )
  .map((parts) => `/_matrix/client/${parts.join("")}`);
const KEPT = /^\/_matrix\/client\/[^/]+\/(?:register|refresh|keys\/device_signing)(?:\/|$)/i;

export const nameTargets: readonly Target[] = [
  target(
    "a server name is one that can be asked, and leads to no other",
    500,
    fc.oneof(nearlyText(serverName), serverName, anyText),
    (text) => {
      if (!isServerName(text)) return;
      const { hostname, username, password, pathname } = new URL(`https://${text}/`);
      expect({ username, password, pathname }).toEqual({ username: "", password: "", pathname: "/" });
      if (!text.startsWith("[")) expect(text.toLowerCase().startsWith(hostname)).toBe(true);
    },
  ),

  target(
    "a user ID has a server name, or is refused",
    500,
    fc.oneof(nearlyText(userId), userId, anyText),
    async (text) => {
      const outcome = await outcomeOf(() => serverNameOf(text));
      expect(outcome instanceof Failure).toBe(!isUserId(text));
      if (typeof outcome === "string") {
        expect(isServerName(outcome)).toBe(true);
        expect(text.endsWith(`:${outcome}`)).toBe(true);
      }
    },
  ),

  target(
    "a base URL is https or allowed, ends in a slash, and is read the same again",
    500,
    fc.oneof(nearlyText(url), url, anyText),
    async (text) => {
      const outcome = await outcomeOf(() => toBaseUrl(text, policy));
      if (outcome instanceof Failure) return;
      const { protocol, hostname, username, password, search, hash, href } = outcome;
      expect({ username, password, search, hash }).toEqual({
        username: "",
        password: "",
        search: "",
        hash: "",
      });
      expect(protocol === "https:" || isLoopback(hostname) || hostname === "allowed.example").toBe(true);
      expect(href.endsWith("/")).toBe(true);
      expect(toBaseUrl(href, policy).href).toBe(href);
    },
  ),

  target(
    "a host for plain http is one, or refused",
    500,
    fc.oneof(nearlyText(serverName), anyText),
    async (text) => {
      await outcomeOf(() => createUrlPolicy([text]));
    },
  ),

  target("a value in a path is one segment, whatever it is", 500, anyText, (value) => {
    const { pathname } = new URL(path`devices/${`x${value}`}/keys`, "https://hs.example/");
    expect(pathname.split("/")).toHaveLength(4);
    expect(decodeURIComponent(pathname.split("/")[2] ?? "")).toBe(`x${Buffer.from(value).toString()}`);
  }),

  target(
    "text from outside is shown without what steers a terminal, and of bounded length",
    500,
    fc.tuple(anyText, fc.integer({ min: 1, max: 300 })),
    ([text, maxLength]) => {
      const shown = escapeText(text, maxLength);
      expect(shown.length).toBeLessThanOrEqual(maxLength);
      expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      expect(escapeText(shown, maxLength)).toBe(shown);
    },
  ),

  target(
    "JSON that is printed is the same value, on one line and in visible characters",
    500,
    fc.jsonValue({ maxDepth: 3 }),
    (value) => {
      const json = safeJson({ value });
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value })));
      expect(json).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    },
  ),

  target(
    "a session gets a name that is one file, whatever its device and user are called",
    500,
    fc.oneof(anyText, nearlyText(userId)),
    (text) => {
      for (const name of [nameOfDevice(`d${text}`), nameOfUser(`@u${text}`)]) {
        expect(name).toSatisfy(isSessionName);
      }
    },
  ),

  target(
    "the name that was meant is one of those there are",
    500,
    fc.tuple(anyText, fc.array(anyText, { maxLength: 5 })),
    ([typed, names]) => {
      const meant = nearMiss(typed, names);
      if (meant !== undefined) expect(names).toContain(meant);
    },
  ),

  target("an address to listen at has a port", 500, fc.oneof(nearlyText(serverName), anyText), (text) => {
    const address = parseListenAddress(text);
    if (address && "port" in address) expect(address.port).toBeLessThanOrEqual(65_535);
  }),

  target(
    "the proxy hands on no path that some server could read as one of those it keeps",
    500,
    fc.tuple(
      fc.constantFrom("GET", "POST", "PUT"),
      fc.oneof(requestTarget, nearlyText(requestTarget), anyText),
    ),
    ([method, rawTarget]) => {
      const verdict = judge(method, rawTarget);
      if (verdict.to !== "forward") return;
      expect([...new URL(verdict.target, "http://hs.example").searchParams.keys()]).not.toContain(
        "access_token",
      );
      let reading = verdict.path;
      for (let decodings = 0; decodings < 6; decodings++) {
        for (const read of [reading, reading.replaceAll(/\/+/g, "/"), reading.replaceAll(/;[^/]*/g, "")]) {
          expect(read).not.toMatch(KEPT);
          expect(new URL(read, "http://hs.example").pathname).not.toMatch(KEPT);
        }
        try {
          reading = decodeURIComponent(reading);
        } catch {
          break;
        }
      }
    },
  ),
];
