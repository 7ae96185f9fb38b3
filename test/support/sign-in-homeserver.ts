import { Secret } from "../../src/foundation/secret.js";
import { createSignInHomeserver } from "../../src/homeserver/sign-in-homeserver.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { FakeClock } from "./fake-clock.js";
import { FakeHttp } from "./fake-http.js";
import { OAUTH_ROUTES } from "./oauth-homeserver.js";

export const METADATA = "GET https://hs.example/_matrix/client/v1/auth_metadata";
export const VERSIONS = "GET https://hs.example/_matrix/client/versions";
export const DEVICE = "POST https://auth.example/device";
export const TOKEN = "POST https://auth.example/token";
export const REVOKE = "POST https://auth.example/revoke";
export const DEVICE_ID = "DEVICE+ID/1";

export const AT = new Secret("at");
export const RT = new Secret("rt");
export const signal = new AbortController().signal;
export const oauthError = (error: string, status = 400) => ({ status, json: { error } });

export type SignInHomeserverAtHand = ReturnType<typeof signInHomeserver>;

/** A homeserver that answers from memory, before anybody is signed in there. */
export function signInHomeserver() {
  const clock = new FakeClock();
  const http = new FakeHttp(OAUTH_ROUTES);

  function signIn(clientId?: string) {
    return createSignInHomeserver({
      baseUrl: new URL("https://hs.example"),
      http,
      urlPolicy: createUrlPolicy([]),
      clock,
      clientName: "build bot",
      clientId,
    });
  }

  async function started() {
    const homeserver = signIn();
    await homeserver.startDeviceAuthorization(DEVICE_ID, signal);
    return homeserver;
  }

  return { clock, http, signIn, started };
}
