import { describe, expect, it } from "vitest";
import { isKeysUpload, judge, refusalOfHeaders, tokenOfQuery } from "../../src/proxy/request-policy.js";

const to = (method: string, target: string) => judge(method, target).to;

describe("what is handed on", () => {
  it.each([
    "/_matrix/client/v3/sync?since=s1&timeout=30000",
    "/_matrix/client/unstable/org.matrix.msc3575/sync",
    "/_matrix/media/v3/download/example.org/abc",
    "/_matrix/client/v3/pushrules/",
    "/_matrix/client/v3/rooms/!a:b/state/m.room.member/@bot%3Aexample.org",
    "/_matrix/client/v3/rooms/!a:b/state/im.vector.modular.widgets/https%3A%2F%2Fexample.org%2Fa",
    "/_matrix/client/v3/devices/ab%2Fcd+ef",
    "/_matrix/client/v3/rooms/!a:b/send/m.room.message/100%25",
    "/_matrix/client/v3/user/%40a%3Ab/account_data/login",
    "/_matrix/client/v3/loginx",
    "/_matrix/client/v3/xlogin",
    "/_matrix/client/v3/a/login",
    "/_matrix/client/unstable/a/b/login",
    "/_matrix/client/v3/refresh/x",
    "/_matrix/client/v3/logout/x",
    "/_matrix/client/v3/keys/device_signingx",
    "/_matrix/client/versions/x",
    "/_matrix/client/v3/_matrix/client/v3/login",
    "/_matrix/client/v3/_matrix/client/versions",
    "/_matrix/media/v3/login",
    "/_matrix/client/v3/%25252541",
  ])("%s, byte for byte", (target) => {
    expect(judge("GET", target)).toMatchObject({ to: "forward", target });
  });

  it.each(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])("%s", (method) => {
    expect(judge(method, "/_matrix/client/v3/sync?a=b")).toEqual({
      to: "forward",
      target: "/_matrix/client/v3/sync?a=b",
      path: "/_matrix/client/v3/sync",
    });
  });

  it.each([
    ["?access_token=mqlp_1", ""],
    ["?access_token=mqlp_1&timeout=1", "?timeout=1"],
    ["?a=%2F&access%5Ftoken=mqlp_1&b", "?a=%2F&b"],
    ["?Access_Token=x&access_token=y", ""],
    ["?a=access_token", "?a=access_token"],
    ["?access+_token=x&%zz=1", "?access+_token=x&%zz=1"],
    ["?access_tokens=x&access_token=y&xaccess_token=z", "?access_tokens=x&xaccess_token=z"],
    ["?", ""],
  ])("%s without its token", (query, left) => {
    expect(judge("GET", `/_matrix/client/v3/sync${query}`)).toMatchObject({
      target: `/_matrix/client/v3/sync${left}`,
    });
  });
});

describe("what goes nowhere", () => {
  it.each([
    "http://evil.example/_matrix/client/v3/sync",
    "//evil.example/_matrix/client/v3/sync",
    "/\\evil.example/_matrix/client/",
    "\\\\evil.example/",
    "evil.example:443",
    "*",
    "",
    "/",
    "/_synapse/admin/v1/users",
    "/_matrix/federation/v1/version",
    "/_matrix/clientx/v3/sync",
    "/%5Fmatrix/client/v3/sync",
    "/_matrix/client/../federation/v1/version",
    "/_matrix/client/%2e%2e/federation/v1/version",
    "/_matrix/client/.%2E/federation/v1/version",
    "/_matrix/client/v3/%252e%252e/%252e%252e/admin",
    "/_matrix/client/v3/x%2F..%2F..%2F..%2Fadmin",
    "/_matrix/client/v3/x%5C..%5C..%5C..%5Cadmin",
    "/_matrix/client/..;/federation/v1/version",
    "/_matrix/client//v3/sync",
    "/_matrix//client/v3/sync",
    "/_matrix/client/v3/sync#fragment",
    "/_matrix/client/v3/%zz",
    "/_matrix/client/v3/%ff",
    "/_matrix/client/v3/a b",
    "/_matrix/client/v3/%2525252541",
    "/_matrix/client/v3/.",
    "/_matrix/client/v3/..",
    "/_matrix/client/v3/..;%0Ax/x",
    "/_matrix/client/v3/\x7f",
    "/_matrix-qr-login/health/x",
    "/x/.well-known/matrix/client",
    "/x/_matrix/client/v3/sync",
  ])("%j", (target) => {
    expect(judge("GET", target)).toMatchObject({
      to: "refuse",
      status: expect.toBeOneOf([400, 404]),
      errcode: "M_UNRECOGNIZED",
      error: expect.stringMatching(/^The p/),
    });
  });

  it.each([
    "http://evil.example/_matrix/client/v3/sync",
    "*",
    "",
    "//x",
    "/\\x",
    "/_matrix/client/v3/sync#x",
  ])("%j, which is no path", (target) => {
    expect(judge("GET", target)).toMatchObject({ status: 400, error: expect.stringContaining("targets") });
  });

  it.each(["/_matrix-qr-login/health", "/.well-known/matrix/client"])("POST %s", (target) => {
    expect(judge("POST", target)).toMatchObject({ to: "refuse", status: 404 });
  });

  it.each(["OPTIONS", "TRACE", "CONNECT", "PROPFIND"])("%s", (method) => {
    expect(judge(method, "/_matrix/client/v3/sync")).toMatchObject({
      to: "refuse",
      status: 405,
      errcode: "M_UNRECOGNIZED",
      error: expect.stringContaining("method"),
    });
  });
});

describe("what the proxy keeps to itself", () => {
  it.each([
    ["/_matrix/client/v3/login", "signed in already"],
    ["/_matrix/client/v3/refresh", "by itself"],
    ["/_matrix/client/v3/keys/device_signing/upload", "can't be changed"],
  ])("%s, and says why", (target, why) => {
    expect(judge("POST", target)).toHaveProperty("error", expect.stringContaining(why));
  });

  it.each([
    "/_matrix/client/v3/login",
    "/_matrix/client/r0/login",
    "/_matrix/client/unstable/login",
    "/_matrix/client/unstable/org.matrix.msc3882/login/token",
    "/_matrix/client/v1/login/get_token",
    "/_matrix/client/v3/register",
    "/_matrix/client/v3/register/available",
    "/_matrix/client/v3/refresh",
    "/_matrix/client/v3/refresh/",
    "/_matrix/client/v3/keys/device_signing/upload",
    "/_matrix/client/unstable/keys/device_signing/upload",
    "/_matrix/client/v3/keys%2Fdevice_signing%2Fupload",
    "/_matrix/client/v3/keys%5Cdevice_signing%5cupload",
    "/_matrix/client/v3/keys/device_signing/uplo%61d",
    "/_matrix/client/v3/keys/device%5Fsigning/upload/",
    "/_matrix/client/v3/keys/device%255Fsigning/upload",
    "/_matrix/client/v3/keys%2F%2Fdevice_signing/upload",
    "/_matrix/client/v3/keys/DEVICE_SIGNING/upload",
    "/_matrix/client/v3/keys;a=b/device_signing/upload;c",
    "/_matrix/client/v3/%6Cogin",
    "/_matrix/client/v3/login;%0Ax",
    "/_matrix/client/v3/%2525256Cogin",
  ])("%s", (target) => {
    expect(judge("POST", target)).toMatchObject({ to: "refuse", status: 403, errcode: "M_FORBIDDEN" });
  });

  it.each([
    ["GET", "/_matrix/client/v3/login", "login_flows"],
    ["HEAD", "/_matrix/client/v3/login", "login_flows"],
    ["GET", "/_matrix/client/versions", "versions"],
    ["HEAD", "/_matrix/client/versions", "versions"],
    ["POST", "/_matrix/client/versions", "forward"],
    ["HEAD", "/.well-known/matrix/client?x", "well_known"],
    ["HEAD", "/_matrix-qr-login/health?x", "health"],
    ["GET", "/.well-known/matrix/client", "well_known"],
    ["GET", "/_matrix-qr-login/health", "health"],
    ["POST", "/_matrix/client/v3/logout", "logout"],
    ["POST", "/_matrix/client/r0/logout/all?access_token=x", "logout"],
    ["POST", "/_matrix/client/v3/%6Cogout", "logout"],
    ["POST", "/_matrix/client/v3/logout/", "logout"],
  ])("%s %s: %s", (method, target, answer) => {
    expect(to(method, target)).toBe(answer);
  });
});

describe("where device keys come", () => {
  it.each([
    ["POST", "/_matrix/client/v3/keys/upload", true],
    ["POST", "/_matrix/client/r0/keys/upload/ABCDEFGHIJ", true],
    ["POST", "/_matrix/client/unstable/keys/upload", true],
    ["GET", "/_matrix/client/v3/keys/upload", false],
    ["POST", "/_matrix/client/v3/keys/signatures/upload", false],
    ["POST", "/_matrix/client/v3/keys/upload/A/B", false],
    ["POST", "/x/_matrix/client/v3/keys/upload", false],
  ])("%s %s: %s", (method, path, isUpload) => {
    expect(isKeysUpload(method, path)).toBe(isUpload);
  });
});

describe("web pages", () => {
  const refusal = (headers: Record<string, string>, isLocal = true) =>
    refusalOfHeaders(headers, Object.entries(headers).flat(), isLocal)?.status;

  it("are told that the proxy isn't for them", () => {
    const error = "The proxy is for programs, not for web pages.";
    const refused = { status: 403, errcode: "M_FORBIDDEN", error };
    expect(refusalOfHeaders({ origin: "null" }, [], false)).toEqual(refused);
    expect(refusalOfHeaders({ host: "evil.example" }, ["Host", "evil.example"], true)).toEqual(refused);
  });

  it("are refused by their Origin, whatever it is", () => {
    expect(refusal({ host: "127.0.0.1:1", origin: "null" })).toBe(403);
    expect(refusal({ host: "127.0.0.1:1", origin: "http://127.0.0.1:1" }, false)).toBe(403);
  });

  it("are refused by a Host that isn't this machine's, where the proxy is on loopback", () => {
    for (const host of ["evil.example", "127.0.0.1.evil.example", "192.168.0.1:80", "", "a b"]) {
      expect(refusal({ host }), host).toBe(403);
    }
    expect(refusal({})).toBe(403);
    for (const host of ["127.0.0.1:8009", "localhost", "LOCALHOST:1", "[::1]:8009"]) {
      expect(refusal({ host }), host).toBeUndefined();
    }
    expect(refusal({ host: "bots.example.org" }, false)).toBeUndefined();
  });

  it("have no second Host to hide behind", () => {
    const rawHeaders = ["Host", "127.0.0.1", "host", "evil.example"];
    for (const isLocal of [true, false]) {
      const refused = refusalOfHeaders({ host: "127.0.0.1" }, rawHeaders, isLocal);
      expect(refused).toEqual({ status: 400, errcode: "M_UNRECOGNIZED", error: "A request has one Host." });
    }
    const named = ["X-Name", "host", "Host", "127.0.0.1"];
    expect(refusalOfHeaders({ host: "127.0.0.1" }, named, true)).toBeUndefined();
  });
});

it("reads the token of a query as servers do", () => {
  expect(tokenOfQuery("/a?b=1&access_token=x%2By")).toBe("x+y");
  expect(tokenOfQuery("/a?%zz=1&Access%5FToken=x+y")).toBe("x y");
  expect(tokenOfQuery("/a?access_token=x=y")).toBe("x=y");
  expect(tokenOfQuery("/a?access_token=")).toBe("");
  expect(tokenOfQuery("/a?access_token=%zz")).toBeUndefined();
  expect(tokenOfQuery("access_token=x")).toBeUndefined();
  expect(tokenOfQuery("?access_token=x")).toBe("x");
  expect(tokenOfQuery("/a?b=access_token")).toBeUndefined();
  expect(tokenOfQuery("/a")).toBeUndefined();
});
