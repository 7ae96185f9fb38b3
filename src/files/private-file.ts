import { randomUUID } from "node:crypto";
import { open, realpath, rename, unlink } from "node:fs/promises";

/**
 * Replaces a file's content, atomically and for its owner alone: a reader sees the old content or the new one.
 * What can't be written whole is not put in place, and nobody else's file is written into.
 *
 * @throws {Error} Node's, such as `ENOSPC`
 */
export async function replacePrivateFile(path: string, content: string | Uint8Array): Promise<void> {
  // A symbolic link stays one; its target is what is replaced.
  const target = await realpath(path).catch(() => path);
  const temporary = `${target}.${randomUUID()}`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
    await file.close();
    await rename(temporary, target);
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
}
