import { describeRendezvousClient } from "../rendezvous/client-conformance.js";
import { provideStack } from "../support/stack.js";

const stack = provideStack();
const baseUrl = () => stack().baseUrl;

describeRendezvousClient("Synapse, MSC4388, unstable", { baseUrl, version: "msc4388", api: "unstable" });
describeRendezvousClient("Synapse, the 2024 version", { baseUrl, version: "msc4108-2024" });
