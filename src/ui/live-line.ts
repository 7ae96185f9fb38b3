import type { ChannelVersion } from "../foundation/events.js";
import { attempts, channelName } from "./describe.js";
import type { View } from "./interactive-view.js";

/** What is waited for, and until when: in milliseconds on the clock. */
export interface Waiting {
  readonly text: string;
  readonly deadline?: number;
}

interface LiveState {
  readonly waiting: Waiting | undefined;
  /** The check code, as far as it is typed. */
  readonly question: { readonly attemptsLeft: number; readonly typed: string } | undefined;
  /** The channel whose code a key brings up instead. */
  readonly other: ChannelVersion | undefined;
  readonly now: number;
}

/** What the live line says: what is waited for, or what is asked. */
export function liveLine({ waiting, question, other, now }: LiveState): Pick<View, "question" | "wait"> {
  if (!waiting && !question) return {};
  const timeLeft = waiting?.deadline === undefined ? undefined : minutesAndSeconds(waiting.deadline - now);
  if (question) {
    const limits = [`${attempts(question.attemptsLeft)} left`, timeLeft].filter(
      (limit) => limit !== undefined,
    );
    const text = `Check code on the other device (${limits.join(", ")}):`;
    return { question: { text, typed: question.typed } };
  }
  const details = [timeLeft, other && `press c for ${channelName(other)}`];
  return {
    wait: { text: waiting?.text ?? "", details: details.filter((detail) => detail !== undefined) },
  };
}

function minutesAndSeconds(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
