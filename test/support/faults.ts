import type { Fault } from "../../src/dev-homeserver/dev-homeserver.js";

type Intercept = (request: { readonly method: string; readonly path: string }) => Fault | undefined;

/** A homeserver that doesn't let some requests through, as long as the test wants. */
export interface Gate {
  readonly intercept: Intercept;
  open(): void;
  /** Resolves when the first of them comes, whether it is let through or not. */
  readonly reached: Promise<void>;
}

/** Holds up each message from the nth on that is put into a rendezvous session. */
export function gateAtMessage(nth: number): Gate {
  let messages = 0;
  return gate(({ method, path }) => method === "PUT" && path.includes("/rendezvous/") && ++messages >= nth);
}

/** Keeps the new device unseen: the first look at its ID, before the consent, finds none anyway. */
export function gateAtNewDevice(): Gate {
  let looks = 0;
  const answer = { status: 404, body: '{"errcode":"M_NOT_FOUND","error":"There is no such device."}' };
  return gate(({ path }) => path.includes("/v3/devices/") && ++looks >= 2, answer);
}

/** Holds up requests to paths with this end. */
export function gateAtPath(end: string): Gate {
  return gate(({ path }) => path.endsWith(end));
}

/** By default requests that are held up are answered 503, and so repeated for a while. */
function gate(
  holds: (request: Parameters<Intercept>[0]) => boolean,
  answer: Fault["answer"] = { status: 503, body: "{}" },
): Gate {
  let isOpen = false;
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return {
    reached,
    open: () => {
      isOpen = true;
    },
    intercept(request) {
      if (!holds(request)) return undefined;
      reach();
      return isOpen ? undefined : { when: "before", answer };
    },
  };
}
