/** What a rendezvous session is put to in a trial, in this order. The names are stable. */
export type TrialStep = "read" | "write" | "read_written" | "delete" | "read_deleted";

/** What the deployment of a server can do to rendezvous sessions that are there. The names are stable. */
export type Trap =
  | "not_found"
  | "split"
  | "cached"
  | "etags_changed"
  | "read_refused"
  | "write_refused"
  | "etags_weak_in_browsers"
  | "delete_refused";

interface Meaning {
  /** `missing`: no sign-in can use these sessions, or only by luck. */
  readonly state: "limited" | "missing";
  /** What it is, and what follows. */
  readonly message: string;
  /** What the admin can do. */
  readonly remedy: string;
}

const ONE_PROCESS =
  "The reverse proxy: send every path with rendezvous in it to one process (Synapse: the main one, for " +
  "/_synapse/client/rendezvous too)";
const ETAGS =
  "The reverse proxy: pass ETag, If-Match and If-None-Match through unchanged, and don't compress";
const METHODS = "The reverse proxy: let GET, PUT and DELETE through, for every path with rendezvous in it";

/** The worst first. */
export const TRAPS: Readonly<Record<Trap, Meaning>> = {
  not_found: {
    state: "missing",
    message: "The place where the two devices meet is made, and not found where it should be.",
    remedy:
      "The reverse proxy: pass every path with rendezvous in it on (Synapse: /_synapse/client/rendezvous too); " +
      "Synapse: public_baseurl",
  },
  split: {
    state: "missing",
    message:
      "Some requests find the place where the two devices meet and others don't: several processes answer here, " +
      "each with its own. A sign-in works by luck, or breaks off.",
    remedy: ONE_PROCESS,
  },
  cached: {
    state: "missing",
    message:
      "What the two devices read there is out of date: something in front of the server keeps its answers.",
    remedy: "The reverse proxy: no cache for any path with rendezvous in it",
  },
  etags_changed: {
    state: "missing",
    message:
      "Something in front of the server removes, weakens or changes ETag headers, which the two devices need.",
    remedy: ETAGS,
  },
  read_refused: {
    state: "missing",
    message: "Reading what a device has written is refused.",
    remedy: METHODS,
  },
  write_refused: { state: "missing", message: "Writing for the other device is refused.", remedy: METHODS },
  etags_weak_in_browsers: {
    state: "limited",
    message:
      "Whoever asks for compressed answers, as browsers do, gets no strong ETag. So apps in a browser can't use " +
      "these codes.",
    remedy: ETAGS,
  },
  delete_refused: {
    state: "limited",
    message: "Deleting what a sign-in has left there is refused, so it stays until it expires.",
    remedy: METHODS,
  },
};
