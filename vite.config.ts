import { resolve } from "node:path";
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
  // What is loaded instead of a package counts as that package, and has its name behind a zero.
  if (id in INSTEAD || id.slice(1) in INSTEAD) return id.replace("\0", "");
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

/** Packages that this program's own modules are in one chunk with, from what most commands need to what few do. */
const LOADED_TOGETHER = ["valibot", "proper-lockfile", "@hpke-core", "undici", "oauth4webapi"];

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
 * Few chunks, each of what is needed at the same time: a hundred small ones take longer to find than to read. One is for
 * what everything needs, one for what reads pictures, two for what the program starts with and what it shows, and one for
 * each other package, with what of this program needs it.
 */
function chunkOf(id: string, modules: Modules): string | null {
  const name = packageOf(id);
  const isLoadedWith = (file: string) => loadedWith(resolve(file), modules).has(name ?? id);
  if (id.includes("/src/foundation/")) return "foundation";
  if (isLoadedWith("src/qr/read/read-qr-code.ts")) {
    return isLoadedWith("src/qr/read/source.ts") ? "shared-with-pictures" : "pictures";
  }
  if (isLoadedWith(ENTRIES.cli)) return "start";
  const isShared = SHARED.test(id);
  if (isLoadedWith("src/ui/plain-display.ts") && !isShared) return "display";
  if (name !== undefined) return name;
  if (!isShared && !isLoadedWith("src/commands/sign-in.ts")) return null;
  const needed = loadedWith(id, modules);
  return LOADED_TOGETHER.findLast((each) => needed.has(each)) ?? "shared";
}

/** Packages that are imported in another way than by their name. */
const INSTEAD: Readonly<Record<string, string>> = {
  // The parts that src/network uses: undici's index loads a browser's fetch, WebSockets, caches and mocks besides, which
  // takes three times as long as all that a request needs.
  undici: `
    import Agent from "undici/lib/dispatcher/agent.js";
    import Dispatcher from "undici/lib/dispatcher/dispatcher.js";
    import EnvHttpProxyAgent from "undici/lib/dispatcher/env-http-proxy-agent.js";
    import api from "undici/lib/api/index.js";
    import errors from "undici/lib/core/errors.js";
    Object.assign(Dispatcher.prototype, api);
    export { Agent, EnvHttpProxyAgent, errors };`,
  // As CommonJS, in which the packages that it uses are: Node.js searches those for names to import, which takes longer
  // than loading libvips.
  sharp: `
    import { createRequire } from "node:module";
    export default createRequire(import.meta.url)("sharp");`,
};

const importingInstead: Plugin = {
  name: "importing-instead",
  enforce: "pre",
  resolveId: (id) => (id in INSTEAD ? `\0${id}` : undefined),
  load: (id) => INSTEAD[id.slice(1)],
};

/** What is imported by a package and never used, by the end of its path. */
const LEFT_OUT: Readonly<Record<string, RegExp>> = {
  // HTTP/2, which undici speaks only if asked to: it would have Node.js load its own, too.
  "./client-h2.js": /\/node_modules\/undici\//,
  // Bodies of browsers, as forms and blobs are: nobody sends any here.
  "../web/fetch/body.js": /\/node_modules\/undici\//,
  // Ink's own development, which needs a package that isn't installed.
  "./devtools.js": /\/node_modules\/ink\//,
};

const leavingOut: Plugin = {
  name: "leaving-out",
  enforce: "pre",
  // It is of the same package, and so in its chunk.
  resolveId: (id, importer) => (LEFT_OUT[id]?.test(importer ?? "") ? `\0left-out:${importer}` : undefined),
  load: (id) => (id.startsWith("\0left-out:") ? "export {};" : undefined),
};

export default defineConfig({
  plugins: [importingInstead, leavingOut],
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
