import { describe, expect, it } from "vitest";
import { initiateEciesChannel, offerEciesChannel } from "../../src/protocol/ecies-channel.js";
import {
  expectNegativeCase,
  expectSession,
  type NegativeCase,
  type Session,
  type VectorDevices,
} from "../support/channel-vectors.js";
import { hex, readVectors } from "../support/vectors.js";

const ecies: VectorDevices = {
  offer: async (inputs) => offerEciesChannel(hex(inputs.g_private_key)),
  initiate: (gPublicKey, _aad, inputs) => initiateEciesChannel(gPublicKey, hex(inputs.s_private_key)),
};

describe("the sessions of ecies-2024.json", () => {
  const { sessions } = readVectors<{ sessions: Session[] }>("ecies-2024.json");

  it.each(sessions.map((session) => [session.name, session] as const))(
    "%s comes out byte for byte on both devices",
    (_name, session) => expectSession(ecies, session),
  );
});

describe("the negative vectors", () => {
  const cases = readVectors<{ cases: NegativeCase[] }>("negative.json").cases.filter(
    ({ channel }) => channel === "ecies",
  );

  it.each(cases.map((testCase) => [testCase.name, testCase.note, testCase] as const))(
    "%s: %s",
    (_name, _note, testCase) => expectNegativeCase(ecies, testCase),
  );
});

describe("the check code of the 2024 version", () => {
  const aad = new Uint8Array();

  it("is compared as two digits, a leading zero included", async () => {
    const { sessions } = readVectors<{ sessions: Session[] }>("ecies-2024.json");
    const session = sessions.find(({ name }) => name === "check_code_leading_zero");
    const [initiate] = session?.transcript ?? [];
    if (!session || !initiate) throw new Error("The vector is missing.");
    const offered = offerEciesChannel(hex(session.inputs.g_private_key));
    const { channel } = await (await offered.receiveLoginInitiate(initiate.message, aad)).sealLoginOk(aad);
    expect(session.check_code).toMatch(/^0\d$/);
    expect(channel.confirm(session.check_code.slice(1))).toBeUndefined();
    expect(channel.confirm(session.check_code)).toBeDefined();
  });

  it("a second LoginInitiate is refused, whoever sends it", async () => {
    const offered = offerEciesChannel();
    const first = await initiateEciesChannel(offered.publicKey);
    const second = await initiateEciesChannel(offered.publicKey);
    await offered.receiveLoginInitiate(first.loginInitiate, aad);
    await expect(offered.receiveLoginInitiate(second.loginInitiate, aad)).rejects.toMatchObject({
      code: "message_not_authentic",
    });
  });
});
