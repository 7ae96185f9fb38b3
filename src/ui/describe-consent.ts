import { escapeText } from "../foundation/escape-text.js";
import type { LoginEvent, Verification } from "../foundation/events.js";
import { isForThisMachine } from "../sign-in/suspicious-link.js";
import type { Description } from "./description.js";
import { type Line, say, whole } from "./line.js";
import { isHeld, type Scene } from "./scene.js";

/** Where a person approves the sign-in, by who opens the page. */
export function consent(event: Verification, scene: Scene): Description {
  if (scene.role === "existing") return consentHere(event);
  if (scene.alone) return consentAnywhere(event);
  if (!isHeld(scene)) return { lines: elsewhere(event), wait: FOR_THE_PAGE };
  // Told once the code was typed.
  return { lines: [], wait: untilTyped(scene.checkCode ?? "") };
}

/** What was held back, and how long there is to approve. */
export function waitingForConsent(
  event: Extract<LoginEvent, { event: "waiting_for_consent" }>,
  { held }: Scene,
): Description {
  const { expires_in_ms: expiresInMs } = event;
  const passing = `Waiting until it is approved, for up to ${duration(expiresInMs)}.`;
  return {
    lines: [...(held ? elsewhere(held) : []), { text: passing, tone: "passing" }],
    wait: {
      text: `Waiting until it is approved; the code is ${escapeText(event.user_code)}`,
      brief: "Waiting until it is approved",
      expiresInMs,
      isTold: true,
    },
  };
}

/** The side that scans: the other one has to be told the code. */
export function untilTyped(checkCode: string): NonNullable<Description["wait"]> {
  const until = `Waiting until ${escapeText(checkCode)} is typed`;
  return {
    text: `${until} on the other device`,
    brief: `${until} there`,
    expiresInMs: "as_before",
    isTold: true,
  };
}

/** Where a link leads anywhere. */
export function whereToOpen(pageIsHere = false): string {
  return pageIsHere ? "on this machine" : "on any device";
}

/** "2 min", "1 min 30 s", "45 s". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

const FOR_THE_PAGE = {
  text: "Waiting for the other device to open the page",
  brief: "Waiting for the page",
  expiresInMs: "as_before",
  isTold: true,
} as const;

/** The new device, with another one's help: that opens the page. */
function elsewhere(event: Verification): Line[] {
  return [
    say("Approve the sign-in on the other device. It opens this page:"),
    link(event),
    ...codeOfPage(event),
  ];
}

/** No other device helps: the person opens the page, and the code is what tells this sign-in from another. */
function consentAnywhere(event: Verification): Description {
  const where = whereToOpen(isForThisMachine(event.verification_uri));
  const lines = [say(`Approve the sign-in on this page, ${where}:`), link(event), ...codeOfPage(event)];
  return { lines, wait: { text: "Waiting until it is approved", isTold: true } };
}

/** The existing device: its person opens the page. */
function consentHere(event: Verification): Description {
  return {
    lines: [
      say("Approve the sign-in of the new device on this page:"),
      link(event),
      say(
        event.verification_uri_complete === undefined
          ? "There, type the code that the new device shows."
          : "Approve only if the page shows the same code as the new device.",
      ),
    ],
    wait: {
      text: "Waiting until you have approved the new device",
      brief: "Waiting until you approve it",
      expiresInMs: event.expires_in_ms ?? "as_before",
      isTold: true,
    },
  };
}

function link({ verification_uri, verification_uri_complete }: Verification): Line {
  return { text: whole(verification_uri_complete ?? verification_uri), tone: "link" };
}

function codeOfPage({ user_code }: Verification): Line[] {
  if (user_code === undefined) return [];
  const text = `The page must show this code, or ask for it: ${escapeText(user_code)}`;
  return [{ text, tone: "code" }];
}
