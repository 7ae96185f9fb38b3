import { describe, expect, it } from "vitest";
import type { LoginProtocol } from "../../../src/protocol/messages.js";
import {
  announceHomeserver,
  announceNothing,
  homeserverName,
  signInOtherDevice,
} from "../../../src/sign-in/existing-device.js";
import { channelPair } from "../../support/channel-pair.js";
import { API, setUp, signal } from "../../support/existing-device-world.js";
import { ending } from "../../support/roles.js";
import { USER } from "../../support/sessions.js";

describe("an existing device", () => {
  const PROTOCOL: LoginProtocol = {
    type: "m.login.protocol",
    protocol: "device_authorization_grant",
    device_authorization_grant: { verification_uri: "https://auth.example/link" },
    device_id: "NEWDEVICE1",
  };

  it("ends with `done`", async () => {
    const { open, http, world, events } = await setUp();
    const account = await open();
    http.on(`GET ${API}/devices/NEWDEVICE1`, [
      { status: 404, json: { errcode: "M_NOT_FOUND" } },
      { json: { device_id: "NEWDEVICE1" } },
    ]);
    const { g, s, clock } = await channelPair("existing");
    const play = async () => {
      await s.send(PROTOCOL, signal);
      await s.receive(["m.login.protocol_accepted"], "machine", signal);
      await s.send({ type: "m.login.success" }, signal);
      return s.receive(["m.login.secrets"], "machine", signal);
    };
    const helping = signInOtherDevice(
      { ...world, clock },
      account,
      { by: "printing" },
      g,
      announceNothing,
      signal,
    );
    const [, secrets] = await clock.runUntil(Promise.all([helping, play()]));
    expect(secrets).toMatchObject(account.secrets);
    expect(events.at(-1)).toEqual({
      event: "done",
      role: "existing",
      user_id: USER,
      device_id: "NEWDEVICE1",
    });
  });

  it.each([
    "http://auth.example/link",
    "https://user:password@auth.example/",
    "javascript:alert(1)",
    "no link",
  ])("never opens or shows %s", async (verification_uri) => {
    const { open, world, events } = await setUp();
    const account = await open();
    const { g, s, clock } = await channelPair("existing");
    const play = async () => {
      await s.send({ ...PROTOCOL, device_authorization_grant: { verification_uri } }, signal);
      await s.receive(["m.login.protocol_accepted"], "machine", signal);
    };
    const opener = { by: "command", executable: "/nowhere/browser" } as const;
    const helping = ending(
      signInOtherDevice({ ...world, clock }, account, opener, g, announceNothing, signal),
    );
    const [here, there] = await clock.runUntil(Promise.all([helping, ending(play())]));
    expect(here.failure).toMatchObject({ code: "url_refused", kind: "security" });
    expect(there.failure?.details.reason).toBe("unable_to_open_verification_uri");
    expect(events).toEqual([]);
  });

  it("that has scanned announces its homeserver by its URL, which everybody reads", async () => {
    const { open } = await setUp();
    const { g, s } = await channelPair();
    await announceHomeserver(await open())(s, signal);
    expect(await g.receive(["m.login.protocols"], "machine", signal)).toEqual({
      type: "m.login.protocols",
      protocols: ["device_authorization_grant"],
      homeserver: "https://hs.example/",
    });
  });

  it("is called by its server name in a code of the 2024 version, by its URL over plain http", async () => {
    const account = await (await setUp()).open();
    expect(homeserverName(account)).toBe("example.org");
    const plain = new URL("http://localhost:8008/");
    expect(homeserverName({ ...account, baseUrl: plain })).toBe("http://localhost:8008/");
  });
});
