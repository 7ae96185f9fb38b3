import { expect, it } from "vitest";
import { defaultDeviceName } from "../../src/commands/device-name.js";

it.each([
  ["builder-3", "matrix-qr-login on builder-3"],
  ["builder-3.internal.example.org", "matrix-qr-login on builder-3"],
  ["", "matrix-qr-login"],
  ["\u001b[31mred", "matrix-qr-login"],
])("a device on the host '%s' is called '%s'", (host, name) => {
  expect(defaultDeviceName({ hostName: () => host })).toBe(name);
});
