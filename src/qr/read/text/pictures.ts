import { withoutPrefix } from "./lines.js";
import { lettersOf, readingsOf } from "./readings.js";

/** Pictures of one text that are opened: a web page has many small ones, and each may take its time. */
const MAX_PICTURES = 8;
/** How a text is read at most: as it is, and with one kind of escapes taken back. */
const MAX_READINGS = 4;
/** Fewer letters of base64 show no code. */
const MIN_LETTERS = 100;

/** How pictures begin in base64: PNG, JPEG, GIF, WebP, TIFF, HEIC and AVIF, SVG. */
const BEGINNING =
  /iVBORw0KGgo|\/9j\/[24]|R0lGOD[ld]h|UklGR[\w+/]{10}V0VCU|SUkqA|TU0AK|AAAA[\w+/]{2}Z0eX|PHN2Zy|PD94bWwg/g;
const DATA_URI = /data:image\/[\w.+-]{1,80}((?:;[\w.+=-]{1,80}){0,8}),/gi;
const SVG = /<svg[\s>]/gi;

/** Finds pictures in a text: in `data:` URIs, in base64 as mails have it, as SVG within a web page. */
export function picturesIn(text: string): readonly Uint8Array[] {
  for (const reading of readingsOf(text).slice(0, MAX_READINGS)) {
    const letters = lettersOf(reading);
    const pictures = [...inUris(letters), ...inBase64(letters), ...drawn(reading)];
    const distinct = pictures.filter(
      (picture, i) => pictures.findIndex((other) => Buffer.compare(picture, other) === 0) === i,
    );
    if (distinct.length > 0) return distinct.slice(0, MAX_PICTURES);
  }
  return [];
}

function inUris(text: string): Uint8Array[] {
  return firstMatches(text, DATA_URI).flatMap(({ 0: uri, 1: parameters = "", index }) => {
    const start = index + uri.length;
    return /;base64$/i.test(parameters) ? base64At(text, start) : percentEncodedAt(text, start);
  });
}

function inBase64(text: string): Uint8Array[] {
  return firstMatches(text, BEGINNING).flatMap(({ index }) => base64At(text, index));
}

function drawn(text: string): Uint8Array[] {
  return firstMatches(text, SVG).flatMap(({ index }) => {
    const end = text.indexOf("</svg>", index);
    return end < 0 ? [] : [Buffer.from(withNamespace(text.slice(index, end + "</svg>".length)))];
  });
}

/** Within HTML an SVG needs no namespace; by itself it does. */
function withNamespace(svg: string): string {
  if (/^<svg[^>]*\sxmlns=/i.test(svg)) return svg;
  return svg.replace(/^<svg/i, '<svg xmlns="http://www.w3.org/2000/svg"');
}

/** The picture in percent-encoding, up to what can't be part of a URI. */
function percentEncodedAt(text: string, start: number): Uint8Array[] {
  const [end] = firstMatches(text.slice(start), /["'<>\s]|$/g);
  const encoded = text.slice(start, start + (end?.index ?? 0));
  const bytes = encoded.replace(/%([0-9a-f]{2})/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return bytes === "" ? [] : [Buffer.from(bytes, "latin1")];
}

/** The picture whose base64 is at a place of a text, over as many lines as it takes. */
function base64At(text: string, start: number): Uint8Array[] {
  const pieces: string[] = [];
  for (let at = start; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end);
    const letters = /^[\w+/-]*/.exec(at === start ? line : withoutPrefix(line))?.[0] ?? "";
    pieces.push(letters);
    // A line goes on in the next one only if nothing else is in it.
    if (end < 0 || letters === "" || !line.trimEnd().endsWith(letters)) break;
    at = end + 1;
  }
  const letters = pieces.join("");
  return letters.length < MIN_LETTERS ? [] : [Buffer.from(letters, "base64")];
}

function firstMatches(text: string, pattern: RegExp): RegExpExecArray[] {
  const matches: RegExpExecArray[] = [];
  for (const match of text.matchAll(pattern)) {
    matches.push(match);
    if (matches.length === MAX_PICTURES) break;
  }
  return matches;
}
