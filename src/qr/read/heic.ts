import { Failure } from "../../foundation/failures.js";
import { MAX_PICTURE_PIXELS } from "./limits.js";
import type { RawPicture } from "./raw-picture.js";

/**
 * ISO/IEC 23008-12: the brands of pictures that are coded with HEVC, whose codec sharp is built without. The first
 * may be that of all such containers; then the ones after it tell.
 */
const BRANDS = /^ftyp(?:hei[cx]|hev[cx]|m[is]f1.{4}(?:.{4})*(?:hei[cx]|hev[cx]))/s;
/** How much of a file they take at most. */
const BRANDS_END = 64;

export function isHeic(file: Uint8Array): boolean {
  return BRANDS.test(Buffer.from(file.subarray(4, BRANDS_END)).toString("latin1"));
}

/**
 * Decodes the first image of a HEIC file, upright.
 *
 * @throws {Failure} `picture_too_large`, `picture_unreadable`; that, too, where the optional package is missing
 */
export async function readHeic(file: Uint8Array): Promise<RawPicture> {
  const { default: heicDecode } = await import("heic-decode").catch((cause: unknown) => {
    throw new Failure("picture_unreadable", "HEIC pictures can't be read in this installation.", {
      hint: "Save it as PNG or JPEG, or install the package heic-decode beside this program.",
      cause,
    });
  });
  let images: Awaited<ReturnType<typeof heicDecode.all>> | undefined;
  try {
    images = await heicDecode.all({ buffer: file });
    const [image] = images;
    if (!image) throw new Error("There is no image in the file.");
    if (image.width * image.height > MAX_PICTURE_PIXELS) throw new Failure("picture_too_large");
    const { data, width, height } = await image.decode();
    return {
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      width,
      height,
      channels: 4,
    };
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure(
      "picture_unreadable",
      "The HEIC file is damaged, or of a kind that can't be read here.",
      {
        cause,
      },
    );
  } finally {
    images?.dispose();
  }
}
