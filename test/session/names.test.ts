import { describe, expect, it } from "vitest";
import { isSessionName, nameOfDevice, nameOfUser } from "../../src/session/names.js";

describe("nameOfDevice", () => {
  it.each(["+abc", "../../etc", "a\u0000b", "x".repeat(255), "-", "CON.json"])(
    "makes %j a name",
    (deviceId) => {
      expect(nameOfDevice(deviceId)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/);
    },
  );
});

describe("nameOfUser", () => {
  it.each([
    ["@bot:example.org", "bot_example.org"],
    ["@alice:127.0.0.1:8008", "alice_127.0.0.1_8008"],
    ["@a/b=c+d:[::1]:8448", "a_b_c_d____1__8448"],
    ["@bot:example.org.", "bot_example.org"],
    ["@.hidden:example.org", "_hidden_example.org"],
    ["@-rf:example.org", "_rf_example.org"],
    ["@bot:example.json", "bot_example_json"],
    ["@\u00e9:example.org", "__example.org"],
  ])("makes %j the name %j", (userId, name) => {
    expect(nameOfUser(userId)).toBe(name);
    expect(isSessionName(name)).toBe(true);
  });

  it("leaves room for a number behind a long one", () => {
    expect(isSessionName(`${nameOfUser(`@${"x".repeat(200)}:example.org`)}-1000`)).toBe(true);
  });
});
