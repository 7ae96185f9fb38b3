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
  return hostname.includes("xn--") ? `${asked} (${escapeText(domainToUnicode(hostname))})` : asked;
}
