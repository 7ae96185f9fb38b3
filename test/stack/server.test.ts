import { describeRendezvous, UNSTABLE } from "../dev-homeserver/rendezvous-conformance.js";
import { describeSynapse } from "../dev-homeserver/synapse-conformance.js";
import { provideStack } from "../support/stack.js";

const stack = provideStack();
const baseUrl = () => stack().baseUrl;

describeRendezvous("Synapse: what MSC4388 promises", { baseUrl, ...UNSTABLE });

describeSynapse("Synapse and MAS", {
  baseUrl,
  decide: (link, userCode, decision) => stack().decide(link, userCode, decision),
});
