import type { ExistingSession } from "../../src/dev-homeserver/dev-homeserver.js";
import { type StackAccount, StackDevice } from "./stack-account.js";
import { loadCryptoWasm } from "./stack-parts.js";

/** What is used of @matrix-org/matrix-sdk-crypto-wasm. Objects that are handed over in a list are used up. */
interface CryptoWasm {
  readonly UserId: new (id: string) => object;
  readonly DeviceId: new (id: string) => object;
  readonly RoomId: new (id: string) => object;
  readonly EncryptionSettings: new () => object;
  readonly DecryptionSettings: new (trust: number) => object;
  readonly TrustRequirement: { readonly Untrusted: number };
  readonly RequestType: { readonly KeysUpload: number };
  readonly OlmMachine: { initialize(user: object, device: object): Promise<OlmMachine> };
  readonly BackupDecryptionKey: { fromBase64(key: string): BackupDecryptionKey };
}
interface BackupDecryptionKey {
  readonly megolmV1PublicKey: { readonly publicKeyBase64: string };
  decryptV1(ephemeralKey: string, mac: string, ciphertext: string): string;
}
interface OlmRequest {
  readonly id: string;
  readonly type: number;
  readonly body: string;
}
interface OlmMachine {
  readonly identityKeys: { readonly ed25519: { toBase64(): string } };
  outgoingRequests(): Promise<OlmRequest[]>;
  queryKeysForUsers(users: object[]): OlmRequest;
  markRequestAsSent(id: string, type: number, response: string): Promise<true>;
  getDevice(user: object, device: object): Promise<{ isCrossSignedByOwner(): boolean } | undefined>;
  shareRoomKey(room: object, users: object[], settings: object): Promise<unknown>;
  encryptRoomEvent(room: object, type: string, content: string): Promise<string>;
  decryptRoomEvent(event: string, room: object, settings: object): Promise<{ readonly event: string }>;
  enableBackupV1(publicKey: string, version: string): Promise<void>;
  backupRoomKeys(): Promise<OlmRequest | undefined>;
  importBackedUpRoomKeys(
    keys: Map<object, Map<string, unknown>>,
    onProgress: undefined,
    version: string,
  ): Promise<unknown>;
}

interface RoomKeys {
  readonly rooms: Readonly<Record<string, { readonly sessions: Readonly<Record<string, BackedUpSession>> }>>;
}
interface BackedUpSession {
  readonly session_data: { readonly ephemeral: string; readonly mac: string; readonly ciphertext: string };
}

export interface Backup {
  readonly key: string;
  readonly backup_version: string;
}

/** What of a session file a client needs to upload its keys. */
type TakenOver = Pick<ExistingSession, "device_id" | "access_token">;

const ROOM = "!room:localhost";
const BODY = "sent before the new device was there";

/** A third party: another device of the account, on the cryptography of matrix-rust-sdk. */
export class StackObserver {
  readonly #wasm: CryptoWasm;
  readonly #device: StackDevice;
  readonly #machine: OlmMachine;
  /** An event from before the sign-in, whose room key is in the account's key backup alone. */
  readonly #event: string;

  private constructor(wasm: CryptoWasm, device: StackDevice, machine: OlmMachine, event: string) {
    this.#wasm = wasm;
    this.#device = device;
    this.#machine = machine;
    this.#event = event;
  }

  /** Signs it in, and puts a room key into the account's backup. */
  static async start({ user, device: { stack }, existingSession }: StackAccount): Promise<StackObserver> {
    const wasm = await loadCryptoWasm<CryptoWasm>();
    const device = await StackDevice.signIn(stack, user);
    const machine = await newMachine(wasm, device);
    const room = new wasm.RoomId(ROOM);
    await machine.shareRoomKey(room, [], new wasm.EncryptionSettings());
    const content = await machine.encryptRoomEvent(room, "m.room.message", JSON.stringify({ body: BODY }));
    const event = JSON.stringify({
      type: "m.room.encrypted",
      event_id: "$event:localhost",
      room_id: ROOM,
      sender: device.userId,
      origin_server_ts: 0,
      content: JSON.parse(content),
    });

    const { backup } = existingSession.secrets;
    if (!backup) throw new Error("The account has no key backup.");
    const { publicKeyBase64 } = wasm.BackupDecryptionKey.fromBase64(backup.key).megolmV1PublicKey;
    await machine.enableBackupV1(publicKeyBase64, backup.backup_version);
    const upload = await machine.backupRoomKeys();
    if (!upload) throw new Error("There is no room key to back up.");
    await device.ask(roomKeys("PUT", backup), upload.body);
    return new StackObserver(wasm, device, machine, event);
  }

  /** What /keys/query says of a device of the account: is it signed by the account's owner? */
  async seesAsCrossSigned(deviceId: string): Promise<boolean> {
    const { DeviceId, UserId } = this.#wasm;
    const { userId } = this.#device;
    const query = this.#machine.queryKeysForUsers([new UserId(userId)]);
    const { body } = await this.#device.ask("POST /_matrix/client/v3/keys/query", query.body);
    await this.#machine.markRequestAsSent(query.id, query.type, JSON.stringify(body));
    const device = await this.#machine.getDevice(new UserId(userId), new DeviceId(deviceId));
    return device?.isCrossSignedByOwner() ?? false;
  }

  /**
   * Does what a client does first that has taken a session over: it makes keys for the device and uploads them.
   *
   * @returns the fingerprint that it would show
   */
  async takeOver({ device_id: deviceId, access_token: accessToken }: TakenOver): Promise<string> {
    const { userId, stack } = this.#device;
    const device = StackDevice.of(stack, { userId, deviceId, accessToken });
    const machine = await newMachine(this.#wasm, device);
    const requests = await machine.outgoingRequests();
    const upload = requests.find(({ type }) => type === this.#wasm.RequestType.KeysUpload);
    if (!upload) throw new Error("The client has no keys to upload.");
    await device.ask("POST /_matrix/client/v3/keys/upload", upload.body);
    return machine.identityKeys.ed25519.toBase64();
  }

  /** Whether a device with nothing but this key of the backup can read what was sent before it was there. */
  async canReadHistoryWith(backup: Backup): Promise<boolean> {
    const { BackupDecryptionKey, DecryptionSettings, RoomId, TrustRequirement } = this.#wasm;
    const { body } = await this.#device.ask(roomKeys("GET", backup));
    const key = BackupDecryptionKey.fromBase64(backup.key);
    const open = ({ session_data: { ephemeral, mac, ciphertext } }: BackedUpSession): unknown =>
      JSON.parse(key.decryptV1(ephemeral, mac, ciphertext));
    const rooms = Object.entries((body as unknown as RoomKeys).rooms).map(([room, { sessions }]) => {
      const opened = Object.entries(sessions).map(([id, session]) => [id, open(session)] as const);
      return [new RoomId(room), new Map(opened)] as const;
    });
    const machine = await newMachine(this.#wasm, this.#device);
    await machine.importBackedUpRoomKeys(new Map(rooms), undefined, backup.backup_version);
    const settings = new DecryptionSettings(TrustRequirement.Untrusted);
    const { event } = await machine.decryptRoomEvent(this.#event, new RoomId(ROOM), settings);
    return JSON.parse(event).content.body === BODY;
  }
}

function newMachine(wasm: CryptoWasm, { userId, deviceId }: StackDevice): Promise<OlmMachine> {
  return wasm.OlmMachine.initialize(new wasm.UserId(userId), new wasm.DeviceId(deviceId));
}

function roomKeys(method: "GET" | "PUT", { backup_version }: Backup): string {
  return `${method} /_matrix/client/v3/room_keys/keys?version=${backup_version}`;
}
