import { describe, expect, it } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import {
  authorizeDevice,
  CLIENT_METADATA,
  call,
  DEVICE_CODE,
  devHomeserver,
  field,
  pollToken,
  refresh,
  signIn,
} from "../support/dev-homeserver.js";
import { UNSTABLE } from "./rendezvous-conformance.js";

const CODE_CLIENT = {
  ...CLIENT_METADATA,
  grant_types: [DEVICE_CODE, "authorization_code", "refresh_token"],
  redirect_uris: ["http://127.0.0.1/"],
  response_types: ["code"],
};
const PATH_2024 = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous";

const tuwunel = () => devHomeserver({ like: "tuwunel", intervalMs: 0 });
const whoami = ({ baseUrl }: DevHomeserver, token: string) =>
  call(baseUrl, "GET /_matrix/client/v3/account/whoami", { token });

describe("the development homeserver that does as Tuwunel does", () => {
  it("tells its name", async () => {
    const { baseUrl } = await tuwunel();
    const { body } = await call(baseUrl, "GET /_matrix/client/versions");
    expect(body["net.zemos.msc4383.server"]).toMatchObject({ name: "Tuwunel" });
  });

  it("registers only clients for the authorization code, and says so in plain text", async () => {
    const { baseUrl } = await tuwunel();
    const register = (json: object) => call(baseUrl, "POST /oauth2/registration", { json });
    const refused = await register(CLIENT_METADATA);
    expect([refused.status, refused.headers.get("content-type")]).toEqual([422, "text/plain"]);
    for (const lacking of [
      { redirect_uris: [] },
      { response_types: [] },
      { grant_types: [DEVICE_CODE, "refresh_token"] },
    ]) {
      expect((await register({ ...CODE_CLIENT, ...lacking })).status).toBe(400);
    }
    const registered = await register(CODE_CLIENT);
    expect([registered.status, registered.body["grant_types"]]).toEqual([
      201,
      ["authorization_code", "refresh_token"],
    ]);
  });

  it("makes rendezvous sessions of MSC4388 for devices that are signed in, those of 2024 for all", async () => {
    const { baseUrl, existingSession } = await tuwunel();
    const refused = await call(baseUrl, `POST ${UNSTABLE.path}`, { json: { data: "" } });
    expect([refused.status, refused.body["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
    const token = existingSession.access_token;
    const made = await call(baseUrl, `POST ${UNSTABLE.path}`, { json: { data: "" }, token });
    expect(made.body["expires_in_ms"]).toBe(600_000);
    const headers = { "content-type": "text/plain" };
    const open = await call(baseUrl, `POST ${PATH_2024}`, { body: "", headers });
    expect(new URL(field(open, "url")).pathname).toMatch(new RegExp(`^${PATH_2024}/`));
  });

  it("lets a session of MSC4388 live anew with each write", async () => {
    const { baseUrl, existingSession, clock } = await tuwunel();
    const token = existingSession.access_token;
    const made = await call(baseUrl, `POST ${UNSTABLE.path}`, { json: { data: "" }, token });
    await clock.advance(500_000);
    const path = `${UNSTABLE.path}/${field(made, "id")}`;
    const json = { sequence_token: field(made, "sequence_token"), data: "x" };
    await call(baseUrl, `PUT ${path}`, { json });
    expect((await call(baseUrl, `GET ${path}`)).body["expires_in_ms"]).toBe(600_000);
  });

  it("answers 429 after twenty requests at once, and ten more a second later", async () => {
    const { baseUrl, clock } = await tuwunel();
    const statuses = async (count: number) => {
      const answers = [];
      for (let asked = 0; asked < count; asked++) answers.push(await call(baseUrl, `GET ${UNSTABLE.path}/x`));
      return answers.map(({ status }) => status);
    };
    expect(await statuses(21)).toEqual([...Array(20).fill(404), 429]);
    await clock.advance(1000);
    expect(await statuses(11)).toEqual([...Array(10).fill(404), 429]);
  });

  it("takes a repeated write of the 2024 version, and no other on an old tag", async () => {
    const { baseUrl } = await tuwunel();
    const headers = { "content-type": "text/plain" };
    const made = await call(baseUrl, `POST ${PATH_2024}`, { body: "", headers });
    const { pathname } = new URL(field(made, "url"));
    const put = (body: string) =>
      call(baseUrl, `PUT ${pathname}`, {
        body,
        headers: { ...headers, "if-match": made.headers.get("etag") ?? "" },
      });
    const first = await put("x");
    const again = await put("x");
    expect([first.status, again.status, (await put("y")).status]).toEqual([202, 202, 412]);
    expect(again.headers.get("etag")).toBe(first.headers.get("etag"));
  });

  it("denies once, and knows the code no longer", async () => {
    const server = await tuwunel();
    const authorization = await authorizeDevice(server.baseUrl, "ABC", CODE_CLIENT);
    expect(authorization.userCode).toMatch(/^[A-Z]{5}-[A-Z]{5}$/);
    server.decide(authorization.userCode, "deny");
    const errors = [];
    for (let poll = 0; poll < 2; poll++) {
      errors.push((await pollToken(server.baseUrl, authorization)).body["error"]);
    }
    expect(errors).toEqual(["access_denied", "invalid_grant"]);
  });

  it("says slow_down only with 429", async () => {
    const server = await devHomeserver({ like: "tuwunel", intervalMs: 5000 });
    const authorization = await authorizeDevice(server.baseUrl, "ABC", CODE_CLIENT);
    await pollToken(server.baseUrl, authorization);
    const { status, body } = await pollToken(server.baseUrl, authorization);
    expect([status, body["error"]]).toEqual([429, "slow_down"]);
  });

  it("takes a refresh token again for 15 s, and then deletes the device", async () => {
    const server = await tuwunel();
    const session = await signIn(server, "NEWDEVICE1", CODE_CLIENT);
    const { accessToken, refreshToken } = session;
    const first = await refresh(server.baseUrl, session, refreshToken);
    await server.clock.advance(14_000);
    const again = await refresh(server.baseUrl, session, refreshToken);
    expect(again.body).toEqual(first.body);
    expect((await whoami(server, accessToken)).status).toBe(200);
    expect((await whoami(server, field(first, "access_token"))).status).toBe(200);
    await server.clock.advance(2_000);
    const late = await refresh(server.baseUrl, session, refreshToken);
    expect([late.status, late.body["error"]]).toEqual([400, "invalid_grant"]);
    expect(server.devices()).toHaveLength(1);
    expect((await whoami(server, accessToken)).status).toBe(401);
  });

  it("tells a token that has expired from one that never was good", async () => {
    const server = await tuwunel();
    const { accessToken } = await signIn(server, "NEWDEVICE1", CODE_CLIENT);
    await server.clock.advance(604_800_000);
    expect((await whoami(server, accessToken)).body["soft_logout"]).toBe(true);
    expect((await whoami(server, "other")).body["soft_logout"]).toBe(false);
  });
});
