import { resolveUserHomeserver } from "../../src/homeserver/resolve-homeserver.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import type { ExpectedUser } from "../../src/protocol/expected-user.js";
import { FakeHttp } from "./fake-http.js";
import { USER } from "./sessions.js";

/** An expected user, by the one way there is, whose server name leads to this base URL. */
export function expectedUser(userId = USER, baseUrl = "https://hs.example/"): Promise<ExpectedUser> {
  const serverName = userId.slice(userId.indexOf(":") + 1);
  const http = new FakeHttp({
    [`GET https://${serverName}/.well-known/matrix/client`]: {
      json: { "m.homeserver": { base_url: baseUrl } },
    },
    [`GET ${baseUrl}_matrix/client/versions`]: { json: { versions: ["v1.15"] } },
  });
  const { signal } = new AbortController();
  return resolveUserHomeserver(userId, { http, urlPolicy: createUrlPolicy([]) }, signal);
}
