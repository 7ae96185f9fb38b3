import { describe, expect, it } from "vitest";
import { Failure, type FailureCode } from "../../../src/foundation/failures.js";
import type { Message } from "../../../src/protocol/messages.js";
import { NEW_DEVICE } from "../../support/memory-homeserver.js";
import {
  accept,
  against,
  deletesOf,
  newDevice,
  sentBy,
  signal,
} from "../../support/played-existing-device.js";
import { namesOf } from "../../support/roles.js";

describe("a new device that asks for a protocol", () => {
  it.each<FailureCode>([
    "homeserver_without_oauth",
    "homeserver_without_device_grant",
    "homeserver_without_registration",
  ])("says so where the homeserver can't do it: %s", async (code) => {
    const device = await newDevice();
    device.homeserver.signIn = { checkCapabilities: () => Promise.reject(new Failure(code)) };
    const { failure, told } = await against(device, accept);
    expect(failure).toMatchObject({ code, kind: "unsupported", details: {} });
    expect(told?.details.reason).toBe("unsupported_protocol");
    expect(namesOf(device.role.events)).toEqual([]);
  });

  it("tells nobody that the homeserver can't be reached, and deletes the session", async () => {
    const device = await newDevice();
    device.homeserver.signIn = {
      startDeviceAuthorization: () => Promise.reject(new Failure("network_error")),
    };
    const { failure, told } = await against(device, accept);
    expect(failure).toMatchObject({ code: "network_error", kind: "network" });
    expect(failure?.details).toEqual({});
    expect(told?.code).toBe("rendezvous_gone");
    expect(sentBy(device)).toEqual([]);
  });

  it("hands on the links and its device ID, but not the user code", async () => {
    const device = await newDevice();
    let asked: Message | undefined;
    await against(device, async (peer) => {
      asked = await peer.receive(["m.login.protocol"], "machine", signal);
      await peer.abandon(new Failure("user_cancelled"));
    });
    expect(asked).toEqual({
      type: "m.login.protocol",
      protocol: "device_authorization_grant",
      device_authorization_grant: {
        verification_uri: "https://auth.example.org/link",
        verification_uri_complete: "https://auth.example.org/link?code=ABC",
      },
      device_id: NEW_DEVICE,
    });
  });

  it.each([
    "device_already_exists",
    "unable_to_open_verification_uri",
    "unsupported_protocol",
    "unexpected_message_received",
  ])("ends when it is refused: %s", async (reason) => {
    const device = await newDevice();
    const { failure } = await against(device, async (peer) => {
      await peer.receive(["m.login.protocol"], "machine", signal);
      await peer.send({ type: "m.login.failure", reason }, signal);
    });
    expect(failure).toMatchObject({ code: "other_device_failed", kind: "unsupported", details: { reason } });
    expect(device.homeserver.log).not.toContain("poll");
    expect(deletesOf(device)).toHaveLength(1);
  });

  it("says so when it is answered with what has no place there", async () => {
    const device = await newDevice();
    const { failure, told } = await against(device, async (peer) => {
      await peer.receive(["m.login.protocol"], "machine", signal);
      await peer.send({ type: "m.login.success" }, signal);
      await peer.receive(["m.login.declined"], "machine", signal);
    });
    expect(failure).toMatchObject({ code: "unexpected_message", kind: "unsupported" });
    expect(told?.details.reason).toBe("unexpected_message_received");
  });

  it("doesn't take secrets before their time, and sends no failure that nobody would read", async () => {
    const device = await newDevice();
    const { failure } = await against(device, async (peer) => {
      await peer.receive(["m.login.protocol"], "machine", signal);
      await peer.send({ type: "m.login.secrets", ...device.homeserver.secrets }, signal);
    });
    expect(failure?.code).toBe("unexpected_message");
    expect(sentBy(device)).toHaveLength(1);
    expect(deletesOf(device)).toHaveLength(1);
  });
});
