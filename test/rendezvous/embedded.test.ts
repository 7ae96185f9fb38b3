import { afterAll, beforeAll } from "vitest";
import { type DevHomeserver, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { describeRendezvousClient } from "./client-conformance.js";

let homeserver: DevHomeserver;
const baseUrl = () => homeserver.baseUrl;

beforeAll(async () => {
  homeserver = await startDevHomeserver({ msc4108: true });
});
afterAll(() => homeserver.close());

describeRendezvousClient("the embedded homeserver, MSC4388, stable", {
  baseUrl,
  version: "msc4388",
  api: "stable",
});
describeRendezvousClient("the embedded homeserver, MSC4388, unstable", {
  baseUrl,
  version: "msc4388",
  api: "unstable",
});
describeRendezvousClient("the embedded homeserver, the 2024 version", { baseUrl, version: "msc4108-2024" });
