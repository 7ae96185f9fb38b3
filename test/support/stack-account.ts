import { randomBytes } from "node:crypto";
import type { ExistingSession } from "../../src/dev-homeserver/dev-homeserver.js";
import { setUpEncryption, setUpSecretStorage } from "../../src/dev-homeserver/synapse/encryption.js";
import type { Login, Stack, User } from "./stack.js";

/** What the stack's homeserver answers. */
interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A device of the stack's homeserver, as tests speak for it. */
export class StackDevice {
  readonly stack: Stack;
  readonly userId: string;
  readonly deviceId: string;
  readonly accessToken: string;

  private constructor(stack: Stack, { userId, deviceId, accessToken }: Login) {
    this.stack = stack;
    this.userId = userId;
    this.deviceId = deviceId;
    this.accessToken = accessToken;
  }

  static async signIn(stack: Stack, user: User): Promise<StackDevice> {
    const deviceId = `EXISTING${randomBytes(4).toString("hex").toUpperCase()}`;
    return new StackDevice(stack, await stack.signIn(user, deviceId));
  }

  /** One that was signed in elsewhere: its token may expire. */
  static of(stack: Stack, login: Login): StackDevice {
    return new StackDevice(stack, login);
  }

  /** @param request `METHOD /path` */
  ask(request: string, body?: object | string): Promise<Answer> {
    return ask(this.stack, request, this.accessToken, body);
  }

  /** Whether the account has that device. */
  async hasDevice(deviceId: string): Promise<boolean> {
    const { status } = await this.ask(`GET /_matrix/client/v3/devices/${encodeURIComponent(deviceId)}`);
    return status === 200;
  }
}

/** An account with encryption set up, by its one device so far. */
export interface StackAccount {
  readonly user: User;
  readonly baseUrl: URL;
  readonly device: StackDevice;
  readonly existingSession: ExistingSession;
  /** It opens the account's secret storage. */
  readonly recoveryKey: string;
}

/**
 * Sets encryption up for the user, as a first client does: cross-signing keys, a key backup, its own device,
 * verified, and secret storage. Once for each user, since the homeserver takes other keys only after a confirmation.
 */
export async function setUpAccount(stack: Stack, user: User): Promise<StackAccount> {
  const device = await StackDevice.signIn(stack, user);
  const { userId, deviceId, accessToken } = device;
  const post = async (path: string, body: object) => (await device.ask(`POST ${path}`, body)).body;
  const { secrets, device: seeded } = await setUpEncryption(post, userId, deviceId);
  const put = (path: string, body: object) => device.ask(`PUT ${path}`, body);
  const recoveryKey = await setUpSecretStorage(put, userId, secrets);
  return {
    user,
    baseUrl: stack.baseUrl,
    device,
    existingSession: {
      base_url: stack.baseUrl.href,
      user_id: userId,
      device_id: deviceId,
      access_token: accessToken,
      secrets,
      device_keys: seeded.privateKeys,
    },
    recoveryKey,
  };
}

async function ask(
  { plainUrl }: Stack,
  request: string,
  accessToken: string | undefined,
  body?: object | string,
): Promise<Answer> {
  const [method = "", path = ""] = request.split(" ");
  const response = await fetch(new URL(path, plainUrl), {
    method,
    headers: {
      "content-type": "application/json",
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const answer = { status: response.status, body: (await response.json()) as Answer["body"] };
  if (response.ok || response.status === 404) return answer;
  throw new Error(`${request}: ${answer.status} ${JSON.stringify(answer.body)}`);
}
