import type { HttpClient } from "./http.js";
import type { Network } from "./network.js";

/**
 * A network whose every request goes over a connection of its own: behind a load balancer that tells requests
 * apart by their connections, each may meet another server. Closing it leaves the given one open.
 */
export function overOwnConnections({ http, urlPolicy, clock }: Network): Network {
  const apart: HttpClient = {
    send: (request) => http.send({ ...request, ownConnection: true }),
    close: async () => undefined,
  };
  return { http: apart, urlPolicy, clock };
}
