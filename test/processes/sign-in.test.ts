import { readFileSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import * as v from "valibot";
import { describe, expect } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { Intent, LoginEvent, Qr } from "../../src/foundation/events.js";
import { revealed } from "../../src/foundation/secret.js";
import { decodeBase64 } from "../../src/protocol/base64.js";
import type { JsonObject } from "../../src/protocol/canonical-json.js";
import { publicCrossSigningKeys } from "../../src/protocol/cross-signing.js";
import { SecretsBundle } from "../../src/protocol/secrets.js";
import { isSignedBy } from "../../src/protocol/signatures.js";
import { type PortableSession, parsePortableSession } from "../../src/session/session-file.js";
import type { CliProcess } from "../support/cli-process.js";
import { OTHER, type PairOptions, startPair, typeCheckCode } from "../support/device-pair.js";
import { it, type Machine } from "../support/machine.js";

const AUTO_CONSENT = { autoConsent: "allow", autoConsentDelayMs: 0 } as const;

/** What each device tells, in this order and nothing else, by its role and by whether it shows the code. */
const STORIES: Readonly<Record<`${Intent} ${"generates" | "scans"}`, readonly LoginEvent["event"][]>> = {
  "new generates": [
    ...(["started", "rendezvous_created", "qr", "check_code_required", "secure_channel"] as const),
    ...(["homeserver", "verification", "waiting_for_consent", "signed_in"] as const),
    ...(["secrets_received", "verified", "done"] as const),
  ],
  "existing scans": [
    ...(["started", "scanned", "secure_channel", "check_code", "verification", "browser"] as const),
    ...(["device_online", "secrets_sent", "done"] as const),
  ],
  "existing generates": [
    ...(["started", "rendezvous_created", "qr", "check_code_required", "secure_channel"] as const),
    ...(["verification", "browser", "device_online", "secrets_sent", "done"] as const),
  ],
  "new scans": [
    ...(["started", "scanned", "secure_channel", "check_code", "homeserver", "verification"] as const),
    ...(["waiting_for_consent", "signed_in", "secrets_received", "verified", "done"] as const),
  ],
};

const CARRIERS: Readonly<Record<string, (machine: Machine) => PairOptions>> = {
  "a PNG file": (machine) => ({
    generate: ["--qr-file", machine.path("qr.png")],
    carry: ({ file = "" }) => ({ source: file }),
  }),
  "an SVG file": (machine) => ({
    generate: ["--qr-file", machine.path("qr.svg")],
    carry: ({ file = "" }) => ({ source: file }),
  }),
  "padded base64": () => ({
    carry: (qr) => ({ source: bytes(qr).toString("base64") }),
  }),
  "URL-safe base64": () => ({
    carry: (qr) => ({ source: bytes(qr).toString("base64url") }),
  }),
  hex: () => ({
    carry: (qr) => ({ source: bytes(qr).toString("hex") }),
  }),
  "text on stdin": () => ({
    carry: (qr) => ({ source: "-", input: `${qr.payload}\n` }),
  }),
  "a picture on stdin": (machine) => ({
    generate: ["--qr-file", machine.path("qr.png")],
    carry: ({ file = "" }) => ({ source: "-", input: readFileSync(file) }),
  }),
};

function bytes({ payload }: Qr): Buffer {
  return Buffer.from(payload, "base64");
}

describe.concurrent("a sign-in by two processes", () => {
  it.for([
    ["new", "a PNG file"],
    ["new", "URL-safe base64"],
    ["new", "text on stdin"],
    ["existing", "an SVG file"],
    ["existing", "padded base64"],
    ["existing", "hex"],
    ["existing", "a picture on stdin"],
  ] as const)(
    "ends verified: the %s device generates, %s carries the code",
    async ([intent, carrier], { machine }) => {
      const server = await machine.homeserver(AUTO_CONSENT);
      const pair = await startPair(machine, server, intent, CARRIERS[carrier]?.(machine));
      await typeCheckCode(pair);
      await expectSuccess(pair, intent, machine, server);
    },
  );

  it.for(["new", "existing"] as const)(
    "ends verified in the 2024 version too: the %s device generates",
    async (intent, { machine }) => {
      const server = await machine.homeserver({ ...AUTO_CONSENT, msc4108: true });
      const pair = await startPair(machine, server, intent, { channel: "msc4108-2024" });
      await typeCheckCode(pair);
      await expectSuccess(pair, intent, machine, server);
      expect(pair.scanner.events).toContainEqual({ event: "secure_channel", channel: "msc4108-2024" });
    },
  );

  it("offers both versions where the server has both, and deletes the one that isn't scanned", async ({
    machine,
  }) => {
    const server = await machine.homeserver({ ...AUTO_CONSENT, msc4108: true });
    const pair = await startPair(machine, server, "new", {
      channel: "auto",
      scanned: ({ channel }) => channel === "msc4108-2024",
    });
    await pair.generator.event("qr", ({ channel }) => channel === "msc4388");
    await typeCheckCode(pair);
    await Promise.all([pair.generator.ended, pair.scanner.ended]);
    await expectVerified(pair.newDevice, machine, server);
  });

  it("makes the rendezvous session elsewhere where the homeserver makes none for new devices", async ({
    machine,
  }) => {
    const server = await machine.homeserver({ ...AUTO_CONSENT, rendezvous: "authenticated" });
    const elsewhere = await machine.homeserver();
    const pair = await startPair(machine, server, "new", {
      generate: ["--rendezvous", elsewhere.baseUrl.href],
    });
    const { base_url } = await pair.generator.event("rendezvous_created");
    expect(base_url).toBe(elsewhere.baseUrl.href);
    await typeCheckCode(pair);
    await Promise.all([pair.generator.ended, pair.scanner.ended]);
    await expectVerified(pair.newDevice, machine, server);
    expect(elsewhere.liveRendezvousSessions()).toEqual([]);
  });

  it("shows its code on an existing device where the homeserver makes sessions for those alone", async ({
    machine,
  }) => {
    const server = await machine.homeserver({ ...AUTO_CONSENT, rendezvous: "authenticated" });
    const pair = await startPair(machine, server, "existing");
    await typeCheckCode(pair);
    await expectSuccess(pair, "existing", machine, server);
  });

  it("takes a check code that was typed before it is asked for", async ({ machine }) => {
    let puts = 0;
    let generatorPid: number | undefined;
    const server = await machine.homeserver({
      ...AUTO_CONSENT,
      intercept({ method }) {
        // LoginOk is the second message. Its writer stands still, until its reader has shown the check code.
        if (method === "PUT") puts++;
        if (puts === 2 && generatorPid !== undefined) process.kill(generatorPid, "SIGSTOP");
        return undefined;
      },
    });
    const pair = await startPair(machine, server, "new");
    generatorPid = pair.generator.pid;
    const { check_code } = await pair.scanner.event("check_code");
    expect(pair.generator.events.map(({ event }) => event)).not.toContain("check_code_required");
    pair.generator.type(check_code);
    pair.generator.kill("SIGCONT");
    await expectSuccess(pair, "new", machine, server);
  });

  it("needs nobody at the new device, with --check-code show and --expect-user", async ({ machine }) => {
    const server = await machine.homeserver(AUTO_CONSENT);
    const { userId } = server.account;
    const pair = await startPair(machine, server, "new", {
      generate: ["--check-code", "show", "--expect-user", userId],
      generator: { stdin: "none" },
    });
    const [ended] = await Promise.all([pair.generator.ended, pair.scanner.ended]);
    expect(ended.code, pair.generator.describe()).toBe(0);
    expect(kinds(pair.generator)).toEqual(
      STORIES["new generates"].flatMap((kind) => (kind === "check_code_required" ? "check_code" : kind)),
    );
    const codes = [await pair.generator.event("check_code"), await pair.scanner.event("check_code")];
    const [shown, read] = codes.map(({ check_code, alternative }) => [check_code, alternative]);
    expect(shown).toEqual(read);
    expect(pair.scanner.lastEvent).toMatchObject({ event: "done" });
    await expectVerified(pair.newDevice, machine, server);
  });

  it("hands the link to the command of --browser", async ({ machine }) => {
    const server = await machine.homeserver();
    const generator = machine.start([
      ...["generate", "--json", "--channel", "msc4388", "--check-code", "stdin"],
      ...["--homeserver", server.baseUrl.href, "--session", "new", "--timeout", "30"],
    ]);
    const { payload } = await generator.event("qr");
    await machine.addSession(server.existingSession);
    // `test` with one argument ends with 0, with none it does not.
    const scanner = machine.start(["scan", payload, "--json", "--yes", "--browser", "test"], {
      stdin: "none",
    });
    await typeCheckCode({ generator, scanner, newDevice: generator, existingDevice: scanner });
    expect(await scanner.event("browser")).toEqual({ event: "browser", opened: true, by: "command" });
    const { user_code = "" } = await generator.event("verification");
    server.decide(user_code, "allow");
    expect((await scanner.ended).code, scanner.describe()).toBe(0);
    expect((await generator.ended).code, generator.describe()).toBe(0);
  });
});

function kinds(device: CliProcess): string[] {
  return device.events.map(({ event }) => event);
}

async function expectSuccess(
  { generator, scanner, newDevice }: Awaited<ReturnType<typeof startPair>>,
  intent: Intent,
  machine: Machine,
  server: DevHomeserver,
): Promise<void> {
  const [generated, scanned] = await Promise.all([generator.ended, scanner.ended]);
  expect([generated.code, scanned.code], generator.describe() + scanner.describe()).toEqual([0, 0]);
  expect([generated.stderr, scanned.stderr]).toEqual(["", ""]);
  expect(kinds(generator)).toEqual(STORIES[`${intent} generates`]);
  expect(kinds(scanner)).toEqual(STORIES[`${OTHER[intent]} scans`]);
  expect(await scanner.event("scanned")).toMatchObject({ intent, base_url: server.baseUrl.href });
  await expectVerified(newDevice, machine, server);
}

/** The homeserver knows the new device as verified, its session is on disk, and nothing else is left. */
async function expectVerified(newDevice: CliProcess, machine: Machine, server: DevHomeserver): Promise<void> {
  const { userId } = server.account;
  const { secrets } = server.existingSession;
  const path = `${machine.sessionsFolder}/new.json`;
  const session: PortableSession = parsePortableSession(await readFile(path, "utf8"), path);
  const { device_id: deviceId } = session;

  expect(newDevice.lastEvent).toEqual({
    event: "done",
    role: "new",
    user_id: userId,
    device_id: deviceId,
    verified: true,
    device_keys: "uploaded",
    session: path,
  });
  const device = server.devices().find((other) => other.deviceId === deviceId);
  const { selfSigning } = publicCrossSigningKeys(v.parse(SecretsBundle, secrets).cross_signing);
  const keys = device?.deviceKeys as JsonObject;
  expect(isSignedBy(keys, userId, selfSigning, selfSigning)).toBe(true);

  expect(revealed(session)).toMatchObject({ base_url: server.baseUrl.href, user_id: userId, secrets });
  expect(decodeBase64(session.device_keys?.ed25519.reveal() ?? "")).toHaveLength(32);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await machine.sessionFiles()).toEqual(["existing.json", "new.json"]);

  expect(server.liveRendezvousSessions()).toEqual([]);
  expect(server.liveMsc4108Sessions()).toEqual([]);
  expect(server.activeSessions().map((active) => active.deviceId)).toEqual([
    server.existingSession.device_id,
    deviceId,
  ]);
}
