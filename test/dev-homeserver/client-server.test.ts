import { describe, expect, it } from "vitest";
import { call, devHomeserver, signIn } from "../support/dev-homeserver.js";

describe("discovery", () => {
  it("gives the base URL and the versions, and announces no rendezvous of 2024", async () => {
    const { baseUrl } = await devHomeserver();
    const wellKnown = await call(baseUrl, "GET /.well-known/matrix/client");
    expect(wellKnown.body["m.homeserver"]).toEqual({ base_url: baseUrl.href });
    const { body } = await call(baseUrl, "GET /_matrix/client/versions");
    expect(body["versions"]).toContain("v1.15");
    expect(body["unstable_features"]).toEqual({ "org.matrix.msc4108": false });
  });
});

describe("requests that fit nothing", () => {
  it.each([
    ["an unknown endpoint", "GET /_matrix/client/v3/sync", 404, "M_UNRECOGNIZED"],
    ["a method that an endpoint hasn't", "DELETE /_matrix/client/versions", 405, "M_UNRECOGNIZED"],
    ["a path that is badly encoded", "GET /_matrix/client/v3/devices/%E0", 400, "M_INVALID_PARAM"],
    ["no access token", "GET /_matrix/client/v3/account/whoami", 401, "M_MISSING_TOKEN"],
  ])("are refused: %s", async (_, request, status, errcode) => {
    const { baseUrl } = await devHomeserver();
    const reply = await call(baseUrl, request);
    expect([reply.status, reply.body["errcode"]]).toEqual([status, errcode]);
    expect(reply.headers.get("access-control-allow-origin")).toBe("*");
  });

  it.each([
    ["no JSON", "{", 400, "M_NOT_JSON"],
    ["other JSON", "[]", 400, "M_BAD_JSON"],
    ["nested without end", `{"device_keys":${"[".repeat(50_000)}${"]".repeat(50_000)}}`, 400, "M_BAD_JSON"],
    ["too large", `"${"x".repeat(256 * 1024)}"`, 413, "M_TOO_LARGE"],
  ])("are refused: a body that is %s", async (_, body, status, errcode) => {
    const { baseUrl, existingSession } = await devHomeserver();
    const token = existingSession.access_token;
    const reply = await call(baseUrl, "POST /_matrix/client/v3/keys/upload", { token, body });
    expect([reply.status, reply.body["errcode"]]).toEqual([status, errcode]);
  });
});

describe("devices", () => {
  it("appear with the token request, not with the consent before it", async () => {
    const server = await devHomeserver();
    const token = server.existingSession.access_token;
    const get = () => call(server.baseUrl, "GET /_matrix/client/v3/devices/NEWDEVICE1", { token });
    expect([(await get()).status, (await get()).body["errcode"]]).toEqual([404, "M_NOT_FOUND"]);
    await signIn(server, "NEWDEVICE1");
    expect((await get()).body).toEqual({ device_id: "NEWDEVICE1", display_name: "Test client" });
    const { body } = await call(server.baseUrl, "GET /_matrix/client/v3/devices", { token });
    expect(body["devices"]).toHaveLength(2);
  });

  it("are found by an ID with + and /, percent-encoded or not as a path has it", async () => {
    const server = await devHomeserver();
    await signIn(server, "AB+CD/EF+GHIJ");
    const token = server.existingSession.access_token;
    for (const id of ["AB+CD%2FEF+GHIJ", "AB%2BCD%2FEF%2BGHIJ"]) {
      const reply = await call(server.baseUrl, `GET /_matrix/client/v3/devices/${id}`, { token });
      expect(reply.body["device_id"]).toBe("AB+CD/EF+GHIJ");
    }
  });

  it("can be renamed, but are not deleted as without OAuth", async () => {
    const { baseUrl, existingSession } = await devHomeserver();
    const token = existingSession.access_token;
    const path = `/_matrix/client/v3/devices/${existingSession.device_id}`;
    expect((await call(baseUrl, `PUT ${path}`, { token, json: { display_name: "Mine" } })).status).toBe(200);
    expect((await call(baseUrl, `GET ${path}`, { token })).body["display_name"]).toBe("Mine");
    const deleted = await call(baseUrl, `DELETE ${path}`, { token });
    expect([deleted.status, deleted.body["errcode"]]).toEqual([404, "M_UNRECOGNIZED"]);
  });

  it("log out: the seeded one by /logout, one of the device grant only by revocation", async () => {
    const server = await devHomeserver();
    const { accessToken } = await signIn(server, "NEWDEVICE1");
    const logout = (token: string) => call(server.baseUrl, "POST /_matrix/client/v3/logout", { token });
    expect((await logout(accessToken)).status).toBe(401);
    expect((await logout(server.existingSession.access_token)).status).toBe(200);
    expect(server.devices().map(({ deviceId }) => deviceId)).toEqual(["NEWDEVICE1"]);
  });
});

describe("account data and key backup", () => {
  it("keeps account data of the user's own, by type", async () => {
    const { baseUrl, existingSession: session } = await devHomeserver();
    const token = session.access_token;
    const path = (userId: string) =>
      `/_matrix/client/v3/user/${encodeURIComponent(userId)}/account_data/org.example.data`;
    expect((await call(baseUrl, `GET ${path(session.user_id)}`, { token })).body["errcode"]).toBe(
      "M_NOT_FOUND",
    );
    await call(baseUrl, `PUT ${path(session.user_id)}`, { token, json: { key: "abc" } });
    expect((await call(baseUrl, `GET ${path(session.user_id)}`, { token })).body).toEqual({ key: "abc" });
    const other = await call(baseUrl, `GET ${path("@eve:example.org")}`, { token });
    expect([other.status, other.body["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
  });

  it("makes a new key backup version the current one", async () => {
    const { baseUrl, existingSession } = await devHomeserver();
    const token = existingSession.access_token;
    const path = "/_matrix/client/v3/room_keys/version";
    const json = { algorithm: "m.megolm_backup.v1.curve25519-aes-sha2", auth_data: { public_key: "x" } };
    expect((await call(baseUrl, `POST ${path}`, { token, json })).body).toEqual({ version: "2" });
    expect((await call(baseUrl, `GET ${path}`, { token })).body).toMatchObject({ ...json, version: "2" });
    expect((await call(baseUrl, `GET ${path}/1`, { token })).body["version"]).toBe("1");
    expect((await call(baseUrl, `GET ${path}/3`, { token })).body["errcode"]).toBe("M_NOT_FOUND");
  });
});

describe("faults for tests of clients", () => {
  const POST = "POST /_matrix/client/v1/rendezvous";

  it("loses an answer: the request was handled, the connection breaks", async () => {
    const server = await devHomeserver({ intercept: () => ({ when: "after" }) });
    await expect(call(server.baseUrl, POST, { json: { data: "x" } })).rejects.toThrow("fetch failed");
    expect(server.liveRendezvousSessions()).toHaveLength(1);
  });

  it("loses a request: the connection breaks before it is handled", async () => {
    const server = await devHomeserver({ intercept: () => ({ when: "before" }) });
    await expect(call(server.baseUrl, POST, { json: { data: "x" } })).rejects.toThrow("fetch failed");
    expect(server.liveRendezvousSessions()).toEqual([]);
  });

  it("answers something else, for the requests that are meant", async () => {
    const seen: string[] = [];
    const server = await devHomeserver({
      intercept: ({ method, path }) => {
        seen.push(`${method} ${path}`);
        if (method === "GET") return undefined;
        return { when: "before", answer: { status: 502, body: "<html>", headers: { "retry-after": "1" } } };
      },
    });
    const reply = await call(server.baseUrl, `${POST}?x=1`, { json: { data: "x" } });
    expect([reply.status, reply.text, reply.headers.get("retry-after")]).toEqual([502, "<html>", "1"]);
    expect((await call(server.baseUrl, "GET /_matrix/client/versions")).status).toBe(200);
    expect(seen).toEqual([POST, "GET /_matrix/client/versions"]);
  });
});
