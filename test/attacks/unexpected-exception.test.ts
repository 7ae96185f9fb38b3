import { expect, it } from "vitest";
import { Failure } from "../../src/foundation/failures.js";

/** What is told of an exception that nobody expected, whose text may hold whatever was being worked on. */

const KEY = "kgFZJlV2mE0VMzUm0qKlhmhXnQ1p6fk5mSVcVJzF8oA";

const THROWN: readonly (readonly [string, unknown])[] = [
  ["in its message", new Error(`bad key ${KEY}`)],
  [
    "in a message of several lines, made up as a place",
    new TypeError(`x\n    at ${KEY} (/src/${KEY}.ts:1:1)`),
  ],
  ["in its name", Object.assign(new Error("x"), { name: KEY })],
  ["in its code", Object.assign(new Error("x"), { code: `E${KEY}` })],
  ["in its cause", new Error("x", { cause: new Error(KEY) })],
  ["as a text that is thrown", KEY],
  ["in an object that is thrown", { message: KEY, stack: KEY }],
];

it.each(THROWN)("a key is not told that is there %s", (_, thrown) => {
  const failure = Failure.from(thrown);
  expect(failure.code).toBe("internal_error");
  expect(failure.message).not.toContain(KEY);
});

it("its kind, its code and its place are told, for a report", () => {
  const error = Object.assign(new RangeError("secret"), { code: "ERR_OUT_OF_RANGE" });
  error.stack = [
    "RangeError [ERR_OUT_OF_RANGE]: secret",
    "    at Buffer.write (node:buffer:1:1)",
    "    at seal (file:///home/bot/lib/node_modules/matrix-qr-login/dist/protocol/hpke-channel.js:12:34)",
  ].join("\n");
  expect(Failure.from(error).message).toBe(
    "Internal error: RangeError ERR_OUT_OF_RANGE at node_modules/matrix-qr-login/dist/protocol/hpke-channel.js:12.",
  );
});

it("the place of an error of this program's own is told", () => {
  expect(Failure.from(new Error("x")).message).toMatch(/^Internal error: Error at /);
});
