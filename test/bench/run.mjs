// npm run bench: measures this program beside others, prints it as one table, and docs/performance.md is written from it
// (npm run docs:performance). docs/performance.md says how it is run. What is measured is in rows.ts.
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

// Nothing is bundled for it: the rows are TypeScript that Vite takes as it is, with the set-up that the tests have.
const modules = await createServer({
  root: fileURLToPath(new URL("../../", import.meta.url)),
  configFile: false,
  appType: "custom",
  logLevel: "error",
  optimizeDeps: { noDiscovery: true },
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
});
try {
  const { bench } = await modules.ssrLoadModule("/test/bench/main.ts");
  process.exitCode = await bench(process.argv.slice(2));
} finally {
  await modules.close();
}
