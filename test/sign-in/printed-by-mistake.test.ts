import { Console } from "node:console";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { format, inspect } from "node:util";
import { DhkemX25519HkdfSha256 } from "@hpke/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { revealed } from "../../src/foundation/secret.js";
import { createSignInHomeserver } from "../../src/homeserver/sign-in-homeserver.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import { encodeBase64 } from "../../src/protocol/base64.js";
import type { InitiatingChannel, OfferedChannel } from "../../src/protocol/channel.js";
import { initiateEciesChannel, offerEciesChannel } from "../../src/protocol/ecies-channel.js";
import { initiateHpkeChannel, offerHpkeChannel } from "../../src/protocol/hpke-channel.js";
import { x25519PrivateKey } from "../../src/protocol/raw-keys.js";
import { SignInAttempt } from "../../src/protocol/sign-in-attempt.js";
import { connectSession } from "../../src/session/connect.js";
import { parsePortableSession, toPortable } from "../../src/session/session-file.js";
import { SessionStore } from "../../src/session/store.js";
import { byTypedCode } from "../../src/sign-in/confirmation.js";
import { openExistingAccount } from "../../src/sign-in/existing-device.js";
import { devHomeserver } from "../support/dev-homeserver.js";
import { MemoryHomeserver, TOKENS } from "../support/memory-homeserver.js";
import { aloneBy } from "../support/renewal.js";
import { ExistingRole, NewRole, receiveProtocols, sendProtocols } from "../support/roles.js";
import { meeting } from "../support/scanned-code.js";
import { secretsFoundIn, secretsIn } from "../support/secret-hunt.js";
import { temporaryDirectory } from "../support/sessions.js";
import { hex, readVectors } from "../support/vectors.js";

const { signal } = new AbortController();

/** What a value looks like in each of the ways in which it may be printed without much thought. */
function printed(value: unknown): string {
  const stdout = new PassThrough();
  new Console({ stdout }).log(value);
  const ways = [
    String(stdout.read()),
    inspect(value, { showHidden: true, depth: 20, getters: true, maxArrayLength: null }),
    format("%o %O %j", value, value, value),
    `${value}`,
    // What holds a clock or a signal may lead back to itself.
    JSON.stringify(value, withoutLoops()) ?? "",
  ];
  return ways.join("\n");
}

function withoutLoops() {
  const seen = new Set<unknown>();
  return (_name: string, member: unknown) => {
    if (typeof member === "object" && member !== null) {
      if (seen.has(member)) return undefined;
      seen.add(member);
    }
    return member;
  };
}

/** The secrets that can be read in what is printed of the objects, each alone and all as one. */
const seenIn = (objects: readonly object[], secrets: readonly string[]) =>
  secretsFoundIn([objects, ...objects].map(printed).join("\n"), secrets);

describe("the search", () => {
  const key = randomBytes(32);
  const secret = encodeBase64(key);

  it.each<[string, object]>([
    ["a text", { key: secret }],
    ["a Buffer", { key }],
    ["a Uint8Array", { key: new Uint8Array(key) }],
    ["a list of numbers", [...key]],
    ["hex", { key: key.toString("hex") }],
    ["what a getter gives", Object.defineProperty({}, "key", { get: () => secret, enumerable: true })],
  ])("finds a key that is printed as %s", (_what, holder) => {
    expect(seenIn([holder], [secret])).toEqual([secret]);
  });
});

interface Vectors {
  readonly sessions: readonly {
    readonly inputs: Readonly<Record<string, string>>;
    readonly intermediates: Readonly<Record<string, string>>;
  }[];
}

/** The private keys of the first session of a vector file, and what is derived from them. */
function keysOf(file: string) {
  const [session] = readVectors<Vectors>(file).sessions;
  if (!session) throw new Error("There are no vectors.");
  const { inputs, intermediates } = session;
  const isPrivate = (name: string) => /private|ikm/.test(name);
  const ours = Object.entries(inputs).flatMap(([name, value]) => (isPrivate(name) ? [value] : []));
  const bytes = [...ours, ...Object.values(intermediates)].map(hex).filter(({ length }) => length === 32);
  const input = (name: string) => hex(inputs[name] ?? "");
  return { input, secrets: bytes.map(encodeBase64) };
}

/** Every state of the two ends, from the first to the last. */
async function statesOf(offered: OfferedChannel, initiating: InitiatingChannel): Promise<object[]> {
  const aad = new Uint8Array();
  const initiated = await offered.receiveLoginInitiate(initiating.loginInitiate, aad);
  const { loginOk, channel: unconfirmed } = await initiated.sealLoginOk(aad);
  const scanner = await initiating.receiveLoginOk(loginOk, aad);
  const generator = unconfirmed.confirmUnseen();
  const message = await scanner.channel.seal(Buffer.from("hello"), aad);
  await generator.channel.open(message, aad);
  return [offered, initiated, unconfirmed, generator, initiating, scanner];
}

describe("no key is seen", () => {
  it("of a channel of MSC4388, in any of its states, nor of its key pair", async () => {
    const { input, secrets } = keysOf("hpke-msc.json");
    const kem = new DhkemX25519HkdfSha256();
    const keyPair = {
      privateKey: await kem.importKey("raw", new Uint8Array(input("g_private_key")).buffer, false),
      publicKey: await kem.importKey("raw", new Uint8Array(input("g_public_key")).buffer, true),
    };
    const responseNonce = input("response_nonce");
    const offered = await offerHpkeChannel({ dialects: ["msc"], responseNonce, keyPair });
    const initiating = await initiateHpkeChannel(input("g_public_key"), new Uint8Array(), {
      dialects: ["msc"],
      ephemeralKeyMaterial: input("s_ephemeral_ikm"),
    });
    const states = await statesOf(offered, initiating);
    expect(secrets.length).toBeGreaterThan(5);
    expect(seenIn([keyPair, ...states], secrets)).toEqual([]);
  });

  it("of a channel of the 2024 version, in any of its states, nor of its key pair", async () => {
    const { input, secrets } = keysOf("ecies-2024.json");
    const keyPair = x25519PrivateKey(input("g_private_key"));
    const offered = offerEciesChannel(input("g_private_key"));
    const initiating = await initiateEciesChannel(input("g_public_key"), input("s_private_key"));
    const states = await statesOf(offered, initiating);
    expect(secrets).toHaveLength(5);
    expect(seenIn([keyPair, ...states], secrets)).toEqual([]);
  });
});

describe("no secret is seen", () => {
  it("of a whole sign-in: its channels, its devices, their messages, and what is kept", async () => {
    const objects: object[] = [];
    const both = meeting();
    const { clock, shown } = both;
    const typed = byTypedCode(async () => (await shown()).check_code, 1);
    const [g, s] = await clock.runUntil(
      Promise.all([
        both.generate<"new">({
          confirmation: (unconfirmed, session, ...rest) => {
            objects.push(unconfirmed, session);
            return typed(unconfirmed, session, ...rest);
          },
        }),
        both.scan<"existing">(),
      ]),
    );
    if (!("result" in g && "result" in s)) throw g.failure ?? s.failure;

    const homeserver = new MemoryHomeserver(clock);
    const newRole = new NewRole(homeserver);
    const existingRole = new ExistingRole(homeserver);
    const ends = [newRole.run(g.result, receiveProtocols), existingRole.run(s.result, sendProtocols)];
    for (const { failure } of await clock.runUntil(Promise.all(ends))) expect(failure).toBeUndefined();
    const { saved } = newRole.file;
    expect(saved.at(-1)).toMatchObject({ state: "complete", secrets: homeserver.secrets, tokens: TOKENS });

    const attempt = new SignInAttempt(newRole.device);
    await attempt.begin(homeserver.forSignIn(), TOKENS);
    await attempt.keep({ secrets: homeserver.secrets });
    const message = { type: "m.login.secrets", ...homeserver.secrets };
    const devices = [newRole.device, existingRole.device, newRole, existingRole];
    objects.push(g.result, s.result, ...devices, ...saved, attempt, message, TOKENS);

    const { accessToken: access_token, refreshToken: refresh_token } = TOKENS;
    const { identityKeys: device_keys } = newRole.device;
    const kept = {
      access_token,
      refresh_token,
      secrets: homeserver.secrets,
      ...(device_keys && { device_keys }),
    };
    const secrets = secretsIn(revealed(kept));
    expect(new Set(secrets).size).toBe(8);
    expect(seenIn(objects, secrets)).toEqual([]);
  });

  it("of a session in memory, its account, its tokens and its homeserver", async () => {
    const server = await devHomeserver({ autoConsent: "allow", autoConsentDelayMs: 0 });
    const { clock, baseUrl, existingSession } = server;
    const urlPolicy = createUrlPolicy([baseUrl.hostname]);
    const http = createHttpClient({ clock, env: {}, urlPolicy, userAgent: "test" });
    onTestFinished(() => http.close());
    const world = { http, urlPolicy, clock, emit: () => {} };

    const store = new SessionStore(await temporaryDirectory());
    const path = join(store.directory, "bot.json");
    const portable = parsePortableSession(JSON.stringify(existingSession), "the server");
    await store.create(path, { ...portable, state: "complete" });
    const session = await store.read(path);
    const { homeserver, accessTokens } = connectSession(store, path, session, world);
    const account = await openExistingAccount(world, store, path, undefined, signal);
    const token = await account.accessToken(signal);
    expect(token.reveal()).toBe(existingSession.access_token);
    const objects: object[] = [
      store,
      session,
      portable,
      toPortable(session),
      homeserver,
      accessTokens,
      account,
      token,
    ];

    const signingIn = createSignInHomeserver({ ...world, baseUrl, clientName: "test" });
    const authorization = await signingIn.startDeviceAuthorization("NEWDEVICE1", signal);
    server.decide(authorization.userCode, "allow");
    const poll = await signingIn.pollForTokens(signal);
    if (poll.status !== "granted") throw new Error(`The homeserver answers ${poll.status}.`);
    const signedIn = signingIn.signedIn(poll.tokens, aloneBy());
    await signedIn.whoami(signal);
    objects.push(http, signingIn, authorization, poll, signedIn);

    const granted = revealed(poll.tokens);
    const secrets = [...secretsIn(existingSession), granted.accessToken, granted.refreshToken ?? ""];
    expect(new Set(secrets).size).toBe(10);
    expect(seenIn(objects, secrets)).toEqual([]);
  });
});
