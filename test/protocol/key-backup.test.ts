import { describe, expect, it } from "vitest";
import { backupMismatch } from "../../src/protocol/key-backup.js";
import { FakeClock } from "../support/fake-clock.js";
import { MemoryHomeserver } from "../support/memory-homeserver.js";

const { secrets, backup: current } = new MemoryHomeserver(new FakeClock());
const mismatch = (changes: object) => {
  if (!secrets.backup || !current) throw new TypeError("Both are there.");
  return backupMismatch(secrets.backup, { ...current, ...changes });
};

describe("a backup key", () => {
  it("fits the backup of its version, algorithm and public key", () => {
    expect(mismatch({})).toBeUndefined();
  });

  it("is held to no public key where the algorithm has none", () => {
    const { publicKey: _, ...withoutKey } = current ?? { version: "", algorithm: "" };
    expect(secrets.backup && backupMismatch(secrets.backup, withoutKey)).toBeUndefined();
  });

  it("of an older version is called stale, and both versions are named", () => {
    expect(mismatch({ version: "2\u001b[2J" })).toMatch(/^is stale: .*version 1, .*version 2\\u\{1b\}\[2J$/);
  });

  it.each([
    ["another algorithm", { algorithm: "other" }, "algorithm"],
    ["another key", { publicKey: "AAAA" }, "private half"],
  ])("doesn't fit a backup with %s", (_what, changes, said) => {
    expect(mismatch(changes)).toContain(said);
  });

  it("is of no use where there is no backup any more", () => {
    expect(secrets.backup && backupMismatch(secrets.backup, undefined)).toContain("no key backup");
  });
});
