import { readdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join } from "node:path";
import { fileError } from "../files/file-error.js";
import { errorCode } from "../foundation/error-code.js";
import { Failure } from "../foundation/failures.js";
import type { Machine } from "../foundation/machine.js";
import { type Revealed, revealed } from "../foundation/secret.js";
import {
  checkCanCreateFile,
  createFile,
  makeDirectory,
  readSessionFile,
  removeFile,
  replaceFile,
} from "./files.js";
import { parseJsonObject, parseStoredSession, type StoredSession } from "./session-file.js";

const APPLICATION = "matrix-qr-login";

/** A file of the directory: its session, or why it can't be used. */
export type SessionEntry = { readonly name: string; readonly path: string } & (
  | { readonly session: StoredSession; readonly failure?: never }
  | { readonly session?: never; readonly failure: Failure }
);

/** Fields to set in a session file; `undefined` takes a field out. */
export type SessionChanges = { readonly [K in keyof StoredSession]?: StoredSession[K] | undefined };

/** What the role of the new device writes its session with. */
export interface NewSessionFile {
  readonly path: string;
  /**
   * The first save creates the file and never replaces one.
   * @throws {Failure} `session_exists`, `file_error`
   */
  save(session: StoredSession): Promise<void>;
  /** Deletes what was saved; nothing where that was nothing. */
  remove(): Promise<void>;
}

/**
 * The directory of the sessions that have a name: in the XDG state directory, or where macOS and Windows have an
 * application's own files.
 *
 * @throws {Error} Node's, where the user has no home directory and the environment names none
 */
export function sessionsDirectory({ env, platform, homeDirectory }: Machine): string {
  const stateHome = env["XDG_STATE_HOME"];
  // The XDG base directory specification wants relative paths ignored.
  if (stateHome && isAbsolute(stateHome)) return join(stateHome, APPLICATION, "sessions");
  if (platform === "win32") {
    const local = env["LOCALAPPDATA"] || join(homeDirectory(), "AppData", "Local");
    return join(local, APPLICATION, "Data", "sessions");
  }
  const home = env["HOME"] || homeDirectory();
  return platform === "darwin"
    ? join(home, "Library", "Application Support", APPLICATION, "sessions")
    : join(home, ".local", "state", APPLICATION, "sessions");
}

/** The session files of a directory. The operations on one file take any path: it may lie elsewhere. */
export class SessionStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  pathOf(name: string): string {
    return join(this.directory, `${name}.json`);
  }

  /** The sessions of the directory, by name. */
  async list(): Promise<SessionEntry[]> {
    const files = await readdir(this.directory).catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return [];
      throw fileError("read", this.directory, error);
    });
    const names = files.filter((file) => file.endsWith(".json")).map(sessionName);
    return Promise.all(
      names
        .filter(isSessionName)
        .sort()
        .map((name) => this.#entry(name)),
    );
  }

  async #entry(name: string): Promise<SessionEntry> {
    const path = this.pathOf(name);
    try {
      return { name, path, session: await this.read(path) };
    } catch (error) {
      return { name, path, failure: Failure.from(error) };
    }
  }

  /** @throws {Failure} `session_not_found`, `session_invalid`, `file_error` */
  async read(path: string): Promise<StoredSession> {
    return parseStoredSession(await readSessionFile(path), path);
  }

  /**
   * Makes a new file, and its directory where that is missing.
   * @throws {Failure} `session_exists`, `file_error`
   */
  async create(path: string, session: StoredSession): Promise<void> {
    await this.#makeDirectoryOf(path);
    await createFile(path, serialize(session));
  }

  /** Replaces the whole file, atomically. */
  async write(path: string, session: StoredSession): Promise<void> {
    await replaceFile(path, serialize(session));
  }

  /**
   * Sets the fields that are named and keeps all others, those of other programs too. Whoever calls this holds
   * the file's lock: a refresh in between would be undone.
   */
  async update(path: string, changes: SessionChanges): Promise<StoredSession> {
    const text = serialize(changes, parseJsonObject(await readSessionFile(path), path));
    const session = parseStoredSession(text, path);
    await replaceFile(path, text);
    return session;
  }

  /** Deletes the file; nothing where there is none. */
  async remove(path: string): Promise<void> {
    await removeFile(path);
  }

  /**
   * Finds out whether a session could be created here, before anything is asked of the network.
   * @throws {Failure} `session_exists`, `file_error`
   */
  async checkCanCreate(path: string): Promise<void> {
    await this.#makeDirectoryOf(path);
    await checkCanCreateFile(path);
  }

  newFile(path: string): NewSessionFile {
    let created = false;
    return {
      path,
      save: async (session) => {
        if (created) return this.write(path, session);
        await this.create(path, session);
        created = true;
      },
      remove: async () => {
        if (created) await this.remove(path);
        created = false;
      },
    };
  }

  async #makeDirectoryOf(path: string): Promise<void> {
    await makeDirectory(dirname(path), dirname(path) === this.directory);
  }
}

/** The name of the session in a file: the file's, without its ending. */
export function sessionName(path: string): string {
  return basename(path, ".json");
}

/** A name that is one file name on every system. One that ends in `.json` would be taken for a path. */
export function isSessionName(name: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(name) && !name.endsWith(".json");
}

/** @param kept what the file holds already */
function serialize(session: SessionChanges, kept: Readonly<Record<string, unknown>> = {}): string {
  const file: Revealed<SessionChanges> = { ...kept, ...revealed(session) };
  return `${JSON.stringify(file, null, 2)}\n`;
}
