import { describe, expect, it } from "vitest";
import type { Intent } from "../../src/foundation/events.js";
import { revealed, Secret } from "../../src/foundation/secret.js";
import { type ChannelPair, channelPair } from "../support/channel-pair.js";
import { MemoryHomeserver, NEW_DEVICE } from "../support/memory-homeserver.js";
import { ExistingRole, NewRole, namesOf, receiveProtocols, sendProtocols } from "../support/roles.js";
import { USER } from "../support/sessions.js";

/** Both roles, side by side, over one secure channel. */
async function signIn(scannedBy: Intent) {
  if (scannedBy === "new") {
    const pair = await channelPair("existing");
    return play(pair, (newRole, existingRole) => [newRole.run(pair.s), existingRole.run(pair.g)]);
  }
  const pair = await channelPair("new");
  return play(pair, (newRole, existingRole) => [
    newRole.run(pair.g, receiveProtocols),
    existingRole.run(pair.s, sendProtocols),
  ]);
}

async function play<Pair extends ChannelPair<Intent>>(
  pair: Pair,
  start: (newRole: NewRole, existingRole: ExistingRole) => Promise<unknown>[],
) {
  const homeserver = new MemoryHomeserver(pair.clock);
  homeserver.polls = [{ status: "pending" }, ...homeserver.polls];
  const newRole = new NewRole(homeserver);
  const existingRole = new ExistingRole(homeserver);
  const roles = start(newRole, existingRole);
  const [newEnd, existingEnd] = await pair.clock.runUntil(Promise.all(roles));
  return { ...pair, homeserver, newRole, existingRole, newEnd, existingEnd };
}

const STEPS = [
  ["new", "m.login.protocol"],
  ["existing", "m.login.protocol_accepted"],
  ["new", "m.login.success"],
  ["existing", "m.login.secrets"],
];

describe.each(["new", "existing"] as const)("a sign-in whose code the %s device has scanned", (scannedBy) => {
  const letters = scannedBy === "new" ? { s: "new", g: "existing" } : { s: "existing", g: "new" };
  const [newLetter, existingLetter] = scannedBy === "new" ? ["s", "g"] : ["g", "s"];

  it("ends well on both devices", async () => {
    const { newEnd, existingEnd, newRole, homeserver } = await signIn(scannedBy);
    expect(newEnd).toEqual({ result: { userId: USER, deviceId: NEW_DEVICE, deviceKeys: "uploaded" } });
    expect(existingEnd).toEqual({ result: { deviceId: NEW_DEVICE } });
    expect(newRole.file.content).toMatchObject({
      state: "complete",
      userId: USER,
      deviceId: NEW_DEVICE,
      secrets: homeserver.secrets,
      tokens: { accessToken: new Secret("access-1"), refreshToken: new Secret("refresh-1") },
    });
  });

  it("exchanges MSC4108's messages in their order, and S sends first", async () => {
    const { sent } = await signIn(scannedBy);
    const first = scannedBy === "existing" ? [["existing", "m.login.protocols"]] : [];
    const messages = sent().map(({ from, message }) => [letters[from as "g" | "s"], message.type]);
    expect(messages).toEqual([...first, ...STEPS]);
  });

  it("tells what happens, in the order in which it happens", async () => {
    const { newRole, existingRole } = await signIn(scannedBy);
    expect(namesOf(newRole.events)).toEqual([
      "homeserver",
      "verification",
      "waiting_for_consent",
      "signed_in",
      "secrets_received",
      "verified",
    ]);
    expect(namesOf(existingRole.events)).toEqual([
      "verification",
      "browser",
      "device_online",
      "secrets_sent",
    ]);
  });

  it("is deleted by the new device, which reads the secrets, and not by the existing one", async () => {
    const { rendezvous } = await signIn(scannedBy);
    expect(rendezvous.written(newLetter as string).filter((entry) => entry.endsWith("DELETE"))).toHaveLength(
      1,
    );
    expect(rendezvous.written(existingLetter as string)).not.toContain(`${existingLetter} DELETE`);
    expect(rendezvous.store.live()).toEqual([]);
  });

  it("has the tokens on disk before they are used, the keys up before it is done", async () => {
    const { homeserver } = await signIn(scannedBy);
    expect(homeserver.events).toEqual([
      `authorize ${NEW_DEVICE}`,
      "device?",
      "save without tokens",
      "save incomplete",
      "whoami",
      "save incomplete",
      "keys/query",
      "device?",
      "save incomplete",
      "save unconfirmed",
      "keys/upload",
      "keys/query",
      "save complete",
    ]);
  });

  it("opens the link that has the user code in it, and tells nobody else the code", async () => {
    const { existingRole, newRole } = await signIn(scannedBy);
    expect(existingRole.opened).toEqual(["https://auth.example.org/link?code=ABC"]);
    expect(existingRole.events[0]).not.toHaveProperty("user_code");
    expect(newRole.events).toContainEqual(
      expect.objectContaining({ event: "verification", user_code: "ABC" }),
    );
  });

  it("tells no secret and no token in any event", async () => {
    const { newRole, existingRole, homeserver } = await signIn(scannedBy);
    const told = JSON.stringify([newRole.events, existingRole.events]);
    const hidden = [
      ...Object.values(revealed(homeserver.secrets.cross_signing)),
      homeserver.secrets.backup?.key.reveal() ?? "",
      "access-1",
      "refresh-1",
      ...Object.values(newRole.device.identityKeys ?? {}),
    ];
    for (const secret of hidden) expect(told).not.toContain(secret);
  });
});
