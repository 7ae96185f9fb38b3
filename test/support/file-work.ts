import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** What is to happen instead of a file operation: the process dies in it, or it fails. */
type Verdict = "dies" | Error | undefined;

/** One operation on a file: its name in node:fs, and the path that it is asked for. */
export interface FileOperation {
  readonly name: string;
  readonly path: string;
}

let underWay = 0;
const waiting: (() => void)[] = [];
let judge: (operation: FileOperation) => Verdict = () => undefined;

/** Whether files, which take real time, are being worked on: a clock that is run by hand has to wait for them. */
export function isFileWorkUnderWay(): boolean {
  return underWay > 0;
}

/** Calls back once no file is being worked on. */
export function onceFileWorkIsDone(then: () => void): void {
  waiting.push(then);
}

function end(): void {
  underWay--;
  if (underWay > 0) return;
  for (const then of waiting.splice(0)) then();
}

/** From now on each operation is judged before it is done. */
export function judgeFileWork(by: typeof judge): void {
  judge = by;
}

type Operation = (...input: unknown[]) => unknown;

const PROMISED = ["chmod", "lstat", "mkdir", "readdir", "realpath", "rename", "stat", "unlink", "rm", "link"];
const SYNCHRONOUS = ["linkSync", "unlinkSync"];
/** What locks are made of, by callbacks. */
const OF_LOCKS = ["mkdir", "rmdir", "stat", "utimes", "realpath"];

/**
 * Counts the work on files from now on, and has it judged. Nothing is synced: no power is cut here, and that takes
 * time. To be called before anything that works on files is loaded.
 */
export function countFileWork(): void {
  const promises = fs.promises as unknown as Record<string, Operation>;
  for (const name of PROMISED) {
    const operation = promises[name];
    if (operation) promises[name] = (...input) => judged(name, String(input[0]), () => operation(...input));
  }
  const { open } = fs.promises;
  promises["open"] = (path, ...input) =>
    judged("open", String(path), async () =>
      watched(String(path), await open(path as string, ...(input as [string]))),
    );

  const callbacks = fs as unknown as Record<string, Operation>;
  for (const name of OF_LOCKS) {
    const operation = callbacks[name];
    if (operation) callbacks[name] = (...input) => operation(...input.slice(0, -1), counted(input.at(-1)));
  }
  for (const name of SYNCHRONOUS) {
    const operation = callbacks[name];
    if (!operation) continue;
    callbacks[name] = (...input) => {
      const verdict = judge({ name, path: String(input[0]) });
      if (verdict) throw verdict === "dies" ? new Error("This process is dead.") : verdict;
      return operation(...input);
    };
  }
  syncBuiltinESMExports();
}

async function judged(name: string, path: string, work: () => unknown): Promise<unknown> {
  const verdict = judge({ name, path });
  if (verdict === "dies") return forever();
  if (verdict) throw verdict;
  underWay++;
  try {
    return await work();
  } finally {
    end();
  }
}

/** A file is at work from its opening to its end. */
function watched(path: string, file: fs.promises.FileHandle): fs.promises.FileHandle {
  underWay++;
  let isOpen = true;
  const closed = () => {
    if (isOpen) end();
    isOpen = false;
  };
  const { close, writeFile } = file;
  /** The system closes what a process leaves open. */
  const dies = async () => {
    await close.call(file);
    closed();
    return forever();
  };
  file.sync = async () => undefined;
  file.close = async () => {
    if (judge({ name: "close", path }) === "dies") return dies();
    // A stream over the file closes it, too, and whoever asks then waits all the same.
    underWay++;
    closed();
    await close.call(file);
    end();
  };
  file.writeFile = async (content) => {
    const verdict = judge({ name: "write", path });
    if (verdict === undefined) return writeFile.call(file, content);
    // Whoever dies while writing, or has no more room, has written a part.
    await writeFile.call(file, String(content).slice(0, 100));
    if (verdict !== "dies") throw verdict;
    return dies();
  };
  return file;
}

function counted(callback: unknown): unknown {
  if (typeof callback !== "function") return callback;
  underWay++;
  return (...results: unknown[]) => {
    end();
    callback(...results);
  };
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}
