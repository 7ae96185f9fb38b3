import { json } from "../http/answers.js";
import type { Routes } from "../http/router.js";
import type { Settings } from "../options.js";

const VERSIONS = Array.from({ length: 15 }, (_, minor) => `v1.${minor + 1}`);

/** What clients ask before they have a token. */
export function discoveryRoutes(baseUrl: URL, { oauth, msc4108, behaviour }: Settings): Routes {
  return {
    "GET /.well-known/matrix/client": () =>
      json(200, {
        "m.homeserver": { base_url: baseUrl.href },
        ...(oauth && { "org.matrix.msc2965.authentication": { issuer: baseUrl.href } }),
      }),

    "GET /_matrix/client/versions": () =>
      // Nothing announces MSC4388: this is the 2024 version of the rendezvous.
      json(200, {
        versions: VERSIONS,
        unstable_features: { "org.matrix.msc4108": msc4108 },
        ...behaviour.versions,
      }),

    ...(behaviour.namePlate && {
      [`GET ${behaviour.namePlate.path}`]: () => json(200, behaviour.namePlate?.answer),
    }),
  };
}
