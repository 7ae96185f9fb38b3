import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ChannelVersion, Intent } from "../../src/foundation/events.js";
import { Failure } from "../../src/foundation/failures.js";
import { sideBySide } from "../../src/foundation/side-by-side.js";
import { decodeBase64 } from "../../src/protocol/base64.js";
import { decodeQrCode } from "../../src/protocol/qr-code.js";
import type { SecureChannel } from "../../src/protocol/secure-channel.js";
import { SessionStore } from "../../src/session/store.js";
import { byTypedCode } from "../../src/sign-in/confirmation.js";
import {
  announceHomeserver,
  announceNothing,
  type ExistingAccount,
  homeserverName,
  openExistingAccount,
  signInOtherDevice,
} from "../../src/sign-in/existing-device.js";
import { generateCode } from "../../src/sign-in/generate-code.js";
import { type LikelyHomeserver, withLikelyHomeserver } from "../../src/sign-in/likely-homeserver.js";
import {
  homeserverFromCode,
  homeserverFromProtocols,
  signInThisDevice,
} from "../../src/sign-in/new-device.js";
import { type Meeting, meet, scanCode, secureMeeting } from "../../src/sign-in/scan-code.js";
import type { ActingDevice, Scene } from "./scene.js";

// Loaded when they are first used, which takes time of its own.
import "../../src/homeserver/sign-in-homeserver.js";

export const NEW_DEVICE = "NEWDEVICE+/1";
/** No sign-in takes longer by itself than its rendezvous session lives, with all that is tried after it. */
const LONGEST_MS = 600_000;
const TYPING_MS = 500;

/** How a device ended: well, with a failure, or not by itself. */
type End = "done" | "killed" | Failure;

export interface SignInOptions {
  readonly version: ChannelVersion;
  /** The device that shows the code. */
  readonly generator: Intent;
}

export interface Ends {
  readonly new: End;
  readonly existing: End;
}

export const newSessionPath = ({ directory }: Scene) => join(directory, "new.json");
export const existingSessionPath = ({ directory }: Scene) => join(directory, "existing.json");

/** Puts the session of the existing device on disk. */
export async function addExistingSession(world: Scene): Promise<void> {
  await writeFile(existingSessionPath(world), JSON.stringify(world.server.existingSession), { mode: 0o600 });
}

/** A whole sign-in, from the code to the end of both devices. */
export async function signIn(world: Scene, { version, generator }: SignInOptions): Promise<Ends> {
  const devices = { new: world.device("new"), existing: world.device("existing") };
  const other = generator === "new" ? "existing" : "new";
  const [g, s] = [devices[generator], devices[other]];
  await addExistingSession(world);

  const generating = endOf(
    g,
    generator === "new" ? newGenerates(world, version, g, s) : existingGenerates(world, version, g, s),
  );
  const seen = g.event("qr");
  const scanning = endOf(
    s,
    Promise.race([seen, generating]).then(async (shown) => {
      if (typeof shown === "string" || shown instanceof Failure) throw new Failure("no_qr_code");
      const code = decodeQrCode(decodeBase64(shown.payload) ?? new Uint8Array());
      return other === "new" ? newScans(world, code, s) : existingScans(world, code, s);
    }),
  ).then((end) => {
    // Whoever sees that fail waits for no other device to scan a code.
    if (end !== "done" && !g.events.some(({ event }) => event === "check_code_required")) {
      g.stop.abort(new Failure("interrupted"));
    }
    return end;
  });
  const both = Promise.all([generating, scanning]);
  const [gEnd, sEnd] = await world.clock.runUntil(both, LONGEST_MS);
  return generator === "new" ? { new: gEnd, existing: sEnd } : { new: sEnd, existing: gEnd };
}

async function endOf({ died }: ActingDevice, running: Promise<void>): Promise<End> {
  try {
    return (await Promise.race([running, died])) ?? "done";
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind !== "bug") return thrown;
    throw thrown;
  }
}

type Code = ReturnType<typeof decodeQrCode>;

/** Somebody reads the check code on the device that scanned, and types it. */
function typedFrom(s: ActingDevice, world: Scene) {
  return byTypedCode(async (_attemptsLeft, signal) => {
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
    const { check_code } = await Promise.race([s.event("check_code"), aborted]);
    await world.clock.sleep(TYPING_MS, signal);
    return check_code;
  }, 1);
}

async function newGenerates(
  world: Scene,
  version: ChannelVersion,
  g: ActingDevice,
  s: ActingDevice,
): Promise<void> {
  const confirmation = typedFrom(s, world);
  const { signal } = g.stop;
  const { baseUrl } = world;
  const offered = { intent: "new", version, baseUrl, dialect: "auto", confirmation } as const;
  await withLikelyHomeserver(g.world, newDevice(world), baseUrl, signal, async (likely) => {
    const channel = await generateCode<"new">(g.world, { ...offered, onStage: likely.at }, signal);
    await asNew(world, g, channel, homeserverFromProtocols, likely);
  });
}

async function newScans(world: Scene, code: Code, s: ActingDevice): Promise<void> {
  const channel = await scanCode<"new">(s.world, code, { as: "new", dialect: "auto" }, s.stop.signal);
  // What the 2024 version has of a code is a server name, to be looked up; that is another test's.
  const learn = code.channel === "msc4388" ? homeserverFromCode(code) : async () => world.baseUrl.href;
  await asNew(world, s, channel, learn);
}

async function asNew(
  world: Scene,
  { world: own, stop }: ActingDevice,
  channel: SecureChannel<"new">,
  learn: Parameters<typeof signInThisDevice>[3],
  likely?: LikelyHomeserver,
): Promise<void> {
  await signInThisDevice(
    own,
    { ...newDevice(world), askedAhead: likely?.asked },
    channel,
    learn,
    stop.signal,
  );
}

function newDevice(world: Scene) {
  const sessionFile = new SessionStore(world.directory).newFile(newSessionPath(world));
  return { deviceId: NEW_DEVICE, sessionFile, keepUnverified: false };
}

function account(world: Scene, { world: own, stop }: ActingDevice) {
  const store = new SessionStore(world.directory);
  return openExistingAccount(own, store, existingSessionPath(world), undefined, stop.signal);
}

async function existingGenerates(
  world: Scene,
  version: ChannelVersion,
  g: ActingDevice,
  s: ActingDevice,
): Promise<void> {
  const { signal } = g.stop;
  const opened = await account(world, g);
  const offered = {
    intent: "existing",
    ...{ version, baseUrl: world.baseUrl, serverName: homeserverName(opened) },
    dialect: "auto",
    accessToken: (tokenSignal: AbortSignal) => opened.accessToken(tokenSignal),
    confirmation: typedFrom(s, world),
  } as const;
  const channel = await generateCode<"existing">(g.world, offered, signal);
  await signInOtherDevice(g.world, opened, { by: "printing" }, channel, announceNothing, signal);
}

async function existingScans(world: Scene, code: Code, s: ActingDevice): Promise<void> {
  const { signal } = s.stop;
  const [opened, meeting] = await sideBySide<[ExistingAccount, Meeting]>(
    [() => account(world, s), (beside) => meet(s.world, code, "auto", beside)],
    signal,
  );
  const channel = await secureMeeting(s.world, "existing", meeting, signal);
  await signInOtherDevice(s.world, opened, { by: "printing" }, channel, announceHomeserver(opened), signal);
}
