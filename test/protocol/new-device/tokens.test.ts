import { describe, expect, it } from "vitest";
import type { FailureKind } from "../../../src/foundation/failure-kinds.js";
import { Failure, type FailureCode } from "../../../src/foundation/failures.js";
import { Secret } from "../../../src/foundation/secret.js";
import type { Message } from "../../../src/protocol/messages.js";
import { expectedUser } from "../../support/expected-user.js";
import { BASE_URL, NEW_DEVICE } from "../../support/memory-homeserver.js";
import {
  ACCEPTED,
  against,
  deletesOf,
  newDevice,
  sending,
  sendingSecretsOf,
  sentBy,
  untilSuccess,
} from "../../support/played-existing-device.js";
import { namesOf } from "../../support/roles.js";
import { USER } from "../../support/sessions.js";

describe("a new device with tokens", () => {
  it("that is another user than it must be tells nobody, revokes them and deletes the session", async () => {
    const device = await newDevice({
      expectedUser: await expectedUser("@somebody.else:example.org", BASE_URL.href),
    });
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({
      code: "unexpected_user",
      kind: "security",
      details: { cleanup: "revoked" },
    });
    expect(told?.code).toBe("rendezvous_gone");
    expect(sentBy(device).map(({ type }) => type)).toEqual(["m.login.protocol"]);
    expect(namesOf(device.role.events)).not.toContain("signed_in");
    expect(device.homeserver.events.slice(2, 4)).toEqual(["save incomplete", "whoami"]);
  });

  it("that is the user that it must be goes on", async () => {
    const device = await newDevice({ expectedUser: await expectedUser(USER, BASE_URL.href) });
    const { result } = await against(device, sendingSecretsOf(device.homeserver));
    expect(result).toEqual({ userId: USER, deviceId: NEW_DEVICE, deviceKeys: "uploaded" });
  });

  it("that is signed in as another device than it asked for ends, and revokes them", async () => {
    const device = await newDevice();
    device.homeserver.account = { whoami: async () => ({ userId: USER, deviceId: "OTHERDEVICE" }) };
    const { failure } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "server_error", kind: "network", details: { cleanup: "revoked" } });
    expect(sentBy(device).map(({ type }) => type)).toEqual(["m.login.protocol"]);
  });

  it("that is signed in under a part of its device ID says so, and revokes them", async () => {
    const device = await newDevice();
    device.homeserver.account = { whoami: async () => ({ userId: USER, deviceId: "NEWDEVICE" }) };
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "device_id_cut", details: { cleanup: "revoked" } });
    expect(failure?.message).toBe("The homeserver cut the device ID NEWDEVICE+/1 to NEWDEVICE.");
    expect(told?.code).toBe("rendezvous_gone");
  });

  it("that can't save them doesn't use them", async () => {
    const device = await newDevice();
    device.role.file.fails = ({ tokens }) => (tokens ? new Failure("file_error") : undefined);
    const { failure, told } = await against(device, untilSuccess);
    expect(failure).toMatchObject({ code: "file_error", kind: "local", details: { cleanup: "revoked" } });
    expect(told?.code).toBe("rendezvous_gone");
    expect(device.homeserver.events).toEqual([
      `authorize ${NEW_DEVICE}`,
      "save without tokens",
      ...["revoke access-1", "remove"],
    ]);
  });

  it("saves refreshed ones before they are used", async () => {
    const device = await newDevice();
    const { homeserver, role } = device;
    homeserver.signIn = {
      signedIn: (_tokens, { save }) => ({
        ...homeserver.forAccount(),
        whoami: async () => {
          await save({ accessToken: new Secret("access-2"), refreshToken: new Secret("refresh-2") });
          return { userId: USER };
        },
      }),
    };
    await against(device, sendingSecretsOf(homeserver));
    expect(role.file.content?.tokens?.accessToken).toEqual(new Secret("access-2"));
  });

  it.each([
    [
      "is told that it can't be found",
      { type: "m.login.failure", reason: "device_not_found" },
      "other_device_failed",
      "unsupported",
    ],
    [
      "is cancelled",
      { type: "m.login.failure", reason: "user_cancelled" },
      "other_device_cancelled",
      "refused",
    ],
    ["gets no secrets but something else", ACCEPTED, "unexpected_message", "unsupported"],
  ] satisfies [string, Message, FailureCode, FailureKind][])(
    "that %s revokes them, or keeps them on request",
    async (_what, message, code, kind) => {
      const device = await newDevice();
      const { failure } = await against(device, sending(message));
      expect(failure).toMatchObject({ code, kind, details: { cleanup: "revoked" } });

      const keeping = await newDevice({ keepUnverified: true });
      const kept = (await against(keeping, sending(message))).failure;
      expect(kept).toMatchObject({
        code: "signed_in_unverified",
        kind: "unverified",
        details: { cleanup: "none", session: "/sessions/new.json", deviceId: NEW_DEVICE },
      });
      expect(keeping.role.file.content?.state).toBe("unverified");
    },
  );

  it("that is interrupted on the other device's turn says nothing, revokes them and deletes the session", async () => {
    const device = await newDevice();
    const { failure } = await against(device, async (peer) => {
      await untilSuccess(peer);
      device.role.stop.abort(new Failure("interrupted"));
    });
    expect(failure).toMatchObject({ kind: "signal", details: { cleanup: "revoked" } });
    expect(sentBy(device).at(-1)).toEqual({ type: "m.login.success" });
    expect(deletesOf(device)).toHaveLength(1);
    expect(device.clock.now()).toBeLessThan(5000);
  });

  it("waits no longer for the secrets than the session lives", async () => {
    const device = await newDevice();
    const { failure } = await against(device, untilSuccess);
    expect(failure).toMatchObject({
      code: "rendezvous_expired",
      kind: "late",
      details: { cleanup: "revoked" },
    });
  });
});
