/** Where a row is in the whole: "00000010: ", "0010   ", od's "0000020 ", PowerShell's sixteen digits. */
const OFFSET =
  /^\s*(?:0x)?[0-9a-f]{4,16}(?::\s*|\s{2,}|(?<=^\s*(?:0\d{6,7}|0[0-9a-f]{6}|00[0-9a-f]{4}|0{8}[0-9a-f]{8}))\s)/i;
/** Behind the last row hexdump and od say how long the whole is. */
const LENGTH = /^\s*0[0-9a-f]{5,15}\s*$/i;
/** Words of two bytes, the second one first: what hexdump prints without `-C`, and `od -x`. */
const WORDS = /^(?:[0-9a-f]{4}\s+)*[0-9a-f]{4}\s*$/i;
/** Fewer bytes in a row without an offset may be a word. */
const RUN = /(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:;-]*){4,}/gi;
const CELLS = /^(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:;-]?)+$/i;
/** Digits of sixteen bytes. */
const ROW = 32;

/** The hex digits of "0000: 49 4f …", with or without offsets and, behind the bytes, the letters that they are. */
export function digitsOfDump(text: string): string {
  let hadOffset = false;
  const rows = text.split("\n").map((line) => {
    const offset = OFFSET.exec(line)?.[0] ?? "";
    if (hadOffset && LENGTH.test(line)) return "";
    hadOffset = offset !== "";
    return hadOffset
      ? digitsOfRow(line.slice(offset.length).trimEnd(), offset)
      : digitsIn((line.match(RUN) ?? []).join(""));
  });
  return rows.join("");
}

function digitsOfRow(row: string, offset: string): string {
  if (!offset.includes(":") && WORDS.test(row)) return row.replace(/(..)(..)\s*/g, "$2$1");
  // The letters are behind a gap or a bar, but there is a small gap in the middle of sixteen bytes, too.
  const [, first = "", gap = "", second = ""] =
    /^(\S*(?: \S+)*?)(?:( {2,}| ?(?=[|>]))(.*))?$/.exec(row) ?? [];
  const other = /^[0-9a-f]{2}(?: [0-9a-f]{2}){0,7}(?= {2}| ?[|>]| *$)/i.exec(second)?.[0];
  const left = digitsOfCells(first);
  if (gap !== "  " || left.length !== ROW / 2 || other === undefined) return left;
  return left + digitsIn(other);
}

/** Where one space alone is between the bytes and the letters, sixteen bytes are what a row has. */
function digitsOfCells(cells: string): string {
  return CELLS.test(cells) ? digitsIn(cells) : (cells.match(RUN) ?? []).map(digitsIn).join("").slice(0, ROW);
}

function digitsIn(cells: string): string {
  return cells.replace(/0x|[^0-9a-f]/gi, "");
}
