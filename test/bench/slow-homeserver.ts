import { type DevHomeserver, homeserverAt } from "../../src/dev-homeserver/dev-homeserver.js";
import { type Given, Router } from "../../src/dev-homeserver/http/router.js";
import { HttpServer, urlAt } from "../../src/dev-homeserver/http/server.js";
import { type DevHomeserverOptions, withDefaults } from "../../src/dev-homeserver/options.js";
import { using } from "./clean-up.js";
import { startDelayLine } from "./delay-line.js";

/** A request that came: when, on the clock of `performance`, and where to. */
export interface Asked {
  readonly at: number;
  readonly path: string;
}

/** The embedded homeserver at the other end of a long line, which keeps a list of what it was asked. */
export interface SlowHomeserver {
  readonly server: DevHomeserver;
  readonly asked: Asked[];
}

const HOST = "127.0.0.1";

/** Consent comes by itself, at once. Without a round trip there is nothing between the devices and the homeserver. */
export async function withSlowHomeserver<Result>(
  roundTripMs: number,
  use: (homeserver: SlowHomeserver) => Promise<Result>,
): Promise<Result> {
  const asked: Asked[] = [];
  const options: DevHomeserverOptions = {
    autoConsent: "allow",
    autoConsentDelayMs: 0,
    msc4108: true,
    intercept({ path }) {
      asked.push({ at: performance.now(), path });
      return undefined;
    },
  };
  const router = new Router<Given>();
  const listening = new HttpServer(router, options.intercept);
  const port = await listening.listen(HOST, 0);
  const stopListening = () => listening.close();
  return using(listening, stopListening, async () => {
    const line = roundTripMs === 0 ? undefined : await startDelayLine(port, roundTripMs);
    return using(
      line,
      () => line?.close(),
      async () => {
        const baseUrl = urlAt(HOST, line?.port ?? port);
        const homeserver = await homeserverAt(baseUrl, baseUrl.host, withDefaults(options), router);
        const server = { ...homeserver, close: stopListening };
        return using(
          homeserver,
          ({ stop }) => stop(),
          () => use({ server, asked }),
        );
      },
    );
  });
}
