import { randomBytes } from "node:crypto";
import { seedDevice, seedKeys } from "../../src/dev-homeserver/seed.js";
import type { PortableSession } from "../../src/session/session-file.js";

/** What is asked of the account's homeserver while it is set up. */
async function ask(baseUrl: URL, token: string | undefined, request: string, body: object): Promise<Answer> {
  const [method = "POST", path = ""] = request.split(" ");
  const response = await fetch(new URL(path, baseUrl), {
    method,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Answer;
  if (!response.ok) throw new Error(`${request}: ${response.status} ${JSON.stringify(answer)}`);
  return answer;
}

type Answer = Readonly<Record<string, string>>;

/**
 * Signs a device in with the password and sets encryption up for the account, as a first client does: its
 * cross-signing keys, a key backup, and this device, verified.
 */
export async function setUpAccount(baseUrl: URL, user: string, password: string): Promise<PortableSession> {
  const login = await ask(baseUrl, undefined, "POST /_matrix/client/v3/login", {
    type: "m.login.password",
    identifier: { type: "m.id.user", user },
    password,
    device_id: `EXISTING${randomBytes(4).toString("hex").toUpperCase()}`,
    refresh_token: true,
  });
  const { user_id = "", access_token = "", device_id = "" } = login;
  const keys = seedKeys(user_id);
  const device = seedDevice(user_id, keys.selfSigning, device_id);
  const call = (request: string, body: object) => ask(baseUrl, access_token, request, body);
  await call("POST /_matrix/client/v3/keys/device_signing/upload", {
    master_key: keys.crossSigning.masterKey,
    self_signing_key: keys.crossSigning.selfSigningKey,
    user_signing_key: keys.crossSigning.userSigningKey,
  });
  await call("POST /_matrix/client/v3/keys/upload", { device_keys: device.deviceKeys });
  const backup = await call("POST /_matrix/client/v3/room_keys/version", keys.backup);
  const { version = "" } = backup;
  return {
    base_url: baseUrl.href,
    user_id,
    device_id,
    access_token,
    secrets: {
      cross_signing: keys.secrets.cross_signing,
      ...(keys.secrets.backup ? { backup: { ...keys.secrets.backup, backup_version: version } } : {}),
    },
    device_keys: device.privateKeys,
  };
}
