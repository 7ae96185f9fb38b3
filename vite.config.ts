import { isAbsolute, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

/**
 * Bundles the program for dist/cli, since the files that Node.js finds, reads and compiles are most of what a person
 * waits for at its start. The library isn't bundled: tsc alone makes dist.
 */

/** What bin/ imports, and what the program starts as a process and a thread of its own. */
const ENTRIES = {
  cli: "src/cli.ts",
  "picture-process": "src/qr/read/picture-process.ts",
  "picture-watchdog": "src/qr/read/picture-watchdog.ts",
};

/** Native code and WebAssembly stay packages of their own. */
const NOT_BUNDLED = ["sharp", "zxing-wasm", "heic-decode"];

interface Modules {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null;
}

/** The package that a file is of; undefined for this program's own. */
function packageOf(id: string): string | undefined {
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1];
  return PARTS_OF[name ?? ""] ?? name?.replace("/", "-");
}

/** Packages that are of use to one other alone. */
const PARTS_OF: Readonly<Record<string, string>> = {
  "@hpke/common": "@hpke-core",
  "@hpke/chacha20poly1305": "@hpke-core",
  "graceful-fs": "proper-lockfile",
  retry: "proper-lockfile",
  "signal-exit": "proper-lockfile",
  "fast-string-truncated-width": "fast-wrap-ansi",
  "fast-string-width": "fast-wrap-ansi",
};

/** What most commands share: elsewhere each folder's files are needed by themselves. */
const SHARED = /\/src\/(files|network|protocol|rendezvous|homeserver|session|secret-storage|sign-in)\//;

/** A file with what it imports, and what that does; of packages only the names. */
function loadedWith(id: string, modules: Modules): Set<string> {
  const loaded = new Set<string>();
  const visit = (each: string) => {
    const known = packageOf(each) ?? each;
    if (loaded.has(known)) return;
    loaded.add(known);
    if (known === each)
      for (const imported of modules.getModuleInfo(each)?.importedIds ?? []) visit(imported);
  };
  visit(id);
  return loaded;
}

/**
 * A chunk for each package, so that each is loaded when it is needed and no sooner. Of the files that commands share: one
 * for what everything needs, one for what the process that reads pictures needs besides, one for what the program starts
 * with, whatever it is asked for, and one for all that need the same packages. A hundred small ones take longer to find
 * than to read.
 */
function chunkOf(id: string, modules: Modules): string | null {
  const name = packageOf(id);
  if (name !== undefined) return name;
  if (id.includes("/src/foundation/")) return "foundation";
  const isShared = SHARED.test(id);
  const isLoadedWith = (entry: string) => loadedWith(resolve(entry), modules).has(id);
  if (isShared && isLoadedWith(ENTRIES["picture-process"])) return "shared-with-pictures";
  if (isLoadedWith(ENTRIES.cli)) return "start";
  if (!isShared) return null;
  const isPackage = (each: string) => !isAbsolute(each) && !each.startsWith("node:");
  return ["shared", ...[...loadedWith(id, modules)].filter(isPackage).sort()].join("-");
}

/**
 * The parts of undici that src/network uses. Its index loads a browser's fetch, WebSockets, caches and mocks besides,
 * which takes three times as long as all that a request needs.
 */
const UNDICI = `
  import Agent from "undici/lib/dispatcher/agent.js";
  import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
  import EnvHttpProxyAgent from "undici/lib/dispatcher/env-http-proxy-agent.js";
  import api from "undici/lib/api/index.js";
  import errors from "undici/lib/core/errors.js";
  Object.assign(Dispatcher.prototype, api);
  export { Agent, EnvHttpProxyAgent, errors };`;

const undiciInParts: Plugin = {
  name: "undici-in-parts",
  enforce: "pre",
  resolveId: (id) => (id === "undici" ? "\0undici" : undefined),
  load: (id) => (id === "\0undici" ? UNDICI : undefined),
};

/**
 * Ink's own development needs a package that isn't installed. In one chunk with the rest of ink it would be asked for
 * whenever that is loaded.
 */
const inkWithoutDevtools: Plugin = {
  name: "ink-without-devtools",
  enforce: "pre",
  resolveId: (id, importer) =>
    id === "./devtools.js" && importer?.includes("/node_modules/ink/") ? "\0devtools" : undefined,
  load: (id) => (id === "\0devtools" ? "export {};" : undefined),
};

export default defineConfig({
  plugins: [undiciInParts, inkWithoutDevtools],
  // React's own development build is slower, and says things on stderr.
  define: { "process.env.NODE_ENV": '"production"' },
  ssr: { noExternal: true, external: NOT_BUNDLED },
  build: {
    ssr: true,
    target: "node20.18",
    outDir: "dist/cli",
    license: { fileName: "THIRD-PARTY-LICENSES.md" },
    rolldownOptions: {
      input: ENTRIES,
      output: {
        minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
        entryFileNames: "[name].js",
        chunkFileNames: "[name].js",
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ name: chunkOf, debugName: "chunks" }],
        },
      },
    },
  },
});
