import { existsSync } from "node:fs";
import type { Peer } from "../support/peers.js";

/** A peer in Rust as `test/peers/build --release` has built it; otherwise the one that the tests run, and its name says so. */
export function releaseOf(peer: Peer): Peer {
  const [program] = peer.command;
  const release = program.replace("/debug/", "/release/");
  if (existsSync(release)) return { ...peer, command: [release], missing: undefined };
  return { ...peer, version: `${peer.version}, not optimised` };
}

export function titleOf({ name, version }: Peer): string {
  return `${name} ${version}`;
}
