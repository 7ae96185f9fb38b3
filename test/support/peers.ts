import { existsSync, readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { EventProcess } from "./event-process.js";

/** Implementations by others, as test/peers/build has left them in the cache folder. */

const SOURCES = fileURLToPath(new URL("../peers/", import.meta.url));
const CACHE =
  process.env["MATRIX_QR_LOGIN_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "matrix-qr-login-ci");
const JS_FOLDER = join(CACHE, "js-peers");
export const NODE_MODULES = join(JS_FOLDER, "node_modules");

export interface Peer {
  readonly name: string;
  readonly version: string;
  /** The program, and its first arguments. */
  readonly command: readonly [string, ...string[]];
  /** Why it can't be run here. */
  readonly missing: string | undefined;
}

/** What a peer tells: the events of matrix-qr-login, as far as they are looked at. */
const PeerEvent = v.variant("event", [
  v.object({ event: v.literal("qr"), payload: v.string() }),
  v.object({ event: v.literal("check_code"), check_code: v.string() }),
  v.object({ event: v.literal("check_code_required") }),
  v.object({ event: v.literal("verification"), verification_uri: v.string() }),
  v.object({ event: v.literal("waiting_for_consent"), user_code: v.string() }),
  v.object({ event: v.literal("signed_in") }),
  v.object({ event: v.literal("device_online") }),
  v.object({ event: v.literal("rendezvous_ended"), reason: v.string() }),
  v.object({
    event: v.literal("done"),
    user_id: v.optional(v.string()),
    device_id: v.optional(v.string()),
    has_cross_signing_keys: v.optional(v.boolean()),
    verified: v.optional(v.boolean()),
    backup_enabled: v.optional(v.boolean()),
  }),
  v.object({ event: v.literal("failure"), message: v.string(), reason: v.optional(v.string()) }),
]);
export type PeerEvent = v.InferOutput<typeof PeerEvent>;

export class PeerProcess extends EventProcess<PeerEvent> {
  constructor({ command: [program, ...first] }: Peer, args: readonly string[]) {
    const parse = (line: string) => v.parse(PeerEvent, JSON.parse(line));
    super(program, [...first, ...args], parse, { env: { PATH: process.env["PATH"] }, cwd: tmpdir() });
  }
}

function rustPeer(name: string, folder: string, program: string): Peer {
  const path = join(CACHE, "cargo-target", "debug", program);
  const lock = readFileSync(join(SOURCES, folder, "Cargo.lock"), "utf8");
  const [, version = "unknown"] = new RegExp(`name = "${name}"\nversion = "(.+)"`).exec(lock) ?? [];
  return { name, version, command: [path], missing: missing(path) };
}

function jsPeer(name: string, program: readonly [string, ...string[]]): Peer {
  const lock = JSON.parse(readFileSync(join(SOURCES, "matrix-js-sdk", "package-lock.json"), "utf8"));
  const { version } = lock.packages[`node_modules/${name}`];
  return { name, version, command: program, missing: missing(join(NODE_MODULES, name), program[0]) };
}

function missing(...paths: readonly string[]): string | undefined {
  return paths.every((path) => existsSync(path)) ? undefined : "not built here: see test/peers/build";
}

/** matrix-js-sdk needs Node 22. */
const node =
  Number.parseInt(process.versions.node, 10) >= 22
    ? process.execPath
    : join(NODE_MODULES, `node-${process.platform}-${process.arch}`, "bin", "node");

export const MATRIX_SDK = rustPeer("matrix-sdk", "matrix-sdk", "matrix-sdk-peer");
export const MATRIX_JS_SDK = jsPeer("matrix-js-sdk", [
  node,
  join(SOURCES, "matrix-js-sdk", "main.mjs"),
  JS_FOLDER,
]);
export const VODOZEMAC = {
  "0.11.0": rustPeer("vodozemac", "vodozemac/v0.11.0", "vodozemac-peer-0-11-0"),
  "0.11.1": rustPeer("vodozemac", "vodozemac/v0.11.1", "vodozemac-peer-0-11-1"),
};
export const CRYPTO_WASM = jsPeer("@matrix-org/matrix-sdk-crypto-wasm", [process.execPath]);
