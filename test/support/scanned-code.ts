import type { CheckCodeShown, Dialect, Emit, Intent, LoginEvent } from "../../src/foundation/events.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { decodeBase64 } from "../../src/protocol/base64.js";
import { decodeQrCode, type SignInQrCode } from "../../src/protocol/qr-code.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { byTypedCode } from "../../src/sign-in/confirmation.js";
import { type GenerateCode, generateCode } from "../../src/sign-in/generate-code.js";
import { scanCode } from "../../src/sign-in/scan-code.js";
import type { SignInWorld } from "../../src/sign-in/world.js";
import { OTHER } from "./device-pair.js";
import { FakeClock } from "./fake-clock.js";
import { MemoryRendezvous, RENDEZVOUS_URL } from "./memory-rendezvous.js";
import { ending } from "./roles.js";

/** One device of a sign-in: what it reaches the world with, and what it tells. */
class Device {
  readonly events: LoginEvent[] = [];
  readonly stop = new AbortController();
  readonly world: SignInWorld;
  readonly #listeners: Emit[] = [];

  constructor(rendezvous: MemoryRendezvous, name: string) {
    this.world = {
      http: rendezvous.client(name),
      urlPolicy: createUrlPolicy([]),
      clock: rendezvous.clock,
      emit: (event) => {
        this.events.push(event);
        for (const listener of this.#listeners) listener(event);
      },
    };
  }

  /** The first event of this name, once it has come. */
  event<Name extends LoginEvent["event"]>(name: Name): Promise<Extract<LoginEvent, { event: Name }>> {
    type Named = Extract<LoginEvent, { event: Name }>;
    const isNamed = (event: LoginEvent): event is Named => event.event === name;
    const found = this.events.find(isNamed);
    if (found) return Promise.resolve(found);
    return new Promise((resolve) => {
      this.#listeners.push((event) => {
        if (isNamed(event)) resolve(event);
      });
    });
  }
}

export interface Meeting {
  readonly clock: FakeClock;
  readonly rendezvous: MemoryRendezvous;
  readonly g: Device;
  readonly s: Device;
  /** G shows its code, and asks for the check code. */
  generate<Role extends Intent = "new">(
    changes?: Partial<GenerateCode<Role>>,
  ): ReturnType<typeof ending<SecureChannel<Role>>>;
  /** S scans what G shows. */
  scan<Role extends Intent = "existing">(
    dialect?: Dialect | "auto",
    change?: (code: SignInQrCode) => SignInQrCode,
  ): ReturnType<typeof ending<SecureChannel<Role>>>;
  /** What S shows, once it does. */
  shown(): Promise<CheckCodeShown>;
}

/** Two devices before they meet. */
export function meeting(options: ConstructorParameters<typeof MemoryRendezvous>[1] = {}): Meeting {
  const clock = new FakeClock();
  const rendezvous = new MemoryRendezvous(clock, options);
  const [g, s] = [new Device(rendezvous, "g"), new Device(rendezvous, "s")];
  const shown = () => s.event("check_code");
  const typed = async () => (await shown()).check_code;
  return {
    clock,
    rendezvous,
    g,
    s,
    shown,
    generate: <Role extends Intent>(changes: Partial<GenerateCode<Role>> = {}) =>
      ending(
        generateCode<Role>(
          g.world,
          {
            intent: "new" as Role,
            version: "msc4388",
            baseUrl: RENDEZVOUS_URL,
            dialect: "auto",
            confirmation: byTypedCode(typed, 3),
            ...changes,
          },
          g.stop.signal,
        ),
      ),
    scan: async <Role extends Intent>(
      dialect: Dialect | "auto" = "auto",
      change = (code: SignInQrCode) => code,
    ) => {
      const { payload } = await g.event("qr");
      const code = decodeQrCode(decodeBase64(payload) ?? new Uint8Array());
      if (code.channel !== "msc4388") throw new Error("This code is of another version.");
      const as = OTHER[code.intent] as Role;
      return ending(scanCode(s.world, change(code), { as, dialect }, s.stop.signal));
    },
  };
}

/** Has both meet to the end, and gives how each has ended. */
export async function meet<Role extends Intent = "new">(
  both: Meeting,
  changes: Partial<GenerateCode<Role>> = {},
) {
  return both.clock.runUntil(Promise.all([both.generate(changes), both.scan()]));
}
