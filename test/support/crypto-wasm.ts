import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CRYPTO_WASM, NODE_MODULES } from "./peers.js";

/** The classes of CRYPTO_WASM that the 2024 version is made of, as far as they are used. */
export interface CryptoWasm {
  initAsync(): Promise<void>;
  readonly Ecies: new () => WasmEcies;
  readonly QrCodeData: {
    new (publicKey: WasmKey, rendezvousUrl: string, serverName?: string): WasmQrCode;
    fromBytes(bytes: Uint8Array): WasmQrCode;
    newMsc4388(publicKey: WasmKey, rendezvousId: string, baseUrl: string, intent: number): WasmQrCode;
  };
  readonly Curve25519PublicKey: new (base64: string) => WasmKey;
  readonly QrCodeIntent: { readonly Login: number; readonly Reciprocate: number };
}
interface WasmKey {
  toBase64(): string;
}
interface WasmEcies {
  public_key(): WasmKey;
  establish_inbound_channel(message: string): { readonly message: string; readonly channel: WasmChannel };
  establish_outbound_channel(
    publicKey: WasmKey,
    plaintext: string,
  ): { readonly initial_message: string; readonly channel: WasmChannel };
}
export interface WasmChannel {
  check_code(): { as_bytes(): Uint8Array };
  encrypt(plaintext: string): string;
  decrypt(message: string): string;
}
interface WasmQrCode {
  toBytes(): Uint8Array;
  readonly mode: number;
  readonly publicKey: WasmKey;
  readonly rendezvousUrl: string | undefined;
  readonly serverName: string | undefined;
}

export async function loadCryptoWasm(): Promise<CryptoWasm> {
  const wasm = await import(pathToFileURL(join(NODE_MODULES, CRYPTO_WASM.name, "node.mjs")).href);
  await wasm.initAsync();
  return wasm;
}
