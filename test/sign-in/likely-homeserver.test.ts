import { beforeAll, describe, expect, it } from "vitest";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { type LikelyHomeserver, withLikelyHomeserver } from "../../src/sign-in/likely-homeserver.js";
import { FakeClock, settle } from "../support/fake-clock.js";
import { FakeHttp } from "../support/fake-http.js";
import { OAUTH_ROUTES } from "../support/oauth-homeserver.js";

const { signal } = new AbortController();
const BASE_URL = new URL("https://hs.example/");
const LOOKS = [
  "GET https://hs.example/_matrix/client/v1/auth_metadata",
  "GET https://hs.example/_matrix/client/versions",
];
const REGISTER = "POST https://auth.example/register";

// What is loaded only when it is needed takes real time.
beforeAll(async () => {
  await import("../../src/homeserver/sign-in-homeserver.js");
});

function askingAhead<T>(
  baseUrl: URL | undefined,
  work: (likely: LikelyHomeserver, http: FakeHttp) => Promise<T>,
) {
  const http = new FakeHttp(OAUTH_ROUTES);
  const world = { http, urlPolicy: createUrlPolicy([]), clock: new FakeClock(), emit: () => undefined };
  const sessionFile = { path: "", save: async () => undefined, remove: async () => undefined };
  const request = { deviceId: "NEWDEVICE1", keepUnverified: false, sessionFile };
  return withLikelyHomeserver(world, request, baseUrl, signal, (likely) => work(likely, http));
}

describe("the homeserver that its user named", () => {
  it("is looked at once a code is on show, and registers a client once one is scanned", async () => {
    await askingAhead(BASE_URL, async (likely, http) => {
      await settle();
      expect(http.log).toEqual([]);
      likely.at("shown");
      likely.at("shown");
      await settle();
      expect(http.log).toEqual(LOOKS);
      likely.at("scanned");
      expect((await likely.asked())?.baseUrl).toEqual(BASE_URL);
      await settle();
      expect(http.log).toEqual([...LOOKS, REGISTER]);
    });
  });

  it("is asked no more once it is of no use", async () => {
    const asked: (AbortSignal | undefined)[] = [];
    await askingAhead(BASE_URL, async (likely, http) => {
      for (const look of LOOKS) {
        http.on(look, (request) => {
          asked.push(request.signal);
          return new Promise(() => undefined);
        });
      }
      likely.at("shown");
      await settle();
      expect(asked.map((each) => each?.aborted)).toEqual([false, false]);
    });
    expect(asked.map((each) => each?.aborted)).toEqual([true, true]);
  });

  it("is nobody's business where its user named none", async () => {
    await askingAhead(undefined, async (likely, http) => {
      likely.at("shown");
      likely.at("scanned");
      await settle();
      expect(await likely.asked()).toBeUndefined();
      expect(http.log).toEqual([]);
    });
  });
});
