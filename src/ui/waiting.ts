import type { Wait } from "./description.js";

/** What is waited for, and until when: milliseconds on the monotonic clock. */
export interface Waiting {
  readonly text: string;
  readonly brief?: string;
  readonly deadline?: number;
}

/** @param before what was waited for until now, whose time may go on */
export function startWaiting(
  { text, brief, expiresInMs }: Wait,
  before: Waiting | undefined,
  now: number,
): Waiting {
  const deadline =
    expiresInMs === "as_before"
      ? before?.deadline
      : expiresInMs === undefined
        ? undefined
        : now + expiresInMs;
  return {
    text,
    ...(brief === undefined ? {} : { brief }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}

/** "1:51" */
export function timeLeft({ deadline }: Waiting, now: number): string | undefined {
  if (deadline === undefined) return undefined;
  const seconds = Math.max(0, Math.ceil((deadline - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** What is waited for, as far as there is room for it. */
export function textFor({ text, brief = text }: Waiting, columns: number): string {
  return text.length <= columns ? text : brief;
}
