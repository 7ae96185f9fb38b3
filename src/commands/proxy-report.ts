import { closeSync, writeSync } from "node:fs";
import { fileError } from "../files/file-error.js";
import { openPrivateFile } from "../files/private-file.js";
import { escapeText, safeJson } from "../foundation/escape-text.js";
import { timeForPeople } from "../foundation/time-for-people.js";
import { withProgram } from "../foundation/with-program.js";
import type { ProxyEvent } from "../proxy/events.js";

/** How the events of a proxy are told: a line each. */
export type Report = (event: ProxyEvent) => void;

export function jsonReport(write: (line: string) => void): Report {
  return (event) => write(`${safeJson(event)}\n`);
}

/** @param program how it is started from a shell, for the commands in hints */
export function plainReport(write: (line: string) => void, program: string): Report {
  return (event) => {
    write(`${escapeText(sentence(event), 2_000)}\n`);
    if (event.event !== "failure" || event.hint === undefined) return;
    write(`Hint: ${withProgram(escapeText(event.hint, 2_000), program)}\n`);
  };
}

/**
 * Tells events as JSON lines in a file that only its owner can read.
 *
 * @param warn told once that events are lost
 * @throws {Failure} `file_error`
 */
export function fileReport(
  path: string,
  warn: (message: string) => void,
): { readonly report: Report; close(): void } {
  const file = open(path);
  let isLost = false;
  const report = jsonReport((line) => {
    try {
      writeSync(file, line);
    } catch (error) {
      // A full disk costs the events, not the program that runs.
      if (!isLost) warn(fileError("write the events to", path, error).message);
      isLost = true;
    }
  });
  return { report, close: () => closeSync(file) };
}

function open(path: string): number {
  try {
    return openPrivateFile(path);
  } catch (error) {
    throw fileError("write the events to", path, error);
  }
}

function sentence(event: ProxyEvent): string {
  switch (event.event) {
    case "ready":
      return `The session is served at ${event.base_url}; its access token there is in ${event.token_file}.`;
    case "refreshed": {
      const until = event.expires_at === undefined ? "" : `, until ${timeForPeople(event.expires_at)}`;
      return `The homeserver's access token was renewed${until}.`;
    }
    case "device_signed":
      return `Device ${event.device_id} is verified: its key ${event.ed25519} is signed.`;
    case "upstream":
      return event.reachable
        ? "The homeserver can be reached again."
        : "The homeserver can't be reached. Requests are answered late until it can.";
    case "warning":
      return `Warning: ${event.message}`;
    case "failure":
      return `Error: ${event.message}`;
  }
}
