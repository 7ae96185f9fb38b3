/** What opens and closes a quotation, in shells, in mails and as people type it. */
const QUOTES = ['""', "''", "``", "“”", "„“", "””", "‘’", "«»", "<>"];

/**
 * A word that was typed, pasted or put into a variable, without what is left around it: white space, invisible
 * characters, and quotes that nothing took off (`docker --env-file` and cmd.exe don't).
 */
export function unquoted(text: string): string {
  const bare = text.replace(/^[\s\p{Cf}]+|[\s\p{Cf}]+$/gu, "");
  const isQuoted = bare.length > 1 && QUOTES.includes(`${bare[0]}${bare.at(-1)}`);
  return isQuoted ? unquoted(bare.slice(1, -1)) : bare;
}
