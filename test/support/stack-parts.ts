import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The folder in which .ci/stack has installed what the stack is made of. */
export function stackFolder(): string {
  const folder = process.env["MATRIX_QR_LOGIN_STACK"];
  if (!folder) throw new Error("MATRIX_QR_LOGIN_STACK is not set: run these tests with npm run test:stack.");
  return folder;
}

/**
 * The cryptography of matrix-rust-sdk, which .ci/stack installs.
 *
 * @returns the module @matrix-org/matrix-sdk-crypto-wasm, as far as it is used
 */
export async function loadCryptoWasm<Used extends object>(): Promise<Used> {
  const path = join(stackFolder(), "js/node_modules/@matrix-org/matrix-sdk-crypto-wasm/node.mjs");
  const module: Used & { initAsync(): Promise<void> } = await import(pathToFileURL(path).href);
  await module.initAsync();
  return module;
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/**
 * Replaces a setting of the top level in a file that has each of those on a line of its own.
 *
 * @param yaml the setting, with what is below it
 */
export async function replaceSetting(path: string, yaml: string): Promise<void> {
  const [name = ""] = yaml.split(":");
  const others = (await readFile(path, "utf8")).split("\n").filter((line) => !line.startsWith(`${name}:`));
  await writeFile(path, `${others.join("\n")}\n${yaml}`);
}

/** The nginx block of docs/servers.md, with the ports at which the two servers are here. */
export function locationsAt(
  locations: string,
  ports: { readonly synapse: number; readonly mas: number },
): string {
  return locations.replaceAll(":8008", `:${ports.synapse}`).replaceAll(":8080", `:${ports.mas}`);
}
