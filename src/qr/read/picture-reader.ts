import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../foundation/clock.js";
import { escapeText } from "../../foundation/escape-text.js";
import { Failure } from "../../foundation/failures.js";
import type { Environment } from "../../foundation/machine.js";
import type { PictureAnswer } from "./picture-answer.js";
import type { ReadPicture } from "./source.js";

/** Many times what honest pictures take: only those made to be slow get there. */
const MAX_MS = 10_000;

const MAX_MESSAGE = 400;

/** What of the environment decoders may need: nobody's tokens are among it. */
const ENVIRONMENT = ["NODE_OPTIONS", "PATH", "LD_LIBRARY_PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR"];

/** What Node runs as that process. A flag that bounds its heap would have it compile all of its own code anew. */
const PICTURE_PROCESS: readonly string[] = [
  // biome-ignore lint/plugin: a file of this folder, to be run and not to be imported.
  fileURLToPath(new URL("./picture-process.js", import.meta.url)),
];

/** What the process is started with. */
export interface PictureReaderWorld {
  readonly clock: Clock;
  /** Of the whole program: the process gets a few harmless variables of it. */
  readonly env: Environment;
  /** Node's own executable. */
  readonly execPath: string;
}

export interface PictureReader {
  readonly readPicture: ReadPicture;
  /** Starts the process for a picture that is still to come, and then waits less. */
  readonly expectPicture: () => void;
}

/**
 * Reads pictures in a process of its own. They come from anywhere, and what decodes them is native code, or holds
 * the thread: there it can be ended at any moment, and if it breaks, nothing else does. The process is started for
 * the first picture at the latest, serves the later ones too, and keeps nobody waiting at the end.
 */
export function createPictureReader(world: PictureReaderWorld, args = PICTURE_PROCESS): PictureReader {
  let idle: ChildProcess | undefined;
  const readPicture: ReadPicture = async (picture, signal) => {
    signal.throwIfAborted();
    const child = idle?.connected ? idle : start(world, args);
    idle = undefined;
    child.channel?.ref();
    let answer: PictureAnswer;
    try {
      answer = await ask(child, picture, world.clock, signal);
    } catch (error) {
      child.kill("SIGKILL");
      signal.throwIfAborted();
      throw error;
    }
    child.channel?.unref();
    // Of two that were needed at the same time, one is enough from now on.
    if (idle) child.disconnect();
    else idle = child;
    if ("payload" in answer) return answer.payload;
    const { code, message, hint, stack } = answer.failure;
    const details = { ...(hint === undefined ? {} : { hint: escapeText(hint) }), cause: stack };
    throw new Failure(code, escapeText(message, MAX_MESSAGE), details);
  };
  const expectPicture = () => {
    try {
      idle ??= start(world, args);
    } catch {
      // Told of where there is a picture.
    }
  };
  return { readPicture, expectPicture };
}

function start({ env, execPath }: PictureReaderWorld, args: readonly string[]): ChildProcess {
  const child = spawn(execPath, args, {
    serialization: "advanced",
    env: Object.fromEntries(ENVIRONMENT.map((name) => [name, env[name]])),
    // Ctrl-C reaches all processes of a group. When this one ends is decided here.
    detached: true,
    windowsHide: true,
    // Decoders print warnings; stdout belongs to the results.
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // It may come when nobody waits for an answer any more.
  child.on("error", () => undefined);
  child.unref();
  child.channel?.unref();
  return child;
}

/** Rejects when the process can't be had, when it ends or takes too long, and when the signal is aborted. */
async function ask(
  child: ChildProcess,
  picture: Uint8Array,
  clock: Clock,
  signal: AbortSignal,
): Promise<PictureAnswer> {
  const done = new AbortController();
  const either = { signal: AbortSignal.any([signal, done.signal]) };
  const sent = new Promise<never>((_resolve, reject) => {
    child.send(picture, (error) => {
      if (error) reject(error);
    });
  });
  // There is time for that now. What can't be loaded is told of below.
  import("./picture-answer.js").catch(() => undefined);
  // Each of these rejects, too, when the process could not be started.
  const answered = once(child, "message", either).then(([answer]): unknown => answer);
  const ended = once(child, "exit", either).then(() => {
    throw new Error("It has ended.");
  });
  const late = clock.sleep(MAX_MS, either.signal).then(() => {
    throw new Failure("picture_unreadable", "It takes too long to read this picture: save it as PNG.");
  });
  try {
    const answer = await Promise.race([sent, answered, ended, late]);
    const { readPictureAnswer } = await import("./picture-answer.js");
    return readPictureAnswer(answer);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw new Failure("picture_unreadable", "The picture reader broke on this one: save it as PNG.", {
      cause,
    });
  } finally {
    done.abort();
  }
}
