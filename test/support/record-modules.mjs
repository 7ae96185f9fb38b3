import { appendFileSync } from "node:fs";
import Module, { register } from "node:module";

// For NODE_OPTIONS=--import: writes the URL or path of every module that is resolved to the file named by its own URL.
const file = new URL(import.meta.url).searchParams.get("file");
const hooks = `
import { appendFileSync } from "node:fs";
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  appendFileSync(${JSON.stringify(file)}, resolved.url + "\\n");
  return resolved;
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

// Node.js 20 has no hook for what is required.
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = (...args) => {
  const path = resolveFilename(...args);
  appendFileSync(file, `${path}\n`);
  return path;
};
