import { register } from "node:module";

// For NODE_OPTIONS=--import: writes the URL of every module that is resolved to the file named by MODULES_FILE.
const hooks = `
import { appendFileSync } from "node:fs";
export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  appendFileSync(process.env.MODULES_FILE, resolved.url + "\\n");
  return resolved;
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
