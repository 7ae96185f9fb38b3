import { describe, expect } from "vitest";
import { startGenerator } from "../support/device-pair.js";
import { expectFailureOf } from "../support/failed-runs.js";
import { it } from "../support/machine.js";

/** A bug that nothing catches, planted where a signal sets it off. */

const KEY = "kgFZJlV2mE0VMzUm0qKlhmhXnQ1p6fk5mSVcVJzF8oA";
const PLANTED = {
  exception: `process.on("SIGWINCH",()=>{throw(new(Error)("${KEY}"))})`,
  rejection: `process.on("SIGWINCH",()=>{Promise.reject(new(Error)("${KEY}"))})`,
};

describe.skipIf(process.platform === "win32").concurrent("a bug that nothing catches", () => {
  it.for(Object.entries(PLANTED))(
    "an %s ends in failure, cleans up, and tells no text",
    async ([, bug], { machine }) => {
      const server = await machine.homeserver();
      const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(bug)}` };
      const generator = await startGenerator(machine, server, "new", { generator: { env } });
      await generator.event("qr");
      generator.kill("SIGWINCH");
      const { message } = await expectFailureOf(generator, "internal_error");
      expect(message).toMatch(/^Internal error: Error/);
      expect(generator.stdout + generator.stderr).not.toContain(KEY);
      expect(server.liveRendezvousSessions()).toEqual([]);
      expect(await machine.sessionFiles()).toEqual(["existing.json"]);
    },
  );
});
