import { readFile } from "node:fs/promises";
import { beforeAll, expect, vi } from "vitest";
import type { Decision } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Intent } from "../../src/foundation/events.js";
import { revealed } from "../../src/foundation/secret.js";
import { type PortableSession, parsePortableSession } from "../../src/session/session-file.js";
import type { CliProcess } from "./cli-process.js";
import { type Pair, type PairOptions, startPair, typeCheckCode } from "./device-pair.js";
import type { Machine } from "./machine.js";
import { provideStack, type Stack, type StackSettings } from "./stack.js";
import { type StackAccount, setUpAccount } from "./stack-account.js";
import { StackObserver } from "./stack-observer.js";

/** A stack on which alice has set encryption up, and the third party that judges sign-ins. */
export interface Site {
  readonly stack: Stack;
  readonly account: StackAccount;
  readonly observer: StackObserver;
}

const SET_UP_MS = 60_000;
const REMOVAL_MS = 20_000;

/** A site for all tests of a file. */
export function provideSite(settings: StackSettings = {}): () => Site {
  const stack = provideStack(settings);
  let site: Site | undefined;
  beforeAll(async () => {
    const account = await setUpAccount(stack(), "alice");
    site = { stack: stack(), account, observer: await StackObserver.start(account) };
  }, SET_UP_MS);
  return () => {
    if (!site) throw new Error("The site is there from the first test on.");
    return site;
  };
}

type SignInOptions = PairOptions & { readonly env?: Readonly<Record<string, string>> };

/** Two devices, the new one with that device ID. */
export interface NamedPair extends Pair {
  readonly deviceId: string;
}

/** The same while they wait for the person's consent. */
export interface WaitingPair extends NamedPair {
  readonly userCode: string;
  decide(decision: Decision): Promise<void>;
}

/** A sign-in up to where the person has the link to the consent page. */
export async function signInUntilConsent(
  machine: Machine,
  { stack, account }: Pick<Site, "stack" | "account">,
  intent: Intent,
  { env = {}, ...options }: SignInOptions = {},
): Promise<WaitingPair> {
  const deviceId = `NEW${crypto.randomUUID().slice(0, 8).toUpperCase()}`;
  const ofNew = ["--device-id", deviceId];
  const { generate = [], scan = [] } = options;
  const pair = await startPair(machine, account, intent, {
    ...options,
    generate: intent === "new" ? [...generate, ...ofNew] : generate,
    scan: intent === "new" ? scan : [...scan, ...ofNew],
    generator: { env },
    scanner: { env },
  });
  if (!generate.includes("--check-code")) await typeCheckCode(pair);
  const { user_code: userCode } = await pair.newDevice.event("waiting_for_consent");
  const link = await pair.existingDevice.event("verification");
  await pair.existingDevice.event("browser");
  const decide = async (decision: Decision) => {
    const page = link.verification_uri_complete ?? link.verification_uri;
    expect(await stack.decide(page, userCode, decision)).toBe(true);
  };
  return { ...pair, userCode, deviceId, decide };
}

/** A whole sign-in, to which the person consents. */
export async function signIn(
  machine: Machine,
  site: Site,
  intent: Intent,
  options: SignInOptions = {},
): Promise<WaitingPair> {
  const pair = await signInUntilConsent(machine, site, intent, options);
  await pair.decide("allow");
  await expectVerified(machine, site, pair);
  return pair;
}

/** Both devices say so, and so does the third party: the new device is verified, and can read the history. */
export async function expectVerified(
  machine: Machine,
  { account, observer }: Site,
  { generator, scanner, newDevice, existingDevice, deviceId }: NamedPair,
): Promise<PortableSession> {
  const ends = await Promise.all([generator.ended, scanner.ended]);
  const codes = ends.map(({ code }) => code);
  expect(codes, generator.describe() + scanner.describe()).toEqual([0, 0]);
  const { userId } = account.device;
  const done = { event: "done", user_id: userId, device_id: deviceId };
  expect(existingDevice.lastEvent).toEqual({ ...done, role: "existing" });
  expect(existingDevice.events.filter(({ event }) => event === "warning")).toEqual([]);
  return expectNewVerified(machine, { account, observer }, newDevice, deviceId);
}

/** The new device, which has ended, says that it is verified, and so does the third party. */
export async function expectNewVerified(
  machine: Machine,
  { account, observer }: Pick<Site, "account" | "observer">,
  newDevice: CliProcess,
  deviceId: string,
): Promise<PortableSession> {
  const path = `${machine.sessionsFolder}/new.json`;
  expect(newDevice.lastEvent).toEqual({
    event: "done",
    user_id: account.device.userId,
    device_id: deviceId,
    role: "new",
    verified: true,
    device_keys: "uploaded",
    session: path,
  });
  expect(newDevice.events.filter(({ event }) => event === "warning")).toEqual([]);

  const session = parsePortableSession(await readFile(path, "utf8"), path);
  expect(revealed(session.secrets)).toEqual(account.existingSession.secrets);
  expect(await observer.seesAsCrossSigned(deviceId)).toBe(true);
  const backup = session.secrets?.backup;
  expect(backup && (await observer.canReadHistoryWith(revealed(backup)))).toBe(true);
  return session;
}

/** The account is as it was before, and the machine has no session but the existing device's. */
export async function expectNothingLeft(
  machine: Machine,
  { account }: Site,
  { deviceId }: Pick<NamedPair, "deviceId">,
): Promise<void> {
  // MAS has the device removed by Synapse a moment after it has revoked the tokens.
  await vi.waitFor(async () => expect(await account.device.hasDevice(deviceId)).toBe(false), {
    timeout: REMOVAL_MS,
    interval: 200,
  });
  expect(await machine.sessionFiles()).toEqual(["existing.json"]);
  expect(await machine.temporaryFiles()).toEqual([]);
}
