import { escapeText } from "../foundation/escape-text.js";
import type { Warning } from "../foundation/events.js";
import { inItsLetters } from "../foundation/shown-host.js";
import { isLoopback } from "../network/url-policy.js";

/**
 * What a person should know of the link to a consent page before opening it, which the other device has named. It may
 * lead anywhere (RFC 8628 has no rule), so none of this refuses it.
 *
 * @param own where one would expect it: the homeserver and its authorization server
 */
export function warningsOfLink({ host, hostname }: URL, own: readonly URL[]): Warning[] {
  const warnings: Warning[] = [];
  if (own.every((server) => server.hostname !== hostname)) {
    const expected = [...new Set(own.map((server) => server.hostname))].map((name) => escapeText(name));
    const message = `The link leads to ${escapeText(host)}, and not to ${expected.join(" or ")}, where the account is: look twice before you type a password there.`;
    warnings.push({ event: "warning", code: "link_elsewhere", message });
  }
  const read = inItsLetters(hostname);
  if (read !== undefined) {
    const message = `The name ${escapeText(hostname)} in the link is ${read} in its own letters, some of which may look like others.`;
    warnings.push({ event: "warning", code: "link_look_alike", message });
  }
  return warnings;
}

/** Whether a link to a consent page leads to the machine that it is opened on: that of a server which runs here. */
export function isForThisMachine(link: string): boolean {
  return URL.canParse(link) && isLoopback(new URL(link).hostname);
}
