import type { LoginEvent } from "../../src/foundation/events.js";
import { Failure } from "../../src/foundation/failures.js";
import { generateDeviceIdentityKeys } from "../../src/protocol/device-keys.js";
import { type ExistingDevice, helpNewDevice } from "../../src/protocol/existing-device.js";
import { DEVICE_AUTHORIZATION_GRANT } from "../../src/protocol/messages.js";
import { type NewDevice, signInAsNewDevice } from "../../src/protocol/new-device.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { BASE_URL, type MemoryHomeserver, MemorySessionFile, NEW_DEVICE } from "./memory-homeserver.js";
import { USER } from "./sessions.js";

type LearnHomeserver = Parameters<typeof signInAsNewDevice>[2];

/** How a role ended: with its result, or with its failure. */
export type Ending<T> = { readonly result: T; readonly failure?: never } | { readonly failure: Failure };

export function ending<T>(role: Promise<T>): Promise<Ending<T>> {
  return role.then(
    (result) => ({ result }),
    (failure: unknown) => {
      if (!(failure instanceof Failure)) throw failure;
      return { failure };
    },
  );
}

/** Whichever role's events, without those that only say how long something may take. */
export const namesOf = (events: readonly LoginEvent[]) => events.map(({ event }) => event);

export class NewRole {
  readonly events: LoginEvent[] = [];
  readonly file: MemorySessionFile;
  readonly stop = new AbortController();
  readonly device: NewDevice;

  constructor(homeserver: MemoryHomeserver, changes: Partial<NewDevice> = {}) {
    this.file = new MemorySessionFile(homeserver.log);
    this.device = {
      deviceId: NEW_DEVICE,
      identityKeys: generateDeviceIdentityKeys(),
      resolveHomeserver: async (claim) => new URL(claim),
      connect: () => homeserver.forSignIn(),
      sessionFile: this.file,
      keepUnverified: false,
      emit: (event) => this.events.push(event),
      clock: homeserver.clock,
      ...changes,
    };
  }

  run(channel: SecureChannel<"new">, learnHomeserver: LearnHomeserver = async () => BASE_URL.href) {
    return ending(signInAsNewDevice(this.device, channel, learnHomeserver, this.stop.signal));
  }
}

export class ExistingRole {
  readonly events: LoginEvent[] = [];
  readonly opened: string[] = [];
  readonly stop = new AbortController();
  readonly device: ExistingDevice;

  constructor(homeserver: MemoryHomeserver, changes: Partial<ExistingDevice> = {}) {
    this.device = {
      userId: USER,
      homeserver: homeserver.forAccount(),
      secrets: homeserver.secrets,
      checkLink: (link) => new URL(link),
      openLink: async (link) => {
        this.opened.push(link.href);
        return true;
      },
      emit: (event) => this.events.push(event),
      clock: homeserver.clock,
      ...changes,
    };
  }

  run(
    channel: SecureChannel<"existing">,
    announce: (channel: SecureChannel, signal: AbortSignal) => Promise<void> = async () => {},
  ) {
    return ending(helpNewDevice(this.device, channel, announce, this.stop.signal));
  }
}

/** Step 1 where the existing device has scanned: what each side does. */
export const sendProtocols = (channel: SecureChannel, signal: AbortSignal) =>
  channel.send(
    { type: "m.login.protocols", protocols: [DEVICE_AUTHORIZATION_GRANT], homeserver: BASE_URL.href },
    signal,
  );
export const receiveProtocols = async (channel: SecureChannel, signal: AbortSignal) =>
  (await channel.receive(["m.login.protocols"], "machine", signal)).homeserver;
