import { escapeText } from "../foundation/escape-text.js";
import type { Done, FailureEvent } from "../foundation/events.js";
import type { Definition } from "../foundation/failure-kinds.js";
import { FAILURES } from "../foundation/failure-table.js";
import { withProgram } from "../foundation/with-program.js";
import { type Line, say, sentence, step, whole } from "./line.js";
import { INSTALLED, type Scene } from "./scene.js";

/** The end of a success: who is signed in where, and what to do next. */
export function describeDone(event: Done, scene: Scene): Line[] {
  const user = escapeText(event.user_id);
  const device = escapeText(event.device_id);
  if (event.role === "existing") {
    return [
      step(`Done here: device ${device} of ${user} is signed in, and was sent your keys.`),
      say("Whether it has read them, and is verified, only that device can say: look there."),
    ];
  }
  if (event.device_keys === "deferred") {
    return [
      step(
        `Done: ${user} is signed in here, as device ${device}. Its device keys are left to another client.`,
      ),
      ...next("Next, start that client on the session; then verify its device:", "sign-device", event, scene),
    ];
  }
  const verified = event.verified ? "signed in and verified" : "signed in, but not verified";
  return [
    step(`Done: ${user} is ${verified} here, as device ${device}.`),
    ...next("Next:", "check", event, scene),
  ];
}

/** Where the session is, and a command for it; neither where it is gone by then. */
function next(introduction: string, verb: string, event: Done, { commands }: Scene): Line[] {
  if (event.session === undefined || commands === undefined) return [];
  return [
    say(`Session file: ${whole(event.session)}`),
    say(introduction),
    command(verb, event.session, commands),
  ];
}

function command(verb: string, session: string | undefined, commands = INSTALLED): Line {
  const named = session === undefined ? "" : ` ${commands.session(session)}`;
  return { text: `${commands.program} session ${verb}${named}`, tone: "command" };
}

const CANCELLED: readonly FailureEvent["code"][] = ["user_cancelled", "interrupted"];

/** The end of a failure: what it was, what helps, and what it leaves behind. */
export function describeFailure(event: FailureEvent, scene: Scene): Line[] {
  // What somebody wanted is no error.
  const label = CANCELLED.includes(event.code) ? "" : "Error: ";
  const lines: Line[] = [{ text: `${label}${sentence(whatHappened(event, scene))}`, tone: "error" }];
  if (scene.verbose && event.reason !== undefined) {
    lines.push(say(`Reason in the protocol: ${escapeText(event.reason)}`));
  }
  if (event.homeserver !== undefined) lines.push(say(`Homeserver it named: ${escapeText(event.homeserver)}`));
  lines.push(...whatRemains(event, scene));
  if (event.hint !== undefined)
    lines.push(say(`Hint: ${withProgram(sentence(event.hint), programOf(scene))}`));
  lines.push(...more(event, scene));
  if (event.session !== undefined) lines.push(say(`Session file: ${whole(event.session)}`));
  return lines;
}

/** Where the time for all of it is over, people want to know what didn't come in time. */
function whatHappened({ code, message }: FailureEvent, scene: Scene): string {
  if (code !== "timed_out") return message;
  if (scene.reached === "page")
    return "Too late: the sign-in wasn't approved in the time that was set for it.";
  const isScanned = scene.askedForCode || scene.checkCode !== undefined;
  const waitsForScan = scene.reached === "started" && scene.shown.length > 0 && !isScanned;
  return waitsForScan ? "Too late: nobody scanned the code in the time that was set for it." : message;
}

const KNOWN: Readonly<Record<string, Definition>> = FAILURES;

/** Where docs/troubleshooting.md says more. Whoever ended it, or mistyped an option, knows what happened. */
function more({ code }: FailureEvent, scene: Scene): Line[] {
  const kind = KNOWN[code]?.kind;
  if (kind === undefined || kind === "signal" || code === "usage_error") return [];
  return [{ text: `More: ${programOf(scene)} help ${code}`, tone: "aside" }];
}

function programOf({ commands = INSTALLED }: Scene): string {
  return commands.program;
}

function whatRemains(event: FailureEvent, scene: Scene): Line[] {
  const device = event.device_id === undefined ? "the new device" : `device ${escapeText(event.device_id)}`;
  switch (event.cleanup) {
    case "none":
      return nothingRemains(event, scene);
    case "revoked":
      return [say(`Undone: ${device} was signed out again, and nothing of the sign-in was kept.`)];
    case "pending":
      return [
        say(`Left behind: ${device} is still signed in, as that could not be undone.`),
        // Where that was what failed, the hint says so.
        ...(event.code === "revocation_pending"
          ? []
          : [say("To try it again:"), command("logout", event.session, scene.commands)]),
      ];
    case "impossible":
      return [
        say(`Left behind: ${device} may be signed in, and that can't be undone from here.`),
        say("Remove it from your account, on the account's page or with another client."),
      ];
  }
}

/** An existing device can't know what became of the new one once there was a page to approve it on. */
function nothingRemains({ code, message, session }: FailureEvent, { role, reached }: Scene): Line[] {
  const isSaid = /nothing was signed in/i.test(message);
  if (reached === undefined || reached === "signed_in" || session !== undefined || isSaid) return [];
  if (role === "new" || reached === "started" || code === "consent_declined") {
    return [say("Nothing was signed in.")];
  }
  return [say("Look on the new device whether it was signed in: it should say that it wasn't.")];
}
