/** What logs put in front of each line: when, where from and how serious, in brackets or before a colon or a bar. */
const STAMP =
  /^\s*(?:\d{4}[-/]\d\d[-/]\d\d[T ]?\S*|\d{1,2}:\d\d:\d\d\S*|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d(?: \S+)?|\[[^\][]{1,60}\]|[\w.@/-]{1,60}(?:\[[\w.-]{1,30}\])?:|[\w.@/-]{1,60} *[|│]|(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR)\b:?)(?: +|$)/;
/** What marks a line as quoted, as a comment, or as one of a list. */
const QUOTE = /^\s*(?:>[> ]*|(?:\||│|┃|║|#|\/\/|\*|-|\+|;)(?: +|$))/;
const MAX_PREFIXES = 6;

/** A line without what a log, a mail or a comment has put in front of it. */
export function withoutPrefix(line: string): string {
  let rest = line;
  for (let i = 0; i < MAX_PREFIXES; i++) {
    const shorter = rest.replace(STAMP, "").replace(QUOTE, "");
    if (shorter === rest) break;
    rest = shorter;
  }
  return withoutEnd(rest).trimStart();
}

/** A line without white space and the edge of a box at its end. */
function withoutEnd(line: string): string {
  let end = line.length;
  while (end > 0 && /[\s|│┃║]/.test(line.charAt(end - 1))) end--;
  return line.slice(0, end);
}

/** What stands around pieces of one text in program code and shell scripts. */
const JOINTS = /^["'`]+|(?:["'`]\s{0,4}[+,.;)]?|\s{0,4}[\\^`])$/g;

/** Lines put together again to the one that they were before something broke it, and where the breaks were. */
export interface JoinedLines {
  readonly text: string;
  /** Offsets in the text at which a line ended. */
  readonly breaks: ReadonlySet<number>;
}

/** The lines put together in the ways in which they may have been one: their ends are, and all of them may be. */
export function joinings(text: string): readonly JoinedLines[] {
  const lines = text.split("\n");
  const whole = join(lines.map(withoutPrefix));
  if (lines.length < 2) return [whole];
  return [whole, join(lines.map((line) => withoutEnd(line).replace(/^.*[\s|>](?=\S)/, "")))];
}

function join(lines: readonly string[]): JoinedLines {
  const breaks = new Set<number>();
  let length = 0;
  const pieces = lines.map((line) => {
    const piece = line.replace(JOINTS, "");
    length += piece.length;
    breaks.add(length);
    return piece;
  });
  return { text: pieces.join(""), breaks };
}
