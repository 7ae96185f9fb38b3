import { BodyTooLarge, type TransportAnswer, TransportError } from "../../src/network/transport.js";
import { answer } from "../support/fake-transport.js";
import type { HaltableClock } from "./clock.js";

/** What a fault is given: a request on its way. */
interface OnItsWay {
  /** Has the homeserver handle it. */
  handle(): Promise<TransportAnswer>;
  sleep(ms: number): Promise<void>;
  readonly signal: AbortSignal;
  /** Of the device that has sent it. */
  readonly clock: HaltableClock;
}

export type Fault = (request: OnItsWay) => Promise<TransportAnswer>;

const HTML = "<!doctype html><title>Something went wrong</title>";
const NEVER_MS = 3_600_000;

const brokenOff = () => new TransportError("the connection broke off", { mayHaveBeenSent: true });
/** Nothing comes: the signal ends it. */
const nothing = async ({ sleep }: OnItsWay): Promise<never> => {
  await sleep(NEVER_MS);
  throw new Error("A request waited for an hour.");
};

/** Faults after one of which a sign-in has to go well all the same, but for cases that are named in exceptions.ts. */
export const PASSING = {
  "request lost": nothing,
  "answer lost": async (request) => {
    await request.handle();
    return nothing(request);
  },
  "reset before it was handled": async () => {
    throw brokenOff();
  },
  "reset after it was handled": async ({ handle }) => {
    await handle();
    throw brokenOff();
  },
  "429 without a time": async () => answer(429, { errcode: "M_LIMIT_EXCEEDED" }),
  "429 with a time": async () =>
    answer(429, { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 3000 }, { "retry-after": "3" }),
  "500": async () => answer(500, { errcode: "M_UNKNOWN" }),
  "502 with HTML, once it was handled": async ({ handle }) => {
    await handle();
    return answer(502, HTML, { "content-type": "text/html" });
  },
} as const satisfies Record<string, Fault>;

/** Faults after one of which a sign-in has to end cleanly. */
export const OTHERS = {
  "answered late": async ({ handle, sleep }) => {
    const answered = await handle();
    await sleep(4000);
    return answered;
  },
  duplicated: async ({ handle }) => {
    await handle();
    return handle();
  },
  "answer cut short": async ({ handle }) => {
    const answered = await handle();
    return { ...answered, body: answered.body.subarray(0, answered.body.length / 2) };
  },
  "garbage instead of handling it": async () => answer(200, "\u0000\ufffd{{garbage"),
  "garbage once it was handled": async ({ handle }) => {
    await handle();
    return answer(200, HTML, { "content-type": "text/html" });
  },
  "answer too large": async ({ handle }) => {
    await handle();
    throw new BodyTooLarge();
  },
  "wrong content type": async ({ handle }) => {
    const answered = await handle();
    return { ...answered, headers: { ...answered.headers, "content-type": "text/html" } };
  },
  redirected: async () => answer(307, "", { location: "https://elsewhere.example/" }),
  "stopped for 30 s": stopped("stopped", 30_000),
  "stopped for 150 s": stopped("stopped", 150_000),
  "suspended for 30 s": stopped("suspended", 30_000),
  "suspended for 150 s": stopped("suspended", 150_000),
} as const satisfies Record<string, Fault>;

/** The answer comes while the device stands still. */
function stopped(how: "stopped" | "suspended", ms: number): Fault {
  return async ({ handle, clock }) => {
    const answered = await handle();
    void clock.halt(how, ms);
    return answered;
  };
}

export const FAULTS = { ...PASSING, ...OTHERS };
export type FaultName = keyof typeof FAULTS;
