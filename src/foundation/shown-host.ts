import { domainToUnicode } from "node:url";
import { escapeText } from "./escape-text.js";

/**
 * A URL's host for people: an internationalised one in both forms, since that which is asked can't be read, and that
 * which can be read may look like another.
 */
export function shownHost({ host, hostname }: URL): string {
  if (!hostname.includes("xn--")) return escapeText(host);
  return `${escapeText(host)} (${escapeText(domainToUnicode(hostname))})`;
}
