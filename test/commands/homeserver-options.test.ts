import { describe, it } from "vitest";
import { expectRefusal } from "../support/refused-command.js";

describe("an option of the development homeserver that would change nothing", () => {
  it.each([
    ["--synapse-secret-file", "secret"],
    ["--public-url", "http://127.0.0.1:8080/"],
    ["--allow-remote-synapse"],
    ["--like", "tuwunel", "--like-synapse"],
  ])("is refused: %s", async (...options) => {
    await expectRefusal({ args: ["homeserver", ...options], code: "usage_error" });
  });
});

describe("the secrets of a new device", () => {
  it.each([
    ["generate", "--homeserver", "example.org", "--recovery-key-file", "key"],
    ["scan", "qr.png", "--as", "new", "--secrets", "file"],
  ])("come from the other device: %s", async (...args) => {
    await expectRefusal({ args, code: "usage_error", hint: "`login`" });
  });
});
