import { describe, expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";

interface Given {
  readonly allowHttp?: string[];
  /** Servers that are the account's, or that the user has named. */
  readonly own?: string[];
  readonly namedBy?: string;
}

function refusal(url: string, { allowHttp = [], own = [], namedBy }: Given = {}): Failure | undefined {
  try {
    const policy = createUrlPolicy(allowHttp);
    for (const server of own) policy.noteOwn(server);
    policy.check(url, namedBy === undefined ? undefined : new URL(namedBy));
    return undefined;
  } catch (error) {
    return Failure.from(error);
  }
}

describe("the URL policy", () => {
  it.each(["https://example.org", "https://example.org:8448/base/", "https://[2001:db8::1]/"])(
    "lets %s through",
    (url) => expect(refusal(url)).toBeUndefined(),
  );

  const LOOPBACK = [
    "http://localhost:8008",
    "http://hs.localhost/",
    "http://localhost./",
    "http://127.0.0.1:8008",
    "http://127.200.3.4",
    "http://127.1",
    "http://[::1]:8008",
  ];

  it.each(LOOPBACK)(
    "lets plain http to loopback through where a server of the user's is there: %s",
    (url) => {
      for (const own of ["localhost:8008", "http://127.0.0.1:1/", "https://[::1]/", url]) {
        expect(refusal(url, { own: ["example.org", own] }), own).toBeUndefined();
      }
    },
  );

  it.each(LOOPBACK)("sends no stranger to this machine over plain http: %s", (url) => {
    for (const own of [[], ["example.org"], ["https://localhost.example.org"], ["http://10.0.0.1"], ["%"]]) {
      const failure = refusal(url, { own });
      expect(failure?.code).toBe("url_refused");
      expect(failure?.message).toMatch(/is refused: it is on this machine/);
    }
  });

  it("lets a server of the network name nothing on this machine, even where the user has a server here", () => {
    const own = ["localhost"];
    const url = "http://localhost:631/";
    expect(refusal(url, { own, namedBy: "https://example.org/" })?.code).toBe("url_refused");
    expect(refusal(url, { own, namedBy: "https://localhost/" })).toBeUndefined();
    expect(refusal(url, { own, namedBy: "http://127.0.0.1:8008/" })).toBeUndefined();
    const allowHttp = ["localhost:631"];
    expect(refusal(url, { allowHttp, namedBy: "https://example.org/" })).toBeUndefined();
  });

  it.each([
    "http://example.org",
    "http://localhost.example.org",
    "http://127.0.0.1.example.org",
    "http://128.0.0.1",
    "http://notlocalhost",
    "http://[::2]",
    "ftp://example.org",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "data:text/html,x",
    "example.org",
    "",
  ])("refuses %j", (url) => expect(refusal(url)?.code).toBe("url_refused"));

  it("lets plain http through to the hosts that were allowed, and to no other", () => {
    expect(refusal("http://hs:8008/", { allowHttp: ["hs"] })).toBeUndefined();
    expect(refusal("http://HS:8008/", { allowHttp: ["hs"] })).toBeUndefined();
    expect(refusal("http://[fd00::1]/", { allowHttp: ["fd00::1"] })).toBeUndefined();
    expect(refusal("http://other.hs/", { allowHttp: ["hs"] })?.code).toBe("url_refused");
  });

  it("allows one port alone where the host was given with a port", () => {
    expect(refusal("http://hs:8008/", { allowHttp: ["hs:8008"] })).toBeUndefined();
    expect(refusal("http://hs:8009/", { allowHttp: ["hs:8008"] })?.code).toBe("url_refused");
  });

  it("refuses a user name or password, even in https and to loopback, and never repeats them", () => {
    expect(refusal("https://someone@example.org/")?.code).toBe("url_refused");
    const failure = refusal("http://someone:hunter2@localhost/");
    expect(failure?.code).toBe("url_refused");
    expect(failure?.message).not.toContain("hunter2");
  });

  it("keeps control characters of a refused URL out of the message", () => {
    expect(refusal("\u001b[31mhttp://x y\u202e")?.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it("takes only host names for --allow-http", () => {
    for (const host of ["http://hs", "hs/path", "a@hs", "h s", ""]) {
      expect(() => createUrlPolicy([host]), host).toThrow(expect.objectContaining({ code: "usage_error" }));
    }
  });
});
