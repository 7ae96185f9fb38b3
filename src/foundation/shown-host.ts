import { domainToUnicode } from "node:url";
import { escapeText } from "./escape-text.js";

/**
 * A URL's host for people: an internationalised one in both forms, since that which is asked can't be read, and that
 * which can be read may look like another.
 *
 * @param path what is shown right behind the host
 */
export function shownHost({ host, hostname }: URL, path = ""): string {
  const asked = escapeText(host + path);
  const read = inItsLetters(hostname);
  return read === undefined ? asked : `${asked} (${read})`;
}

/** How an internationalised name is read, escaped; undefined for any other. */
export function inItsLetters(hostname: string): string | undefined {
  const letters = domainToUnicode(hostname);
  return letters === hostname || letters === "" ? undefined : escapeText(letters);
}
