import { fileError } from "../../files/file-error.js";
import { replacePrivateFile } from "../../files/private-file.js";
import { escapeText } from "../../foundation/escape-text.js";
import { Failure } from "../../foundation/failures.js";
import { qrPng, qrSvg } from "./picture.js";

/**
 * Which kind of picture the path's extension asks for.
 *
 * @throws {Failure} `usage_error` for any but .png and .svg
 */
export function qrFileFormat(path: string): "png" | "svg" {
  const extension = /\.(png|svg)$/i.exec(path)?.[1]?.toLowerCase();
  if (extension === "png" || extension === "svg") return extension;
  const message = `The name of the QR code's picture has to end in .png or .svg, unlike ${escapeText(path)}.`;
  throw new Failure("usage_error", message);
}

/**
 * Writes the payload's code as a picture. A reader sees the old picture or the new one, never a part; only the
 * owner may read it.
 *
 * @throws {Failure} `usage_error`, `file_error`, or `server_error` when the payload is too long for a code
 */
export async function writeQrFile(path: string, payload: Uint8Array): Promise<void> {
  const picture = qrFileFormat(path) === "png" ? await qrPng(payload) : qrSvg(payload);
  try {
    await replacePrivateFile(path, picture);
  } catch (error) {
    throw fileError("write the QR code's picture", path, error);
  }
}
