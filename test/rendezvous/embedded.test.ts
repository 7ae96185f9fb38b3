import { afterAll, beforeAll, describe } from "vitest";
import { type DevHomeserver, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { describeRendezvousClient } from "./client-conformance.js";

describe.each([
  ["the embedded homeserver", false],
  ["the embedded homeserver that does as Synapse does", true],
] as const)("%s", (_name, likeSynapse) => {
  let homeserver: DevHomeserver;
  const baseUrl = () => homeserver.baseUrl;

  beforeAll(async () => {
    homeserver = await startDevHomeserver({ msc4108: true, likeSynapse });
  });
  afterAll(() => homeserver.close());

  describeRendezvousClient("MSC4388, stable", { baseUrl, version: "msc4388", api: "stable" });
  describeRendezvousClient("MSC4388, unstable", { baseUrl, version: "msc4388", api: "unstable" });
  describeRendezvousClient("the 2024 version", { baseUrl, version: "msc4108-2024" });
});
