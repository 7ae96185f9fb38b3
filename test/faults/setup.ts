import crypto, { KeyObject } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { countFileWork } from "../support/file-work.js";

countFileWork();

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
  crypto.createPrivateKey = (input) => remembered(input, createPrivateKey);
  crypto.createPublicKey = (input) => {
    if (!(input instanceof KeyObject)) return remembered(input, createPublicKey);
    const object = derived.get(input) ?? createPublicKey(input);
    derived.set(input, object);
    return object;
  };
  syncBuiltinESMExports();
}
rememberKeyObjects();
