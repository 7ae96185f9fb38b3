import { expect, it } from "vitest";
import { withProgram } from "../../src/foundation/with-program.js";

it.each([
  ["Run `session check bot` again.", "Run `npx matrix-qr-login session check bot` again."],
  ["Make one: `matrix-qr-login generate`.", "Make one: `npx matrix-qr-login generate`."],
  ["Set `sessions` or `--yes`.", "Set `sessions` or `--yes`."],
])("a hint's commands can be pasted: %j", (hint, shown) => {
  expect(withProgram(hint, "npx matrix-qr-login")).toBe(shown);
});
