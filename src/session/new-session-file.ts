import type { ReservedRoom } from "../files/private-file.js";
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

/** What a new file takes of the store that it is in. */
interface Store {
  read(path: string): Promise<StoredSession>;
  reserve(path: string): Promise<ReservedRoom>;
  create(path: string, session: StoredSession): Promise<void>;
  write(path: string, session: StoredSession, room?: ReservedRoom): Promise<void>;
  remove(path: string): Promise<void>;
}

/** @param nameAfterUser gives it the name of its user, and tells where it is then; absent where it keeps its name */
export function newSessionFileIn(
  store: Store,
  path: string,
  nameAfterUser: ((path: string, userId: string) => Promise<string>) | undefined,
): NewSessionFile {
  let created = false;
  let isNamed = false;
  let room: ReservedRoom | undefined;
  const file = {
    path,
    read: () => store.read(file.path),
    reserve: async () => {
      const reserved = await store.reserve(file.path);
      room = reserved;
      return async () => {
        room = undefined;
        await reserved.release();
      };
    },
    save: async (session: StoredSession) => {
      if (created) await store.write(file.path, session, room);
      else await store.create(file.path, session);
      created = true;
    },
    ...(nameAfterUser && {
      nameAfter: async (userId: string) => {
        if (isNamed) return;
        isNamed = true;
        file.path = await nameAfterUser(file.path, userId);
      },
    }),
    remove: async () => {
      if (created) await store.remove(file.path);
      created = false;
    },
  };
  return file;
}
