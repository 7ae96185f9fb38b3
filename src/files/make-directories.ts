import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../foundation/error-code.js";

/**
 * Makes a directory that only its owner may enter (mode 0700), and those above it that are missing. One that is there
 * already stays as it is. Node's own `recursive` never ends where a parent is there and has no room for children, as in
 * /proc or an automount that is away: it takes `ENOENT` for a missing parent again and again.
 *
 * @throws {Error} Node's, such as `EROFS`
 */
export async function makeDirectories(path: string): Promise<void> {
  if (await isDirectory(path)) return;
  try {
    await makeDirectory(path);
  } catch (error) {
    const parent = dirname(path);
    if (errorCode(error) !== "ENOENT" || parent === path) throw error;
    await makeDirectories(parent);
    await makeDirectory(path);
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Somebody else was faster.
    if (errorCode(error) !== "EEXIST" || !(await isDirectory(path))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
