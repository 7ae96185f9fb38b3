import { additionalData } from "../../src/protocol/additional-data.js";
import { Msc4388Api, type RendezvousApi } from "../../src/rendezvous/msc4388-api.js";
import { Msc4388Session } from "../../src/rendezvous/msc4388-session.js";
import { FakeClock } from "./fake-clock.js";
import { FakeHttp, type FakeReply } from "./fake-http.js";
import { lookSoon } from "./memory-rendezvous.js";

export const { signal } = new AbortController();
export const PATHS: Record<RendezvousApi, string> = {
  stable: "https://hs.example/_matrix/client/v1/rendezvous",
  unstable: "https://hs.example/_matrix/client/unstable/io.element.msc4388/rendezvous",
};
export const POST = `POST ${PATHS.unstable}`;
export const GET = `GET ${PATHS.unstable}/abc`;
export const PUT = `PUT ${PATHS.unstable}/abc`;
export const DELETE = `DELETE ${PATHS.unstable}/abc`;

/** Messages are bound to the base URL as the code spells it. */
export const BOUND_URL = "https://hs.example/";
export const boundTo = (token: string) => additionalData(BOUND_URL, "abc", token);

export const CREATED: FakeReply = { json: { id: "abc", sequence_token: "t0", expires_in_ms: 120_000 } };
export const slot = (data: string, token: string, expires_in_ms = 120_000): FakeReply => ({
  json: { data, sequence_token: token, expires_in_ms },
});
export const written = (token: string): FakeReply => ({ json: { sequence_token: token } });
export const GONE: FakeReply = { status: 404, json: { errcode: "M_NOT_FOUND" } };
export const CONFLICT: FakeReply = { status: 409, json: { errcode: "IO_ELEMENT_MSC4388_CONCURRENT_WRITE" } };

export function world(
  routes: ConstructorParameters<typeof FakeHttp>[0] = {},
  name: RendezvousApi = "unstable",
) {
  const clock = new FakeClock();
  const http = new FakeHttp({ [POST]: CREATED, ...routes });
  const api = new Msc4388Api(http, new URL("https://hs.example"), name);
  return { clock, http, api };
}

export async function created(routes: ConstructorParameters<typeof FakeHttp>[0] = {}) {
  const all = world(routes);
  const session = await Msc4388Session.create(all.api, all.clock, undefined, signal);
  lookSoon(session, all.clock);
  all.http.requests.length = 0;
  return { ...all, session };
}

export async function joined(routes: ConstructorParameters<typeof FakeHttp>[0] = {}, first = slot("", "t0")) {
  const all = world({ [GET]: first });
  const session = await Msc4388Session.join(all.api, all.clock, { id: "abc", boundUrl: BOUND_URL }, signal);
  if (!session) throw new Error("The server doesn't know its own API.");
  lookSoon(session, all.clock);
  for (const [name, route] of Object.entries(routes)) all.http.on(name, route);
  all.http.requests.length = 0;
  return { ...all, session };
}
