import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, it, vi } from "vitest";
import type { ListenAddress } from "../../src/proxy/listen-address.js";
import { clientKeys } from "../support/client-keys.js";
import { expectFailure } from "../support/failures.js";
import { FakeClock } from "../support/fake-clock.js";
import { serve } from "../support/local-server.js";
import { startProxy } from "../support/session-proxy.js";
import { DEVICE, fullSessionJson, USER } from "../support/sessions.js";

const full = fullSessionJson();
const { device_keys: _, device_keys_state: __, ...withoutKeys } = full;
const deferred = { ...withoutKeys, device_keys_state: "deferred" };
type Session = Parameters<typeof startProxy>[0];

interface Upload {
  readonly device_keys: { readonly signatures: Readonly<Record<string, object>> };
}

/** A homeserver that takes whatever comes, and a proxy before it. */
async function proxyOf(
  session: Session,
  settings: { listen?: ListenAddress; revoke?: () => Promise<void> } = {},
) {
  const bodies: string[] = [];
  const upstream = await serve(async (request: IncomingMessage, response) => {
    const isVersions = request.url?.endsWith("/versions");
    if (!isVersions) bodies.push(await text(request));
    response.setHeader("content-type", "application/json");
    response.end(isVersions ? '{"versions":["v1.11"]}' : '{"device_keys":{}}');
  });
  const clock = new FakeClock();
  const proxy = await startProxy({ ...session, base_url: upstream.href }, { clock, ...settings });
  return { bodies, clock, proxy };
}

describe("what is warned of", () => {
  const warned = async (session: Session, listen?: ListenAddress) => {
    const { proxy } = await proxyOf(session, listen && { listen });
    return proxy.events.flatMap((event) => (event.event === "warning" ? [event.code] : []));
  };

  it("is nothing, where the program's device keys are to be signed", async () => {
    expect(await warned(deferred)).toEqual([]);
    expect(await warned({ ...deferred, device_keys_state: "signed" })).toEqual([]);
  });

  it("is that the network can read the token", async () => {
    expect(await warned(deferred, { host: "0.0.0.0", port: 0 })).toEqual(["not_on_loopback"]);
  });

  it("is that the session ends with its access token", async () => {
    const { refresh_token: _, ...session } = deferred;
    expect(await warned(session)).toEqual(["session_not_refreshable"]);
  });

  it("is that the device keys are taken", async () => {
    expect(await warned(full as Session)).toEqual(["device_keys_taken"]);
  });

  it("is that they can't be signed", async () => {
    const { secrets: _, ...session } = deferred;
    expect(await warned(session)).toEqual(["secrets_missing"]);
    expect(await warned({ ...session, device_keys_state: "uploaded" })).toEqual([]);
  });
});

describe("the device keys of a program", () => {
  const { secrets: _, ...withoutSecrets } = deferred;

  it.each([
    ["are signed where they were deferred", deferred, 2],
    ["are not where the device's are up already", { ...deferred, device_keys_state: "uploaded" }, 1],
    ["are not where there is nothing to sign them with", withoutSecrets, 1],
  ])("%s", async (_what, session, signatures) => {
    const { proxy, bodies } = await proxyOf(session);
    const { deviceKeys: device_keys } = clientKeys(USER, DEVICE);
    await proxy.ask("POST /_matrix/client/v3/keys/upload", { json: { device_keys } });
    const body = JSON.parse(bodies[0] ?? "") as Upload;
    expect(Object.keys(body.device_keys.signatures[USER] ?? {})).toHaveLength(signatures);
  });
});

describe("the proxy of a session", () => {
  it("is dead once it was signed out, and not before that is done", async () => {
    const revoke = vi.fn(async () => undefined);
    const { proxy } = await proxyOf(deferred, { revoke });
    expect((await proxy.ask("GET /_matrix-qr-login/health")).status).toBe(200);
    expect((await proxy.ask("POST /_matrix/client/v3/logout")).status).toBe(200);
    expect((await proxy.died).code).toBe("session_dead");
    expect(revoke).toHaveBeenCalledOnce();
  });

  it("isn't served where its sign-in never finished", async () => {
    const state = { state: "incomplete" } as object;
    await expectFailure("session_incomplete", () => proxyOf({ ...deferred, ...state }));
  });

  it("isn't served where its address is taken", async () => {
    const { proxy } = await proxyOf(deferred);
    const listen = { host: "127.0.0.1", port: Number(proxy.baseUrl.port) };
    await expectFailure("address_unavailable", () => proxyOf(deferred, { listen }));
  });

  it("ends with all that it has begun", async () => {
    const { proxy, clock } = await proxyOf(deferred);
    await proxy.stop();
    const before = proxy.events.length;
    await clock.advance(600_000);
    expect(proxy.events).toHaveLength(before);
    await expect(proxy.ask("GET /_matrix-qr-login/health")).rejects.toThrow("fetch failed");
  });
});
