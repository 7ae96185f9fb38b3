import { describe, expect, it } from "vitest";
import { asked, optionsFor } from "../../support/command-line.js";

const EVERY_COMMAND = [
  ["generate"],
  ["scan", "qr.png"],
  ["inspect", "qr.png"],
  ["doctor", "example.org"],
  ["session", "list"],
  ["session", "show"],
  ["session", "check"],
  ["session", "export"],
  ["session", "logout"],
  ["session", "import", "-"],
  ["demo"],
  ["homeserver"],
];

describe.each(EVERY_COMMAND.map((args) => [args.join(" "), args] as const))("%s", (_name, command) => {
  it.each<[args: readonly string[], options: object]>([
    [[], { timeout: 600, allowHttp: [] }],
    [["--session", "bot"], { session: "bot" }],
    [["--timeout", "86400"], { timeout: 86_400 }],
    [["--allow-http", "a", "--allow-http", "b"], { allowHttp: ["a", "b"] }],
    [["--json"], { json: true }],
    [["--plain"], { plain: true }],
    [["--verbose"], { verbose: true }],
    [["--trace", "trace.ndjson"], { trace: "trace.ndjson" }],
  ])("takes %j", async (args, options) => {
    expect(await optionsFor([...command, ...args])).toMatchObject(options);
  });

  it.each(["0", "86401", "-1", "1.5", "soon", ""])("refuses a time of %j", async (timeout) => {
    await expect(asked([...command, `--timeout=${timeout}`])).rejects.toThrow(
      /whole number|number of seconds/,
    );
  });
});
