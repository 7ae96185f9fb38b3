import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { DevHomeserver } from "../../src/dev-homeserver/dev-homeserver.js";
import type { DevHomeserverOptions } from "../../src/dev-homeserver/options.js";
import { ConsentBrowser } from "../support/consent-browser.js";
import {
  authorizeDevice,
  CLIENT_METADATA,
  call,
  devHomeserver,
  pollToken,
} from "../support/dev-homeserver.js";

function credentials({ account }: DevHomeserver) {
  return { username: account.localpart, password: account.password };
}

async function consentPage(
  clientMetadata?: object,
  { deviceId = "NEWDEVICE1", ...options }: DevHomeserverOptions & { deviceId?: string } = {},
) {
  const server = await devHomeserver({ intervalMs: 0, ...options });
  const authorization = await authorizeDevice(server.baseUrl, deviceId, clientMetadata);
  const browser = new ConsentBrowser(server.baseUrl);
  await browser.open(`/link?code=${authorization.userCode}`);
  const page = await browser.submit(credentials(server));
  return { server, authorization, browser, page };
}

describe("the consent page", () => {
  it("asks who it is first, then shows what is to be approved, with a warning", async () => {
    const server = await devHomeserver();
    const { userCode } = await authorizeDevice(server.baseUrl);
    const browser = new ConsentBrowser(server.baseUrl);
    const signInPage = await browser.open(`/link?code=${userCode}`);
    expect(signInPage.text).toContain("Sign in first");
    expect(signInPage.text).not.toContain("NEWDEVICE1");

    const { text } = await browser.submit(credentials(server));
    for (const shown of [
      userCode,
      "NEWDEVICE1",
      "Test client",
      "client.example.org",
      server.account.userId,
    ]) {
      expect(text).toContain(shown);
    }
    expect(text).toContain("Another device is being signed in");
  });

  it.each([
    ["allow", "Device approved", undefined],
    ["decline", "Device declined", "access_denied"],
  ])("lets the person %s", async (action, title, error) => {
    const { server, authorization, browser } = await consentPage();
    const result = await browser.submit({ action });
    expect(result.text).toContain(`<h1>${title}</h1>`);
    expect((await pollToken(server.baseUrl, authorization)).body["error"]).toBe(error);
    expect((await browser.open(`/link?code=${authorization.userCode}`)).text).toContain(title);
  });

  it("takes a typed code however it is written, and remembers who is signed in", async () => {
    const { server, browser } = await consentPage();
    const { userCode } = await authorizeDevice(server.baseUrl, "ANOTHERONE");
    await browser.open("/link");
    const page = await browser.submit({ code: ` ${userCode.toLowerCase().replace("-", " ")}` });
    expect(page.text).toContain("ANOTHERONE");
  });

  it("knows neither a wrong nor an expired code", async () => {
    const { server, authorization, browser } = await consentPage();
    for (const code of ["BBBB-BBBB", ""]) {
      const page = await browser.open(`/link?code=${code}`);
      expect(page.status).toBe(404);
      expect(page.text).toContain("no such code");
    }
    await server.clock.advance(1_200_000);
    expect((await browser.open(`/link?code=${authorization.userCode}`)).status).toBe(404);
  });

  it("lets nobody in by a wrong password, and decides nothing for who isn't signed in", async () => {
    const server = await devHomeserver({ intervalMs: 0 });
    const authorization = await authorizeDevice(server.baseUrl);
    const browser = new ConsentBrowser(server.baseUrl);
    await browser.open(`/link?code=${authorization.userCode}`);
    const refused = await browser.submit({ username: server.account.localpart, password: "wrong" });
    expect(refused.status).toBe(403);
    expect(refused.text).toContain("Wrong user name or password");

    const csrf = refused.text.match(/name="csrf" value="([^"]+)"/)?.[1] ?? "";
    await call(server.baseUrl, "POST /link/decision", {
      form: { csrf, code: authorization.userCode, action: "allow" },
      headers: { cookie: browser.cookie },
    });
    expect((await pollToken(server.baseUrl, authorization)).body["error"]).toBe("authorization_pending");
  });

  it("refuses a form that it did not make for this browser", async () => {
    const { server, authorization, browser } = await consentPage();
    const stranger = new ConsentBrowser(server.baseUrl);
    const foreign = (await stranger.open("/link")).text.match(/name="csrf" value="([^"]+)"/)?.[1] ?? "";
    for (const form of [{ csrf: foreign }, { csrf: "x" }, {}]) {
      const reply = await call(server.baseUrl, "POST /link/decision", {
        form: { ...form, code: authorization.userCode, action: "allow" },
        headers: { cookie: browser.cookie },
      });
      expect(reply.status).toBe(403);
    }
    expect((await pollToken(server.baseUrl, authorization)).body["error"]).toBe("authorization_pending");
  });

  it("gives a signed-in browser a new cookie, hidden from scripts and from other sites' forms", async () => {
    const server = await devHomeserver();
    const { userCode } = await authorizeDevice(server.baseUrl);
    const browser = new ConsentBrowser(server.baseUrl);
    const page = await browser.open(`/link?code=${userCode}`);
    expect(page.headers.get("set-cookie")).toMatch(/; HttpOnly; SameSite=Lax$/);
    const before = browser.cookie;
    await browser.submit(credentials(server));
    expect(browser.cookie).not.toBe(before);
    browser.cookie = before;
    expect((await browser.open(`/link?code=${userCode}`)).text).toContain("Sign in first");
  });

  it("forbids scripts, frames and foreign content, and allows its own style sheet by its hash", async () => {
    const { page } = await consentPage();
    const policy = page.headers.get("content-security-policy") ?? "";
    const style = page.text.match(/<style>([\s\S]*)<\/style>/)?.[1] ?? "";
    const hash = createHash("sha256").update(style).digest("base64");
    expect(policy.split("; ")).toEqual(
      expect.arrayContaining(["default-src 'none'", `style-src 'sha256-${hash}'`, "frame-ancestors 'none'"]),
    );
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    expect(page.headers.get("access-control-allow-origin")).toBeNull();
    expect(page.text).not.toMatch(/<script|\sstyle=|\son\w+=/);
  });

  it("escapes what a client calls itself", async () => {
    const { page } = await consentPage({ ...CLIENT_METADATA, client_name: `<b>"Tom" & \u202Eyrrej</b>` });
    expect(page.text).toContain("&#60;b&#62;&#34;Tom&#34; &#38; \\u{202e}yrrej&#60;/b&#62;");
  });

  it("breaks where the device ID is too short, if it does as Synapse does", async () => {
    const { page } = await consentPage(CLIENT_METADATA, { deviceId: "SHORT", like: "synapse" });
    expect(page.status).toBe(500);
  });
});
