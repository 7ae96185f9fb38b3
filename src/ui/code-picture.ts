import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Qr } from "../foundation/events.js";
import { writeQrFile } from "../qr/draw/qr-file.js";
import type { NoDesktop } from "../sign-in/desktop.js";
import { whole } from "./line.js";

/** Where a picture may be kept for as long as the program runs, and what opens it. */
export interface PictureDesk {
  /** A folder in which others are made, as the system has one for temporary files. */
  readonly parent: string;
  /** @param failed hears of it where nothing here opens pictures */
  readonly open: (path: string, failed: () => void) => Promise<void>;
  /** Why nothing that is opened comes up here. */
  readonly lacks?: NoDesktop | undefined;
  /** Has something done when the process ends, however it does. */
  readonly atExit: (clearAway: () => void) => void;
}

/** The code that is on show as a picture, in a folder that only its owner can enter, once somebody wants to see it. */
export class CodePicture {
  readonly #desk: PictureDesk;
  #folder: string | undefined;
  /** One is written after the other. */
  #written: Promise<void> = Promise.resolve();

  constructor(desk: PictureDesk) {
    this.#desk = desk;
  }

  /** Whether it can be opened here, rather than only be written. */
  get opens(): boolean {
    return this.#desk.lacks === undefined;
  }

  /**
   * Opens it in whatever shows pictures here. Where there is nothing such, it is in a file that can be fetched.
   *
   * @param tell hears what becomes of it, in few words
   */
  open(code: Qr, tell: (text: string) => void): void {
    const path = this.#path();
    if (path === undefined) {
      tell(NOT_WRITTEN);
      return;
    }
    const { open, lacks } = this.#desk;
    const seeFile = (why: string) => tell(`${why}: see ${whole(path)}`);
    if (lacks === undefined) tell(`Opening ${whole(path)}`);
    this.#write(path, code);
    this.#written = this.#written
      .then(() => (lacks ? seeFile(WHY_NOT[lacks]) : open(path, () => seeFile("It can't be opened here"))))
      .catch(() => tell(NOT_WRITTEN));
  }

  /** Puts the code in the place of the one before, if that was opened: many programs show a picture that changes anew. */
  renew(code: Qr): void {
    if (this.#folder === undefined) return;
    this.#write(join(this.#folder, NAME), code);
    this.#written = this.#written.catch(() => undefined);
  }

  remove(): void {
    if (this.#folder === undefined) return;
    try {
      rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // A code that has served is worth nothing.
    }
  }

  #path(): string | undefined {
    try {
      if (this.#folder === undefined) {
        this.#folder = mkdtempSync(join(this.#desk.parent, "matrix-qr-login-"));
        this.#desk.atExit(() => this.remove());
      }
      return join(this.#folder, NAME);
    } catch {
      return undefined;
    }
  }

  #write(path: string, { payload }: Qr): void {
    const bytes = Buffer.from(payload, "base64");
    this.#written = this.#written.then(() => writeQrFile(path, bytes));
  }
}

const NAME = "code.png";
const NOT_WRITTEN = "No picture of it can be written here.";
const WHY_NOT: Readonly<Record<NoDesktop, string>> = {
  ssh: "It can't be opened over SSH",
  ci: "It can't be opened in CI",
  no_display: "No display to open it on",
};
