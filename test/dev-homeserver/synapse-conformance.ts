import { beforeAll, describe, expect, it } from "vitest";
import type { Decision } from "../../src/dev-homeserver/dev-homeserver.js";
import { CLIENT_METADATA, call, DEVICE_CODE, field } from "../support/dev-homeserver.js";
import { UNSTABLE } from "./rendezvous-conformance.js";

/**
 * Where Synapse and Matrix Authentication Service differ from the MSCs and RFCs: the same tests for them and
 * for the embedded homeserver that does as they do.
 */
export interface SynapseUnderTest {
  readonly baseUrl: () => URL;
  /** Answers a consent page; false where that breaks. */
  readonly decide: (link: string, userCode: string, decision: Decision) => Promise<boolean>;
}

const { path } = UNSTABLE;
const PATH_2024 = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous";
const PLAIN_TEXT = { "content-type": "text/plain" };
const SYNAPSE_CAPACITY = 200;

export function describeSynapse(name: string, { baseUrl, decide }: SynapseUnderTest): void {
  const create = () => call(baseUrl(), `POST ${path}`, { json: { data: "" } });

  describe(`${name}: rendezvous sessions`, () => {
    it("acknowledges a repeated write again for the token before, and for no older one", async () => {
      const created = await create();
      const put = (token: string, data: string) =>
        call(baseUrl(), `PUT ${path}/${field(created, "id")}`, { json: { sequence_token: token, data } });
      const first = field(created, "sequence_token");
      const second = field(await put(first, "one"), "sequence_token");
      const third = field(await put(second, "two"), "sequence_token");
      expect((await put(second, "two")).body).toEqual({ sequence_token: third });
      expect((await put(first, "two")).status).toBe(409);
    });

    it("answers a deletion with an array", async () => {
      const deleted = await call(baseUrl(), `DELETE ${path}/${field(await create(), "id")}`);
      expect([deleted.status, deleted.text]).toEqual([200, "[]"]);
    });

    it("makes room for new sessions by throwing old ones out", async () => {
      const oldest = field(await create(), "id");
      for (let more = 0; more < SYNAPSE_CAPACITY; more++) await create();
      expect((await call(baseUrl(), `GET ${path}/${oldest}`)).status).toBe(404);
    });

    it("has an entity tag for a payload, whatever was there before", async () => {
      const created = await call(baseUrl(), `POST ${PATH_2024}`, { body: "same", headers: PLAIN_TEXT });
      const session = new URL(field(created, "url"));
      const etag = created.headers.get("etag") ?? "";
      const headers = { ...PLAIN_TEXT, "if-match": etag };
      const written = await call(session, `PUT ${session.pathname}`, { body: "same", headers });
      expect([written.status, written.headers.get("etag")]).toEqual([202, etag]);
    });
  });

  describe(`${name}: OAuth`, () => {
    let metadata: Readonly<Record<string, string>>;
    beforeAll(async () => {
      metadata = (await call(baseUrl(), "GET /_matrix/client/v1/auth_metadata")).body as typeof metadata;
    });

    const post = (endpoint: string, options: object) => {
      const url = new URL(metadata[endpoint] ?? "");
      return call(url, `POST ${url.pathname}`, options);
    };
    const authorize = async (deviceId: string) => {
      const headers = { "content-type": "application/json" };
      const registered = await post("registration_endpoint", { json: CLIENT_METADATA, headers });
      const client_id = field(registered, "client_id");
      const scope = `urn:matrix:client:api:* urn:matrix:client:device:${deviceId}`;
      const started = await post("device_authorization_endpoint", { form: { client_id, scope } });
      expect(started.status).toBe(200);
      const form = { grant_type: DEVICE_CODE, client_id, device_code: field(started, "device_code") };
      return {
        poll: () => post("token_endpoint", { form }),
        decide: (decision: Decision) =>
          decide(field(started, "verification_uri"), field(started, "user_code"), decision),
      };
    };

    it("forbids polling until there is consent, and never says that it came too early", async () => {
      const { poll } = await authorize("NEWDEVICE1");
      for (const { status, body } of [await poll(), await poll(), await poll()]) {
        expect([status, body["error"]]).toEqual([403, "authorization_pending"]);
      }
    });

    it("forbids it where consent was declined, too", async () => {
      const { poll, decide } = await authorize("NEWDEVICE2");
      expect(await decide("deny")).toBe(true);
      const { status, body } = await poll();
      expect([status, body["error"]]).toEqual([403, "access_denied"]);
    });

    it("takes a device ID that nobody can consent to", async () => {
      const { poll, decide } = await authorize("SHORT");
      expect(await decide("allow")).toBe(false);
      expect((await poll()).body["error"]).toBe("authorization_pending");
    });
  });
}

/** The same of a homeserver where rendezvous sessions are for devices that are signed in. */
export function describeAuthenticatedSynapse(name: string, baseUrl: () => URL): void {
  describe(`${name}: rendezvous sessions for devices that are signed in`, () => {
    it.each(["GET", "POST"])(
      "misses the access token, where the MSC has it forbidden: %s",
      async (method) => {
        const body = method === "POST" ? { json: { data: "" } } : {};
        const { status, body: error } = await call(baseUrl(), `${method} ${path}`, body);
        expect([status, error["errcode"]]).toEqual([401, "M_MISSING_TOKEN"]);
      },
    );

    it("makes those of the 2024 version for anybody", async () => {
      const created = await call(baseUrl(), `POST ${PATH_2024}`, { body: "", headers: PLAIN_TEXT });
      expect(created.status).toBe(201);
    });
  });
}
