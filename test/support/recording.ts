import type { Machine } from "./machine.js";

const RECORDER = new URL("record-modules.mjs", import.meta.url);

/** The environment that makes a run write down which modules it loads, and the file in which they are then. */
export function recording(machine: Machine) {
  const modules = machine.path("modules.txt");
  const recorder = new URL(RECORDER);
  recorder.searchParams.set("file", modules);
  return { env: { NODE_OPTIONS: `--import=${recorder.href}` }, modules };
}
