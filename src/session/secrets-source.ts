import * as v from "valibot";
import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import { parseJson } from "../foundation/json.js";
import { SecretsBundle } from "../protocol/secrets.js";
import type { RecoveryKeySource } from "../secret-storage/key-source.js";
import { readHandedIn } from "./files.js";

/** Where the account's secrets are taken from, other than from the session itself. */
export type SecretsSource =
  /** A file with a secrets bundle, or with a portable session. */
  | { readonly from: "file"; readonly path: string }
  /** The account's secret storage; with `ifMissing`, only for a session that has none of its own. */
  | {
      readonly from: "secret_storage";
      readonly recoveryKey: RecoveryKeySource;
      readonly ifMissing?: boolean;
    };

const SecretsFile = v.union([SecretsBundle, v.object({ secrets: SecretsBundle })]);

/** @throws {Failure} `secrets_missing` for a file with something else in it; `file_error`; the signal's reason */
export async function readSecretsFile(path: string, signal: AbortSignal): Promise<SecretsBundle> {
  const text = await readHandedIn(path, signal);
  const parsed = v.safeParse(SecretsFile, parseJson(text));
  if (!parsed.success) {
    throw new Failure("secrets_missing", `${escapeText(path)} holds no secrets bundle.`, {
      hint: "It has to be an exported session, as JSON, or its `secrets` alone.",
    });
  }
  return "secrets" in parsed.output ? parsed.output.secrets : parsed.output;
}
