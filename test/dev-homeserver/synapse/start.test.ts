import { describe, expect, it, onTestFinished } from "vitest";
import { startForSynapse } from "../../../src/dev-homeserver/synapse/start.js";
import { Secret } from "../../../src/foundation/secret.js";
import { authorizeDevice, call, field, pollToken } from "../../support/dev-homeserver.js";
import { failureOf } from "../../support/failures.js";
import { FakeClock } from "../../support/fake-clock.js";
import {
  FakeSynapse,
  futureEndpoint,
  httpToSynapse,
  inFrontOfSynapse,
  SHARED_SECRET,
} from "../../support/fake-synapse.js";

async function refusalBy(synapseSettings: { readonly endpoint?: URL; readonly secret?: string }) {
  const { port, endpoint } = await futureEndpoint();
  const synapse = await FakeSynapse.start({ endpoint, secret: SHARED_SECRET, ...synapseSettings });
  onTestFinished(() => synapse.close());
  const secret = new Secret(SHARED_SECRET);
  const failure = await failureOf(() =>
    startForSynapse({ http: httpToSynapse(), synapse: synapse.url, secret, port }),
  );
  expect(failure.code).toBe("usage_error");
  expect(synapse.log).toEqual([]);
  // It doesn't listen any more.
  await expect(fetch(endpoint)).rejects.toThrow("fetch failed");
  return failure;
}

describe("a Synapse that isn't set for it is left alone, and what to set is said", () => {
  it("where Synapse has no authorization server", async () => {
    const { message, hint } = await refusalBy({ endpoint: undefined as never });
    expect(message).toContain("no authorization server");
    expect(hint).toContain("matrix_authentication_service");
  });

  it("where it has another one", async () => {
    const other = await inFrontOfSynapse();
    const { message, hint } = await refusalBy({ endpoint: other.endpoint });
    expect(message).toContain(other.endpoint.href);
    expect(hint).toContain("endpoint http://127.0.0.1:");
  });

  it("where it can't reach one", async () => {
    const { endpoint } = await futureEndpoint();
    expect((await refusalBy({ endpoint })).message).toContain("can't reach");
  });

  it("where the secrets differ", async () => {
    const { message, hint } = await refusalBy({ secret: "another-one" });
    expect(message).toContain("another secret");
    expect(message + hint).not.toContain(SHARED_SECRET);
  });

  it("where nothing listens", async () => {
    const { port, endpoint } = await futureEndpoint();
    const clock = new FakeClock();
    const http = httpToSynapse(clock);
    const options = { http, synapse: endpoint, secret: new Secret(SHARED_SECRET), port: port + 1 };
    const failure = await failureOf(() => clock.runUntil(startForSynapse(options)));
    expect([failure.code, failure.message]).toEqual([
      "network_error",
      `Synapse can't be reached at ${endpoint.href}.`,
    ]);
  });
});

describe("the account in Synapse", () => {
  it("has one verified device, a key backup and secret storage, whatever it had before", async () => {
    const { synapse, server, endpoint } = await inFrontOfSynapse();
    const { device_id, oauth, secrets, base_url, user_id } = server.existingSession;
    expect(synapse.log).toEqual([
      "provision_user alice",
      `sync_devices ${device_id}`,
      `upsert_device ${device_id}`,
      "allow_cross_signing_reset alice",
      `cross-signing keys by ${device_id}`,
      `device keys by ${device_id}`,
      `key backup by ${device_id}`,
      `m.secret_storage.default_key by ${device_id}`,
      `m.secret_storage.key by ${device_id}`,
      `m.cross_signing.master by ${device_id}`,
      `m.cross_signing.self_signing by ${device_id}`,
      `m.cross_signing.user_signing by ${device_id}`,
      `m.megolm_backup.v1 by ${device_id}`,
    ]);
    expect(secrets.backup?.backup_version).toBe("7");
    // As Synapse calls itself, and not where it was reached.
    expect([base_url, user_id]).toEqual(["https://matrix.example.org/", "@alice:example.org"]);
    expect(oauth?.issuer).toBe(endpoint.href);
  });

  it("is whom the options say", async () => {
    const { server } = await inFrontOfSynapse({ localpart: "bot" });
    expect(server.account.userId).toBe("@bot:example.org");
  });
});

describe("a device that is consented to", () => {
  it("is in Synapse before its token is handed out, and is gone once that is revoked", async () => {
    const { synapse, server, endpoint } = await inFrontOfSynapse();
    const authorization = await authorizeDevice(endpoint);
    expect(server.decide(authorization.userCode, "allow")).toBe(true);
    const token = field(await pollToken(endpoint, authorization), "access_token");
    expect(synapse.log.at(-1)).toBe("upsert_device NEWDEVICE1");
    const form = { client_id: authorization.clientId, token };
    expect((await call(endpoint, "POST /oauth2/revoke", { form })).status).toBe(200);
    expect(synapse.log.at(-1)).toBe("delete_device NEWDEVICE1");
  });

  it("gets its token at the next poll, where Synapse failed at the first", async () => {
    const { synapse, server, endpoint } = await inFrontOfSynapse();
    const authorization = await authorizeDevice(endpoint);
    server.decide(authorization.userCode, "allow");
    synapse.broken = true;
    expect((await pollToken(endpoint, authorization)).status).toBe(502);
    synapse.broken = false;
    expect((await pollToken(endpoint, authorization)).status).toBe(200);
  });

  it("is waited for as Matrix Authentication Service does", async () => {
    const { endpoint } = await inFrontOfSynapse();
    const { status } = await pollToken(endpoint, await authorizeDevice(endpoint));
    expect(status).toBe(403);
  });
});

describe("for tests of clients", () => {
  it("features are switched on and off while it runs, and nobody is signed out", async () => {
    const { server, endpoint } = await inFrontOfSynapse({ deviceGrant: false });
    const metadata = async () => (await call(endpoint, "GET /.well-known/openid-configuration")).body;
    expect(await metadata()).not.toHaveProperty("device_authorization_endpoint");
    server.configure({ deviceGrant: true, verificationUriComplete: false });
    expect(await metadata()).toHaveProperty("device_authorization_endpoint");
    const { reply } = await authorizeDevice(endpoint);
    expect(reply.body).not.toHaveProperty("verification_uri_complete");
  });

  it("the time to consent ends when it is told to", async () => {
    const { server, endpoint } = await inFrontOfSynapse();
    const authorization = await authorizeDevice(endpoint);
    expect(server.expireAuthorization(authorization.userCode)).toBe(true);
    expect((await pollToken(endpoint, authorization)).body["error"]).toBe("expired_token");
    expect(server.expireAuthorization(authorization.userCode)).toBe(false);
  });
});
