import { createServer } from "node:http";
import { connect } from "node:net";
import { listen } from "./local-server.js";

/** A proxy for https, which alone knows where a host is. */
export interface ConnectProxy {
  readonly url: string;
  /** The hosts that were asked for, each with its port. */
  readonly targets: readonly string[];
}

/**
 * Runs a proxy until the test has finished (RFC 9110 §9.3.6). It finds every host at 127.0.0.1.
 *
 * @param httpsPort what it takes for port 443 there
 */
export async function startConnectProxy(httpsPort: string): Promise<ConnectProxy> {
  const targets: string[] = [];
  const server = createServer();
  server.on("connect", ({ url = "" }, client, head) => {
    targets.push(url);
    const port = url.split(":").at(-1);
    const target = connect(Number(port === "443" ? httpsPort : port), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      target.write(head);
      target.pipe(client).pipe(target);
    });
    target.on("error", () => client.destroy());
    client.on("error", () => target.destroy());
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, targets };
}
