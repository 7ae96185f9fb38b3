import type { homeserverAt } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Clock } from "../../src/foundation/clock.js";
import type { Emit, Intent, LoginEvent } from "../../src/foundation/events.js";
import type { Network } from "../../src/network/network.js";
import type { SignInWorld } from "../../src/sign-in/world.js";

/** Where two devices meet: in memory, or over sockets. */
export interface Scene {
  readonly baseUrl: URL;
  readonly server: Awaited<ReturnType<typeof homeserverAt>>;
  /** For the files of both devices. */
  readonly directory: string;
  readonly clock: Pick<Clock, "sleep"> & {
    /** Lets time pass until the promise settles. */
    runUntil<T>(promise: Promise<T>, end: number): Promise<T>;
  };
  device(name: Intent): ActingDevice;
  /** Whether an access token is good. */
  isGood(accessToken: string): Promise<boolean>;
}

/** A device, and what it has told. */
export interface ActingDevice {
  readonly world: SignInWorld;
  readonly events: LoginEvent[];
  readonly stop: AbortController;
  /** Resolves when its process is killed. */
  readonly died: Promise<"killed">;
  /** The first event of this name, once it has come. */
  event<Name extends LoginEvent["event"]>(name: Name): Promise<Extract<LoginEvent, { event: Name }>>;
}

export function actingDevice(network: Network, died: ActingDevice["died"]): ActingDevice {
  const events: LoginEvent[] = [];
  const listeners: Emit[] = [];
  const emit: Emit = (event) => {
    events.push(event);
    for (const listener of listeners) listener(event);
  };
  return {
    world: { ...network, emit },
    events,
    stop: new AbortController(),
    died,
    event(wanted) {
      type Named = Extract<LoginEvent, { event: typeof wanted }>;
      const isWanted = (event: LoginEvent): event is Named => event.event === wanted;
      const found = events.find(isWanted);
      if (found) return Promise.resolve(found);
      return new Promise((resolve) => {
        listeners.push((event) => {
          if (isWanted(event)) resolve(event);
        });
      });
    },
  };
}
