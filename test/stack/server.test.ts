import { describeRendezvous, UNSTABLE } from "../dev-homeserver/rendezvous-conformance.js";
import { describeSynapse } from "../dev-homeserver/synapse-conformance.js";
import { provideStack } from "../support/stack.js";

const stack = provideStack();
const baseUrl = () => stack().baseUrl;

describeRendezvous("Synapse: what MSC4388 promises", { baseUrl, ...UNSTABLE });

describeSynapse("Synapse and MAS", {
  baseUrl,
  decide: async (link, userCode, decision) => {
    const broken = await stack()
      .decide("alice", link, userCode, decision)
      .catch((error: Error) => error.message);
    if (broken !== undefined && !broken.includes("HTTP 500")) throw new Error(broken);
    return broken === undefined;
  },
});
