import type { OAuthBehaviour } from "../behaviour.js";
import { oauthError } from "../http/answers.js";

/** Matrix specification, Client-Server API §Scope; MSC2967 has the unstable names. */
const STABLE = "urn:matrix:client:";
const UNSTABLE = "urn:matrix:org.matrix.msc2967.client:";

/** What a client asks for: the whole client-server API, as one device. */
export interface Scope {
  readonly text: string;
  readonly deviceId: string;
  /** Whether the consent page can be used for it: with MAS that breaks where the device ID is too short. */
  readonly isConsentable: boolean;
}

/**
 * Takes exactly one API scope and one device scope, both of the stable or both of the unstable names, and
 * `openid`, which changes nothing.
 *
 * @throws {Refusal} 400 `invalid_scope`
 */
export function parseScope(text: string, behaviour: OAuthBehaviour): Scope {
  const tokens = text.split(" ").filter((token) => token !== "" && token !== "openid");
  const prefix = tokens.every((token) => token.startsWith(UNSTABLE)) ? UNSTABLE : STABLE;
  const devices = tokens.filter((token) => token.startsWith(`${prefix}device:`));
  const [device] = devices;
  const apis = tokens.filter((token) => token === `${prefix}api:*`);
  if (device === undefined || devices.length !== 1 || apis.length !== 1 || tokens.length !== 2) {
    throw invalidScope("It takes one API scope and one device scope, both stable or both unstable.");
  }
  const asked = device.slice(`${prefix}device:`.length);
  const { deviceIds, cutsDeviceIdAt, minConsentable } = behaviour;
  if (!deviceIds.test(asked)) throw invalidScope(`A device ID has to match ${deviceIds.source}.`);
  const [deviceId = ""] = cutsDeviceIdAt ? asked.split(cutsDeviceIdAt) : [asked];
  return { text, deviceId, isConsentable: deviceId.length >= minConsentable };
}

function invalidScope(description: string) {
  return oauthError(400, "invalid_scope", description);
}
