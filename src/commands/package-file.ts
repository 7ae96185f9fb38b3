import { readFileSync } from "node:fs";

/** A text file of this package, by its path in there. */
export function packageFile(path: string): string {
  // biome-ignore lint/plugin: files of this package are beside its code, wherever that is.
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}
