import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { page, ROOT, rowsOf, section } from "./pages.js";

/** What comes from others, and how: docs/dependencies.md, and what it says of the lockfile and of releases. */

const DEPENDENCIES = page("docs/dependencies.md");

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}
const MANIFEST: Manifest = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));

/** The packages of a table, in its order. */
function named(title: string): string[] {
  const rows = rowsOf(section(DEPENDENCIES, title).text);
  return rows.map(([name = ""]) => name.replaceAll("`", ""));
}

const sorted = (names: Iterable<string>) => [...names].sort();

describe("docs/dependencies.md", () => {
  it("names what is installed with the program", () => {
    const { dependencies, optionalDependencies } = MANIFEST;
    const installed = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)];
    expect(sorted(named("Installed"))).toEqual(sorted(installed));
  });

  it("names what is bundled or used for the build, each once", () => {
    const used = [...named("Bundled"), ...named("For building and testing")];
    expect(sorted(used)).toEqual(sorted(Object.keys(MANIFEST.devDependencies)));
  });

  it("says of each package in a release who maintains it, and what happens if nobody does", () => {
    for (const title of ["Installed", "Bundled"]) {
      for (const row of rowsOf(section(DEPENDENCIES, title).text)) {
        expect(row).toHaveLength(4);
        expect(row).not.toContain("");
      }
    }
  });
});

interface Lockfile {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage extends Partial<Manifest> {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

/** Packages that may run a script when they are installed. */
const MAY_RUN_SCRIPTS: readonly string[] = [];

describe.each([
  ["package.json", "package-lock.json"],
  ["test/peers/matrix-js-sdk/package.json", "test/peers/matrix-js-sdk/package-lock.json"],
  ["test/mutation/package.json", "test/mutation/package-lock.json"],
])("the lockfile of %s", (manifestPath, lockPath) => {
  const manifest: Partial<Manifest> = JSON.parse(readFileSync(`${ROOT}${manifestPath}`, "utf8"));
  const lockfile: Lockfile = JSON.parse(readFileSync(`${ROOT}${lockPath}`, "utf8"));
  const { "": root = {}, ...packages } = lockfile.packages;

  it("is what `npm ci` takes: made of this package.json", () => {
    expect(lockfile.lockfileVersion).toBe(3);
    for (const kind of ["dependencies", "devDependencies", "optionalDependencies"] as const) {
      expect(root[kind] ?? {}).toEqual(manifest[kind] ?? {});
    }
  });

  it("names each package with its version and hash", () => {
    for (const [path, { version, integrity }] of Object.entries(packages)) {
      expect(version, path).toMatch(/^\d+\.\d+\.\d+/);
      expect(integrity, path).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    }
  });

  it("takes them from a registry alone: no folder, no repository, no other file", () => {
    for (const [path, { link, resolved }] of Object.entries(packages)) {
      expect(link, path).toBeUndefined();
      // Left out by npm where it is told to; where it is there, it is a registry's own kind of URL.
      if (resolved === undefined) continue;
      const name = path.replace(/^.*node_modules\//, "");
      const { protocol, pathname } = new URL(resolved);
      expect({ protocol, isOwn: pathname.startsWith(`/${name}/-/`) }, path).toEqual({
        protocol: "https:",
        isOwn: true,
      });
    }
  });

  it("has no package that runs a script when it is installed, but those that are named", () => {
    const withScripts = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript);
    expect(withScripts).toEqual(MAY_RUN_SCRIPTS);
  });
});

describe("each workflow", () => {
  it.each(readdirSync(`${ROOT}.github/workflows`))(
    "%s uses actions by the hash of a commit, with the version beside it",
    (name) => {
      const workflow = readFileSync(`${ROOT}.github/workflows/${name}`, "utf8");
      const uses = [...workflow.matchAll(/uses: (.*)$/gm)].map(([, action = ""]) => action);
      expect(uses.length).toBeGreaterThan(0);
      for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    },
  );
});

describe("the workflow that releases", () => {
  const workflow = readFileSync(`${ROOT}.github/workflows/release.yml`, "utf8");

  it("publishes with provenance, and holds no token of npm's", () => {
    expect(workflow).toContain("npm publish --provenance");
    expect(workflow).toContain("id-token: write");
    expect(workflow).not.toMatch(/secrets\.|NPM_TOKEN|NODE_AUTH_TOKEN/);
  });

  it("installs what the lockfile says, without scripts, and tests and audits before it publishes", () => {
    const steps = ["npm ci --ignore-scripts", "npm audit --audit-level=high", "npm test", "npm publish"];
    const places = steps.map((step) => workflow.indexOf(step));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });
});
