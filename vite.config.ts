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

/**
 * A chunk for each package, so that each is loaded when it is needed and no sooner; and one for what everything needs,
 * which would be a dozen small files.
 */
function chunkOf(id: string): string | null {
  if (id.includes("/src/foundation/")) return "foundation";
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1];
  return name?.replace("/", "-") ?? null;
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
          groups: [{ name: chunkOf, debugName: "a chunk for each package" }],
        },
      },
    },
  },
});
