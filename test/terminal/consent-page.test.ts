import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ROOT } from "../docs/pages.js";
import { authorizeDevice, devHomeserver } from "../support/dev-homeserver.js";
import { startChromium } from "../support/terminal-browser.js";
import { writePicture } from "../support/terminal-pictures.js";

/** Where `npm run docs:scenes` wants pictures. */
const KEPT = process.env["MATRIX_QR_LOGIN_SCENES"];

it("the consent page has both buttons in view on a small phone", async () => {
  const { baseUrl, account } = await devHomeserver();
  const { userCode } = await authorizeDevice(baseUrl, "LDYSSZIDPT");
  const browser = await startChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 375, height: 667 }, deviceScaleFactor: 2 });
  await page.goto(new URL(`/link?code=${userCode}`, baseUrl).href);
  await page.fill("input[name=username]", account.localpart);
  await page.fill("input[name=password]", account.password);
  await page.click("button[type=submit]");
  for (const action of ["allow", "decline"]) {
    const { y, height } = (await page.locator(`button[value=${action}]`).boundingBox()) ?? {
      y: 0,
      height: NaN,
    };
    expect(y + height, action).toBeLessThanOrEqual(667);
  }
  if (!KEPT) return;
  await page.setViewportSize({ width: 560, height: 840 });
  await writePicture(join(ROOT, KEPT), "consent-page.png", Buffer.from(await page.screenshot()));
});
