/** The servers whose ways the embedded homeserver can take on. */
export const LIKENESSES = ["synapse", "tuwunel", "continuwuity"] as const;
export type Likeness = (typeof LIKENESSES)[number];

/** Rendezvous sessions of both versions, where servers differ. */
export interface RendezvousBehaviour {
  /** How a missing access token is refused. */
  readonly withoutToken: { readonly status: 401 | 403; readonly errcode: string };
  /** Whether a write starts the session's time anew (MSC4388). */
  readonly writesExtendLife: boolean;
  /** Which outdated token a repeated write may bear (MSC4388). */
  readonly repeatedWrite: "any_token" | "token_before";
  /** How many sessions there may be, and what becomes of one more (MSC4388). */
  readonly capacity: number;
  readonly whenFull: "refuse" | "drop_older_half";
  readonly deletionAnswer: object;
  /** Requests at once, and per second after that, of all devices together: they have one address (MSC4388). */
  readonly rate?: { readonly burst: number; readonly perSecond: number };
  /** Where the sessions of the 2024 version are. */
  readonly path2024: string;
  /** What an entity tag of the 2024 version tells apart: writes, or payloads. */
  readonly etagOf: "write" | "payload";
  /** Whether a write of the 2024 version with an outdated entity tag is taken where its data is there already. */
  readonly takesRepeatedWrite2024: boolean;
}

/** The OAuth 2.0 API, where servers differ. */
export interface OAuthBehaviour {
  /** Whether it registers only clients that may use the authorization code and refresh token grants. */
  readonly registersOnlyCodeClients: boolean;
  /** The status of a poll's error (RFC 8628: 400). */
  readonly pollStatus: 400 | 403;
  /** What a poll that comes too early is answered with: `slow_down` with this status, or nothing special. */
  readonly tooEarly: 400 | 429 | "tolerated";
  /** Letters in each half of a user code. */
  readonly userCodeHalf: number;
  /** Whether the consent page can decline. */
  readonly canDecline: boolean;
  /** Whether `access_denied` is said once, and the code unknown after that. */
  readonly deniesOnce: boolean;
  /** How often a consent page can be looked at before the code is dropped. */
  readonly maxVisits: number;
  /** Whether a device authorization tells its interval. */
  readonly tellsInterval: boolean;
  /** Which device IDs it takes at first; those of fewer characters than `minConsentable` break its consent page. */
  readonly deviceIds: RegExp;
  readonly minConsentable: number;
  /** A character at which a device ID is cut without a word. */
  readonly cutsDeviceIdAt?: RegExp;
  readonly takesKnownDeviceIds: boolean;
  /** What becomes of a refresh token that is used again. */
  readonly reusedRefreshToken:
    | "good_until_new_token_is_used"
    | "good_for_15_s_then_device_is_deleted"
    | "unknown";
  /** Whether the access token before is good for its own time after a refresh. */
  readonly keepsOldAccessToken: boolean;
  /** Whether a 401 for an access token that has expired says `soft_logout`. */
  readonly softLogout: boolean;
  /** Whether revoking a token that is unknown is a success (RFC 7009 §2.2), or `invalid_grant`. */
  readonly revokesUnknownTokens: boolean;
}

export interface Behaviour {
  /** What stands beside `versions` in the answer of /versions. */
  readonly versions: object;
  /** Where it tells its name besides, and what it answers there. */
  readonly namePlate?: { readonly path: string; readonly answer: object };
  readonly rendezvous: RendezvousBehaviour;
  readonly oauth: OAuthBehaviour;
}

/** The characters that MAS takes in a device ID. */
const MAS_DEVICE_ID = "[A-Za-z0-9._~!$&'()*+,;=:@/-]";

/** As the MSCs and RFCs say; where they leave it open, as Matrix Authentication Service does. */
export const SPECIFICATION: Behaviour = {
  versions: {},
  rendezvous: {
    withoutToken: { status: 403, errcode: "M_FORBIDDEN" },
    writesExtendLife: false,
    repeatedWrite: "any_token",
    capacity: 1000,
    whenFull: "refuse",
    deletionAnswer: {},
    path2024: "/_rendezvous",
    etagOf: "write",
    takesRepeatedWrite2024: false,
  },
  oauth: {
    registersOnlyCodeClients: false,
    pollStatus: 400,
    tooEarly: 400,
    userCodeHalf: 4,
    canDecline: true,
    deniesOnce: false,
    maxVisits: Number.POSITIVE_INFINITY,
    tellsInterval: true,
    deviceIds: new RegExp(`^${MAS_DEVICE_ID}{10,255}$`),
    minConsentable: 10,
    takesKnownDeviceIds: true,
    reusedRefreshToken: "good_until_new_token_is_used",
    keepsOldAccessToken: false,
    softLogout: false,
    revokesUnknownTokens: true,
  },
};

/** docs/dev-homeserver.md has these as tables. */
export const BEHAVIOURS: Readonly<Record<Likeness, Behaviour>> = {
  synapse: {
    ...SPECIFICATION,
    rendezvous: {
      ...SPECIFICATION.rendezvous,
      withoutToken: { status: 401, errcode: "M_MISSING_TOKEN" },
      repeatedWrite: "token_before",
      capacity: 200,
      whenFull: "drop_older_half",
      deletionAnswer: [],
      etagOf: "payload",
    },
    oauth: {
      ...SPECIFICATION.oauth,
      pollStatus: 403,
      tooEarly: "tolerated",
      deviceIds: new RegExp(`^${MAS_DEVICE_ID}{1,255}$`),
    },
  },

  tuwunel: {
    ...SPECIFICATION,
    versions: { "net.zemos.msc4383.server": { name: "Tuwunel", version: "1.9.0" } },
    rendezvous: {
      ...SPECIFICATION.rendezvous,
      writesExtendLife: true,
      capacity: 100,
      rate: { burst: 20, perSecond: 10 },
      path2024: "/_matrix/client/unstable/org.matrix.msc4108/rendezvous",
      takesRepeatedWrite2024: true,
    },
    oauth: {
      ...SPECIFICATION.oauth,
      registersOnlyCodeClients: true,
      tooEarly: 429,
      userCodeHalf: 5,
      deniesOnce: true,
      maxVisits: 10,
      deviceIds: new RegExp(`^${MAS_DEVICE_ID}{1,255}$`),
      minConsentable: 1,
      reusedRefreshToken: "good_for_15_s_then_device_is_deleted",
      keepsOldAccessToken: true,
      softLogout: true,
    },
  },

  continuwuity: {
    ...SPECIFICATION,
    namePlate: {
      path: "/_continuwuity/server_version",
      answer: { name: "Continuwuity", version: "26.8.0" },
    },
    oauth: {
      ...SPECIFICATION.oauth,
      canDecline: false,
      tellsInterval: false,
      deviceIds: /^[A-Za-z0-9._~-]{5,}/,
      minConsentable: 5,
      cutsDeviceIdAt: /[^A-Za-z0-9._~-]/,
      takesKnownDeviceIds: false,
      reusedRefreshToken: "unknown",
      revokesUnknownTokens: false,
    },
  },
};
