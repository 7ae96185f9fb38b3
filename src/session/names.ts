import { basename } from "node:path";

/** What sessions are called. */

const MAX_LENGTH = 100;
/** Room for the number that tells namesakes apart. */
const MAX_USER_LENGTH = MAX_LENGTH - "-1000".length;

/** The name of the session in a file: the file's, without its ending. */
export function sessionName(path: string): string {
  return basename(path, ".json");
}

/** A name that is one file name on every system. One that ends in `.json` would be taken for a path. */
export function isSessionName(name: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(name) && !name.endsWith(".json");
}

/** A device ID as a session name: `+` and `/` become what URL-safe base64 has for them. */
export function nameOfDevice(deviceId: string): string {
  const safe = deviceId.replaceAll("+", "-").replace(/[^A-Za-z0-9_-]/g, "_");
  // A hyphen in front would look like an option.
  return safe.replace(/^-/, "_").slice(0, MAX_LENGTH);
}

/** A user ID as a session name: `bot_example.org` of `@bot:example.org`. */
export function nameOfUser(userId: string): string {
  const safe = userId.replace(/^@/, "").replace(/[^A-Za-z0-9._-]/g, "_");
  // A hyphen in front would look like an option, and a dot would hide the file. At the end, Windows drops dots.
  const name = safe.replace(/^[-.]/, "_").slice(0, MAX_USER_LENGTH).replace(/\.+$/, "");
  return name.replace(/\.json$/i, "_json");
}
