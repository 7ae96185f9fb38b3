import { register } from "node:module";

// For NODE_OPTIONS=--import: writes the URL of every module that is resolved to the file named by its own URL.
const file = new URL(import.meta.url).searchParams.get("file");
const hooks = `
import { appendFileSync } from "node:fs";
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  appendFileSync(${JSON.stringify(file)}, resolved.url + "\\n");
  return resolved;
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
