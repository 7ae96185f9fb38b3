import { setTimeout as sleep } from "node:timers/promises";
import type { StackDevice } from "./stack-account.js";
import { loadCryptoWasm } from "./stack-parts.js";

/** What is used of @matrix-org/matrix-sdk-crypto-wasm. Objects that are handed over in a list are used up. */
interface CryptoWasm {
  readonly UserId: new (id: string) => object;
  readonly DeviceId: new (id: string) => object;
  readonly RoomId: new (id: string) => object;
  readonly DeviceLists: new (changed: object[], left: object[]) => object;
  readonly EncryptionSettings: new () => { sharingStrategy: object };
  readonly CollectStrategy: { identityBasedStrategy(): object };
  readonly DecryptionSettings: new (trust: number) => object;
  readonly TrustRequirement: { readonly CrossSigned: number };
  readonly OlmMachine: { initialize(user: object, device: object): Promise<OlmMachine> };
}
interface OlmRequest {
  /** Absent for an upload of cross-signing keys, which has no answer to be noted. */
  readonly id?: string;
  readonly type?: number;
  readonly body: string;
  /** Of messages to devices. */
  readonly event_type?: string;
  readonly txn_id?: string;
}
interface OlmMachine {
  bootstrapCrossSigning(reset: boolean): Promise<{
    readonly uploadKeysRequest?: OlmRequest;
    readonly uploadSigningKeysRequest: OlmRequest;
    readonly uploadSignaturesRequest: OlmRequest;
  }>;
  receiveSyncChanges(
    toDevice: string,
    lists: object,
    counts: Map<string, number>,
    fallbackKeys: Set<string>,
    settings: object,
  ): Promise<unknown>;
  outgoingRequests(): Promise<OlmRequest[]>;
  markRequestAsSent(id: string, type: number, response: string): Promise<true>;
  updateTrackedUsers(users: object[]): Promise<void>;
  queryKeysForUsers(users: object[]): OlmRequest;
  getMissingSessions(users: object[]): Promise<OlmRequest | undefined>;
  getDevice(
    user: object,
    device: object,
  ): Promise<{ isCrossSignedByOwner(): boolean; readonly ed25519Key?: { toBase64(): string } } | undefined>;
  shareRoomKey(room: object, users: object[], settings: object): Promise<OlmRequest[]>;
  encryptRoomEvent(room: object, type: string, content: string): Promise<string>;
  decryptRoomEvent(event: string, room: object, settings: object): Promise<{ readonly event: string }>;
}

interface SyncAnswer {
  readonly next_batch: string;
  readonly to_device?: { readonly events?: readonly object[] };
  readonly device_lists?: { readonly changed?: readonly string[]; readonly left?: readonly string[] };
  readonly device_one_time_keys_count?: Readonly<Record<string, number>>;
  readonly device_unused_fallback_key_types?: readonly string[];
  readonly rooms?: {
    readonly join?: Readonly<
      Record<string, { readonly timeline?: { readonly events?: readonly RoomEvent[] } }>
    >;
  };
}
interface RoomEvent {
  readonly type: string;
  readonly sender: string;
}

/** The paths of requests to the homeserver, by the type that the wasm module gives them. */
const PATHS = [
  "POST /_matrix/client/v3/keys/upload",
  "POST /_matrix/client/v3/keys/query",
  "POST /_matrix/client/v3/keys/claim",
  "PUT /_matrix/client/v3/sendToDevice",
  "POST /_matrix/client/v3/keys/signatures/upload",
];
const SYNC_MS = 10_000;
const PAUSE_MS = 200;

/**
 * Somebody else's client, on the cryptography of matrix-rust-sdk. It gives room keys to devices alone that are signed by
 * their owner, and reads only what such devices have encrypted.
 */
export class StackPartner {
  readonly #wasm: CryptoWasm;
  readonly #device: StackDevice;
  readonly #machine: OlmMachine;
  /** Whom it talks to. */
  readonly #peer: string;
  readonly #roomId: string;
  /** What was read, and what couldn't be. */
  readonly messages: string[] = [];
  readonly #unread = new Map<RoomEvent, string>();
  /** The machine does one thing after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #syncing: Promise<void> = Promise.resolve();

  private constructor(
    wasm: CryptoWasm,
    device: StackDevice,
    machine: OlmMachine,
    peer: string,
    roomId: string,
  ) {
    this.#wasm = wasm;
    this.#device = device;
    this.#machine = machine;
    this.#peer = peer;
    this.#roomId = roomId;
  }

  /** Sets encryption up for its user, and shares an encrypted room of the newest version with the peer. */
  static async start(device: StackDevice, peer: StackDevice): Promise<StackPartner> {
    const wasm = await loadCryptoWasm<CryptoWasm>();
    const machine = await wasm.OlmMachine.initialize(
      new wasm.UserId(device.userId),
      new wasm.DeviceId(device.deviceId),
    );
    const roomId = await makeRoom(device, peer);
    const partner = new StackPartner(wasm, device, machine, peer.userId, roomId);
    const requests = await machine.bootstrapCrossSigning(true);
    if (requests.uploadKeysRequest) await partner.#send(requests.uploadKeysRequest);
    const { body } = requests.uploadSigningKeysRequest;
    await device.ask("POST /_matrix/client/v3/keys/device_signing/upload", body);
    await partner.#send(requests.uploadSignaturesRequest);
    await machine.updateTrackedUsers([new wasm.UserId(peer.userId)]);
    partner.#syncing = partner.#sync();
    return partner;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#syncing;
  }

  /** What it couldn't read, each with why. */
  get unread(): readonly string[] {
    return [...this.#unread.values()];
  }

  /** The fingerprint of a device of the peer that is signed by its owner. */
  seesAsCrossSigned(deviceId: string): Promise<string | undefined> {
    const { UserId, DeviceId } = this.#wasm;
    return this.#inTurn(async () => {
      await this.#send(this.#machine.queryKeysForUsers([new UserId(this.#peer)]));
      const device = await this.#machine.getDevice(new UserId(this.#peer), new DeviceId(deviceId));
      return device?.isCrossSignedByOwner() ? device.ed25519Key?.toBase64() : undefined;
    });
  }

  /** Says something, encrypted. */
  async say(body: string): Promise<void> {
    const content = JSON.stringify({ msgtype: "m.text", body });
    const encrypted = await this.#inTurn(() => this.#encrypt(content));
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(this.#roomId)}/send/m.room.encrypted`;
    await this.#device.ask(`PUT ${path}/${crypto.randomUUID()}`, encrypted);
  }

  async #encrypt(content: string): Promise<string> {
    const { UserId, RoomId, EncryptionSettings, CollectStrategy } = this.#wasm;
    const machine = this.#machine;
    await this.#sendOutgoing();
    const claim = await machine.getMissingSessions([new UserId(this.#peer)]);
    if (claim) await this.#send(claim);
    const settings = new EncryptionSettings();
    settings.sharingStrategy = CollectStrategy.identityBasedStrategy();
    const room = new RoomId(this.#roomId);
    for (const request of await machine.shareRoomKey(room, [new UserId(this.#peer)], settings)) {
      await this.#send(request);
    }
    return machine.encryptRoomEvent(room, "m.room.message", content);
  }

  async #sync(): Promise<void> {
    for (let since = ""; !this.#isOver; ) {
      const query = `timeout=${SYNC_MS}${since === "" ? "" : `&since=${since}`}`;
      const reply = await this.#device.ask(`GET /_matrix/client/v3/sync?${query}`).catch(() => undefined);
      // A test may restart what stands in front of the homeserver.
      if (!reply) await sleep(PAUSE_MS);
      if (!reply) continue;
      const answer = reply.body as unknown as SyncAnswer;
      await this.#inTurn(() => this.#take(answer));
      since = answer.next_batch;
    }
  }

  async #take(answer: SyncAnswer): Promise<void> {
    const { UserId, DeviceLists } = this.#wasm;
    const { changed = [], left = [] } = answer.device_lists ?? {};
    await this.#machine.receiveSyncChanges(
      JSON.stringify(answer.to_device?.events ?? []),
      new DeviceLists(
        changed.map((id) => new UserId(id)),
        left.map((id) => new UserId(id)),
      ),
      new Map(Object.entries(answer.device_one_time_keys_count ?? {})),
      new Set(answer.device_unused_fallback_key_types ?? []),
      this.#trust,
    );
    await this.#sendOutgoing();
    const timeline = answer.rooms?.join?.[this.#roomId]?.timeline?.events ?? [];
    const isPeers = ({ type, sender }: RoomEvent) => type === "m.room.encrypted" && sender === this.#peer;
    for (const event of timeline.filter(isPeers)) this.#unread.set(event, "not tried yet");
    // A room key may come after what was encrypted with it.
    for (const event of this.#unread.keys()) await this.#read(event);
  }

  async #read(event: RoomEvent): Promise<void> {
    try {
      const room = new this.#wasm.RoomId(this.#roomId);
      const read = await this.#machine.decryptRoomEvent(JSON.stringify(event), room, this.#trust);
      this.messages.push(String(JSON.parse(read.event).content.body));
      this.#unread.delete(event);
    } catch (error) {
      this.#unread.set(event, String(error));
    }
  }

  get #trust(): object {
    return new this.#wasm.DecryptionSettings(this.#wasm.TrustRequirement.CrossSigned);
  }

  async #sendOutgoing(): Promise<void> {
    for (const request of await this.#machine.outgoingRequests()) await this.#send(request);
  }

  async #send({ id = "", type = 0, body, event_type, txn_id }: OlmRequest): Promise<void> {
    const rest = event_type === undefined ? "" : `/${event_type}/${txn_id}`;
    const answer = await this.#device.ask(`${PATHS[type]}${rest}`, body);
    await this.#machine.markRequestAsSent(id, type, JSON.stringify(answer.body));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

async function makeRoom(device: StackDevice, peer: StackDevice): Promise<string> {
  const { body } = await device.ask("GET /_matrix/client/v3/capabilities");
  const { capabilities } = body as {
    readonly capabilities: {
      readonly "m.room_versions": { readonly available: Readonly<Record<string, string>> };
    };
  };
  const stable = Object.entries(capabilities["m.room_versions"].available).filter(
    ([version, stability]) => stability === "stable" && /^\d+$/.test(version),
  );
  const created = await device.ask("POST /_matrix/client/v3/createRoom", {
    preset: "private_chat",
    room_version: String(Math.max(...stable.map(([version]) => Number(version)))),
    invite: [peer.userId],
    initial_state: [
      { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
    ],
  });
  const roomId = String(created.body["room_id"]);
  await peer.ask(`POST /_matrix/client/v3/join/${encodeURIComponent(roomId)}`, {});
  return roomId;
}
