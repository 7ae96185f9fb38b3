import { escapeText } from "../foundation/escape-text.js";
import type {
  ChannelVersion,
  CheckCodeShown,
  Intent,
  LoginEvent,
  Qr,
  Started,
  Verification,
} from "../foundation/events.js";
import { consentAnywhere, consentElsewhere, consentHere } from "./describe-consent.js";
import { describeDone, describeFailure } from "./describe-end.js";
import { type Line, say, sentence, step } from "./line.js";

/** What is waited for, without a full stop, and how much time it has. */
export interface Wait {
  readonly text: string;
  readonly expiresInMs?: number;
}

export interface Description {
  readonly lines: readonly Line[];
  /** What is waited for from here on: null when nothing is, absent where that hasn't changed. */
  readonly wait?: Wait | null;
}

/** What earlier events have told, as far as later ones are worded by it. */
export interface Scene {
  readonly role: Intent;
  /** The channels a QR code was shown for: none on the side that scans. */
  readonly shown: readonly ChannelVersion[];
  /** No other device helps with this sign-in. */
  readonly alone: boolean;
}

export const OPENING: Scene = { role: "new", shown: [], alone: false };

/** The scene after an event. */
export function nextScene(scene: Scene, event: LoginEvent): Scene {
  if (event.event === "started") return { ...scene, role: event.role, alone: event.alone === true };
  if (event.event === "qr") return { ...scene, shown: [...new Set([...scene.shown, event.channel])] };
  return scene;
}

/** Whether a link is for whoever reads it here, who may want it as a QR code. */
export function drawsLink(event: LoginEvent, scene: Scene): event is Verification {
  return event.event === "verification" && scene.role === "new" && scene.alone;
}

/** An event in words. Whatever came from outside in it is escaped. */
export function describe(event: LoginEvent, scene: Scene): Description {
  switch (event.event) {
    case "started":
      return { lines: [say(opening(event))] };
    case "rendezvous_created":
      return {
        lines: [
          step(
            `Rendezvous session created on ${escapeText(event.base_url)} (${channelName(event.channel)}).`,
          ),
        ],
      };
    case "qr":
      return {
        lines: invitation(event, scene),
        wait: {
          text: `Scan this with ${event.intent === "new" ? "a device that is signed in" : "the new device"}`,
          expiresInMs: event.expires_in_ms,
        },
      };
    case "scanned":
      return {
        lines: [
          step(
            event.intent === "new"
              ? `Read the QR code of a new device, via ${escapeText(event.base_url)}.`
              : `Read the QR code of a device that is signed in on ${escapeText(event.base_url)}.`,
          ),
        ],
        wait: { text: "Opening a secure channel to the other device" },
      };
    case "secure_channel":
      return {
        lines: [step(`Secure channel to the other device is open (${channelName(event.channel)}).`)],
        wait: { text: "Waiting for the other device" },
      };
    case "check_code":
      return scene.shown.length > 0
        ? { lines: codeToCompare(event) }
        : {
            lines: [codeToType(event)],
            wait: { text: `Waiting until ${escapeText(event.check_code)} is typed on the other device` },
          };
    case "check_code_required":
      return {
        lines: [
          step(
            `Scanned. Type the code that the other device shows, within ${duration(event.expires_in_ms)}.`,
          ),
        ],
        wait: { text: "Waiting for the check code", expiresInMs: event.expires_in_ms },
      };
    case "check_code_rejected":
      return {
        lines: [
          {
            text: `That is not the code that the other device shows: ${attempts(event.attempts_left)} left.`,
            tone: "warning",
          },
        ],
      };
    case "homeserver":
      return {
        lines: [step(`Signing in on ${escapeText(event.base_url)} (${escapeText(event.issuer)}).`)],
        wait: { text: "Asking the homeserver for a sign-in" },
      };
    case "verification":
      if (scene.role === "existing") return consentHere(event);
      return scene.alone ? consentAnywhere(event) : consentElsewhere(event);
    case "browser":
      return {
        lines: [
          say(
            event.opened
              ? "If no browser opens it, open the link yourself, on any device."
              : "Open the link yourself, on any device.",
          ),
        ],
      };
    case "waiting_for_consent":
      return {
        lines: [
          { text: `Waiting for consent, for up to ${duration(event.expires_in_ms)}.`, tone: "passing" },
        ],
        wait: {
          text: `Waiting for consent; the code is ${escapeText(event.user_code)}`,
          expiresInMs: event.expires_in_ms,
        },
      };
    case "signed_in":
      return {
        lines: [step(`Signed in as ${escapeText(event.user_id)}, device ${escapeText(event.device_id)}.`)],
        wait: {
          text: scene.alone
            ? "Opening the account's secret storage"
            : "Waiting for the other device to send the keys",
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
        wait: { text: "Waiting until the new device has read them" },
      };
    case "secrets_received":
      return {
        lines: [
          step(scene.alone ? `The account's secret storage has ${keys(event)}.` : `Received ${keys(event)}.`),
        ],
        wait: { text: "Verifying this device" },
      };
    case "verified":
      return {
        lines: [
          step(`Verified: the homeserver shows device ${escapeText(event.device_id)} as cross-signed.`),
        ],
      };
    case "warning":
      return { lines: [{ text: `Warning: ${sentence(event.message)}`, tone: "warning" }] };
    case "done":
      return { lines: describeDone(event), wait: null };
    case "failure":
      return { lines: describeFailure(event), wait: null };
  }
}

/** "2 min", "1 min 30 s", "45 s". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

export function attempts(count: number): string {
  return count === 1 ? "1 attempt" : `${count} attempts`;
}

/** The name of a channel version for people. */
export function channelName(channel: ChannelVersion): string {
  return channel === "msc4388" ? "MSC4388" : "MSC4108 (2024)";
}

function opening({ role, alone }: Started): string {
  if (role === "existing") return "Signing another device in by QR code, with this one's help.";
  return alone ? "Signing this device in, without another one's help." : "Signing this device in by QR code.";
}

function invitation(event: Qr, scene: Scene): Line[] {
  const label = `(${channelName(event.channel)}, good for ${duration(event.expires_in_ms)})`;
  if (scene.shown.includes(event.channel))
    return [say(`A new code, since the previous one expires soon ${label}:`)];
  return event.intent === "new"
    ? [
        say(`Scan this with a device that is signed in ${label}.`),
        say("In its settings, choose to link a new device."),
      ]
    : [
        say(`Scan this with the new device ${label}.`),
        say("On its first screen, choose to sign in with a QR code."),
      ];
}

/** The scanning side. Between the releases of vodozemac it can't know which one the other device runs. */
function codeToType({ check_code, alternative }: CheckCodeShown): Line {
  return {
    text: `Type this code on the other device: ${withAlternative(check_code, alternative)}`,
    tone: "code",
  };
}

/** `--check-code show`: the scanning device shows the code too, and nobody types it here. */
function codeToCompare({ check_code, alternative }: CheckCodeShown): Line[] {
  return [
    { text: `Check code: ${withAlternative(check_code, alternative)}`, tone: "code" },
    say("The other device must show the same. If it doesn't, cancel there."),
  ];
}

function withAlternative(checkCode: string, alternative: string | undefined): string {
  const code = escapeText(checkCode);
  return alternative === undefined ? code : `${code}  (an older app: ${escapeText(alternative)})`;
}

function keys(event: { cross_signing: boolean; backup_version?: string }): string {
  const backup =
    event.backup_version === undefined ? "" : `the key of backup ${escapeText(event.backup_version)}`;
  if (!event.cross_signing) return backup || "no keys";
  return backup ? `the cross-signing keys and ${backup}` : "the cross-signing keys, without a backup key";
}
