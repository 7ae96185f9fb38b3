import { Failure } from "../../foundation/failures.js";

/** How far into a file libvips looks for an SVG, with a margin. */
const SEARCH_BYTES = 4096;

/**
 * Whether libvips may take a file for an SVG, and draw it as it stands.
 *
 * @throws {Failure} `picture_unreadable` for a compressed one, or what could be one
 */
export function looksLikeSvg(file: Uint8Array): boolean {
  const start = Buffer.from(file.subarray(0, SEARCH_BYTES));
  if (start[0] === 0x1f && start[1] === 0x8b) {
    throw new Failure("picture_unreadable", "Compressed files are not read.", {
      hint: "Unpack it first, then give what was in it.",
    });
  }
  return /<\s*(?:[\w-]+:)?svg/i.test(start.toString("latin1").replaceAll("\0", ""));
}

/** Whether a text is an SVG, and not something else that has one in it. */
export function isSvg(text: string): boolean {
  const start = text.slice(0, SEARCH_BYTES);
  return (
    /^\s*<(?:\?xml|!--|!doctype svg|(?:[\w-]+:)?svg)/i.test(start) &&
    /<\s*(?:[\w-]+:)?svg/i.test(start) &&
    !/<html/i.test(start)
  );
}

/** What CSS escapes begin with. It is replaced in bytes: in a string each one takes forty of memory meanwhile. */
const BACKSLASH = 0x5c;
const SLASH = 0x2f;

/** What draws another picture over and over. */
const FILTER = /<\s*(?:[^\s<>/:]+:)?filter\b|filter\s*[:=]/i;

/**
 * An SVG that draws nothing but its own shapes. librsvg follows no reference to files or to the network, but it
 * does follow `data:` URLs, and the pictures in them are bound by no limit: 60 KB can take gigabytes. So the
 * scheme is taken out, with all that could hide it: comments, sections, character references, CSS escapes.
 *
 * @throws {Failure} `picture_unreadable` for entity declarations, filters, and what is still hidden
 */
export function withoutDataUrls(svg: Uint8Array): Uint8Array {
  // XML comments hold no "--". A declared encoding goes too: what is decoded here is encoded as UTF-8 again.
  const flat = Buffer.from(svg.map((byte) => (byte === BACKSLASH ? SLASH : byte)))
    .toString("utf8")
    .replace(/<!--(?:[^-]|-[^-])*-->|<\?[^<?]*\?>|<!\[CDATA\[|\]\]>/g, "");
  const bare = flat.replace(/&#\w+;/g, "?").replace(/d\s*a\s*t\s*a\s*:/gi, "none:");
  if (/<!--|<\?|<!\[|<!ENTITY/i.test(flat) || FILTER.test(bare)) {
    throw new Failure("picture_unreadable", "This SVG is too intricate to be read safely: save it as PNG.");
  }
  return Buffer.from(bare);
}
