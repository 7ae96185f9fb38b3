import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A picture of the corpus, as its manifest describes it. */
export interface CorpusPicture {
  readonly file: string;
  readonly category: string;
  /** Of the sign-in code; null where there is none to be found. */
  readonly payload_hex: string | null;
}

export interface Corpus {
  readonly folder: string;
  readonly pictures: readonly CorpusPicture[];
}

/** The pictures that are kept beside the project; undefined where they aren't there. */
export function findCorpus(): Corpus | undefined {
  const folder = join(process.env["MATRIX_QR_LOGIN_SHARED"] ?? "", "corpus");
  const manifest = join(folder, "manifest.json");
  if (!process.env["MATRIX_QR_LOGIN_SHARED"] || !existsSync(manifest)) return undefined;
  return { folder, pictures: JSON.parse(readFileSync(manifest, "utf8")) as CorpusPicture[] };
}
