import { expect } from "vitest";
import { blocksOf, page } from "../docs/pages.js";
import { it } from "../support/machine.js";
import { diagnose } from "../support/stack-doctor.js";
import { provideSite, signIn } from "../support/stack-sign-in.js";

const site = provideSite({
  MSC4388_MODE: "off",
  MSC4108_2024: "false",
  AUTOFILL: "false",
  DEVICE_GRANT: "false",
});

const blocks = blocksOf(page("docs/servers.md"));
function block(info: string): string {
  const found = blocks.find((each) => each.info === info);
  if (!found) throw new Error(`docs/servers.md has no block of ${info}.`);
  return found.code;
}

it("an admin who does what docs/servers.md says has a homeserver where devices can be signed in", async ({
  machine,
}) => {
  const { stack } = site();
  expect((await diagnose(machine, stack)).verdict.sign_in).toBe(false);

  await stack.configure("mas", block("yaml mas"));
  await stack.configure("synapse", block("yaml synapse"));
  await stack.configureProxy(block("nginx"));
  await Promise.all([stack.restart("mas"), stack.restart("synapse")]);

  const { code, settings } = await diagnose(machine, stack);
  expect([code, settings]).toEqual([0, {}]);
  await signIn(machine, site(), "new", { channel: "msc4108-2024" });
});
