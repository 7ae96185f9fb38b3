import { escapeText } from "../foundation/escape-text.js";
import type { Done, FailureEvent } from "../foundation/events.js";
import { shellWord } from "../foundation/shell-word.js";
import { type Line, say, sentence, step, whole } from "./line.js";

/** The end of a success: who is signed in where, and what to do next. */
export function describeDone(event: Done): Line[] {
  const user = escapeText(event.user_id);
  const device = escapeText(event.device_id);
  if (event.role === "existing") {
    return [
      step(`Done here: device ${device} of ${user} is signed in, and was sent your keys.`),
      say("Whether it has read them, and is verified, only that device can say: look there."),
    ];
  }
  const file = event.session === undefined ? [] : [say(`Session file: ${whole(event.session)}`)];
  if (event.device_keys === "deferred") {
    return [
      step(
        `Done: ${user} is signed in here, as device ${device}. Its device keys are left to another client.`,
      ),
      ...file,
      say(
        `Next: start that client on the session, then verify its device with \`${command("sign-device", event)}\`.`,
      ),
    ];
  }
  const verified = event.verified ? "signed in and verified" : "signed in, but not verified";
  return [
    step(`Done: ${user} is ${verified} here, as device ${device}.`),
    ...file,
    say(`Next: \`${command("show", event)}\`, or \`session export\` to hand it on.`),
  ];
}

/** The end of a failure: what it was, what helps, and what it leaves behind. */
export function describeFailure(event: FailureEvent): Line[] {
  const lines: Line[] = [{ text: `Error: ${sentence(event.message)}`, tone: "error" }];
  if (event.reason !== undefined) lines.push(say(`Reason in the protocol: ${escapeText(event.reason)}`));
  if (event.homeserver !== undefined) lines.push(say(`Homeserver it named: ${escapeText(event.homeserver)}`));
  if (event.hint !== undefined) lines.push(say(`Hint: ${sentence(event.hint)}`));
  lines.push(...leftBehind(event).map(say));
  if (event.session !== undefined) lines.push(say(`Session file: ${whole(event.session)}`));
  return lines;
}

/** A command for the session, which it names: there may be others. */
function command(verb: string, { session }: { readonly session?: string }): string {
  const named = session === undefined ? "" : ` ${shellWord(whole(session))}`;
  return `matrix-qr-login session ${verb}${named}`;
}

function leftBehind(event: FailureEvent): string[] {
  const device = event.device_id === undefined ? "the new device" : `device ${escapeText(event.device_id)}`;
  switch (event.cleanup) {
    case "none":
      return [];
    case "revoked":
      return [`Undone: ${device} was signed out again, and nothing of the sign-in was kept.`];
    case "pending":
      return [
        `Left behind: ${device} is still signed in, as its tokens could not be revoked.`,
        // Where that was what failed, the hint says so.
        ...(event.code === "revocation_pending"
          ? []
          : [`Run \`${command("logout", event)}\` to try that again.`]),
      ];
    case "impossible":
      return [
        `Left behind: ${device} may be signed in, and nobody can revoke its tokens from here.`,
        "Remove it from your account, on the account's page or with another client.",
      ];
  }
}
