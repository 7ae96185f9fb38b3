import { describe, expect, it, onTestFinished } from "vitest";
import type { DevHomeserverOptions } from "../../src/dev-homeserver/options.js";
import { systemClock } from "../../src/foundation/clock.js";
import { resolveUserHomeserver } from "../../src/homeserver/resolve-homeserver.js";
import { createSignInHomeserver } from "../../src/homeserver/sign-in-homeserver.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { devHomeserver } from "../support/dev-homeserver.js";
import { expectFailure } from "../support/failures.js";
import { localUrlPolicy } from "../support/local-url-policy.js";
import { aloneBy } from "../support/renewal.js";

const signal = new AbortController().signal;

function network() {
  const urlPolicy = localUrlPolicy();
  const http = createHttpClient({ clock: systemClock, env: {}, urlPolicy, userAgent: "test/1" });
  onTestFinished(() => http.close());
  return { http, urlPolicy, clock: systemClock };
}

/** Loses the next answer of the token endpoint. */
function losingTokens() {
  let isLost = false;
  const intercept: DevHomeserverOptions["intercept"] = ({ path }) => {
    if (!isLost || path !== "/oauth2/token") return undefined;
    isLost = false;
    return { when: "after" };
  };
  const loseNext = () => {
    isLost = true;
  };
  return { intercept, loseNext };
}

describe("the homeserver client and the development homeserver", () => {
  it("agree on a sign-in from discovery to revocation", async () => {
    const server = await devHomeserver();
    const deps = network();

    const userId = server.existingSession.user_id;
    const { baseUrl } = await resolveUserHomeserver(userId, deps, signal);
    expect(baseUrl.href).toBe(server.baseUrl.href);

    const homeserver = createSignInHomeserver({ ...deps, baseUrl, clientName: "test" });
    await homeserver.checkCapabilities(signal);
    const { userCode } = await homeserver.startDeviceAuthorization("DEVICE+ID/1", signal);
    expect(await homeserver.pollForTokens(signal)).toEqual({ status: "pending" });
    server.decide(userCode, "allow");
    await server.clock.advance(5_000);
    const poll = await homeserver.pollForTokens(signal);
    if (poll.status !== "granted") throw new Error(`expected tokens, not ${poll.status}`);

    let saved = poll.tokens;
    const account = homeserver.signedIn(
      poll.tokens,
      aloneBy(async (tokens) => {
        saved = tokens;
      }),
    );
    expect(await account.whoami(signal)).toEqual({ userId, deviceId: "DEVICE+ID/1" });
    expect(await account.deviceExists("DEVICE+ID/1", signal)).toBe(true);
    expect(await account.deviceExists("ANOTHERONE", signal)).toBe(false);
    const { masterKey, deviceKeys } = await account.queryKeys(userId, signal);
    expect(masterKey).toMatchObject({ user_id: userId });
    expect(Object.keys(deviceKeys)).toContain(server.existingSession.device_id);
    expect((await account.backupVersion(signal))?.version).toBe(
      server.existingSession.secrets.backup?.backup_version,
    );

    await server.clock.advance(60 * 60 * 1_000);
    await account.whoami(signal);
    expect(saved.accessToken).not.toEqual(poll.tokens.accessToken);

    expect(await homeserver.revoke(saved, signal)).toBe(true);
    await expectFailure("session_dead", () => account.whoami(signal));
  });

  it("agree that a token whose answer was lost is lost", async () => {
    const { intercept, loseNext } = losingTokens();
    const server = await devHomeserver({ intercept });
    const homeserver = createSignInHomeserver({
      ...network(),
      baseUrl: server.baseUrl,
      clientName: "test",
    });
    const { userCode } = await homeserver.startDeviceAuthorization("DEVICEID01", signal);
    server.decide(userCode, "allow");
    loseNext();
    await expectFailure("token_lost", () => homeserver.pollForTokens(signal));
  });

  it("agree that a code which is looked at too often is dropped, where the server does as Tuwunel does", async () => {
    const server = await devHomeserver({ like: "tuwunel" });
    const homeserver = createSignInHomeserver({ ...network(), baseUrl: server.baseUrl, clientName: "test" });
    const { verificationUriComplete } = await homeserver.startDeviceAuthorization("DEVICEID01", signal);
    expect(await homeserver.pollForTokens(signal)).toEqual({ status: "pending" });
    for (let visit = 0; visit < 11; visit++) await fetch(verificationUriComplete ?? "");
    expect(await homeserver.pollForTokens(signal)).toEqual({ status: "dropped" });
  });

  it("agree that nobody knows which answer was lost, where a decline is told only once", async () => {
    const { intercept, loseNext } = losingTokens();
    const server = await devHomeserver({ like: "tuwunel", intercept });
    const homeserver = createSignInHomeserver({ ...network(), baseUrl: server.baseUrl, clientName: "test" });
    const { userCode } = await homeserver.startDeviceAuthorization("DEVICEID01", signal);
    server.decide(userCode, "deny");
    loseNext();
    const failure = await expectFailure("token_lost", () => homeserver.pollForTokens(signal));
    expect(failure.message).toContain("or the sign-in was declined");
  });

  it("agree on a device that is gone once its first token is revoked, whatever the second is answered", async () => {
    const server = await devHomeserver({ like: "continuwuity" });
    const homeserver = createSignInHomeserver({ ...network(), baseUrl: server.baseUrl, clientName: "test" });
    const { userCode } = await homeserver.startDeviceAuthorization("DEVICEID01", signal);
    server.decide(userCode, "allow");
    const poll = await homeserver.pollForTokens(signal);
    if (poll.status !== "granted") throw new Error(`expected tokens, not ${poll.status}`);
    expect(await homeserver.revoke(poll.tokens, signal)).toBe(true);
    expect(await homeserver.revoke(poll.tokens, signal)).toBe(true);
    expect(server.devices()).toHaveLength(1);
  });
});
