import { expect } from "vitest";
import { examine } from "../../../src/doctor/examine.js";
import { Failure } from "../../../src/foundation/failures.js";
import { isUserId } from "../../../src/foundation/identifiers.js";
import { Secret } from "../../../src/foundation/secret.js";
import { createAccountHomeserver } from "../../../src/homeserver/account-homeserver.js";
import { resolveHomeserver, resolveUserHomeserver } from "../../../src/homeserver/resolve-homeserver.js";
import { createSignInHomeserver } from "../../../src/homeserver/sign-in-homeserver.js";
import { refreshTokens } from "../../../src/homeserver/tokens.js";
import type { Network } from "../../../src/network/network.js";
import { canonicalJson } from "../../../src/protocol/canonical-json.js";
import type { RendezvousSession } from "../../../src/protocol/rendezvous-session.js";
import { chooseRendezvousApi } from "../../../src/rendezvous/choose-api.js";
import { Msc4108Session } from "../../../src/rendezvous/msc4108-2024-session.js";
import { Msc4388Api } from "../../../src/rendezvous/msc4388-api.js";
import { Msc4388Session } from "../../../src/rendezvous/msc4388-session.js";
import { DEVICE, USER } from "../../support/sessions.js";
import { oddities, oddServer } from "../odd-server.js";
import { outcomeOf, type Target, target } from "../target.js";

const { signal } = new AbortController();
const BASE_URL = new URL("https://hs.example/");

/** What a program asks of servers, which gives what can be used, or a failure, within a bounded time. */
function call(name: string, runs: number, ask: (network: Network) => Promise<unknown>): Target {
  return target(name, runs, oddities, async (odd) => {
    const network = oddServer(odd);
    const outcome = await network.clock.runUntil(outcomeOf(() => ask(network)));
    // An hour is as long as a rendezvous session may live here.
    expect(network.clock.now()).toBeLessThan(2 * 60 * 60 * 1_000);
    for (const url of network.asked)
      expect(url.protocol === "https:" || url.hostname === "127.0.0.1").toBe(true);
    return void outcome;
  });
}

const account = (http: Network["http"]) =>
  createAccountHomeserver({
    baseUrl: BASE_URL,
    http,
    accessTokens: {
      current: async () => new Secret("at"),
      renew: () => Promise.reject(new Failure("session_dead")),
    },
  });

async function exchange(session: RendezvousSession): Promise<void> {
  expect(session.expiresAt).toBeLessThan(2 * 60 * 60 * 1_000);
  expect(session.additionalData.length).toBeLessThan(1_024);
  await session.write("data", signal);
  const received = await session.waitForChange("person", signal);
  expect(received.data).toBeTypeOf("string");
  await session.delete(signal);
}

export const httpAnswerTargets: readonly Target[] = [
  call("a homeserver's name leads to a base URL that may be asked, or to none", 60, async (network) => {
    const url = await resolveHomeserver("hs.example", network, signal);
    expect(network.urlPolicy.check(url).href.endsWith("/")).toBe(true);
    await resolveUserHomeserver("@bot:hs.example", network, signal);
  }),

  call(
    "a device authorization has links and times that can be gone by, or isn't started",
    80,
    async (network) => {
      const homeserver = createSignInHomeserver({ baseUrl: BASE_URL, ...network, clientName: "fuzz" });
      expect(URL.canParse(await homeserver.checkCapabilities(signal))).toBe(true);
      const authorization = await homeserver.startDeviceAuthorization(DEVICE, signal);
      network.urlPolicy.check(authorization.verificationUri);
      expect(authorization.userCode.length).toBeLessThan(100);
      expect(authorization.intervalMs).toSatisfy(Number.isFinite);
      expect(authorization.expiresAt).toSatisfy(Number.isFinite);
      const poll = await homeserver.pollForTokens(signal);
      if (poll.status !== "granted") return;
      expect(poll.tokens.accessToken.reveal()).toMatch(/^[\x21-\x7e]+$/);
      if (poll.tokens.expiresAt !== undefined)
        expect(Date.parse(poll.tokens.expiresAt)).toSatisfy(Number.isFinite);
      expect(await homeserver.revoke(poll.tokens, signal)).toBeTypeOf("boolean");
    },
  ),

  call("refreshed tokens can be used, or aren't given", 60, async (network) => {
    const session = { baseUrl: BASE_URL, issuer: "https://auth.example/", clientId: "client" };
    const tokens = await refreshTokens(network, session, new Secret("rt"), signal);
    expect(tokens.accessToken.reveal()).toMatch(/^[\x21-\x7e]+$/);
  }),

  call("who a device is, is a user", 30, async ({ http }) => {
    expect((await account(http).whoami(signal)).userId).toSatisfy(isUserId);
  }),

  call("published keys are such as can be signed", 60, async ({ http }) => {
    const { deviceKeys, ...keys } = await account(http).queryKeys(USER, signal);
    for (const key of [...Object.values(deviceKeys), ...Object.values(keys)]) {
      expect(canonicalJson(key)).toBeTypeOf("string");
    }
  }),

  call("the rest of the account's API answers, or fails", 40, async ({ http }) => {
    const homeserver = account(http);
    expect(await homeserver.deviceExists(DEVICE, signal)).toBeTypeOf("boolean");
    await homeserver.backupVersion(signal);
    await homeserver.accountData(USER, "m.secret_storage.default_key", signal);
    await homeserver.uploadDeviceKeys({}, signal);
    await homeserver.uploadSignature(USER, DEVICE, {}, signal);
  }),

  call(
    "a rendezvous session of MSC4388 has bounds, whatever its server says",
    25,
    async ({ http, clock }) => {
      const api = await chooseRendezvousApi(http, BASE_URL, "auto", undefined, signal);
      await exchange(await Msc4388Session.create(api, clock, undefined, signal));
    },
  ),

  call(
    "a rendezvous session that a code names has bounds, whatever its server says",
    25,
    async ({ http, clock }) => {
      const api = new Msc4388Api(http, BASE_URL, "unstable");
      const session = await Msc4388Session.join(api, clock, { id: "id-1", boundUrl: BASE_URL.href }, signal);
      if (session) await exchange(session);
    },
  ),

  call("a rendezvous session of 2024 has bounds, whatever its server says", 25, async (network) => {
    const session = await Msc4108Session.create(network, BASE_URL, signal);
    if (session) await exchange(session);
  }),

  call("the doctor comes to an end with any server", 15, async (network) => {
    await examine({ ...network, baseUrl: BASE_URL }, () => undefined, signal);
  }),
];
