import type { HttpRequest } from "../../src/network/http.js";
import { RepeatingHttpClient } from "../../src/network/http-client.js";
import type { TraceEntry } from "../../src/network/trace.js";
import { TransportError } from "../../src/network/transport.js";
import { FakeClock } from "./fake-clock.js";
import type { FakeTransport } from "./fake-transport.js";
import { localUrlPolicy } from "./local-url-policy.js";

export const refused = new TransportError("connection refused", { mayHaveBeenSent: false });

export type HttpClientAtHand = ReturnType<typeof httpClient>;

/** An HTTP client on a clock that is run by hand, with what it traces. */
export function httpClient() {
  const clock = new FakeClock();
  const trace: TraceEntry[] = [];

  function client(transport: FakeTransport) {
    return new RepeatingHttpClient({
      clock,
      urlPolicy: localUrlPolicy(),
      userAgent: "test/1",
      transport: transport.send,
      trace: (entry) => trace.push(entry),
      close: async () => {},
    });
  }

  function send(transport: FakeTransport, request: Partial<HttpRequest> = {}) {
    const sent = client(transport).send({
      method: "GET",
      url: new URL("https://hs.example/path"),
      ...request,
    });
    return clock.runUntil(sent);
  }

  return { clock, trace, client, send };
}
