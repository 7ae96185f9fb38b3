import { readdirSync, readFileSync } from "node:fs";
import { SessionStore } from "matrix-qr-login";
import { describe, expect, it } from "vitest";
import { helpDevice } from "../../docs/examples/help-device.js";
import { signInBot } from "../../docs/examples/sign-in-bot.js";
import { blocksOf, PAGES, page, ROOT } from "./pages.js";
import { runBlock, setStage } from "./stage.js";

/** What the pages show is run as it stands there: with the built program, against the embedded homeserver. */

const RUNNABLE = PAGES.map((source) => ({
  path: source.path,
  blocks: blocksOf(source).filter(({ info }) => info === "sh run"),
})).filter(({ blocks }) => blocks.length > 0);

describe.concurrent("Blocks that are marked to be run", () => {
  it.for(RUNNABLE)("$path: each ends well", async ({ blocks }, context) => {
    const stage = await setStage(context.onTestFinished);
    for (const { code } of blocks) {
      const { block, scan } = await runBlock(code, stage);
      context.expect(block.code, block.report).toBe(0);
      if (scan) context.expect(scan.code, scan.report).toBe(0);
    }
  });
});

describe.concurrent("docs/library.md", () => {
  it("shows its examples as they are in docs/examples", () => {
    const shown = blocksOf(page("docs/library.md")).filter(({ info }) => info === "ts");
    const folder = `${ROOT}docs/examples/`;
    const files = readdirSync(folder).map((name) => readFileSync(`${folder}${name}`, "utf8"));
    expect(shown.map(({ code }) => code).sort()).toEqual(files.sort());
  });

  it("has examples that sign each other in", async (context) => {
    const { homeserver, folder } = await setStage(context.onTestFinished);
    const store = new SessionStore(folder);
    const { signal } = new AbortController();
    const codes: string[] = [];
    const links: string[] = [];
    const person = {
      checkCode: (code: string) => codes.push(code),
      link: (url: string) => links.push(url),
    };
    let helped: Promise<void> | undefined;
    const show = (payload: string) => {
      helped = helpDevice(Buffer.from(payload, "base64"), store, store.pathOf("existing"), person, signal);
    };

    const path = await signInBot(homeserver.account.userId, store, show, signal);
    await helped;

    const session = await store.read(path);
    context.expect(session).toMatchObject({ state: "complete", user_id: homeserver.account.userId });
    context.expect(homeserver.devices().map(({ deviceId }) => deviceId)).toContain(session.device_id);
    context.expect(codes).toEqual([context.expect.stringMatching(/^\d\d$/)]);
    context.expect(links).toHaveLength(1);
  });
});
