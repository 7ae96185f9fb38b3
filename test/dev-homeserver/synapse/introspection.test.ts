import { describe, expect, it } from "vitest";
import { Synapse } from "../../../src/dev-homeserver/synapse/synapse.js";
import { Secret } from "../../../src/foundation/secret.js";
import { httpToSynapse, inFrontOfSynapse, introspect, SHARED_SECRET } from "../../support/fake-synapse.js";
import { ProvidedDevices } from "../../support/provided-devices.js";

const ACCESS_TOKEN_LIFETIME_MS = 60_000;

describe("what Synapse is told of an access token", () => {
  it("whose it is, which device's, and for how long", async () => {
    const { server, endpoint, clock } = await inFrontOfSynapse({
      accessTokenLifetimeMs: ACCESS_TOKEN_LIFETIME_MS,
    });
    const { access_token, device_id } = server.existingSession;
    await clock.advance(20_000);
    expect(await introspect(endpoint, SHARED_SECRET, access_token)).toMatchObject({
      status: 200,
      active: true,
      username: "alice",
      scope: `urn:matrix:client:api:* urn:matrix:client:device:${device_id}`,
      expires_in: 40,
    });
  });

  it("of one that has expired, or that nobody knows: that it isn't active, and no more", async () => {
    const { server, endpoint, clock } = await inFrontOfSynapse({
      accessTokenLifetimeMs: ACCESS_TOKEN_LIFETIME_MS,
    });
    await clock.advance(ACCESS_TOKEN_LIFETIME_MS);
    for (const token of [server.existingSession.access_token, "unknown"]) {
      expect(await introspect(endpoint, SHARED_SECRET, token)).toEqual({ status: 200, active: false });
    }
  });

  it("of one that was provided: that it doesn't expire, and whose it is", async () => {
    const devices = new ProvidedDevices();
    const { synapse, endpoint } = await inFrontOfSynapse({ ownerOf: devices.ownerOf });
    const asService = new Synapse(httpToSynapse(), synapse.url, new Secret(SHARED_SECRET));
    const { accessToken, userId } = await devices.provide(asService, "bob", "BOBSDEVICE");
    expect(userId).toBe("@bob:example.org");
    expect(synapse.log.slice(-2)).toEqual(["provision_user bob", "upsert_device BOBSDEVICE"]);
    const answer = await introspect(endpoint, SHARED_SECRET, accessToken);
    expect(answer).toMatchObject({ active: true, username: "bob" });
    expect(answer).not.toHaveProperty("expires_in");
  });

  it("nothing, for who doesn't have the secret", async () => {
    const { server, endpoint } = await inFrontOfSynapse();
    const answer = await introspect(endpoint, "guessed", server.existingSession.access_token);
    expect(answer).toMatchObject({ status: 401, error: "invalid_client" });
    expect(answer).not.toHaveProperty("active");
  });
});
