import { beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/foundation/clock.js";
import { Secret } from "../../src/foundation/secret.js";
import { isLocalToken, localToken, tokenOfRequest } from "../../src/proxy/local-token.js";
import { withSessionLock } from "../../src/session/lock.js";
import { SessionStore } from "../../src/session/store.js";
import { fullSession, temporaryDirectory } from "../support/sessions.js";

const TARGET = "/_matrix/client/v3/sync";
const { signal } = new AbortController();
let store: SessionStore;
let path: string;

beforeEach(async () => {
  store = new SessionStore(await temporaryDirectory());
  path = store.pathOf("bot");
  await store.create(path, { ...fullSession(), state: "complete" });
});

const made = (isNew = false) => localToken(store, path, isNew, systemClock, signal);

describe("the local token of a session", () => {
  it("is random, made once, and stays", async () => {
    const token = await made();
    expect(token.reveal()).toMatch(/^mqlp_[\w-]{43}$/);
    expect(await made()).toEqual(token);
    expect((await store.read(path)).proxy_token).toEqual(token);
  });

  it("is one for all who make it at the same time", async () => {
    const [first, second] = await Promise.all([made(), made()]);
    expect(second).toEqual(first);
  });

  it("is read without waiting for whoever works on the file", async () => {
    const token = await made();
    expect(await withSessionLock(path, systemClock, signal, () => made())).toEqual(token);
  });

  it("gives way to a new one on request, and is worthless then", async () => {
    const old = await made();
    const token = await made(true);
    expect(token).not.toEqual(old);
    expect(isLocalToken(token, old.reveal())).toBe(false);
    expect((await store.read(path)).proxy_token).toEqual(token);
  });

  it("is that and nothing else: no part of it, and nothing that goes on after it", () => {
    const token = new Secret("mqlp_0123456789");
    expect(isLocalToken(token, "mqlp_0123456789")).toBe(true);
    for (const other of ["", "mqlp_012345678", "mqlp_01234567890", "MQLP_0123456789"]) {
      expect(isLocalToken(token, other)).toBe(false);
    }
  });
});

describe("a request's token", () => {
  it.each([
    ["Bearer token-1", "token-1"],
    ["bearer  token-1  ", "token-1"],
    ["BEARER token-1", "token-1"],
  ])("is that of its header: %j", (authorization, token) => {
    expect(tokenOfRequest({ authorization }, `${TARGET}?access_token=other`)).toBe(token);
  });

  it.each([
    "",
    "Bearer",
    "Bearer ",
    "Bearertoken-1",
    "Bearer token-1 more",
    "Basic eDp5",
    "x Bearer token-1",
  ])(
    "is none that could be right where the header is anything else, whatever the query says: %j",
    (authorization) => {
      expect(tokenOfRequest({ authorization }, `${TARGET}?access_token=token-1`)).toBe("");
    },
  );

  it("is that of the query where there is no header, or none at all", () => {
    expect(tokenOfRequest({}, `${TARGET}?access_token=token-1`)).toBe("token-1");
    expect(tokenOfRequest({}, TARGET)).toBeUndefined();
  });
});
