/** Where a text begins to name a command of this program. */
const COMMAND = /`(?:matrix-qr-login )?(?=(?:generate|scan|inspect|doctor|login|session|help)\b)/g;

/**
 * A hint whose commands can be pasted: they stand in backquotes there, as they are typed after the program's name.
 *
 * @param program how it is started from a shell
 */
export function withProgram(hint: string, program: string): string {
  return hint.replace(COMMAND, () => `\`${program} `);
}
