import { readFile } from "node:fs/promises";
import { describe, expect } from "vitest";
import { it, type Machine } from "../support/machine.js";
import { strayCode, writePicture } from "../support/qr-samples.js";
import { recording } from "../support/recording.js";

/** The bundle has a chunk for each package that isn't one by itself. */
const HEAVY: readonly (readonly [name: string, loadedFrom: string])[] = [
  ["undici", "/dist/cli/undici.js"],
  ["sharp", "/node_modules/sharp/"],
  ["zxing-wasm", "/node_modules/zxing-wasm/"],
  ["jsqr", "/dist/cli/jsqr.js"],
  ["libheif-js", "/node_modules/libheif-js/"],
  ["ink", "/dist/cli/ink.js"],
  ["@hpke", "/dist/cli/@hpke-core.js"],
  ["oauth4webapi", "/dist/cli/oauth4webapi.js"],
  ["open", "/dist/cli/default-browser.js"],
];

/** What a new device needs of the homeserver is loaded once its code is on show, which may have begun when that is seen. */
const ONCE_SHOWN = "/dist/cli/sign-in-homeserver.js";

/** The heavy packages that were loaded so far, and before a code was on show. */
async function heavyOnesLoaded(machine: Machine): Promise<string[]> {
  const [urls = ""] = (await readFile(recording(machine).modules, "utf8")).split(ONCE_SHOWN);
  expect(urls).toContain("/dist/cli/cli.js");
  return HEAVY.filter(([, loadedFrom]) => urls.includes(loadedFrom)).map(([name]) => name);
}

describe.concurrent("nothing heavy is loaded", () => {
  it.for([
    ["for --version", ["--version"]],
    ["for --help", ["--help"]],
    ["for the help of a sign-in", ["generate", "--help"]],
    ["to inspect a payload", ["inspect", strayCode("new").toString("base64")]],
    ["to list the sessions", ["session", "list"]],
  ] as const)("%s", async ([, args], { machine }) => {
    const { code, stderr } = await machine.run(args, { env: recording(machine).env });
    expect(code, stderr).toBe(0);
    expect(await heavyOnesLoaded(machine)).toEqual([]);
  });
});

describe.concurrent("only what is needed is loaded", () => {
  it("for the help: not even what checks data from outside", async ({ machine }) => {
    const { env, modules } = recording(machine);
    expect((await machine.run(["--help"], { env })).code).toBe(0);
    expect(await readFile(modules, "utf8")).not.toContain("/dist/cli/valibot.js");
  });

  it("to inspect a picture", async ({ machine }) => {
    const picture = await writePicture(machine.path("qr.png"), strayCode("new"));
    expect((await machine.run(["inspect", picture], { env: recording(machine).env })).code).toBe(0);
    expect(await heavyOnesLoaded(machine)).toEqual(["sharp", "zxing-wasm"]);
  });

  it.for([
    ["new", "--plain"],
    ["existing", "--plain"],
    ["new", "--json"],
    ["existing", "--json"],
  ] as const)("before the %s device shows its code, with %s", async ([as, form], { machine }) => {
    const server = await machine.homeserver();
    await machine.addSession(server.existingSession);
    const options = as === "new" ? ["--homeserver", server.baseUrl.href] : ["--yes", "--no-browser"];
    const generator = machine.start(["generate", "--as", as, form, "--check-code", "stdin", ...options], {
      env: recording(machine).env,
    });
    const shown = form === "--json" ? '"qr"' : "matrix-qr-login scan";
    await generator.until(() => (generator.stdout + generator.stderr).includes(shown), "the code");
    expect(await heavyOnesLoaded(machine)).toEqual(["undici", "@hpke"]);
  });
});
