import { randomUUID } from "node:crypto";
import type { TokenOwner } from "../../src/dev-homeserver/synapse/introspection.js";
import type { Synapse } from "../../src/dev-homeserver/synapse/synapse.js";

/** Devices in a Synapse, of any user, that nobody has consented to. Their access tokens don't expire. */
export class ProvidedDevices {
  readonly #owners = new Map<string, TokenOwner>();

  /** For the authorization server, which Synapse asks. */
  readonly ownerOf = (accessToken: string): TokenOwner | undefined => this.#owners.get(accessToken);

  /** Makes the device, and the user where there is none. */
  async provide(
    synapse: Synapse,
    localpart: string,
    deviceId: string,
  ): Promise<{ readonly userId: string; readonly accessToken: string }> {
    const userId = await synapse.provisionUser(localpart);
    await synapse.upsertDevice(localpart, deviceId, undefined);
    const accessToken = `provided_${randomUUID()}`;
    this.#owners.set(accessToken, { localpart, deviceId });
    return { userId, accessToken };
  }
}
