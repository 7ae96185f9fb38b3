import { afterAll, beforeAll, describe } from "vitest";
import { type DevHomeserver, startDevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import { describeRendezvous, UNSTABLE } from "./rendezvous-conformance.js";
import { describeAuthenticatedSynapse, describeSynapse } from "./synapse-conformance.js";

describe("the development homeserver that does as Synapse does", () => {
  let open: DevHomeserver;
  let authenticated: DevHomeserver;
  beforeAll(async () => {
    open = await startDevHomeserver({ like: "synapse", msc4108: true });
    authenticated = await startDevHomeserver({
      like: "synapse",
      msc4108: true,
      rendezvous: "authenticated",
    });
  });
  afterAll(() => Promise.all([open.close(), authenticated.close()]));

  const baseUrl = () => open.baseUrl;
  describeRendezvous("what MSC4388 promises", { baseUrl, ...UNSTABLE });
  describeSynapse("where it differs", {
    baseUrl,
    decide: async (_link, userCode, decision) => open.decide(userCode, decision),
  });
  describeAuthenticatedSynapse("where it differs", () => authenticated.baseUrl);
});
