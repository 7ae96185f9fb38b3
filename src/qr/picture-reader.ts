import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Failure } from "../errors.js";
import type { PictureAnswer } from "./picture-process.js";
import type { ReadPicture } from "./source.js";

const PROGRAM = fileURLToPath(new URL("./picture-process.js", import.meta.url));

/** Many times what the slowest honest picture takes. */
const MAX_MS = 20_000;

/** Megabytes that JavaScript may take there; pixels are not among them, and are bounded by the limits for pictures. */
const MAX_HEAP_MB = 512;

/**
 * Reads pictures in a process of its own. They come from anywhere, and what decodes them is native code, or holds
 * the thread: there it can be ended at any moment, and if it breaks, nothing else does. The process is started for
 * the first picture, serves the later ones too, and keeps nobody waiting at the end.
 */
export function createPictureReader({ program = PROGRAM, maxMs = MAX_MS } = {}): ReadPicture {
  let idle: ChildProcess | undefined;
  return async (picture, signal) => {
    signal.throwIfAborted();
    const child = idle ?? start(program);
    idle = undefined;
    child.channel?.ref();
    const ended = AbortSignal.any([signal, AbortSignal.timeout(maxMs)]);
    try {
      const answer = await ask(child, picture, ended);
      child.channel?.unref();
      idle = child;
      if ("payload" in answer) return answer.payload;
      const { code, message, ...hint } = answer.failure;
      throw new Failure(code, message, hint);
    } catch (error) {
      if (error instanceof Failure) throw error;
      child.kill("SIGKILL");
      signal.throwIfAborted();
      const message = ended.aborted
        ? "It takes too long to read this picture: crop it, or save it as PNG."
        : "The picture broke what reads pictures: save it as PNG.";
      throw new Failure("picture_unreadable", message, { cause: error });
    }
  };
}

function start(program: string): ChildProcess {
  const child = fork(program, {
    serialization: "advanced",
    execArgv: [`--max-old-space-size=${MAX_HEAP_MB}`],
    // Decoders print warnings; stdout belongs to the results.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.unref();
  return child;
}

async function ask(child: ChildProcess, picture: Uint8Array, signal: AbortSignal): Promise<PictureAnswer> {
  const done = new AbortController();
  const either = { signal: AbortSignal.any([signal, done.signal]) };
  try {
    const answered = once(child, "message", either);
    const exited = once(child, "exit", either).then(() => {
      throw new Error("The process has ended.");
    });
    child.send(picture, () => undefined);
    const [answer] = (await Promise.race([answered, exited])) as [PictureAnswer];
    return answer;
  } finally {
    done.abort();
  }
}
