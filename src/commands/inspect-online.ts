import { escapeText } from "../foundation/escape-text.js";
import { Failure } from "../foundation/failures.js";
import type { SignInQrPayload } from "../protocol/qr-code.js";
import { type Life, lookAtCode } from "../sign-in/look-at-code.js";
import { duration } from "../ui/describe-consent.js";
import type { CommandContext } from "./context.js";
import { hintOf } from "./hints.js";
import { namedHomeserver } from "./named-homeserver.js";
import { withNetwork } from "./network.js";
import type { InspectOptions } from "./options/inspect.js";

/** What was found out about a code, in both forms. */
export interface Finding {
  /** Why nothing could be found out. */
  readonly failure?: Failure;
  readonly fields: object;
  readonly lines: readonly string[];
}

/** @throws the signal's reason */
export type LookOnline = (code: SignInQrPayload) => Promise<Finding>;

/** Runs `use` with what asks the servers that codes name. */
export function withLook<T>(
  options: InspectOptions,
  context: CommandContext,
  use: (look: LookOnline) => Promise<T>,
): Promise<T> {
  const { signal } = context;
  return withNetwork(options, context, (network) => {
    const named = namedHomeserver({}, context);
    if (named !== undefined) network.urlPolicy.noteOwn(named);
    return use(async (code) => {
      try {
        return describeLife(await lookAtCode(network, code, signal));
      } catch (thrown) {
        signal.throwIfAborted();
        if (!(thrown instanceof Failure)) throw thrown;
        return describeFailure(thrown);
      }
    });
  });
}

function describeFailure(failure: Failure): Finding {
  const { code, message } = failure;
  const hint = hintOf(failure);
  const told = hint === undefined ? [message] : [message, hint];
  return {
    failure,
    fields: { code, message },
    lines: [
      "Whether it can still be scanned could not be found out:",
      ...told.map((line) => escapeText(line, 2000)),
    ],
  };
}

function describeLife(life: Life): Finding {
  return { fields: life, lines: [sentenceOf(life)] };
}

function sentenceOf({ alive, scanned, expires_in_ms: ms }: Life): string {
  if (scanned) return "It has been scanned already, and each code works once.";
  if (!alive) return "It can't be scanned any more: its time is over, or one of the devices ended it.";
  return `It can still be scanned${ms === undefined ? "" : `, for ${duration(ms)}`}.`;
}
