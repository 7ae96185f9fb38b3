import { readdir, readFile } from "node:fs/promises";
import { Failure } from "../../src/foundation/failures.js";
import { isJsonObject, parseJson } from "../../src/foundation/json.js";
import type { Scene } from "./scene.js";
import { type Ends, existingSessionPath, NEW_DEVICE, newSessionPath } from "./sign-in.js";

/** The outcome of a sign-in that went well on both devices. */
export const VERIFIED = "new done, existing done";

/** How a run ended, in words that runs can be counted by. */
type Outcome = string;

/** Tokens that are good, and in no file. */
export const ORPHANED = "a token is good that nobody has";

/** What a run left behind, and what of that is against the promises (docs/security.md). */
export interface Verdict {
  readonly outcome: Outcome;
  readonly broken: readonly string[];
}

/** Holds what is left of a sign-in to what was said of it. */
export async function judge(world: Scene, ends: Ends): Promise<Verdict> {
  const broken: string[] = [];
  const expect = (isSo: boolean, what: string) => {
    if (!isSo) broken.push(what);
  };
  const { server } = world;
  const left = await readSession(newSessionPath(world));
  const isLive = server.activeSessions().some(({ deviceId }) => deviceId === NEW_DEVICE);
  const device = server.devices().find(({ deviceId }) => deviceId === NEW_DEVICE);
  const hasGoodToken = await world.isGood(String(left?.["access_token"]));
  const { new: ended } = ends;

  if (ended === "done") {
    expect(left?.["state"] === "complete", "the session is not complete");
    expect(hasGoodToken, "the session's token is not good");
    expect(device?.deviceKeys !== undefined, "there are no device keys");
  } else if (ended !== "killed") {
    const { cleanup = "none", session } = ended.details;
    const isKept = session !== undefined && cleanup === "none";
    expect(!isKept || hasGoodToken, "a session is kept without a token that is good");
    if (!isKept) {
      expect(left?.["secrets"] === undefined, "secrets are left");
      expect(isLive === false || cleanup === "pending" || cleanup === "impossible", ORPHANED);
      expect(device?.deviceKeys === undefined, "device keys are left");
    }
    if (cleanup === "revoked") expect(!isLive, "what was revoked is good");
    if (cleanup === "pending")
      expect(left?.["state"] === "revocation_pending", "a revocation is not pending");
    if (cleanup !== "pending" && !isKept && session === undefined)
      expect(left === undefined, "a file is left");
  }
  const existing = await readSession(existingSessionPath(world));
  expect(await world.isGood(String(existing?.["access_token"])), "the existing device is signed out");
  const files = (await readdir(world.directory)).filter(
    (name) => !["new.json", "existing.json"].includes(name),
  );
  expect(files.length === 0, `files are left: ${files.join(", ")}`);
  return { outcome: `new ${describe(ended)}, existing ${describe(ends.existing)}`, broken };
}

function describe(end: Ends["new"]): string {
  if (!(end instanceof Failure)) return end;
  const { cleanup, session } = end.details;
  return [end.code, ...(cleanup ? [cleanup] : []), ...(session ? ["kept"] : [])].join(" ");
}

/** A file that is no session at all is torn. */
async function readSession(path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const session = parseJson(text);
  if (!isJsonObject(session)) throw new Error(`${path} is torn.`);
  return session;
}
