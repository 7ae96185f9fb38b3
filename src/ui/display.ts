import type { LoginEvent } from "../foundation/events.js";
import type { Secret } from "../foundation/secret.js";

/** What draws or writes the events: plain lines, NDJSON, or the interactive display. */
export interface Display {
  emit(event: LoginEvent): void;
  /** What is waited for before the first event tells it. */
  awaiting(text: string): void;
  /** A line of --verbose, beside the events. */
  log(line: string): void;
  /** Whether a QR code is to be drawn and doesn't fit: its `qr` event should name a file then. */
  lacksRoomFor(payload: Uint8Array): boolean;
  /** Absent where nobody can be asked. */
  readonly prompt?: Prompt;
  /** Restores the terminal. Called once, whatever happened. */
  close(): Promise<void>;
}

/**
 * Questions to the person at the controlling terminal. Each rejects with the signal's reason when that is
 * aborted, and with `user_cancelled` at the end of input.
 */
export interface Prompt {
  /** What was typed as check code, trimmed; whether it is right is not decided here. */
  checkCode(attemptsLeft: number, signal: AbortSignal): Promise<string>;
  /** Yes or no; no by default. */
  confirm(question: string, signal: AbortSignal): Promise<boolean>;
  text(question: string, signal: AbortSignal): Promise<string>;
  /**
   * Something that is shown nowhere while it is typed, as it was typed. Nothing else that is typed is shown either
   * until `secretDone`, so that it can be asked for again. Rejects with `interrupted` for Ctrl-C.
   */
  secret(question: string, signal: AbortSignal): Promise<Secret>;
  /** The secret is right, or given up: puts the terminal back. Without a question before, it does nothing. */
  secretDone(): void;
}
