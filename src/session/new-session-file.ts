import type { StoredSession } from "./session-file.js";

/** What the role of the new device writes its session with. */
export interface NewSessionFile {
  /** Where it is, or will be: until `nameAfter`. */
  readonly path: string;
  /**
   * The first save creates the file and never replaces one.
   * @throws {Failure} `session_exists`, `file_error`
   */
  save(session: StoredSession): Promise<void>;
  /** Gives it the name of its user, once the homeserver has said who that is; absent where it keeps its name. */
  nameAfter?(userId: string): Promise<void>;
  /** What the file holds by now; absent, as is `reserve`, where it is no file that other processes may use. */
  read?(): Promise<StoredSession>;
  /**
   * Takes the room that the next save may need if it brings new tokens.
   *
   * @returns gives it back
   * @throws {Failure} `file_error`
   */
  reserve?(): Promise<() => Promise<void>>;
  /** Deletes what was saved; nothing where that was nothing. */
  remove(): Promise<void>;
}
