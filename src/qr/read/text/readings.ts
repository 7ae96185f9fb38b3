// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control sequences are taken out here.

/** How often one way of writing is undone after another: a page in a mail, JSON in JSON in a log. */
const MAX_DEPTH = 3;
const MAX_READINGS = 8;

/** Ways in which programs write a text inside another one. */
const UNDO: readonly ((text: string) => string)[] = [unescaped, withoutMarkup, percentDecoded, printable];

/**
 * A text as it stands, and with the escapes of JSON and shells, the markup of a web page, the percent signs of a URL, or
 * the equals signs of a mail (quoted-printable, RFC 2045 §6.7) taken back, as far as that makes a difference.
 */
export function readingsOf(text: string): readonly string[] {
  const readings = [text];
  let last = readings;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    last = last
      .flatMap((reading) => UNDO.map((undo) => undo(reading)))
      .filter((it) => !readings.includes(it));
    readings.push(...new Set(last));
    if (last.length === 0 || readings.length >= MAX_READINGS) break;
  }
  return readings.slice(0, MAX_READINGS);
}

const ESCAPE =
  /\\(?:u\{([0-9a-f]{1,6})\}|u([0-9a-f]{4})|x([0-9a-f]{2})|([0-3][0-7]{2})|([^\s\w]|[0abefnrtv]))/gi;
const CONTROLS: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\u0007",
  b: "\b",
  e: "\u001b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(ESCAPE, (whole, braced, unit, byte, octal, simple) => {
    const hex = braced ?? unit ?? byte;
    if (hex !== undefined) return character(Number.parseInt(hex, 16)) ?? whole;
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return CONTROLS[simple] ?? simple;
  });
}

/** Those that stand for characters of payloads, of markup, and for spaces. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  plus: "+",
  sol: "/",
  equals: "=",
  lowbar: "_",
  hyphen: "-",
  shy: "",
  newline: "\n",
};
/** Elements that begin a new line. */
const LINE = /<(?:br|\/?(?:p|div|pre|li|tr|h\d))\b[^<>]*>/gi;

function withoutMarkup(text: string): string {
  if (!/<\/?[a-z]|&(?:#|[a-z])/i.test(text)) return text;
  return text
    .replace(LINE, "\n")
    .replace(/<\/?[a-z][^<>]*>/gi, "")
    .replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,8}));/gi, (whole, hex, decimal, name) => {
      if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
      return character(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)) ?? whole;
    });
}

function percentDecoded(text: string): string {
  return text.replace(/%(2[bdf]|3[de]|5f|20|0[ad])/gi, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function printable(text: string): string {
  if (!/=\r?\n|=3D/i.test(text)) return text;
  return text
    .replace(/=[ \t]*\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function character(codePoint: number): string | undefined {
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : undefined;
}

/** White space other than line breaks, and what is of no width, though text that was copied may have it anywhere. */
const SPACES = /[^\S\n]/g;
const WIDTHLESS = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const CONTROL_SEQUENCES =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|[@-Z\\^_])/g;

/**
 * A text's letters, without what only shows them: control sequences, widthless characters, full width; and with one
 * kind of line break and of space.
 */
export function lettersOf(text: string): string {
  return text
    .replace(CONTROL_SEQUENCES, "")
    .replace(/\r\n?|[\u2028\u2029\u0085]/g, "\n")
    .replace(WIDTHLESS, "")
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(SPACES, " ");
}
