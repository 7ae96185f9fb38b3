import { escapeText } from "../foundation/escape-text.js";
import { shownHost } from "../foundation/shown-host.js";

/**
 * A line for a person. The tone says how a terminal may set it off; it is understood without. What is `passing`
 * isn't needed where something else tells that it is going on. `digits` stand alone and large; a `link`, a `command` and
 * a `code` are of use only in one piece. So is an `aside`, for whoever wants to know more: it ends in a command.
 */
export interface Line {
  readonly text: string;
  readonly tone?: "step" | "passing" | "code" | "digits" | "link" | "command" | "warning" | "error" | "aside";
}

export function say(text: string): Line {
  return { text };
}

/** A line about something that is over and done with. */
export function step(text: string): Line {
  return { text, tone: "step" };
}

export function warn(text: string): Line {
  return { text, tone: "warning" };
}

/** A message or a hint: ours, but with pieces from outside in it. */
export function sentence(text: string): string {
  return escapeText(text, 2000);
}

/** A link or a path, which is of use only if it is whole. */
export function whole(text: string): string {
  return escapeText(text, Number.POSITIVE_INFINITY);
}

/** A server by its URL, as people write it. */
export function serverOf(url: string): string {
  if (!URL.canParse(url)) return escapeText(url);
  const parsed = new URL(url);
  return shownHost(parsed, parsed.pathname === "/" ? "" : parsed.pathname);
}
