import type { FailureEvent, Warning } from "../foundation/events.js";

/** What `session serve` and `session run` tell while they run. Never a token of any kind. */

/** The proxy listens. */
interface Ready {
  event: "ready";
  /** Without a slash at its end, as programs are given it. */
  base_url: string;
  /** Path of the file that holds the local token. */
  token_file: string;
}
/** The session has a new access token. */
interface Refreshed {
  event: "refreshed";
  expires_at?: string;
}
/** The homeserver shows the program's device keys as signed. */
interface DeviceSigned {
  event: "device_signed";
  device_id: string;
  ed25519: string;
}
/** The homeserver can no longer be reached, or can be reached again. */
interface Upstream {
  event: "upstream";
  reachable: boolean;
}

export type ProxyEvent = Ready | Refreshed | DeviceSigned | Upstream | Warning | FailureEvent;
export type EmitProxyEvent = (event: Exclude<ProxyEvent, FailureEvent>) => void;
