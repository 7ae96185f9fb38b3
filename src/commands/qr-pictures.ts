import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { escapeText } from "../foundation/escape-text.js";
import type { Intent } from "../foundation/events.js";
import { Failure } from "../foundation/failures.js";
import { writeQrFile } from "../qr/draw/qr-file.js";
import type { CodeToShow, GenerateCode } from "../sign-in/generate-code.js";
import type { SignInContext } from "./context.js";

type PictureFor = NonNullable<GenerateCode<Intent>["pictureFor"]>;

/**
 * Runs what shows QR codes, and answers which picture goes with each: `--qr-file` has the newest code of the
 * oldest version, which is what phones read today. Of the others, those that the display has no room for get a
 * picture in a folder of their own that only its owner can enter, and that is gone with the end of the run, even
 * of one that is cut off.
 */
export async function withQrPictures<T>(
  qrFile: string | undefined,
  { display }: Pick<SignInContext, "display">,
  run: (pictureFor: PictureFor) => Promise<T>,
): Promise<T> {
  let folder: string | undefined;
  const remove = () => {
    if (folder === undefined) return;
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // Once its code has served or expired, a picture is worth nothing, and no reason to fail.
    }
  };
  const standIn = async ({ payload, channel }: CodeToShow): Promise<string | undefined> => {
    try {
      // At once, lest a process that ends in between leaves it behind.
      folder ??= mkdtempSync(join(tmpdir(), "matrix-qr-login-"));
      const path = join(folder, `${channel}.png`);
      await writeQrFile(path, payload);
      return path;
    } catch (error) {
      // Nobody asked for this file, and the payload is on show all the same.
      const reason = error instanceof Error ? escapeText(error.message) : "unknown error";
      const message =
        error instanceof Failure ? reason : `The QR code can't be written to a file in its place: ${reason}.`;
      display.emit({ event: "warning", code: "qr_file_failed", message });
      return undefined;
    }
  };
  const pictureFor: PictureFor = async (code) => {
    if (qrFile !== undefined && code.channel === code.versions.at(-1)) {
      await writeQrFile(qrFile, code.payload);
      return qrFile;
    }
    return display.lacksRoomFor(code.payload) ? standIn(code) : undefined;
  };
  // A second signal ends the process without any clean-up but this.
  process.once("exit", remove);
  try {
    return await run(pictureFor);
  } finally {
    process.off("exit", remove);
    remove();
  }
}
