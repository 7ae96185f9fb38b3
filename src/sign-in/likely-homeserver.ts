import type { AskableHomeserver } from "../homeserver/sign-in-homeserver.js";
import type { SignInHomeserver } from "../protocol/homeserver.js";
import type { MeetingStage } from "./generate-code.js";
import { connector, type NewDeviceRequest } from "./new-device.js";
import type { SignInWorld } from "./world.js";

/**
 * The homeserver at which a new device will most likely be signed in, asked ahead for what that takes while the two
 * devices meet.
 */
export interface LikelyHomeserver {
  /** How far the meeting is: nothing is registered there for a code that nobody scans. */
  readonly at: (stage: MeetingStage) => void;
  /** The homeserver that was asked; undefined where none was. */
  readonly asked: () => Promise<SignInHomeserver | undefined>;
}

/**
 * Has work ask a homeserver ahead, and stops that with the work. It is of no other consequence: what fails is asked again
 * where it is needed.
 *
 * @param baseUrl one that the user of this device has named, since registering a client leaves something there: never
 *   what a code or another device names, which counts once the check code is confirmed. Undefined where there is none
 */
export async function withLikelyHomeserver<T>(
  world: SignInWorld,
  request: NewDeviceRequest,
  baseUrl: URL | undefined,
  signal: AbortSignal,
  work: (likely: LikelyHomeserver) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const look = async (url: URL) => {
    const connect = await connector(world, request);
    const homeserver = connect(url);
    homeserver.lookAhead(either);
    return homeserver;
  };
  let asked: Promise<AskableHomeserver | undefined> | undefined;
  try {
    return await work({
      at(stage) {
        if (!baseUrl) return;
        asked ??= look(baseUrl).catch(() => undefined);
        if (stage === "scanned") void asked.then((homeserver) => homeserver?.registerAhead(either));
      },
      asked: async () => asked,
    });
  } finally {
    stop.abort();
  }
}
