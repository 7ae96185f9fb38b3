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

/** What is the same of all failures with one code. */
export interface Definition {
  readonly kind: FailureKind;
  /** Which signal it was, for those of the kind `signal`. */
  readonly signal?: "SIGHUP" | "SIGINT" | "SIGTERM";
  /** One sentence for the person, used where the place of the failure has nothing more exact to say. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
}
