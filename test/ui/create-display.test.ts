import { expect, it, vi } from "vitest";
import { createDisplay } from "../../src/ui/create-display.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeInput, FakeOutput } from "../support/fake-terminal.js";
import { EXAMPLES } from "./event-examples.js";

const loaded = vi.hoisted(() => ({ ink: false }));
vi.mock("ink", async (original) => {
  loaded.ink = true;
  return await original();
});

function world(env: Record<string, string>, stderr = new FakeOutput({ columns: 80, rows: 24 })) {
  const stdout = new FakeOutput();
  const stdin = new FakeInput(stderr.isTTY);
  const context = {
    env,
    platform: "linux" as const,
    stdin: stdin.asStream(),
    stdout: stdout.asStream(),
    stderr: stderr.asStream(),
    clock: new FakeClock(),
  };
  return { context, stdout, stderr, stdin };
}

const interrupt = () => {};
const TICKED_OFF = "✓ ";

it("is JSON when asked for, whatever stderr is", async () => {
  const { context, stdout, stderr } = world({});
  (await createDisplay({ mode: "json", context, interrupt })).emit(EXAMPLES.verified);
  expect(stdout.text).toBe('{"event":"verified","device_id":"ABCDEFGHIJ"}\n');
  expect(stderr.text).toBe("");
});

it.each([
  ["when asked for", "plain", {}, undefined],
  ["on a dumb terminal", "auto", { TERM: "dumb" }, undefined],
  ["in CI", "auto", { CI: "true" }, undefined],
  ["where stderr is no terminal", "auto", {}, new FakeOutput()],
  ["where the terminal doesn't know its size", "auto", {}, new FakeOutput({ columns: 0, rows: 0 })],
] as const)("is plain %s", async (_name, mode, env, output) => {
  const { context, stdout, stderr } = world(env, output);
  (await createDisplay({ mode, context, interrupt })).emit(EXAMPLES.verified);
  expect(stderr.text).toBe("Verified: the homeserver shows device ABCDEFGHIJ as yours.\n");
  expect(stdout.text).toBe("");
});

it("is plain where lines are typed to stdin on the terminal", async () => {
  const { context, stderr } = world({});
  (await createDisplay({ mode: "auto", context, interrupt, stdinInUse: true })).emit(EXAMPLES.verified);
  expect(stderr.text).not.toContain(TICKED_OFF);
});

it.each([{}, { CI: "false" }, { NO_COLOR: "1" }])("is interactive on a terminal with %j", async (env) => {
  const { context, stderr } = world(env);
  (await createDisplay({ mode: "auto", context, interrupt })).emit(EXAMPLES.verified);
  expect(stderr.text).toContain("✓");
  expect(stderr.text.includes("\u001b[32m")).toBe(!("NO_COLOR" in env));
});

it("has the QR code on screen before ink is loaded, and loads no ink before there is something to wait for", async () => {
  const { context, stderr } = world({});
  const display = await createDisplay({ mode: "auto", context, interrupt });
  display.emit(EXAMPLES.started);
  display.emit(EXAMPLES.rendezvous_created);
  expect(loaded.ink).toBe(false);
  display.emit(EXAMPLES.qr);
  expect(stderr.text).toContain("▀");
  expect(loaded.ink).toBe(false);
  await vi.waitUntil(() => loaded.ink);
  await display.close();
});

it("finds nobody to ask where there is no terminal", async () => {
  const { context } = world({}, new FakeOutput());
  expect((await createDisplay({ mode: "auto", context, interrupt })).prompt).toBeUndefined();
});
