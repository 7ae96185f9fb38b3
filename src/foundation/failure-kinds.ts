/** What sort of thing went wrong. Where a flow depends on how another one failed, it asks for this. */
export type FailureKind =
  /** A bug here. */
  | "bug"
  /** What was asked for makes no sense, or a person would have to answer. */
  | "usage"
  /** Somebody said no, or ended it. */
  | "refused"
  /** A time was up. */
  | "late"
  /** Somebody or something isn't who or what it should be. */
  | "security"
  /** The homeserver or the other device can't do it. */
  | "unsupported"
  /** No usable answer, after retries; the outcome may be unknown. */
  | "network"
  /** Signed in, but not verified. */
  | "unverified"
  /** This device's own session, secrets or files can't do it. */
  | "local"
  /** The process was told to end. */
  | "signal";
