import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, vi } from "vitest";
import { CodePicture } from "../../src/ui/code-picture.js";
import { scanPicture } from "../support/pictures.js";
import { EXAMPLES, PAYLOAD } from "./event-examples.js";

function picture() {
  const parent = mkdtempSync(join(tmpdir(), "desk-"));
  const waiting: ((path: string) => void)[] = [];
  const open = async (path: string) => waiting.shift()?.(path);
  /** The path of what is opened next. */
  const opened = () => new Promise<string>((resolve) => waiting.push(resolve));
  const atExit = vi.fn();
  return { parent, opened, atExit, picture: new CodePicture({ parent, open, atExit }) };
}

it("opens the code as a picture that only its owner can see, and is gone afterwards", async () => {
  const { picture: code, opened, atExit } = picture();
  const next = opened();
  code.open(EXAMPLES.qr);
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
  code.open(EXAMPLES.qr);
  await first;
  const renewed = Buffer.from(PAYLOAD, "base64").fill(0x5a, 8);
  code.renew({ ...EXAMPLES.qr, payload: renewed.toString("base64") });
  const again = opened();
  code.open({ ...EXAMPLES.qr, payload: renewed.toString("base64") });
  expect(await scanPicture(readFileSync(await again))).toEqual(new Uint8Array(renewed));
  code.remove();
});
