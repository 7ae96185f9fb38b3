import { describe, expect, it, vi } from "vitest";
import { devHomeserver } from "../support/dev-homeserver.js";
import { FakeClock } from "../support/fake-clock.js";
import { serve } from "../support/local-server.js";
import { plainSession, startProxy, stepUntil } from "../support/session-proxy.js";

/** How often a homeserver is asked by a proxy whose programs don't pause by themselves. */

const WHOAMI = "/_matrix/client/v3/account/whoami";

/** A homeserver that is away, before which a proxy is; `times` has when it was asked. */
async function away(clock: FakeClock, isAnswered: boolean) {
  const times: number[] = [];
  const upstream = await serve((request, response) => {
    if (request.url === WHOAMI) times.push(clock.now());
    if (!isAnswered) return request.socket.destroy();
    response.statusCode = 503;
    response.end();
  });
  return { times, proxy: await startProxy(plainSession(upstream), { clock }) };
}

function gapsOf(times: readonly number[]): number[] {
  return times.slice(1).map((time, at) => time - (times[at] ?? 0));
}

describe("a homeserver that is away", () => {
  it.each([
    ["breaks connections", false],
    ["has something in front of it that says so", true],
  ])("is asked again a second later at the soonest, where it %s", async (_how, isAnswered) => {
    const clock = new FakeClock();
    const { times, proxy } = await away(clock, isAnswered);
    for (let count = 0; count < 6; count++) await stepUntil(clock, proxy.ask(`GET ${WHOAMI}`));
    expect(times).toHaveLength(6);
    expect(Math.min(...gapsOf(times))).toBeGreaterThanOrEqual(1_000);
  });

  it("is asked twice a second at most, by however many programs at once", async () => {
    const clock = new FakeClock();
    const { times, proxy } = await away(clock, false);
    const program = async () => {
      for (let count = 0; count < 4; count++) await proxy.ask(`GET ${WHOAMI}`);
    };
    const programs = 10;
    await stepUntil(clock, Promise.all(Array.from({ length: programs }, program)));
    expect(times).toHaveLength(4 * programs);
    // The first of each comes when it likes; and some are on their way for a moment.
    const seconds = ((times.at(-1) ?? 0) - (times[programs] ?? 0)) / 1_000;
    expect((times.length - programs - 1) / seconds).toBeLessThan(2.5);
  });
});

describe("a token endpoint", () => {
  it("is asked again a second later at the soonest, however short its tokens live", async () => {
    const clock = new FakeClock();
    const times: number[] = [];
    const server = await devHomeserver({
      clock,
      accessTokenLifetimeMs: 1,
      intercept: ({ path }) => {
        if (path === "/oauth2/token") times.push(clock.now());
        return undefined;
      },
    });
    await startProxy(server.existingSession, { clock });
    await vi.waitFor(
      async () => {
        await clock.advance(100);
        expect(times.length).toBeGreaterThan(4);
      },
      { timeout: 15_000, interval: 1 },
    );
    expect(Math.min(...gapsOf(times))).toBeGreaterThanOrEqual(1_000);
  });
});
