import { oauthError } from "../http/answers.js";

/** Matrix specification, Client-Server API §Scope; MSC2967 has the unstable names. */
const STABLE = "urn:matrix:client:";
const UNSTABLE = "urn:matrix:org.matrix.msc2967.client:";

/** The characters that MAS takes. */
const DEVICE_ID = /^[A-Za-z0-9._~!$&'()*+,;=:@/-]{1,255}$/;
/** The specification's recommended length. MAS takes less at first, and its consent page then breaks. */
const MIN_DEVICE_ID_LENGTH = 10;

/** What a client asks for: the whole client-server API, as one device. */
export interface Scope {
  readonly text: string;
  readonly deviceId: string;
}

/** Whether consent can be given to it. */
export function isConsentable({ deviceId }: Scope): boolean {
  return deviceId.length >= MIN_DEVICE_ID_LENGTH;
}

/**
 * Takes exactly one API scope and one device scope, both of the stable or both of the unstable names, and
 * `openid`, which changes nothing.
 *
 * @throws {Refusal} 400 `invalid_scope`
 */
export function parseScope(text: string, likeSynapse: boolean): Scope {
  const tokens = text.split(" ").filter((token) => token !== "" && token !== "openid");
  const prefix = tokens.every((token) => token.startsWith(UNSTABLE)) ? UNSTABLE : STABLE;
  const devices = tokens.filter((token) => token.startsWith(`${prefix}device:`));
  const [device] = devices;
  const apis = tokens.filter((token) => token === `${prefix}api:*`);
  if (device === undefined || devices.length !== 1 || apis.length !== 1 || tokens.length !== 2) {
    throw invalidScope("It takes one API scope and one device scope, both stable or both unstable.");
  }
  const deviceId = device.slice(`${prefix}device:`.length);
  if (!DEVICE_ID.test(deviceId) || (deviceId.length < MIN_DEVICE_ID_LENGTH && !likeSynapse)) {
    throw invalidScope(
      "A device ID has 10 to 255 characters of A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / -",
    );
  }
  return { text, deviceId };
}

function invalidScope(description: string) {
  return oauthError(400, "invalid_scope", description);
}
