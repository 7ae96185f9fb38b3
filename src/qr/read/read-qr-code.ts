import { Failure } from "../../foundation/failures.js";
import { enlarged, type GreyPicture, scaledTo, sharpened, withoutThinLines } from "./grey-picture.js";
import { withoutLineGaps } from "./line-gaps.js";
import { isForSigningIn, oneSignIn } from "./one-sign-in.js";
import { type OpenedPicture, openPicture } from "./open-picture.js";
import { prepared, type ZxingOptions, zxing } from "./zxing.js";

/** Megapixels of the copy that is searched first: most codes are found in it, and soon. */
const MEDIUM = 1.7;

interface Attempt {
  /** What is done to the picture or by whom, for the person who has to take another one. */
  readonly tried: string;
  /** The copy to search; undefined where there is nothing that it could bring. */
  readonly copy: (sizes: Sizes) => Promise<GreyPicture | undefined>;
  readonly decode: (copy: GreyPicture) => Uint8Array[] | Promise<Uint8Array[]>;
}

/** These are all made: a second code for signing in may be much smaller than the first. */
const FIRST_ATTEMPTS: readonly Attempt[] = [
  { tried: "as it is", copy: ({ atMost }) => atMost(MEDIUM), decode: zxing },
  {
    tried: "in full size",
    copy: async ({ picture, isLarger }) => (isLarger(1.5 * MEDIUM) ? picture : undefined),
    decode: zxing,
  },
];

/** One after the other until a sign-in code is found: what is quick and often enough goes first. */
const FURTHER_ATTEMPTS: readonly Attempt[] = [
  {
    tried: "without line gaps",
    copy: async ({ atMost }) => withoutLineGaps(await atMost(6)),
    decode: zxing,
  },
  {
    tried: "smaller",
    copy: async ({ atMost, isLarger }) => (isLarger(0.4) ? atMost(0.4) : undefined),
    decode: zxingWith({ tryDenoise: true }),
  },
  {
    tried: "sharpened",
    copy: async ({ atMost }) => sharpened(await atMost(0.4), 4, 6),
    decode: zxingWith({ tryDenoise: true }),
  },
  { tried: "sharpened", copy: async ({ atMost }) => sharpened(await atMost(MEDIUM), 12, 8), decode: zxing },
  {
    tried: "without thin lines",
    copy: async ({ atMost }) => withoutThinLines(await atMost(0.8), 5),
    decode: zxing,
  },
  {
    tried: "without thin lines",
    copy: async ({ atMost }) => withoutThinLines(await atMost(0.2), 3),
    decode: zxing,
  },
  {
    tried: "without thin lines",
    copy: async ({ atMost, isLarger }) =>
      isLarger(0.8) ? withoutThinLines(await atMost(MEDIUM), 5) : undefined,
    decode: zxing,
  },
  {
    tried: "denoised",
    copy: ({ atMost }) => atMost(MEDIUM),
    decode: zxingWith({ tryDenoise: true }),
  },
  {
    tried: "by one threshold",
    copy: ({ atMost }) => atMost(MEDIUM),
    decode: zxingWith({ binarizer: "GlobalHistogram" }),
  },
  {
    tried: "enlarged",
    copy: async ({ picture, isLarger }) => (isLarger(0.4) ? undefined : enlarged(picture, MEDIUM * 1e6)),
    decode: zxing,
  },
  { tried: "redrawn", copy: ({ atMost }) => atMost(0.8), decode: zxingRedrawn },
  { tried: "by jsQR", copy: ({ atMost }) => atMost(0.12), decode: decodeWithJsqr },
];

/**
 * Finds the QR code in a PNG, JPEG, WebP, GIF, TIFF, SVG, AVIF, BMP or HEIC picture: turned, inverted, blurred, on
 * a transparent ground, drawn by a terminal. Among several codes it takes the one for signing in.
 *
 * @returns the code's bytes, whatever kind of code it is
 * @throws {Failure} `picture_too_large`, `picture_unreadable`, `no_qr_code`, `several_sign_in_codes`
 */
export async function readQrCode(file: Uint8Array): Promise<Uint8Array> {
  // Both leave this thread free, mostly.
  const [opened] = await Promise.all([openPicture(file), prepared()]);
  const grounds = opened.greys.map((picture) => new Sizes(picture));
  const tried = new Set<string>();
  const codes: Uint8Array[] = [];
  const make = async ({ tried: what, copy, decode }: Attempt) => {
    for (const sizes of grounds) {
      const searched = await copy(sizes);
      if (!searched) continue;
      tried.add(what);
      codes.push(...(await decode(searched)));
    }
  };
  for (const attempt of FIRST_ATTEMPTS) await make(attempt);
  for (const attempt of FURTHER_ATTEMPTS) {
    if (codes.some(isForSigningIn)) break;
    await make(attempt);
  }
  const found = oneSignIn(codes) ?? codes[0];
  if (!found) throw new Failure("no_qr_code", whatWasTried(opened, tried));
  return found;
}

/** A picture in the sizes, in megapixels, that it is searched in, each of them made once. */
class Sizes {
  readonly #made = new Map<number, Promise<GreyPicture>>();
  readonly picture: GreyPicture;

  constructor(picture: GreyPicture) {
    this.picture = picture;
  }

  /** By so much that it is worth the time to scale it. */
  readonly isLarger = (megapixels: number): boolean => this.picture.data.length > megapixels * 1.2e6;

  readonly atMost = (megapixels: number): Promise<GreyPicture> => {
    if (!this.isLarger(megapixels)) return Promise.resolve(this.picture);
    const size = this.#made.get(megapixels) ?? scaledTo(this.picture, megapixels * 1e6);
    this.#made.set(megapixels, size);
    return size;
  };
}

/** Loaded when nothing else has helped. */
async function decodeWithJsqr(copy: GreyPicture): Promise<Uint8Array[]> {
  const { jsqr } = await import("./jsqr.js");
  return jsqr(copy);
}

/** Several codes in one screenshot are all read: what is found there has to be the only one. */
async function zxingRedrawn(copy: GreyPicture): Promise<Uint8Array[]> {
  const { redrawnCodes } = await import("./redrawn.js");
  const codes: Uint8Array[] = [];
  for (const code of redrawnCodes(copy)) codes.push(...(await zxing(code)));
  return codes;
}

function zxingWith(options: ZxingOptions) {
  return (copy: GreyPicture) => zxing(copy, options);
}

function whatWasTried({ greys, pages }: OpenedPicture, tried: ReadonlySet<string>): string {
  const [{ width, height } = { width: 0, height: 0 }] = greys;
  const only = pages > 1 ? ` Only the first of its ${pages} pages was looked at.` : "";
  const ways = [...tried].join(", ");
  return `No QR code was found in ${width} x ${height} pixels, tried ${ways}.${only}`;
}
