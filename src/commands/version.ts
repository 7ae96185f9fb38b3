import { packageFile } from "./package-file.js";

interface PackageJson {
  readonly version: string;
}

/** The version of this package. */
export function packageVersion(): string {
  return (JSON.parse(packageFile("package.json")) as PackageJson).version;
}
