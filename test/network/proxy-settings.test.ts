import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { proxySettings } from "../../src/network/proxy-settings.js";

const HTTPS = "http://proxy.example:3128";

describe("the proxy variables", () => {
  it.each<[env: Record<string, string>, httpsProxy: string, httpProxy: string]>([
    [{ HTTPS_PROXY: HTTPS }, HTTPS, ""],
    [{ https_proxy: HTTPS, HTTPS_PROXY: "http://other.example" }, HTTPS, ""],
    [{ HTTP_PROXY: HTTPS }, HTTPS, HTTPS],
    [{ ALL_PROXY: "socks5h://127.0.0.1:9050" }, "socks5://127.0.0.1:9050", "socks5://127.0.0.1:9050"],
    [{ all_proxy: "socks://127.0.0.1:1080/", https_proxy: HTTPS }, HTTPS, "socks5://127.0.0.1:1080"],
    [{ HTTPS_PROXY: "", https_proxy: " ", ALL_PROXY: HTTPS }, HTTPS, HTTPS],
  ])("%j say which proxy there is for what", (env, httpsProxy, httpProxy) => {
    expect(proxySettings(env)).toEqual({ httpsProxy, httpProxy, noProxy: "" });
  });

  it.each<[written: string, url: string]>([
    ["proxy.example:3128", "http://proxy.example:3128"],
    ["localhost:3128", "http://localhost:3128"],
    ["//proxy.example:3128/", "http://proxy.example:3128"],
    ["proxy.example", "http://proxy.example"],
    ["HTTPS://proxy.example:443/path?query", "https://proxy.example:443"],
    [" 'http://proxy.example:3128' ", "http://proxy.example:3128"],
    ["[::1]:3128", "http://[::1]:3128"],
    ["http://bot:p%ss@proxy.example:1", "http://bot:p%25ss@proxy.example:1"],
    ["http://bot:p%40ss@proxy.example:1", "http://bot:p%40ss@proxy.example:1"],
    ["http://bot:%e9@proxy.example:1", "http://bot:%25e9@proxy.example:1"],
    ["bot:a@b:c#d/e?f@proxy.example:1", "http://bot:a%40b%3Ac%23d%2Fe%3Ff@proxy.example:1"],
    ["http://bot@proxy.example:1", "http://bot@proxy.example:1"],
  ])("may be written as %j", (written, url) => {
    expect(proxySettings({ HTTPS_PROXY: written })?.httpsProxy).toBe(url);
  });

  it("are none where they are empty", () => {
    expect(proxySettings({ HTTPS_PROXY: "", HTTP_PROXY: "  ", NO_PROXY: "*" })).toBeUndefined();
  });

  it.each<[value: string]>([
    ["socks4://bot:secret@proxy.example:1080"],
    ["ftp://bot:secret@proxy.example"],
    ["http://bot:secret@proxy.example:99999"],
    ["http://bot:secret@"],
    ["http://bot:secret@no proxy"],
  ])("that name none that can be used are refused, and never shown: %s", (value) => {
    const refused = () => proxySettings({ https_proxy: value });
    expect(refused).toThrow(Failure);
    expect(refused).toThrow(
      expect.objectContaining({ code: "usage_error", message: expect.not.stringContaining("secret") }),
    );
    expect(refused).toThrow(/^https_proxy /);
  });
});
