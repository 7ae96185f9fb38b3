import { expect, it } from "vitest";
import { commandTree } from "../../src/cli.js";
import { manPage } from "../../src/help/man-page.js";

it("the manual page is what the command tree gives: `npm run docs:man` writes it", async () => {
  await expect(manPage(commandTree())).toMatchFileSnapshot("../../man/matrix-qr-login.1");
});
