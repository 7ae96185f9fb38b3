import { createUrlPolicy, type UrlPolicy } from "../../src/network/url-policy.js";

/** The policy of somebody whose own homeserver is on this machine, as the embedded one is. */
export function localUrlPolicy(): UrlPolicy {
  const urlPolicy = createUrlPolicy([]);
  urlPolicy.noteOwn("localhost");
  return urlPolicy;
}
