import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import type { NoDesktop } from "../../src/sign-in/desktop.js";
import { CodePicture } from "../../src/ui/code-picture.js";
import { scanPicture } from "../support/pictures.js";
import { EXAMPLES, PAYLOAD } from "./event-examples.js";

function picture(desk: { lacks?: NoDesktop; fails?: boolean } = {}) {
  const parent = mkdtempSync(join(tmpdir(), "desk-"));
  const waiting: ((path: string) => void)[] = [];
  const open = async (path: string, failed: () => void) => {
    waiting.shift()?.(path);
    if (desk.fails) failed();
  };
  /** The path of what is opened next. */
  const opened = () => new Promise<string>((resolve) => waiting.push(resolve));
  const atExit = vi.fn();
  return { parent, opened, atExit, picture: new CodePicture({ parent, open, atExit, lacks: desk.lacks }) };
}

const ignore = () => undefined;

it("opens the code as a picture that only its owner can see, and is gone afterwards", async () => {
  const { picture: code, opened, atExit } = picture();
  const next = opened();
  code.open(EXAMPLES.qr, ignore);
  const path = await next;
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(await scanPicture(readFileSync(path))).toEqual(new Uint8Array(Buffer.from(PAYLOAD, "base64")));
  // The process may end before anybody closes the display.
  expect(atExit).toHaveBeenCalledOnce();
  code.remove();
  expect(existsSync(path)).toBe(false);
});

it("has nothing on disk that nobody wanted to see", () => {
  const { picture: code, parent } = picture();
  code.renew(EXAMPLES.qr);
  code.remove();
  expect(readdirSync(parent)).toEqual([]);
});

it("follows a code that is renewed", async () => {
  const { picture: code, opened } = picture();
  const first = opened();
  code.open(EXAMPLES.qr, ignore);
  await first;
  const renewed = Buffer.from(PAYLOAD, "base64").fill(0x5a, 8);
  code.renew({ ...EXAMPLES.qr, payload: renewed.toString("base64") });
  const again = opened();
  code.open({ ...EXAMPLES.qr, payload: renewed.toString("base64") }, ignore);
  expect(await scanPicture(readFileSync(await again))).toEqual(new Uint8Array(renewed));
  code.remove();
});

it.each([
  ["over SSH", { lacks: "ssh" }, ["It can't be opened over SSH"]],
  ["without a display", { lacks: "no_display" }, ["No display to open it on"]],
  ["where nothing shows pictures", { fails: true }, ["Opening", "It can't be opened here"]],
] as const)("says %s why it isn't opened, and which file it is in", async (_where, desk, told) => {
  const { picture: code } = picture(desk);
  const said: string[] = [];
  await new Promise<void>((resolve) => {
    code.open(EXAMPLES.qr, (text) => {
      if (said.push(text) === told.length) resolve();
    });
  });
  expect(code.opens).toBe(!("lacks" in desk));
  expect(said.map((text) => text.replace(/:? (see )?\S+$/, ""))).toEqual(told);
  const path = said.at(-1)?.split(" ").at(-1) ?? "";
  expect(await scanPicture(readFileSync(path))).toEqual(new Uint8Array(Buffer.from(PAYLOAD, "base64")));
  code.remove();
});

it("says that there is no picture where none can be written", () => {
  const { picture: code, parent } = picture();
  rmSync(parent, { recursive: true });
  const tell = vi.fn();
  code.open(EXAMPLES.qr, tell);
  expect(tell).toHaveBeenCalledExactlyOnceWith("No picture of it can be written here.");
});
