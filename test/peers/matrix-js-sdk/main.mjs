/**
 * A device on the published matrix-js-sdk that signs in by QR code, or signs another device in, as Element Web
 * does with it. Started with the folder that the SDK is installed in, and one of:
 *
 *     new-scan <payload>                       existing-scan <session file> <payload>
 *     new-generate <homeserver URL>            existing-generate <session file>
 *
 * A payload is base64, a session file is in the portable form that `matrix-qr-login session export` writes.
 * What happens is told as JSON, one object a line. The check code is read as a line from stdin.
 */

import { Console } from "node:console";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

// The SDK logs to the console it finds, and stdout is for events.
globalThis.console = new Console(process.stderr);

const [folder, mode, ...modeArguments] = process.argv.slice(2);
const load = (path) => import(pathToFileURL(join(folder, "node_modules", path)).href);
const { AutoDiscovery, createClient, OAuth2 } = await load("matrix-js-sdk/lib/index.js");
const {
  linkNewDeviceByGeneratingQR,
  MSC4108RendezvousSession,
  MSC4108SecureChannel,
  MSC4108SignInWithQR,
  signInByGeneratingQR,
} = await load("matrix-js-sdk/lib/rendezvous/index.js");
const { initAsync, QrCodeData } = await load("@matrix-org/matrix-sdk-crypto-wasm/node.mjs");

const never = new AbortController().signal;

const modes = {
  async "new-generate"(homeserver) {
    const flow = await signInByGeneratingQR(createClient({ baseUrl: homeserver }), tellEnd, never);
    tellCode(flow);
    const { serverName } = await flow.negotiateProtocols();
    await enterCheckCode(flow);
    await signIn(flow, serverName);
  },

  async "new-scan"(payload) {
    await initAsync();
    const code = QrCodeData.fromBase64(payload);
    const flow = new MSC4108SignInWithQR(channelTo(code), true, undefined, tellEnd);
    await flow.negotiateProtocols();
    tell({ event: "check_code", check_code: flow.checkCode });
    await signIn(flow, code.serverName);
  },

  async "existing-generate"(sessionFile) {
    const flow = await linkNewDeviceByGeneratingQR(await existingDevice(sessionFile), tellEnd, never);
    tellCode(flow);
    await flow.negotiateProtocols();
    const { verificationUri } = await flow.deviceAuthorizationGrant();
    await enterCheckCode(flow);
    await signOtherIn(flow, verificationUri);
  },

  async "existing-scan"(sessionFile, payload) {
    const client = await existingDevice(sessionFile);
    const flow = new MSC4108SignInWithQR(channelTo(QrCodeData.fromBase64(payload)), true, client, tellEnd);
    await flow.negotiateProtocols();
    tell({ event: "check_code", check_code: flow.checkCode });
    const { verificationUri } = await flow.deviceAuthorizationGrant();
    await signOtherIn(flow, verificationUri);
  },
};

try {
  await modes[mode](...modeArguments);
  process.exit(0);
} catch (error) {
  tell({ event: "failure", message: String(error), reason: error.code });
  process.exit(1);
}

function tell(event) {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function tellEnd(reason) {
  tell({ event: "rendezvous_ended", reason });
}

function tellCode(flow) {
  tell({ event: "qr", payload: Buffer.from(flow.code).toString("base64") });
}

function channelTo(code) {
  const session = new MSC4108RendezvousSession({ url: code.rendezvousUrl, onFailure: tellEnd });
  return new MSC4108SecureChannel(session, code.publicKey, tellEnd);
}

/** The SDK compares nothing: that is left to what is built on it. */
async function enterCheckCode(flow) {
  tell({ event: "check_code_required" });
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { value: typed } = await lines.next();
  if (typed !== flow.checkCode) throw new Error("the check code is wrong");
}

/** Element Web takes a URL for a base URL, and anything else for a server name, which here is on loopback. */
async function resolve(serverNameOrUrl) {
  if (/^https?:/.test(serverNameOrUrl)) return serverNameOrUrl;
  const config = await AutoDiscovery.findClientConfig(`http://${serverNameOrUrl}`);
  return config["m.homeserver"].base_url;
}

async function signIn(flow, serverNameOrUrl) {
  const baseUrl = await resolve(serverNameOrUrl);
  const metadata = await createClient({ baseUrl }).getAuthMetadata();
  const clientId = await OAuth2.registerClient(metadata, {
    client_name: "matrix-js-sdk",
    client_uri: "https://peer.example/",
    redirect_uris: ["https://peer.example/"],
  });
  const deviceId = "JSDEVICEXX";
  const { userCode } = await flow.deviceAuthorizationGrant({ metadata, clientId, deviceId });
  tell({ event: "waiting_for_consent", user_code: userCode });
  const tokens = await flow.completeLoginOnNewDevice({ clientId });
  tell({ event: "signed_in" });
  const { secrets } = await flow.shareSecrets();
  const { user_id: userId } = await createClient({ baseUrl, accessToken: tokens.access_token }).whoami();
  const client = createClient({ baseUrl, userId, deviceId, accessToken: tokens.access_token });
  await client.initRustCrypto({ useIndexedDB: false });
  await tellSignedIn(client, secrets);
}

/** The first steps of a client with the secrets, which otherwise come after its first sync. */
async function tellSignedIn(client, secrets) {
  const crypto = client.getCrypto();
  await crypto.importSecretsBundle(secrets);
  await crypto.outgoingRequestsManager.doProcessOutgoingRequests();
  const userId = client.getUserId();
  const deviceId = client.getDeviceId();
  await crypto.getUserDeviceInfo([userId], true);
  const status = await crypto.getDeviceVerificationStatus(userId, deviceId);
  const { privateKeysCachedLocally } = await crypto.getCrossSigningStatus();
  tell({
    event: "done",
    base_url: client.getHomeserverUrl(),
    user_id: userId,
    device_id: deviceId,
    has_cross_signing_keys: Object.values(privateKeysCachedLocally).every(Boolean),
    verified: status.crossSigningVerified,
    backup_enabled: (await crypto.getSessionBackupPrivateKey()) !== null,
  });
}

async function existingDevice(sessionFile) {
  const session = JSON.parse(await readFile(sessionFile, "utf8"));
  const client = createClient({
    baseUrl: session.base_url,
    userId: session.user_id,
    deviceId: session.device_id,
    accessToken: session.access_token,
  });
  await client.initRustCrypto({ useIndexedDB: false });
  await client.getCrypto().importSecretsBundle(session.secrets);
  return client;
}

async function signOtherIn(flow, verificationUri) {
  tell({ event: "verification", verification_uri: verificationUri });
  await flow.shareSecrets();
  tell({ event: "done" });
}
