import crypto, { KeyObject } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { vi } from "vitest";
import { countFileWork } from "../support/file-work.js";

countFileWork();

/** All worlds have the same account: its keys are made, and sign each other, once. */
vi.mock("../../src/dev-homeserver/seed.js", async (importOriginal) => {
  const original = await importOriginal<typeof import("../../src/dev-homeserver/seed.js")>();
  const keys = new Map<string, ReturnType<typeof original.seedKeys>>();
  const devices = new Map<string, ReturnType<typeof original.seedDevice>>();
  const remembered = <Made>(made: Map<string, Made>, name: string, make: () => Made): Made => {
    const found = made.get(name) ?? make();
    made.set(name, found);
    // A homeserver may take back what it publishes.
    return structuredClone(found);
  };
  return {
    ...original,
    seedKeys: (userId: string) => remembered(keys, userId, () => original.seedKeys(userId)),
    seedDevice: (userId: string, selfSigning: Parameters<typeof original.seedDevice>[1]) =>
      remembered(devices, userId, () => original.seedDevice(userId, selfSigning)),
  };
});

/** Making a key object takes half a millisecond, and thousands of sign-ins make the same ones again and again. */
function rememberKeyObjects(): void {
  const derived = new WeakMap<KeyObject, KeyObject>();
  const { createPrivateKey, createPublicKey } = crypto;
  const made = new Map<string, KeyObject>();
  const remembered = <Input>(input: Input, make: (input: Input) => KeyObject): KeyObject => {
    const { key } = input as { key?: unknown };
    if (!Buffer.isBuffer(key)) return make(input);
    const name = key.toString("latin1");
    if (made.size > 1000) made.clear();
    const object = made.get(name) ?? make(input);
    made.set(name, object);
    return object;
  };
  const exportedOnce = (object: KeyObject): KeyObject => {
    const exported = object.export({ format: "der", type: "spki" });
    object.export = ((format) => {
      if (format?.format !== "der") throw new TypeError("Only this one export is remembered.");
      return exported;
    }) as KeyObject["export"];
    return object;
  };
  crypto.createPrivateKey = (input) => remembered(input, createPrivateKey);
  crypto.createPublicKey = (input) => {
    if (!(input instanceof KeyObject)) return remembered(input, createPublicKey);
    const object = derived.get(input) ?? exportedOnce(createPublicKey(input));
    derived.set(input, object);
    return object;
  };
  syncBuiltinESMExports();
}
rememberKeyObjects();
