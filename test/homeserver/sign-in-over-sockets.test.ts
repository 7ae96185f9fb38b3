import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../src/foundation/clock.js";
import { resolveUserHomeserver } from "../../src/homeserver/resolve-homeserver.js";
import { createSignInHomeserver } from "../../src/homeserver/sign-in-homeserver.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { devHomeserver } from "../support/dev-homeserver.js";
import { expectFailure } from "../support/failures.js";

const signal = new AbortController().signal;

function network() {
  const urlPolicy = createUrlPolicy([]);
  const http = createHttpClient({ clock: systemClock, env: {}, urlPolicy, userAgent: "test/1" });
  onTestFinished(() => http.close());
  return { http, urlPolicy, clock: systemClock };
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
    const account = homeserver.signedIn(poll.tokens, async (tokens) => {
      saved = tokens;
    });
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
    let isLost = false;
    const server = await devHomeserver({
      intercept: ({ path }) => {
        if (!isLost || path !== "/oauth2/token") return undefined;
        isLost = false;
        return { when: "after" };
      },
    });
    const homeserver = createSignInHomeserver({
      ...network(),
      baseUrl: server.baseUrl,
      clientName: "test",
    });
    const { userCode } = await homeserver.startDeviceAuthorization("DEVICEID01", signal);
    server.decide(userCode, "allow");
    isLost = true;
    await expectFailure("token_lost", () => homeserver.pollForTokens(signal));
  });
});
