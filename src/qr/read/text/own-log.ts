/** What this program writes with each code: an event, the command for the other device, the notice of a renewal. */
const WITH_CODES = /"event"\s*:\s*"qr"|matrix-qr-login scan|A new code, since the previous one/;
/** What it writes when it starts. */
const START = /"event"\s*:\s*"started"|Signing (?:this|another) device in\b/g;

/** Whether a text is what `generate` has printed, so that of its codes the later ones take the earlier ones' place. */
export function isOwnLog(text: string): boolean {
  return WITH_CODES.test(text.replaceAll("\\", ""));
}

/** Where in a text the last run of the program begins; 0 where it doesn't say. */
export function lastStart(text: string): number {
  let start = 0;
  for (const { index } of text.matchAll(START)) start = index;
  return start;
}
