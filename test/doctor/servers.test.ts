import { describe, expect, it } from "vitest";
import { PUBLIC_BASE, SETTINGS } from "../../src/doctor/settings.js";
import { escapeText } from "../../src/foundation/escape-text.js";
import { answer } from "../support/fake-transport.js";
import { type DeploymentOptions, MemoryDeployment } from "../support/memory-deployment.js";
import { AUTH_METADATA } from "../support/oauth-homeserver.js";

const HS = "https://hs.example/";
const VERSIONS = `GET ${HS}_matrix/client/versions`;
const FEDERATION = `GET ${HS}_matrix/federation/v1/version`;
const DISCOVERY = `GET ${HS}_matrix/client/unstable/io.element.msc4388/rendezvous`;
const METADATA = `GET ${HS}_matrix/client/v1/auth_metadata`;
const UNRECOGNIZED = answer(404, { errcode: "M_UNRECOGNIZED" });

function versions(more: object = {}) {
  return answer(200, { versions: ["v1.14", "v1.15"], ...more });
}

const diagnose = (options: DeploymentOptions) => new MemoryDeployment(options).diagnose();

describe("doctor on Synapse", () => {
  const routes = { [FEDERATION]: answer(200, { server: { name: "Synapse", version: "1.163.2" } }) };

  it("finds nothing amiss where both versions are on, and says which server it is", async () => {
    const { finding, verdict } = await diagnose({ routes, msc4388: "open", msc4108: true });
    expect(finding("homeserver")).toMatchObject({ software: "Synapse", software_version: "1.163.2" });
    expect(finding("homeserver").message).toContain("Synapse 1.163.2");
    expect(verdict).toMatchObject({ sign_in: true, apps: true });
    expect(verdict).not.toHaveProperty("setting_for_apps");
  });

  it("where MSC4388 alone is on, says that apps can't take part, and which setting lets them", async () => {
    const { finding, verdict, obstacle } = await diagnose({ routes, msc4388: "open" });
    const { rendezvous_msc4108_2024 } = SETTINGS.synapse;
    expect(finding("rendezvous_msc4108_2024").setting).toBe(rendezvous_msc4108_2024);
    expect(verdict).toEqual({
      event: "verdict",
      sign_in: true,
      new_device_generates: ["msc4388"],
      existing_device_generates: ["msc4388"],
      apps: false,
      setting_for_apps: rendezvous_msc4108_2024,
    });
    expect(obstacle).toBeUndefined();
  });

  it("takes its 401 for devices that are signed in alone", async () => {
    const wantsToken = answer(401, { errcode: "M_MISSING_TOKEN" });
    const { finding } = await diagnose({ routes: { ...routes, [DISCOVERY]: wantsToken } });
    const { state, setting } = finding("rendezvous_msc4388");
    expect([state, setting]).toEqual(["limited", SETTINGS.synapse.rendezvous_msc4388]);
  });
});

describe("doctor on a homeserver whose authorization server doesn't know its public address", () => {
  const naming = (url: string) => ({
    [METADATA]: answer(
      200,
      JSON.parse(JSON.stringify(AUTH_METADATA).replaceAll("https://auth.example", url)),
    ),
  });

  it.each(["http://[::]:8080", "http://mas.internal:8080", "http://localhost:8080"])(
    "names the setting, and no option here: %s",
    async (url) => {
      const { finding, obstacle } = await diagnose({ routes: naming(url), msc4388: "open" });
      expect(finding("oauth")).toMatchObject({ state: "missing", setting: PUBLIC_BASE });
      expect(finding("oauth").message).toContain(`"issuer". ${url} is refused`);
      expect(obstacle?.code).toBe("url_refused");
    },
  );

  it.each(["https://localhost:8080", "https://mas", "https://10.0.0.5", "https://[fd00::1]"])(
    "says that only its own network reaches %s",
    async (url) => {
      const { finding } = await diagnose({ routes: naming(url), msc4388: "open" });
      expect(finding("oauth")).toMatchObject({ state: "limited", setting: PUBLIC_BASE });
      expect(finding("oauth").message).toContain(url);
    },
  );
});

describe("doctor on Tuwunel", () => {
  const named = {
    [VERSIONS]: versions({ "net.zemos.msc4383.server": { name: "Tuwunel", version: "1.9.0" } }),
  };
  const byDefault = { ...named, [DISCOVERY]: answer(403, { errcode: "M_FORBIDDEN" }) };

  it("names its settings, from its name in /versions alone", async () => {
    const deployment = new MemoryDeployment({ routes: byDefault, msc4108: true });
    const { finding, verdict } = await deployment.diagnose();
    expect(finding("homeserver")).toMatchObject({ software: "Tuwunel", software_version: "1.9.0" });
    const { state, setting } = finding("rendezvous_msc4388");
    expect([state, setting]).toEqual(["limited", SETTINGS.tuwunel.rendezvous_msc4388]);
    expect(verdict).toMatchObject({
      sign_in: true,
      new_device_generates: ["msc4108-2024"],
      existing_device_generates: ["msc4388", "msc4108-2024"],
      apps: true,
    });
    expect(deployment.requests.map(({ url }) => url.pathname)).not.toContain(
      "/_matrix/federation/v1/version",
    );
  });

  it("says of its 403 what it says of Synapse's 401", async () => {
    const message = async (refusal: ReturnType<typeof answer>) => {
      const { finding } = await diagnose({ routes: { [DISCOVERY]: refusal } });
      return finding("rendezvous_msc4388").message;
    };
    const synapses = await message(answer(401, { errcode: "M_MISSING_TOKEN" }));
    expect(await message(answer(403, { errcode: "M_FORBIDDEN" }))).toBe(synapses);
    expect(synapses).toContain("another server's");
  });

  it("names what switches its OAuth on, which is off by default, and goes on to the rest", async () => {
    const { finding, verdict, obstacle } = await diagnose({
      routes: { ...named, [METADATA]: UNRECOGNIZED, [DISCOVERY]: UNRECOGNIZED },
    });
    expect(finding("oauth")).toMatchObject({ state: "missing", setting: SETTINGS.tuwunel.oauth });
    expect(finding("rendezvous_msc4108_2024").setting).toBe(SETTINGS.tuwunel.rendezvous_msc4108_2024);
    expect([verdict.sign_in, obstacle?.code]).toEqual([false, "homeserver_without_oauth"]);
  });

  it("stays below the requests for rendezvous sessions that it lets one address make at once", async () => {
    const deployment = new MemoryDeployment({ routes: named, msc4388: "open" });
    await deployment.diagnose();
    const asked = deployment.requests.filter(({ url }) => url.pathname.includes("msc4388"));
    expect(asked.length).toBeLessThanOrEqual(20);
  });
});

describe("doctor on Continuwuity", () => {
  const routes = {
    [`GET ${HS}_continuwuity/server_version`]: answer(200, { name: "continuwuity", version: "26.8.0" }),
  };

  it("says that devices can be signed in with the sessions of another server, and names no setting for them", async () => {
    const { finding, verdict, obstacle } = await diagnose({ routes });
    expect(finding("homeserver")).toMatchObject({ software: "continuwuity", software_version: "26.8.0" });
    expect(finding("rendezvous_msc4388")).not.toHaveProperty("setting");
    expect(verdict).toEqual({
      event: "verdict",
      sign_in: true,
      new_device_generates: [],
      existing_device_generates: [],
      apps: false,
    });
    expect(obstacle).toBeUndefined();
  });

  it("names what switches its OAuth on", async () => {
    const { finding, verdict } = await diagnose({ routes: { ...routes, [METADATA]: UNRECOGNIZED } });
    expect(finding("oauth").setting).toBe(SETTINGS.continuwuity.oauth);
    expect(verdict.sign_in).toBe(false);
  });
});

describe("doctor on a server", () => {
  it.each([
    ["422, which is no JSON", answer(422, "missing field `redirect_uris`")],
    ["400", answer(400, { error: "invalid_client_metadata" })],
    ["403", answer(403, { error: "access_denied" })],
    ["404", UNRECOGNIZED],
  ])("that refuses to register a client with %s goes on to the rest", async (_what, refusal) => {
    const routes = { "POST https://auth.example/register": refusal };
    const { finding, verdict, obstacle } = await diagnose({ routes, msc4388: "open", msc4108: true });
    expect(finding("client_registration").state).toBe("missing");
    expect(finding("rendezvous_msc4388").state).toBe("ok");
    expect(finding("rendezvous_msc4108_2024").state).toBe("ok");
    expect(verdict).toMatchObject({
      sign_in: false,
      apps: false,
      new_device_generates: ["msc4388", "msc4108-2024"],
    });
    expect(obstacle).toBeDefined();
  });

  it("whose authorization server is down goes on to the rest, and says that no device can be signed in", async () => {
    const routes = { "POST https://auth.example/device": answer(502) };
    const { finding, verdict, obstacle } = await diagnose({ routes, msc4388: "open" });
    expect(finding("client_registration").state).toBe("ok");
    expect(finding("device_authorization")).toMatchObject({
      state: "missing",
      message: expect.stringContaining("502"),
    });
    expect(finding("rendezvous_msc4388").state).toBe("ok");
    expect([verdict.sign_in, obstacle?.code]).toEqual([false, "server_error"]);
  });

  it("that doesn't say which it is names the settings of each server that it knows", async () => {
    const { finding } = await diagnose({});
    expect(finding("homeserver")).not.toHaveProperty("software");
    const { setting } = finding("rendezvous_msc4108_2024");
    expect(setting).toContain("Synapse: ");
    expect(setting).toContain("Tuwunel: ");
  });

  it.each([
    ["no text", { name: { is: "Synapse" } }],
    ["too long", { name: "S".repeat(100_000), version: "1" }],
    ["empty", { name: "" }],
    ["nothing", null],
  ])("whose name is %s has none, and is examined all the same", async (_what, server) => {
    const { finding } = await diagnose({
      routes: {
        [VERSIONS]: versions({ server, "net.zemos.msc4383.server": server }),
        [FEDERATION]: answer(200, { server }),
      },
    });
    expect(finding("homeserver").state).toBe("ok");
    expect(finding("homeserver")).not.toHaveProperty("software");
    expect(finding("oauth").state).toBe("ok");
  });

  it("whose name steers terminals is named without what steers", async () => {
    const server = { name: "Syn\u001b[2Japse", version: "\u202e1" };
    const { finding } = await diagnose({ routes: { [FEDERATION]: answer(200, { server }) } });
    const { software, software_version, message } = finding("homeserver");
    expect([software, software_version]).toEqual(["Syn\\u{1b}[2Japse", "\\u{202e}1"]);
    expect(message).toBe(escapeText(message, 500));
  });

  it("that answers the question for its name with an error isn't asked again and again", async () => {
    const deployment = new MemoryDeployment({ routes: { [FEDERATION]: answer(503) } });
    await deployment.diagnose();
    const asked = deployment.requests.filter(({ url }) => url.pathname.endsWith("/federation/v1/version"));
    expect(asked).toHaveLength(1);
  });
});
