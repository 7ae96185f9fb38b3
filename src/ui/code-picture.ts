import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Qr } from "../foundation/events.js";
import { writeQrFile } from "../qr/draw/qr-file.js";

/** Where a picture may be kept for as long as the program runs, and what opens it. */
export interface PictureDesk {
  /** A folder in which others are made, as the system has one for temporary files. */
  readonly parent: string;
  readonly open: (path: string) => Promise<void>;
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

  /** Opens it in whatever shows pictures here. Where that fails, there still is the code in the terminal. */
  open(code: Qr): void {
    const path = this.#path();
    if (path === undefined) return;
    this.#write(path, code);
    this.#written = this.#written.then(() => this.#desk.open(path)).catch(() => undefined);
  }

  /** Puts the code in the place of the one before, if that was opened: many programs show a picture that changes anew. */
  renew(code: Qr): void {
    if (this.#folder !== undefined) this.#write(join(this.#folder, NAME), code);
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
    this.#written = this.#written.then(() => writeQrFile(path, bytes)).catch(() => undefined);
  }
}

const NAME = "code.png";
