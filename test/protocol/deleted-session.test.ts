import { expect, it } from "vitest";
import { SecureChannel } from "../../src/protocol/secure-channel.js";
import { channelPair } from "../support/channel-pair.js";
import { answer } from "../support/fake-transport.js";

const { signal } = new AbortController();

it("a session whose last message was read is waited for until it is deleted, or can't be", async () => {
  const { g, s, clock, rendezvous } = await channelPair();
  rendezvous.fault = ({ method }) => (method === "DELETE" ? answer(500) : undefined);
  await s.send({ type: "m.login.declined" }, signal);
  await clock.runUntil(g.receive(["m.login.declined"], "person", signal));
  const started = clock.now();
  await clock.runUntil(g.deleted());
  expect(clock.now() - started).toBeGreaterThan(5_000);
});

it("a session that goes on is waited for by nobody", async () => {
  const { g, clock } = await channelPair();
  const started = clock.now();
  await g.deleted();
  expect(clock.now()).toBe(started);
});

it("a channel is that of its own role's end, and nothing else is one", async () => {
  const { g, s } = await channelPair("new");
  expect([SecureChannel.isFor(g, "new"), SecureChannel.isFor(g, "existing")]).toEqual([true, false]);
  expect([SecureChannel.isFor(s, "new"), SecureChannel.isFor(s, "existing")]).toEqual([false, true]);
  expect(SecureChannel.isFor({} as SecureChannel, "new")).toBe(false);
});
