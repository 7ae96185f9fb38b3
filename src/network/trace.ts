import { closeSync, writeSync } from "node:fs";
import { fileError } from "../files/file-error.js";
import { openPrivateFile } from "../files/private-file.js";
import { escapeText } from "../foundation/escape-text.js";

/** One try of one request. The URL comes whole; what is written of it is `redactUrl`. */
export interface TraceEntry {
  readonly at: Date;
  readonly method: string;
  readonly url: URL;
  /** 1 for the first try. */
  readonly tries: number;
  readonly ms: number;
  readonly sentBytes: number;
  /** Absent where no answer came; then `error` says why. */
  readonly status?: number;
  readonly receivedBytes?: number;
  readonly error?: string;
}

export type Trace = (entry: TraceEntry) => void;

/** Path segments after these name a rendezvous session or a device. */
const BEFORE_IDS: readonly string[] = ["rendezvous", "devices"];

/**
 * A URL as it may be logged: without query and fragment, and with IDs cut short, since knowing a rendezvous
 * session's URL is enough to read and overwrite it.
 */
export function redactUrl(url: URL): string {
  const segments = url.pathname.split("/");
  const redacted = segments.map((segment, index) => {
    const isId = BEFORE_IDS.includes(segments[index - 1] ?? "") || looksRandom(segment);
    return isId && segment.length > 4 ? `${segment.slice(0, 4)}…` : segment;
  });
  return `${url.protocol}//${url.host}${redacted.join("/")}`;
}

/** Rendezvous URLs of the 2024 version may have any form, so long words with digits are taken for IDs. */
function looksRandom(segment: string): boolean {
  return segment.length >= 16 && /\d/.test(segment) && /^[\w-]+$/.test(segment);
}

/** How many requests that take turns, as two polls do, are told apart from news. */
const MAX_FOLDED = 4;

/**
 * Lines for people. What repeats itself, as polls do, is told once, and how often it did before something else is told.
 *
 * @param write gets a line without its break
 */
export function createLineTrace(write: (line: string) => void): { readonly trace: Trace; close(): void } {
  const told: string[] = [];
  let repeats = 0;
  const close = () => {
    if (repeats > 0) write(repeats === 1 ? "  (once more)" : `  (${repeats} times more)`);
    repeats = 0;
  };
  const trace: Trace = (entry) => {
    // Of what passes as a stream, nobody knows yet how much it will be.
    const size = entry.receivedBytes === undefined ? "" : `, ${entry.receivedBytes} bytes`;
    const result = entry.error ?? `${entry.status}${size}`;
    const repeat = entry.tries > 1 ? ` (try ${entry.tries})` : "";
    const what = `${entry.method} ${redactUrl(entry.url)}${repeat}: ${result}`;
    if (told.includes(what)) {
      repeats++;
      return;
    }
    close();
    told.push(what);
    if (told.length > MAX_FOLDED) told.shift();
    write(escapeText(`${what}, ${Math.round(entry.ms)} ms`, 1_000));
  };
  return { trace, close };
}

/**
 * NDJSON into a file that only its owner can read; an older file of that name is overwritten.
 *
 * @throws {Failure} `file_error`
 */
export function openFileTrace(path: string): { readonly trace: Trace; close(): void } {
  const file = openTrace(path);
  return {
    trace: (entry) => {
      const { at, method, url, tries, ms, sentBytes, status, receivedBytes, error } = entry;
      const line = {
        at: at.toISOString(),
        method,
        url: redactUrl(url),
        try: tries,
        status,
        error,
        ms: Math.round(ms),
        sent_bytes: sentBytes,
        received_bytes: receivedBytes,
      };
      try {
        writeSync(file, `${JSON.stringify(line)}\n`);
      } catch {
        // A full disk costs the trace, not the sign-in.
      }
    },
    close: () => closeSync(file),
  };
}

function openTrace(path: string): number {
  try {
    return openPrivateFile(path);
  } catch (error) {
    throw fileError("write the trace file", path, error);
  }
}
