import { describe, expect, it } from "vitest";
import { Secret } from "../../src/foundation/secret.js";
import { childEnvironment } from "../../src/proxy/child-environment.js";
import { parseListenAddress, systemdSocket } from "../../src/proxy/listen-address.js";
import { GrowingPause, Pace } from "../../src/proxy/pace.js";
import { FakeClock } from "../support/fake-clock.js";

describe("where to listen", () => {
  it.each([
    ["127.0.0.1:8009", { host: "127.0.0.1", port: 8009 }],
    ["localhost:1", { host: "localhost", port: 1 }],
    ["[::1]:8009", { host: "::1", port: 8009 }],
    ["0.0.0.0:65535", { host: "0.0.0.0", port: 65_535 }],
    ["8009", { host: "127.0.0.1", port: 8009 }],
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
  ])("is %s", (text, address) => {
    expect(parseListenAddress(text)).toEqual(address);
  });

  it.each([
    "",
    ":8009",
    "127.0.0.1",
    "127.0.0.1:",
    "127.0.0.1:65536",
    "::1:80",
    "[127.0.0.1]:80",
    "a b:1",
    "a/b:1",
  ])("isn't %j", (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  });

  it("is the one socket that systemd opened for this process, and no other's", () => {
    expect(systemdSocket({ LISTEN_PID: "7", LISTEN_FDS: "1" }, 7)).toEqual({ fd: 3 });
    expect(systemdSocket({ LISTEN_PID: "8", LISTEN_FDS: "1" }, 7)).toBeUndefined();
    expect(systemdSocket({}, 7)).toBeUndefined();
    expect(() => systemdSocket({ LISTEN_PID: "7", LISTEN_FDS: "2" }, 7)).toThrow("one socket");
  });
});

describe("what a program is told", () => {
  const access = {
    homeserver: "http://127.0.0.1:8009",
    access_token: new Secret("mqlp_1"),
    user_id: "@bot:example.org",
    device_id: "ABCDEFGHIJ",
  };

  it("is in its environment, under the usual names and those that were asked for", () => {
    const others = [{ name: "BOT_TOKEN", what: "access_token" }] as const;
    expect(childEnvironment({ PATH: "/bin" }, access, others)).toEqual({
      PATH: "/bin",
      NO_PROXY: "127.0.0.1",
      MATRIX_HOMESERVER: "http://127.0.0.1:8009",
      MATRIX_ACCESS_TOKEN: "mqlp_1",
      MATRIX_USER_ID: "@bot:example.org",
      MATRIX_DEVICE_ID: "ABCDEFGHIJ",
      BOT_TOKEN: "mqlp_1",
    });
  });

  it.each([
    [{ NO_PROXY: "*" }, { NO_PROXY: "*" }],
    [{ NO_PROXY: "a" }, { NO_PROXY: "a,127.0.0.1" }],
    [{ no_proxy: "a" }, { no_proxy: "a,127.0.0.1", NO_PROXY: "a,127.0.0.1" }],
    [
      { no_proxy: "a", NO_PROXY: "b" },
      { no_proxy: "a,127.0.0.1", NO_PROXY: "b,127.0.0.1" },
    ],
  ])("is to reach the proxy directly: %j", (env, expected) => {
    expect(childEnvironment(env, access, [])).toMatchObject(expected);
  });
});

describe("answers that come late", () => {
  it("are two a second at most, in the order in which they were asked for", async () => {
    const clock = new FakeClock();
    const pace = new Pace(clock);
    const out: number[] = [];
    const { signal } = new AbortController();
    for (let count = 0; count < 4; count++) {
      void pace.wait(1_000, signal).then(() => out.push(clock.now()));
    }
    await clock.advance(10_000);
    expect(out).toEqual([1_000, 1_500, 2_000, 2_500]);
  });

  it("come within half a minute, and not at all to whoever has gone", async () => {
    const clock = new FakeClock();
    const pace = new Pace(clock);
    let out = 0;
    for (let count = 0; count < 200; count++) {
      void pace.wait(1_000, new AbortController().signal).then(() => out++);
    }
    const gone = new AbortController();
    const waiting = expect(pace.wait(1_000, gone.signal)).rejects.toThrow("gone");
    gone.abort(new Error("gone"));
    await waiting;
    await clock.advance(30_000);
    expect(out).toBe(200);
  });

  it("come later each time, until all is well", () => {
    const pause = new GrowingPause(1_000, 4_000);
    expect(pause.isFirst).toBe(true);
    expect([pause.next(), pause.next(), pause.next(), pause.next()]).toEqual([1_000, 2_000, 4_000, 4_000]);
    expect(pause.isFirst).toBe(false);
    pause.reset();
    expect(pause.next()).toBe(1_000);
  });
});
