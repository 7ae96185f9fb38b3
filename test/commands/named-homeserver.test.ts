import { expect, it, onTestFinished } from "vitest";
import { askForHomeserver } from "../../src/commands/named-homeserver.js";
import { systemClock } from "../../src/foundation/clock.js";
import type { LoginEvent } from "../../src/foundation/events.js";
import { createHttpClient } from "../../src/network/http-client.js";
import { createUrlPolicy } from "../../src/network/url-policy.js";
import type { Display } from "../../src/ui/display.js";
import { devHomeserver } from "../support/dev-homeserver.js";
import { expectFailure } from "../support/failures.js";

/** Somebody at a terminal who types these, one after the other, and then nothing. */
function typing(...lines: string[]) {
  const events: LoginEvent[] = [];
  const unwanted = () => Promise.reject(new Error("Nobody asked for this."));
  const display: Display = {
    emit: (event) => void events.push(event),
    awaiting: () => undefined,
    log: () => undefined,
    lacksRoomFor: () => false,
    prompt: {
      ...{ checkCode: unwanted, confirm: unwanted, secret: unwanted, secretDone: () => undefined },
      text: async () => lines.shift() ?? "",
    },
    close: async () => undefined,
  };
  const urlPolicy = createUrlPolicy([]);
  const http = createHttpClient({ clock: systemClock, env: {}, urlPolicy, userAgent: "test" });
  onTestFinished(() => http.close());
  const { signal } = new AbortController();
  return {
    events,
    asked: () => askForHomeserver({ http, urlPolicy, clock: systemClock }, { display, signal }),
  };
}

it("asks again for a homeserver that was mistyped, and says why", async () => {
  const { baseUrl } = await devHomeserver();
  const { events, asked } = typing("exa mple.org", baseUrl.href);
  expect((await asked()).href).toBe(baseUrl.href);
  expect(events).toEqual([
    { event: "warning", code: "homeserver_not_found", message: expect.stringContaining("exa mple.org") },
  ]);
});

it("gives up once nothing is typed any more", async () => {
  const { asked } = typing("exa mple.org");
  await expectFailure("homeserver_missing", asked);
});
