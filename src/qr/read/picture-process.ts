// biome-ignore-all lint/style/noRestrictedGlobals: the entry of a process of its own, which nobody hands anything.

import { Worker } from "node:worker_threads";
import { Failure } from "../../foundation/failures.js";
import type { PictureAnswer } from "./picture-answer.js";

/**
 * The process that `createPictureReader` starts: decodes one picture after the other, as they come, until nobody
 * is there to send any.
 */

/** Most pictures are read before a thread has started: it would take a quarter of their time. */
const QUICK_MS = 50;

/** Asked now: later it may be gone, and whoever takes its children over would be taken for it. */
const parent = process.ppid;

/** Told of with the answer where they can't be loaded: libvips is native code, which not every machine has. */
const decoders = Promise.all([import("./open-picture.js"), import("./read-qr-code.js")]).catch((cause) => {
  throw new Failure("picture_unreadable", "Pictures can't be read in this installation.", {
    hint: "Install the package sharp for this machine, with its optional packages, or give the code as text.",
    cause,
  });
});
decoders.catch(() => undefined);

let watchdog: Worker | undefined;

process.on("message", async (picture: Uint8Array) => {
  process.send?.(await answer(picture));
});

function watch(): void {
  // biome-ignore lint/plugin: a file of this folder, to be run and not to be imported.
  watchdog ??= new Worker(new URL("./picture-watchdog.js", import.meta.url), { workerData: parent });
  watchdog.unref();
}

// An exit in the usual way waits for native decoders.
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));

async function answer(picture: Uint8Array): Promise<PictureAnswer> {
  let slow: NodeJS.Timeout | undefined;
  try {
    const [{ holdsThread }, { readQrCode }] = await decoders;
    // Until that is decoded, this thread looks at no timer.
    if (holdsThread(picture)) watch();
    slow = setTimeout(watch, QUICK_MS);
    return { payload: Uint8Array.from(await readQrCode(picture)) };
  } catch (error) {
    const { code, message, hint, stack } = Failure.from(error);
    return { failure: { code, message, hint, stack } };
  } finally {
    clearTimeout(slow);
  }
}
