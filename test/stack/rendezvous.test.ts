import { describeRendezvousClient } from "../rendezvous/client-conformance.js";
import { stackBaseUrl } from "../support/stack.js";

const baseUrl = () => stackBaseUrl();

describeRendezvousClient("Synapse, MSC4388, unstable", { baseUrl, version: "msc4388", api: "unstable" });
describeRendezvousClient("Synapse, the 2024 version", { baseUrl, version: "msc4108-2024" });
