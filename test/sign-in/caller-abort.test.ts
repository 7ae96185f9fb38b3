import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { Secret } from "../../src/foundation/secret.js";
import { helpNewDevice } from "../../src/protocol/existing-device.js";
import { signInAsNewDevice } from "../../src/protocol/new-device.js";
import { channelPair } from "../support/channel-pair.js";
import { BASE_URL, LINK, MemoryHomeserver, NEW_DEVICE } from "../support/memory-homeserver.js";
import { ExistingRole, ending, NewRole, namesOf } from "../support/roles.js";

/** What a library's caller aborts with: `controller.abort()` has a reason of its own. */
const plainAbort = () => {
  const controller = new AbortController();
  controller.abort();
  return controller.signal.reason as unknown;
};
const { signal } = new AbortController();

async function settled(promise: Promise<unknown>): Promise<{ rejected?: unknown; resolved?: unknown }> {
  return promise.then(
    (resolved) => ({ resolved }),
    (rejected: unknown) => ({ rejected }),
  );
}

/** A new device that waits for consent, and what the other device is told of its end. */
async function waitingForConsent() {
  const pair = await channelPair("existing");
  const homeserver = new MemoryHomeserver(pair.clock);
  homeserver.polls = [{ status: "pending" }];
  const role = new NewRole(homeserver);
  const learn = async () => BASE_URL.href;
  const signIn = settled(signInAsNewDevice(role.device, pair.s, learn, role.stop.signal));
  const help = async () => {
    await pair.g.receive(["m.login.protocol"], "machine", signal);
    await pair.g.send({ type: "m.login.protocol_accepted" }, signal);
    return pair.g.receive(["m.login.success"], "person", signal);
  };
  return { ...pair, homeserver, role, signIn, told: ending(help()) };
}

/** Tokens are granted, and the caller aborts at their first use. */
function abortOnceGranted(homeserver: MemoryHomeserver, role: NewRole, reason: unknown): void {
  homeserver.polls = [{ status: "granted", tokens: { accessToken: new Secret("access-1") } }];
  homeserver.account = {
    whoami: async () => {
      role.stop.abort(reason);
      throw reason;
    },
  };
}

describe("a caller's plain abort", () => {
  it("gives a new device's caller its own reason back, after the other device was told", async () => {
    const { clock, role, signIn, told } = await waitingForConsent();
    await clock.advance(3000);
    const reason = plainAbort();
    role.stop.abort(reason);
    const [end, other] = await clock.runUntil(Promise.all([signIn, told]));
    expect(end.rejected).toBe(reason);
    expect(other.failure).toMatchObject({
      code: "other_device_cancelled",
      details: { reason: "user_cancelled" },
    });
  });

  it("revokes what was granted meanwhile, as a Ctrl-C does", async () => {
    const { clock, homeserver, role, signIn } = await waitingForConsent();
    const reason = new Error("the caller's own");
    abortOnceGranted(homeserver, role, reason);
    const end = await clock.runUntil(signIn);
    expect(end.rejected).toBe(reason);
    expect(homeserver.events.slice(-2)).toEqual(["revoke access-1", "remove"]);
    expect(namesOf(role.events)).not.toContain("warning");
  });

  it("warns of what can't be undone, which the reason has no room for", async () => {
    const { clock, homeserver, role, signIn } = await waitingForConsent();
    const reason = plainAbort();
    homeserver.signIn = { revoke: async () => false };
    abortOnceGranted(homeserver, role, reason);
    const end = await clock.runUntil(signIn);
    expect(end.rejected).toBe(reason);
    expect(role.file.content?.state).toBe("revocation_pending");
    const warning = {
      event: "warning",
      code: "left_behind",
      message: expect.stringContaining(role.file.path),
    };
    expect(role.events).toContainEqual(warning);
  });

  it("is known for what it is where Node's functions reject with an error of their own", async () => {
    const { clock, homeserver, role, signIn, told } = await waitingForConsent();
    const reason = new Error("the caller's own");
    homeserver.polls = [
      async () => {
        role.stop.abort(reason);
        await delay(1000, undefined, { signal: role.stop.signal });
        return { status: "pending" };
      },
    ];
    const [end, other] = await clock.runUntil(Promise.all([signIn, told]));
    expect(end.rejected).toBe(reason);
    expect(other.failure).toMatchObject({ details: { reason: "user_cancelled" } });
  });

  it("gives an existing device's caller its own reason back, after the session was deleted", async () => {
    const pair = await channelPair("existing");
    const role = new ExistingRole(new MemoryHomeserver(pair.clock));
    const helping = settled(helpNewDevice(role.device, pair.g, async () => undefined, role.stop.signal));
    await pair.s.send(
      {
        type: "m.login.protocol",
        protocol: "device_authorization_grant",
        device_authorization_grant: { verification_uri: LINK },
        device_id: NEW_DEVICE,
      },
      signal,
    );
    await pair.clock.advance(3000);
    const reason = plainAbort();
    role.stop.abort(reason);
    const end = await pair.clock.runUntil(helping);
    expect(end.rejected).toBe(reason);
    expect(pair.rendezvous.written("g").at(-1)).toBe("g DELETE");
  });

  it("is no mere Failure of a signal: those come back with what became of the sign-in", async () => {
    const { clock, role, signIn } = await waitingForConsent();
    await clock.advance(3000);
    role.stop.abort(new Failure("interrupted"));
    const end = await clock.runUntil(signIn);
    expect(end.rejected).toMatchObject({ code: "interrupted", details: { reason: "user_cancelled" } });
  });
});
