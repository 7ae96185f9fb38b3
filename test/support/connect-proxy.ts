import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";

/** A proxy for https (RFC 9110 §9.3.6), which alone knows where a host is: at 127.0.0.1. */
export class ConnectProxy {
  /** The hosts that were asked for, each with its port. */
  readonly targets: string[] = [];
  readonly #server: Server;

  private constructor(httpsPort: string) {
    this.#server = createServer();
    this.#server.on("connect", ({ url = "" }, client, head) => {
      this.targets.push(url);
      const port = url.split(":").at(-1);
      const target = connect(Number(port === "443" ? httpsPort : port), "127.0.0.1", () => {
        client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        target.write(head);
        target.pipe(client).pipe(target);
      });
      target.on("error", () => client.destroy());
      client.on("error", () => target.destroy());
    });
  }

  /** @param httpsPort what it takes for port 443 */
  static async start(httpsPort: string): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(httpsPort);
    await once(proxy.#server.listen(0, "127.0.0.1"), "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
