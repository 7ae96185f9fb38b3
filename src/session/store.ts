import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileError } from "../files/file-error.js";
import { deleteAbandonedBeside, type ReservedRoom } from "../files/private-file.js";
import { errorCode } from "../foundation/error-code.js";
import { Failure } from "../foundation/failures.js";
import { type Revealed, revealed } from "../foundation/secret.js";
import {
  checkCanCreateFile,
  createFile,
  keepDirectoryPrivate,
  makeDirectory,
  moveFile,
  readSessionFile,
  removeFile,
  replaceFile,
  reserveFile,
  type WarnOfFile,
} from "./files.js";
import { FirstReadings } from "./first-readings.js";
import { isSessionName, nameOfUser, sessionName } from "./names.js";
import { nearMiss } from "./near-miss.js";
import { type NewSessionFile, newSessionFileIn } from "./new-session-file.js";
import {
  type HandedInSession,
  parseJsonObject,
  parseStoredSession,
  type StoredSession,
  toPortable,
} from "./session-file.js";

/** What new tokens add to a file at most: each may have 16 384 characters, of which JSON escapes some. */
const NEW_TOKENS_BYTES = 4 * 16_384 + 1024;

/** How many sessions of one user get a name of their own. */
const MAX_NAMESAKES = 1000;

/** A file of the directory: its session, or why it can't be used. */
export type SessionEntry = { readonly name: string; readonly path: string } & (
  | { readonly session: StoredSession; readonly failure?: never }
  | { readonly session?: never; readonly failure: Failure }
);

/** Fields to set in a session file; `undefined` takes a field out. */
export type SessionChanges = { readonly [K in keyof StoredSession]?: StoredSession[K] | undefined };

/**
 * The session files of a directory. The operations on one file take any path: it may lie elsewhere. To one store a file
 * is of the account that it was first read as, for as long as it is there.
 */
export class SessionStore {
  readonly #directory: () => string;
  readonly #readings = new FirstReadings();
  readonly #warn: WarnOfFile | undefined;

  /**
   * @param directory asked for only where a session is named or looked for, so that it may throw where there is none
   * @param warn told of session files that were open to other users
   */
  constructor(directory: string | (() => string), warn?: WarnOfFile) {
    this.#directory = typeof directory === "string" ? () => directory : directory;
    this.#warn = warn;
  }

  get directory(): string {
    return this.#directory();
  }

  pathOf(name: string): string {
    return join(this.directory, `${name}.json`);
  }

  /** The sessions of the directory, by name. */
  async list(): Promise<SessionEntry[]> {
    return Promise.all((await this.#names()).map((name) => this.#entry(name)));
  }

  async #names(): Promise<string[]> {
    await keepDirectoryPrivate(this.directory, this.#warn);
    const files = await readdir(this.directory).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return [];
      throw fileError("read", this.directory, error);
    });
    return files.filter(isSessionFile).map(sessionName).sort();
  }

  async #entry(name: string): Promise<SessionEntry> {
    const path = this.pathOf(name);
    try {
      return { name, path, session: await this.read(path) };
    } catch (error) {
      return { name, path, failure: Failure.from(error) };
    }
  }

  /** @throws {Failure} `session_not_found`, `session_invalid`, `file_error`, `session_replaced` */
  async read(path: string): Promise<StoredSession> {
    return this.#parse(await this.#readText(path), path);
  }

  #parse(text: string, path: string): StoredSession {
    const session = parseStoredSession(text, path);
    this.#readings.check(path, session);
    return session;
  }

  /**
   * All that a session file holds, other programs' fields included, but for how far the session has come here.
   *
   * @returns JSON with the tokens and keys in the clear: what `session import` takes
   * @throws {Failure} `session_not_found`, `session_invalid`, `file_error`; `session_incomplete` when its sign-in
   *   never finished, `session_dead` after a logout
   */
  async readPortable(path: string): Promise<Readonly<Record<string, unknown>>> {
    const text = await this.#readText(path);
    toPortable(this.#parse(text, path));
    const {
      state: _,
      refresh_asked_at: __,
      token_seen_at: ___,
      proxy_token: ____,
      ...fields
    } = parseJsonObject(text, path);
    return fields;
  }

  /** A name of the directory that nobody has, but that is nearly somebody's, is most likely a slip. */
  async #readText(path: string): Promise<string> {
    try {
      return await readSessionFile(path, this.#warn);
    } catch (error) {
      const failure = Failure.from(error);
      if (failure.code !== "session_not_found" || !this.#isOurs(path)) throw failure;
      const meant = nearMiss(sessionName(path), await this.#names());
      throw meant === undefined ? failure : failure.with({ hint: `Did you mean ${meant}?` });
    }
  }

  /**
   * Makes a new file, and its directory where that is missing.
   * @throws {Failure} `session_exists`, `file_error`
   */
  async create(path: string, session: StoredSession): Promise<void> {
    await this.#createFile(path, serialize(session));
  }

  /**
   * Makes a new file of what was handed in, other programs' fields included, and its directory where that is missing.
   *
   * @param now since when the session is there, where what was handed in doesn't say, and its token is seen
   * @returns what of it is understood
   * @throws {Failure} `session_invalid`, `session_exists`, `file_error`
   */
  async createFrom(
    path: string,
    { json }: HandedInSession,
    state: StoredSession["state"],
    now: Date,
  ): Promise<StoredSession> {
    const fields = parseJsonObject(json.reveal(), path);
    const created_at = fields["created_at"] ? {} : { created_at: now.toISOString() };
    const isLifeKnown = !fields["expires_at"] || fields["token_lifetime_ms"];
    const token_seen_at = isLifeKnown ? undefined : now.toISOString();
    const text = serialize({ state, ...created_at, token_seen_at }, fields);
    const session = parseStoredSession(text, path);
    await this.#createFile(path, text);
    return session;
  }

  async #createFile(path: string, text: string): Promise<void> {
    await this.#makeDirectoryOf(path);
    await createFile(path, text);
    await this.#sweepBeside(path);
  }

  /** Whoever is killed while making a session leaves the text of one that no name leads to. */
  async #sweepBeside(fresh: string): Promise<void> {
    if (this.#isOurs(fresh)) await deleteAbandonedBeside(fresh, isSessionFile);
  }

  /**
   * Gives a session that is named after its device the name of its user, or that with a number where others have
   * it already. Nothing is ever overwritten, and a session that can't be renamed keeps its name.
   *
   * @returns where it is now
   */
  async #nameAfterUser(path: string, userId: string): Promise<string> {
    const name = nameOfUser(userId);
    for (let number = 1; number <= MAX_NAMESAKES; number++) {
      const renamed = this.pathOf(number === 1 ? name : `${name}-${number}`);
      const outcome = await moveFile(path, renamed);
      if (outcome !== "taken") return outcome === "moved" ? renamed : path;
    }
    return path;
  }

  /** Replaces the whole file, atomically, in the room that was reserved for it if there is some. */
  async write(path: string, session: StoredSession, room?: ReservedRoom): Promise<void> {
    const text = serialize(session);
    await (room ? room.replace(text) : replaceFile(path, text));
  }

  /**
   * Sets the fields that are named and keeps all others, those of other programs too. Whoever calls this holds
   * the file's lock: a refresh in between would be undone.
   *
   * @param room that was reserved for it
   */
  async update(path: string, changes: SessionChanges, room?: ReservedRoom): Promise<StoredSession> {
    const there = await readSessionFile(path, this.#warn);
    this.#parse(there, path);
    const text = serialize(changes, parseJsonObject(there, path));
    const session = parseStoredSession(text, path);
    await (room ? room.replace(text) : replaceFile(path, text));
    return session;
  }

  /**
   * Takes the room that new tokens will need: they come but once, and have to be kept then.
   * @throws {Failure} `file_error`
   */
  async reserve(path: string): Promise<ReservedRoom> {
    return reserveFile(path, Buffer.byteLength(await readSessionFile(path)) + NEW_TOKENS_BYTES);
  }

  /** Deletes the file; nothing where there is none. */
  async remove(path: string): Promise<void> {
    await removeFile(path);
    this.#readings.forget(path);
  }

  /**
   * Deletes the other files of the directory that hold the same device, where the file is of it too: whoever is killed
   * while a session gets its user's name leaves it under both. What no name leads to goes, too.
   */
  async removeNamesakes(path: string, { base_url, device_id }: StoredSession): Promise<void> {
    if (!this.#isOurs(path)) return;
    await this.#sweepBeside(path);
    for (const other of await this.list()) {
      const { session } = other;
      if (other.path === path || session?.device_id !== device_id || session.base_url !== base_url) continue;
      await this.remove(other.path);
    }
  }

  /**
   * Finds out whether a session could be created here, before anything is asked of the network.
   * @throws {Failure} `session_exists`, `file_error`
   */
  async checkCanCreate(path: string): Promise<void> {
    await this.#makeDirectoryOf(path);
    await checkCanCreateFile(path);
  }

  /** @param keepsName whether somebody chose its name, so that it isn't named after its user */
  newFile(path: string, keepsName = true): NewSessionFile {
    const nameAfterUser = (from: string, userId: string) => this.#nameAfterUser(from, userId);
    return newSessionFileIn(this, path, keepsName ? undefined : nameAfterUser);
  }

  #isOurs(path: string): boolean {
    try {
      return dirname(path) === this.directory;
    } catch {
      // A path works without a home too.
      return false;
    }
  }

  async #makeDirectoryOf(path: string): Promise<void> {
    await makeDirectory(dirname(path), this.#isOurs(path));
  }
}

function isSessionFile(file: string): boolean {
  return file.endsWith(".json") && isSessionName(sessionName(file));
}

/** @param kept what the file holds already */
function serialize(session: SessionChanges, kept: Readonly<Record<string, unknown>> = {}): string {
  const file: Revealed<SessionChanges> = { ...kept, ...revealed(session) };
  return `${JSON.stringify(file, null, 2)}\n`;
}
