import { readFileSync } from "node:fs";

interface PackageJson {
  readonly version: string;
}

/** The version of this package. */
export function packageVersion(): string {
  // biome-ignore lint/plugin: this package's own manifest.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as PackageJson).version;
}
