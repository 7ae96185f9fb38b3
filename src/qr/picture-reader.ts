import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Clock } from "../clock.js";
import { Failure } from "../errors.js";
import type { PictureAnswer } from "./picture-process.js";
import type { ReadPicture } from "./source.js";

const PROGRAM = fileURLToPath(new URL("./picture-process.js", import.meta.url));

/** Many times what honest pictures take: only those made to be slow get there. */
const MAX_MS = 10_000;

/** Megabytes that JavaScript may take there; pixels are not among them, and are bounded by the limits for pictures. */
const MAX_HEAP_MB = 512;

/**
 * Reads pictures in a process of its own. They come from anywhere, and what decodes them is native code, or holds
 * the thread: there it can be ended at any moment, and if it breaks, nothing else does. The process is started for
 * the first picture, serves the later ones too, and keeps nobody waiting at the end.
 */
export function createPictureReader(clock: Clock, program = PROGRAM): ReadPicture {
  let idle: ChildProcess | undefined;
  return async (picture, signal) => {
    signal.throwIfAborted();
    const child = idle ?? start(program);
    idle = undefined;
    child.channel?.ref();
    let answer: PictureAnswer;
    try {
      answer = await ask(child, picture, clock, signal);
    } catch (error) {
      child.kill("SIGKILL");
      signal.throwIfAborted();
      throw error instanceof Failure ? error : broken(error);
    }
    child.channel?.unref();
    idle = child;
    if ("payload" in answer) return answer.payload;
    const { code, message, ...hint } = answer.failure;
    throw new Failure(code, message, hint);
  };
}

function start(program: string): ChildProcess {
  const child = spawn(process.execPath, [`--max-old-space-size=${MAX_HEAP_MB}`, program], {
    serialization: "advanced",
    // Ctrl-C reaches all processes of a group. When this one ends is decided here.
    detached: true,
    windowsHide: true,
    // Decoders print warnings; stdout belongs to the results.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.unref();
  return child;
}

/** Rejects when the process ends, takes too long, or the signal is aborted. */
async function ask(
  child: ChildProcess,
  picture: Uint8Array,
  clock: Clock,
  signal: AbortSignal,
): Promise<PictureAnswer> {
  const done = new AbortController();
  const either = { signal: AbortSignal.any([signal, done.signal]) };
  const answered = once(child, "message", either).then(([answer]) => answer as PictureAnswer);
  const ended = once(child, "exit", either).then(() => {
    throw broken();
  });
  const late = clock.sleep(MAX_MS, either.signal).then(() => {
    throw new Failure("picture_unreadable", "It takes too long to read this picture: save it as PNG.");
  });
  try {
    child.send(picture, () => undefined);
    return await Promise.race([answered, ended, late]);
  } finally {
    done.abort();
  }
}

function broken(cause?: unknown): Failure {
  const message = "The picture broke what reads pictures: save it as PNG.";
  return new Failure("picture_unreadable", message, { cause });
}
