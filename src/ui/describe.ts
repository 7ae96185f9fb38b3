import { escapeText } from "../foundation/escape-text.js";
import type { ChannelVersion, CheckCodeShown, LoginEvent, Qr, Started } from "../foundation/events.js";
import { consent, duration, untilTyped, waitingForConsent, whereToOpen } from "./describe-consent.js";
import { describeDone, describeFailure } from "./describe-end.js";
import type { Description } from "./description.js";
import { type Line, say, sentence, serverOf, step, warn } from "./line.js";
import type { Scene } from "./scene.js";

const OPENING_WAIT = {
  new: "Connecting to the homeserver",
  existing: "Checking this device's session",
} as const;

/** An event in words. Whatever came from outside in it is escaped. */
export function describe(event: LoginEvent, scene: Scene): Description {
  switch (event.event) {
    case "started":
      return { lines: [say(opening(event))], wait: { text: OPENING_WAIT[event.role] } };
    case "rendezvous_created":
      return { lines: connected(event, scene) };
    case "qr":
      return {
        lines: [say(invitation(event, scene))],
        wait: {
          text: `Scan this with ${event.intent === "new" ? "a device that is signed in" : "the new device"}`,
          expiresInMs: event.expires_in_ms,
          isTold: true,
        },
      };
    case "scanned":
      return {
        lines: [
          step(
            event.intent === "new"
              ? `Read the QR code of a new device, via ${serverOf(event.base_url)}.`
              : `Read the QR code of a device that is signed in on ${serverOf(event.base_url)}.`,
          ),
        ],
        wait: { text: "Connecting to the other device" },
      };
    case "secure_channel":
      return {
        lines: [step(`Connected to the other device${inVerbose(event, scene)}.`)],
        wait: { text: "Waiting for the other device", expiresInMs: "as_before" },
      };
    case "check_code":
      if (scene.shown.length > 0) return { lines: codeToCompare(event) };
      return {
        lines: codeToType(event),
        wait: { ...untilTyped(event.check_code), expiresInMs: event.expires_in_ms ?? "as_before" },
      };
    case "check_code_required":
      return {
        lines: scene.askedForCode ? [] : [scanned(event.expires_in_ms)],
        wait: { text: "Waiting for the check code", expiresInMs: event.expires_in_ms, isTold: true },
      };
    case "check_code_rejected":
      return { lines: rejected(event.attempts_left) };
    case "homeserver":
      return {
        lines: [step(`Signing in on ${serverOf(event.base_url)}.`)],
        wait: { text: "Asking the homeserver for a sign-in", expiresInMs: "as_before" },
      };
    case "verification":
      return consent(event, scene);
    case "browser":
      return { lines: whoOpens(event, scene) };
    case "waiting_for_consent":
      return waitingForConsent(event, scene);
    case "signed_in":
      return {
        lines: [step(`Signed in as ${escapeText(event.user_id)}, device ${escapeText(event.device_id)}.`)],
        wait: {
          text: scene.alone
            ? "Opening the account's secret storage"
            : "Waiting for the other device to send the keys",
          brief: scene.alone ? "Opening the secret storage" : "Waiting for the keys",
        },
      };
    case "device_online":
      return {
        lines: [step(`The new device is signed in: ${escapeText(event.device_id)}.`)],
        wait: { text: "Sending it the keys" },
      };
    case "secrets_sent":
      return {
        lines: [step(`Sent it ${keys(event)}.`)],
        wait: { text: "Waiting until the new device has read them", brief: "Waiting until they are read" },
      };
    case "secrets_received":
      return {
        lines: [
          step(`${scene.alone ? "Found in the account's secret storage:" : "Received"} ${keys(event)}.`),
        ],
        wait: { text: "Verifying this device" },
      };
    case "verified":
      return {
        lines: [step(`Verified: the homeserver shows device ${escapeText(event.device_id)} as yours.`)],
      };
    case "warning":
      return { lines: [warn(`Warning: ${sentence(event.message)}`)] };
    case "done":
      return { lines: describeDone(event, scene), wait: null };
    case "failure":
      return { lines: describeFailure(event, scene), wait: null };
  }
}

export function attempts(count: number): string {
  return count === 1 ? "1 attempt" : `${count} attempts`;
}

/** The name of a channel version for people. */
function channelName(channel: ChannelVersion): string {
  return channel === "msc4388" ? "MSC4388" : "MSC4108 (2024)";
}

function scanned(expiresInMs: number): Line {
  return step(`Scanned. Type the code that the other device shows, within ${duration(expiresInMs)}.`);
}

/** After the last attempt, the failure that follows says it. */
function rejected(left: number): Line[] {
  return left === 0
    ? []
    : [warn(`That is not the code that the other device shows: ${attempts(left)} left.`)];
}

function opening({ role, alone }: Started): string {
  if (role === "existing") return "Signing another device in by QR code, with this one's help.";
  return alone ? "Signing this device in, without another one's help." : "Signing this device in by QR code.";
}

/** Told once: a renewed code has a session of its own, on the same server. */
function connected(event: Extract<LoginEvent, { event: "rendezvous_created" }>, scene: Scene): Line[] {
  if (scene.connectedTo === event.base_url && !scene.verbose) return [];
  return [step(`Connected to ${serverOf(event.base_url)}${inVerbose(event, scene)}.`)];
}

function inVerbose({ channel }: { readonly channel: ChannelVersion }, { verbose }: Scene): string {
  return verbose ? ` (${channelName(channel)})` : "";
}

function invitation(event: Qr, scene: Scene): string {
  const good = `good for ${duration(event.expires_in_ms)}`;
  const label = `${good}${scene.verbose ? `, ${channelName(event.channel)}` : ""}`;
  if (scene.shown.includes(event.channel)) {
    return `A new code, since the one before expires soon (${label}):`;
  }
  if (scene.shown.length > 0) return `Can't it be read? Here is another code for the same (${label}):`;
  return event.intent === "new"
    ? `Scan this with a device that is signed in (${label}):`
    : `Scan this with the new device (${label}):`;
}

/** A browser that was tried may not come up; where none was, the link is for whatever device can follow it. */
function whoOpens({ opened, by }: Extract<LoginEvent, { event: "browser" }>, { pageIsHere }: Scene): Line[] {
  const where = whereToOpen(pageIsHere);
  if (!opened) return [say(`Open the link yourself, ${where}.`)];
  if (by === "command") return [];
  if (by !== "printing") return [say(`If no browser opens it, open the link yourself, ${where}.`)];
  return [say(pageIsHere ? `Open this link ${where}.` : "Open this link, for example on your phone.")];
}

/** The scanning side. Between the releases of vodozemac it can't know which one the other device runs. */
function codeToType({ check_code, alternative }: CheckCodeShown): Line[] {
  return [
    say("Type this code on the other device:"),
    { text: escapeText(check_code), tone: "digits" },
    ...(alternative === undefined ? [] : [say(`Refused? Try ${escapeText(alternative)}.`)]),
  ];
}

/** `--check-code show`: the scanning device shows the code too, and nobody types it here. */
function codeToCompare({ check_code, alternative }: CheckCodeShown): Line[] {
  const shown = [check_code, alternative]
    .filter((code) => code !== undefined)
    .map((code) => escapeText(code));
  return [
    { text: `Check code: ${shown.join(", or of an older app ")}`, tone: "code" },
    say("The other device must show the same. If it doesn't, cancel there."),
  ];
}

function keys(event: { cross_signing: boolean; backup_version?: string }): string {
  const backup =
    event.backup_version === undefined ? "" : `the key of backup ${escapeText(event.backup_version)}`;
  if (!event.cross_signing) return backup || "no keys";
  return backup ? `the account's keys and ${backup}` : "the account's keys, without a backup key";
}
