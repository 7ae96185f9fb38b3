import { escapeText } from "../foundation/escape-text.js";
import type { Verification } from "../foundation/events.js";
import type { Description } from "./describe.js";
import { type Line, say, whole } from "./line.js";

/** Where a person consents, by who opens the page. */

/** The new device, with another one's help: that opens the page. */
export function consentElsewhere(event: Verification): Description {
  const lines = [
    say("Approve the sign-in on the other device. It opens this page:"),
    link(event),
    ...codeOfPage(event),
  ];
  return { lines, wait: { text: "Waiting for the other device to open the page" } };
}

/** No other device helps: the person opens the page, and the code is what tells this sign-in from another. */
export function consentAnywhere(event: Verification): Description {
  const lines = [say("Approve the sign-in on this page, on any device:"), link(event), ...codeOfPage(event)];
  return { lines, wait: { text: "Waiting until the sign-in is approved" } };
}

/** The existing device: its person opens the page. */
export function consentHere(event: Verification): Description {
  return {
    lines: [
      say("Approve the sign-in of the new device on this page, here or on any other device:"),
      link(event),
      say(
        event.verification_uri_complete === undefined
          ? "There, type the code that the new device shows."
          : "Approve only if the page shows the same code as the new device.",
      ),
    ],
    wait: { text: "Waiting until the new device is signed in" },
  };
}

function link(event: Verification): Line {
  return { text: whole(event.verification_uri_complete ?? event.verification_uri), tone: "link" };
}

function codeOfPage({ user_code }: Verification): Line[] {
  if (user_code === undefined) return [];
  const text = `The page must show this code, or ask for it: ${escapeText(user_code)}`;
  return [{ text, tone: "code" }];
}
