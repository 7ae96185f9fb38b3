import { expect } from "vitest";
import { findChromium } from "../support/chromium.js";
import { startGenerator, typeCheckCode } from "../support/device-pair.js";
import { it as machineTest } from "../support/machine.js";
import { PersonsBrowser } from "../support/stack-browser.js";
import { expectVerified, provideSite } from "../support/stack-sign-in.js";

const DEVICE_ID = "BROWSERDEVICE";
const DEVICE_NAME = "Alice's new laptop";
const chromium = findChromium();
const site = provideSite();

const it = machineTest.extend<{ browser: PersonsBrowser }>({
  browser: async ({ machine }, use) => {
    if (chromium === undefined) throw new Error("There is no Chromium here.");
    const browser = await PersonsBrowser.prepare(machine, chromium);
    await use(browser);
    await browser.close();
  },
});

it("a person logs in and consents in the browser that scan opens", async ({ machine, browser }) => {
  const { stack, account } = site();
  const generator = await startGenerator(machine, account, "new", {
    generate: ["--device-id", DEVICE_ID, "--device-name", DEVICE_NAME],
  });
  const { payload } = await generator.event("qr");
  const scanner = machine.start(["scan", payload, "--json", "--yes", "--browser", browser.command], {
    stdin: "none",
  });
  const pair = { generator, scanner, newDevice: generator, existingDevice: scanner };
  await typeCheckCode(pair);
  expect(await scanner.event("browser")).toEqual({ event: "browser", opened: true, by: "command" });

  const page = await browser.page();
  await page.fill("input[name=username]", account.user);
  await page.fill("input[name=password]", stack.password);
  await page.click("button[type=submit]");
  const { confirm, allow, allowed } = stack.consentPage;
  if (confirm !== undefined) await page.check(confirm);
  const { user_code } = await generator.event("waiting_for_consent");
  const text = await page.textContent("body");
  for (const shown of [account.device.userId, DEVICE_NAME, user_code]) expect(text).toContain(shown);
  await page.click(allow);
  await expectVerified(machine, site(), { ...pair, deviceId: DEVICE_ID });
  expect(await page.textContent("body")).toContain(allowed);
});
