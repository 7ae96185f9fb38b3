// biome-ignore-all lint/style/noRestrictedGlobals: the entry of a process of its own, which nobody hands anything.

import { Worker } from "node:worker_threads";
import { Failure } from "../../foundation/failures.js";
import type { PictureAnswer } from "./picture-answer.js";
import { readQrCode } from "./read-qr-code.js";

/**
 * The process that `createPictureReader` starts: decodes one picture after the other, as they come, until nobody
 * is there to send any.
 */

// biome-ignore lint/plugin: a file of this folder, to be run and not to be imported.
new Worker(new URL("./picture-watchdog.js", import.meta.url)).unref();

process.on("message", async (picture: Uint8Array) => {
  process.send?.(await answer(picture));
});

// An exit in the usual way waits for native decoders.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

async function answer(picture: Uint8Array): Promise<PictureAnswer> {
  try {
    return { payload: Uint8Array.from(await readQrCode(picture)) };
  } catch (error) {
    const { code, message, hint, stack } = Failure.from(error);
    return { failure: { code, message, hint, stack } };
  }
}
