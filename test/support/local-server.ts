import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";

/** Listens on a free loopback port until the test has finished. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export async function serve(listener: RequestListener): Promise<URL> {
  return new URL(`http://127.0.0.1:${await listen(createServer(listener))}/`);
}

/** A loopback port that nobody listens on, for programs that are told where to. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Bytes on a connection of their own, and what comes back until it is closed. */
export async function raw({ hostname, port }: URL, lines: readonly string[]): Promise<string> {
  const socket = connect(Number(port), hostname);
  socket.write(lines.join("\r\n"));
  return text(socket);
}

/** The server's end of the next connection to any server of this process, before anything is read from it. */
export function nextConnection(): Promise<Socket> {
  const channel = "net.server.socket";
  return new Promise((resolve) => {
    const accepted = (message: unknown) => {
      unsubscribe(channel, accepted);
      resolve((message as { readonly socket: Socket }).socket);
    };
    subscribe(channel, accepted);
  });
}
