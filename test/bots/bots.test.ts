import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Machine } from "../support/machine.js";
import { StackDevice } from "../support/stack-account.js";
import { StackPartner } from "../support/stack-partner.js";
import { provideSite, signInUntilConsent } from "../support/stack-sign-in.js";
import { FRAMEWORKS, type Framework } from "./frameworks.js";
import { putUnderLoad } from "./load.js";
import { RunningBot } from "./running-bot.js";

/**
 * Bots as people write them, on frameworks as they come from their registries, go on from a session that was signed in
 * by QR code. All of them are devices of one account, in one room with somebody whose client gives room keys to
 * verified devices only.
 */

/** Seconds. */
const TOKEN_TTL = 60;
const LIFETIMES = 3;
const UPLOAD_BYTES = 5_000_000;
/** Between questions, while time goes by. */
const PAUSE_MS = 15_000;
/** How many questions at once a bot has when its proxy is killed. */
const FLOOD = 5;
/** For how long the homeserver is away, in seconds, and how many requests a second are too many then. */
const AWAY = 15;
const TOO_MANY = 2;

/** Uploads may be larger than 1 MB. */
const LOCATIONS = "location / { client_max_body_size 50m; proxy_pass http://127.0.0.1:8008; }";
/** Only the devices that the tests speak for get through. */
const LOCATIONS_AWAY = LOCATIONS.replace("{", '{ if ($http_authorization !~ "provided_") { return 502; }');

const site = provideSite({ TOKEN_TTL: String(TOKEN_TTL) });
const machines: Machine[] = [];
const bots: RunningBot[] = [];
/** Those that have come through their own test. */
const alive: RunningBot[] = [];
let partnersDevice: StackDevice;
let partner: StackPartner;

beforeAll(async () => {
  const { stack, account } = site();
  await stack.configureProxy(LOCATIONS);
  partnersDevice = await StackDevice.signIn(stack, "bob");
  partner = await StackPartner.start(partnersDevice, account.device);
});

afterAll(async () => {
  await Promise.all(bots.map((bot) => bot.destroy()));
  await Promise.all([partner?.stop(), ...machines.map((machine) => machine.stop())]);
});

async function newMachine(): Promise<Machine> {
  const machine = await Machine.start();
  machines.push(machine);
  return machine;
}

/** Signs a new device in, whose encryption keys are left to the bot. */
async function signInDeferred(machine: Machine): Promise<string> {
  const pair = await signInUntilConsent(machine, site(), "new", { generate: ["--device-keys", "defer"] });
  await pair.decide("allow");
  const { code } = await pair.newDevice.ended;
  expect(code, pair.newDevice.describe()).toBe(0);
  expect(pair.newDevice.lastEvent).toMatchObject({ device_keys: "deferred" });
  await pair.existingDevice.ended;
  return pair.deviceId;
}

async function startBot(machine: Machine, framework: Framework): Promise<RunningBot> {
  const bot = await RunningBot.start(machine, framework, partner);
  bots.push(bot);
  return bot;
}

async function download(uri: string): Promise<Buffer> {
  const path = `/_matrix/client/v1/media/download/${uri.replace("mxc://", "")}`;
  const headers = { authorization: `Bearer ${partnersDevice.accessToken}` };
  const answer = await fetch(new URL(path, site().stack.plainUrl), { headers });
  expect(answer.status, uri).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

describe.concurrent("a bot that was signed in by QR code is verified, encrypted and alive", () => {
  it.for(FRAMEWORKS)("on $name", async (framework, { onTestFailed }) => {
    const machine = await newMachine();
    const deviceId = await signInDeferred(machine);
    const signedInAt = Date.now();
    const bot = await startBot(machine, framework);
    onTestFailed(async () => {
      process.stderr.write(
        [await bot.describe(), ...partner.messages.slice(-20), ...partner.unread, ""].join("\n"),
      );
    });

    const { ed25519 } = await bot.proxy.event("device_signed");
    expect(await partner.seesAsCrossSigned(deviceId)).toBe(ed25519);
    await bot.comesToAnswer();
    await bot.answers();
    const file = await download(await bot.uploads());
    expect(file.length).toBe(UPLOAD_BYTES);
    expect(file.every((byte, index) => byte === index % 250)).toBe(true);

    await bot.restart();
    await bot.comesToAnswer();

    const ease = await putUnderLoad(await bot.proxy.event("ready"));
    await bot.isFlooded(FLOOD);
    await bot.replaceProxy();
    await bot.comesToAnswer();
    expect(await ease()).toEqual([200]);

    while (Date.now() < signedInAt + LIFETIMES * TOKEN_TTL * 1000) {
      await sleep(PAUSE_MS);
      await bot.answers();
    }
    const told = bot.proxy.events.map(({ event }) => event);
    expect(told.filter((event) => event === "refreshed").length).toBeGreaterThanOrEqual(LIFETIMES - 1);
    expect(told).not.toContain("warning");
    expect(await partner.seesAsCrossSigned(deviceId)).toBe(ed25519);
    alive.push(bot);
  });
});

it("with the homeserver away, none asks more than twice a second, and all go on when it is back", async () => {
  expect(alive).not.toEqual([]);
  const { stack } = site();
  await stack.configureProxy(LOCATIONS_AWAY);
  const before = await Promise.all(alive.map((bot) => bot.requests()));
  await sleep(AWAY * 1000);
  const after = await Promise.all(alive.map((bot) => bot.requests()));
  await stack.configureProxy(LOCATIONS);
  const asked = alive.map(({ name }, index) => [name, (after[index] ?? 0) - (before[index] ?? 0)] as const);
  expect(asked.filter(([, count]) => count === 0 || count > TOO_MANY * AWAY)).toEqual([]);
  await Promise.all(alive.map((bot) => bot.comesToAnswer()));
});
