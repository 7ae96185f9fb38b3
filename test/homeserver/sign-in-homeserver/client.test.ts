import { beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../../src/foundation/failures.js";
import { expectFailure } from "../../support/failures.js";
import { settle } from "../../support/fake-clock.js";
import type { FakeReply } from "../../support/fake-http.js";
import { AUTH_METADATA, formOf } from "../../support/oauth-homeserver.js";
import {
  DEVICE,
  DEVICE_ID,
  METADATA,
  type SignInHomeserverAtHand,
  signal,
  signInHomeserver,
  VERSIONS,
} from "../../support/sign-in-homeserver.js";

const REGISTER = "POST https://auth.example/register";

let http: SignInHomeserverAtHand["http"];
let signIn: SignInHomeserverAtHand["signIn"];
let started: SignInHomeserverAtHand["started"];

beforeEach(() => {
  ({ http, signIn, started } = signInHomeserver());
});

describe("the capabilities", () => {
  it("give the issuer", async () => {
    expect(await signIn().checkCapabilities(signal)).toBe("https://auth.example/");
  });

  it("need client registration, unless there is a client ID", async () => {
    http.on(METADATA, { json: { ...AUTH_METADATA, registration_endpoint: undefined } });
    await expectFailure("homeserver_without_registration", () => signIn().checkCapabilities(signal));
    expect(await signIn("known").checkCapabilities(signal)).toBe("https://auth.example/");
  });

  it("end the other request when one has failed", async () => {
    let versionsSignal: AbortSignal | undefined;
    http.on(METADATA, { status: 404 }).on(VERSIONS, (request) => {
      versionsSignal = request.signal;
      return new Promise((_resolve, reject) => request.signal?.addEventListener("abort", reject));
    });
    await expectFailure("homeserver_without_oauth", () => signIn().checkCapabilities(signal));
    expect(versionsSignal?.aborted).toBe(true);
  });

  it("wait for the versions no sooner than the scope needs them", async () => {
    let answer: (reply: FakeReply) => void = () => undefined;
    http.on(VERSIONS, () => new Promise((resolve) => (answer = resolve)));
    const starting = started();
    await settle();
    expect(http.log).toContain(REGISTER);
    expect(http.log).not.toContain(DEVICE);
    answer({ json: { versions: ["v1.15"] } });
    await starting;
    expect(formOf(http.last(DEVICE))["scope"]).toContain("urn:matrix:client:device:");
  });

  it("ask for the versions again where that has failed", async () => {
    http.on(VERSIONS, [new Failure("network_error"), { json: { versions: ["v1.15"] } }]);
    await started();
    expect(http.log.filter((name) => name === VERSIONS)).toHaveLength(2);
  });
});

describe("a homeserver that was asked ahead", () => {
  it("is asked for nothing twice", async () => {
    const homeserver = signIn();
    homeserver.lookAhead(signal);
    homeserver.registerAhead(signal);
    expect(await homeserver.checkCapabilities(signal)).toBe("https://auth.example/");
    await homeserver.startDeviceAuthorization(DEVICE_ID, signal);
    expect(http.log.toSorted()).toEqual([METADATA, VERSIONS, DEVICE, REGISTER].toSorted());
  });

  it("registers no client before it is told to, and none where one was given", async () => {
    signIn().lookAhead(signal);
    const known = signIn("known");
    known.lookAhead(signal);
    known.registerAhead(signal);
    await settle();
    expect(http.log).not.toContain(REGISTER);
  });

  it("is asked again for what has failed, which is told where it is needed alone", async () => {
    http.on(METADATA, { status: 404 });
    const homeserver = signIn();
    homeserver.lookAhead(signal);
    homeserver.registerAhead(signal);
    await settle();
    await expectFailure("homeserver_without_oauth", () => homeserver.checkCapabilities(signal));
    http.on(METADATA, { json: AUTH_METADATA });
    expect(await homeserver.checkCapabilities(signal)).toBe("https://auth.example/");
    await homeserver.startDeviceAuthorization(DEVICE_ID, signal);
    expect(http.log.filter((name) => name === REGISTER)).toHaveLength(1);
  });
});

describe("the OAuth client", () => {
  it("is registered as a native client, with what each kind of server insists on", async () => {
    await started();
    expect(JSON.parse(http.last(REGISTER).body ?? "")).toEqual({
      client_name: "build bot",
      client_uri: expect.stringMatching(/^https:/),
      application_type: "native",
      token_endpoint_auth_method: "none",
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "authorization_code", "refresh_token"],
      redirect_uris: ["http://127.0.0.1/"],
      response_types: ["code"],
    });
  });

  it.each([200, 201])("may be registered with status %i", async (status) => {
    http.on(REGISTER, { status, json: { client_id: "mine" } });
    expect((await started()).oauthClient).toEqual({ issuer: "https://auth.example/", clientId: "mine" });
  });

  it("is not registered where one was given", async () => {
    const homeserver = signIn("known");
    await homeserver.startDeviceAuthorization(DEVICE_ID, signal);
    expect(http.log).not.toContain(REGISTER);
    expect(formOf(http.last(DEVICE))["client_id"]).toBe("known");
    expect(homeserver.oauthClient.clientId).toBe("known");
  });

  it.each([401, 403])("that isn't let in with status %i is a server without registration", async (status) => {
    http.on(REGISTER, { status, json: { error: "access_denied" } });
    await expectFailure("homeserver_without_registration", started);
  });

  it.each([
    [
      "an OAuth error, escaped",
      { status: 400, json: { error: "invalid_client_metadata", error_description: "a\u202eb" } },
      " (invalid_client_metadata: a\\u{202e}b)",
    ],
    [
      "a Matrix error that repeats its code",
      { status: 400, json: { errcode: "M_UNKNOWN", error: "M_UNKNOWN: no" } },
      " (M_UNKNOWN: no)",
    ],
    [
      "a text",
      { status: 422, json: "missing field `redirect_uris`\u001b[2J\n" },
      " (missing field `redirect_uris`\\u{1b}[2J)",
    ],
    ["a text without end", { status: 422, json: "x".repeat(5_000) }, ` (${"x".repeat(199)}…)`],
    ["a page", { status: 404, json: "<html>Not here</html>" }, ""],
    ["nothing", { status: 422, json: "" }, ""],
  ])("that is refused says why: %s", async (_what, reply, reason) => {
    http.on(REGISTER, reply);
    const failure = await expectFailure("homeserver_without_registration", started);
    expect(failure.message).toBe(
      `auth.example refuses to register this program as an OAuth client${reason}.`,
    );
  });

  it("isn't refused for good by a server that fails", async () => {
    http.on(REGISTER, new Failure("server_error"));
    await expectFailure("server_error", started);
  });
});
