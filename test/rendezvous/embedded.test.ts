import { afterAll, beforeAll, describe } from "vitest";
import { type DevHomeserver, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { describeRendezvousClient } from "./client-conformance.js";

describe.each([
  ["the embedded homeserver", undefined, ["stable", "unstable"]],
  ["the embedded homeserver that does as Synapse does", "synapse", ["stable", "unstable"]],
  ["the embedded homeserver that does as Tuwunel does", "tuwunel", ["unstable"]],
] as const)("%s", (_name, like, apis) => {
  let homeserver: DevHomeserver;
  const baseUrl = () => homeserver.baseUrl;

  beforeAll(async () => {
    homeserver = await startDevHomeserver({ msc4108: true, rendezvous: "open", ...(like && { like }) });
  });
  afterAll(() => homeserver.close());

  for (const api of apis) {
    describeRendezvousClient(`MSC4388, ${api}`, { baseUrl, version: "msc4388", api });
  }
  describeRendezvousClient("the 2024 version", { baseUrl, version: "msc4108-2024" });
});
