import { describe, expect, it } from "vitest";
import { oddAnswer, tryLater } from "../../src/network/odd-answer.js";
import { FakeClock } from "../support/fake-clock.js";

const url = new URL("https://hs.example/base/_matrix/client/v1/auth_metadata");
const PAGE = "<!doctype html><title>Welcome</title>";

function answer(status: number, text: string, headers: Record<string, string> = {}) {
  const isJson = /^[[{]/.test(text);
  const json: unknown = isJson ? JSON.parse(text) : undefined;
  return { status, text, json, header: (name: string) => headers[name] };
}

const said = (...given: Parameters<typeof answer>) => {
  const { message, hint } = oddAnswer(url, answer(...given));
  return [message.replace("hs.example answers /v1/auth_metadata with ", ""), hint];
};

describe("an answer that is of no use says what came", () => {
  it.each<[string, Parameters<typeof answer>, string, RegExp]>([
    ["a web page", [200, PAGE], "a web page instead of JSON.", /won't change it.*\/_matrix/],
    [
      "a page by its type",
      [200, "hi", { "content-type": "text/html" }],
      "a web page instead of JSON.",
      /\/_matrix/,
    ],
    ["an error page", [404, PAGE], "404 (a web page).", /won't change it.*\/_matrix/],
    ["a dead backend", [502, PAGE], "502 (a web page).", /in front of the server.*few minutes/],
    ["a fault", [500, "{}"], "500.", /fault: try again later/],
    [
      "a refusal",
      [403, '{"errcode":"M_FORBIDDEN","error":"no"}'],
      "403 (M_FORBIDDEN: no).",
      /won't change it/,
    ],
    ["a text", [400, "bad\u001b"], "400 (bad\\u{1b}).", /won't change it/],
    ["a firewall", [403, ""], "403.", /pass requests/],
    [
      "a password",
      [401, "", { "www-authenticate": 'Basic realm="x"' }],
      "401 (it asks for a password, by Basic).",
      /let requests/,
    ],
    [
      "a check by header",
      [403, PAGE, { "cf-mitigated": "challenge" }],
      "403 (a check that only browsers pass).",
      /let requests/,
    ],
    [
      "a check by text",
      [503, "<script src=/cdn-cgi/challenge-platform/x>"],
      "503 (a check that only browsers pass).",
      /let requests/,
    ],
    [
      "a redirect",
      [302, "", { location: "https://u:p@sso.example/in?token=x#y" }],
      "302, a redirect to https://sso.example/in.",
      /use https:\/\/sso\.example itself/,
    ],
    ["other JSON", [200, "[]"], "JSON that can't be used.", /won't change it/],
  ])("%s", (_what, given, message, hint) => {
    const [saidMessage, saidHint] = said(...given);
    expect(saidMessage).toBe(message);
    expect(saidHint).toMatch(hint);
  });

  it.each<[string, Parameters<typeof answer>, string]>([
    ["nothing", [200, " "], "nothing."],
    ["a text", [200, "OK"], "something that isn't JSON."],
  ])("%s, of which nobody knows whether it will stay", (_what, given, message) => {
    expect(said(...given)[0]).toBe(message);
  });

  it("and tells no device's or connection's ID", () => {
    const secret = new URL("https://hs.example/_matrix/client/v1/rendezvous/abcdef");
    expect(oddAnswer(secret, answer(400, "")).message).not.toContain("abcdef");
  });
});

it("asks to come back at the time that a server names, whatever its status", () => {
  const clock = new FakeClock();
  const { hint } = tryLater(url, answer(503, PAGE, { "retry-after": "600" }), clock);
  const until = new Date(clock.date().getTime() + 600_000).toTimeString().slice(0, 8);
  expect(hint).toBe(`It asks to be left alone for 10 min: try again at ${until}.`);
});
