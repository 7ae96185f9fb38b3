import { type Clock, systemClock } from "../foundation/clock.js";
import { BEHAVIOURS, type Behaviour, type Likeness, SPECIFICATION } from "./behaviour.js";

/** What somebody can answer on the consent page. */
export const DECISIONS = ["allow", "deny"] as const;
export type Decision = (typeof DECISIONS)[number];

/**
 * Who may create a rendezvous session: anyone, only who has an access token, or nobody because the API is
 * off (MSC4388 §POST, "Suitable policies").
 */
export const RENDEZVOUS_MODES = ["open", "authenticated", "off"] as const;
export type RendezvousMode = (typeof RENDEZVOUS_MODES)[number];

/** Under which prefix the rendezvous API is served: MSC4388's stable one, its unstable one, or both. */
export type RendezvousApis = "stable" | "unstable" | "both";

/**
 * What goes wrong with one request. For tests of clients: a homeserver in front of which something breaks.
 * Without an `answer` the connection is dropped.
 */
export interface Fault {
  /** `before`: the request is never handled. `after`: it is handled, and only its answer is lost. */
  readonly when: "before" | "after";
  /** What is answered instead. */
  readonly answer?: {
    readonly status: number;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

export interface DevHomeserverOptions {
  /** Time for every expiry, interval and pause; the system's by default. */
  readonly clock?: Clock;
  /** Name or address to listen on, which the base URL shows too; 127.0.0.1 by default. */
  readonly host?: string;
  /** A free one by default. */
  readonly port?: number;

  /** Localpart of the account's user ID, which is its login name; `alice` by default. */
  readonly localpart?: string;
  /** A random one by default. */
  readonly password?: string;
  /** What the recovery key of the account's secret storage is made of; without one it is random. */
  readonly recoveryPassphrase?: string;

  /** `open` by default. */
  readonly rendezvous?: RendezvousMode;
  /** `both` by default. */
  readonly rendezvousApis?: RendezvousApis;
  /** Milliseconds from its creation that a rendezvous session lives; 120 000 by default. */
  readonly rendezvousLifetimeMs?: number;

  /**
   * Whose ways it takes on where they differ from the MSCs and RFCs, and which other defaults that makes; nobody's by
   * default. docs/dev-homeserver.md lists the differences.
   */
  readonly like?: Likeness;

  /** Whether there are rendezvous sessions of MSC4108's 2024 version too; off by default. */
  readonly msc4108?: boolean;
  /** Milliseconds from its last write that one of those lives; 60 000 by default. */
  readonly msc4108LifetimeMs?: number;

  /** Whether there is an OAuth 2.0 API at all; on by default. */
  readonly oauth?: boolean;
  /** Whether it has the device authorization grant; on by default. */
  readonly deviceGrant?: boolean;
  /** Whether it has dynamic client registration; on by default. */
  readonly registration?: boolean;
  /** `interval` of a device authorization in milliseconds; 1000 by default (RFC 8628: 5000). */
  readonly intervalMs?: number;
  /** `expires_in` of a device authorization in milliseconds; 1 200 000 by default. */
  readonly authorizationLifetimeMs?: number;
  /** Whether a device authorization has a `verification_uri_complete`; it has by default. */
  readonly verificationUriComplete?: boolean;
  /** Milliseconds that an access token lives; 300 000 by default. */
  readonly accessTokenLifetimeMs?: number;

  /** Answers every consent by itself, for scripts. */
  readonly autoConsent?: Decision;
  /** Milliseconds before `autoConsent` does so; 500 by default. */
  readonly autoConsentDelayMs?: number;

  /** For tests of clients: asked before every request, by its method and its path without the query. */
  readonly intercept?: (request: { readonly method: string; readonly path: string }) => Fault | undefined;
}

const DEFAULTS = {
  clock: systemClock,
  host: "127.0.0.1",
  port: 0,
  localpart: "alice",
  rendezvous: "open",
  rendezvousApis: "both",
  rendezvousLifetimeMs: 120_000,
  msc4108: false,
  msc4108LifetimeMs: 60_000,
  oauth: true,
  deviceGrant: true,
  registration: true,
  intervalMs: 1000,
  authorizationLifetimeMs: 1_200_000,
  verificationUriComplete: true,
  accessTokenLifetimeMs: 300_000,
  autoConsentDelayMs: 500,
} as const satisfies DevHomeserverOptions;

/** What is different from these where it takes on the ways of a server. */
const DEFAULTS_LIKE: Readonly<Record<Likeness, DevHomeserverOptions>> = {
  synapse: {},
  tuwunel: {
    rendezvous: "authenticated",
    rendezvousApis: "unstable",
    rendezvousLifetimeMs: 600_000,
    msc4108: true,
    authorizationLifetimeMs: 1_800_000,
    accessTokenLifetimeMs: 604_800_000,
  },
  continuwuity: { rendezvous: "off", authorizationLifetimeMs: 60_000 },
};

type Defaulted = keyof typeof DEFAULTS;
export type Settings = Required<Pick<DevHomeserverOptions, Defaulted>> &
  Omit<DevHomeserverOptions, Defaulted> & { readonly behaviour: Behaviour };

export function withDefaults(options: DevHomeserverOptions): Settings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const { like } = options;
  return {
    ...DEFAULTS,
    ...(like && DEFAULTS_LIKE[like]),
    ...Object.fromEntries(given),
    behaviour: like ? BEHAVIOURS[like] : SPECIFICATION,
  };
}
