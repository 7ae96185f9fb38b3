import type { Measured } from "./line.js";

export interface BenchOptions {
  /** Where pictures and their manifest.json are. */
  readonly picturesFolder: string;
  /** How many requests go through the proxy while its memory is looked at. */
  readonly requests: number;
  /** How often each thing is measured; each row knows by itself what is enough. */
  readonly times?: number;
  /** Told what is measured now. */
  readonly progress: (what: string) => void;
}

export interface Row {
  /** As it is named on the command line, and in docs/performance.md. */
  readonly name: string;
  readonly title: string;
  readonly measure: (options: BenchOptions) => Promise<readonly Measured[]>;
}

/** What the bench knows. Each is loaded when it is run. */
export const ROWS: readonly Row[] = [
  {
    name: "sign-in",
    title: "whole sign-ins, and their requests, beside matrix-sdk",
    measure: async (options) => (await import("./sign-in.js")).signIns(options),
  },
  {
    name: "memory",
    title: "peak memory of a sign-in, beside matrix-sdk",
    measure: async (options) => (await import("./memory.js")).memory(options),
  },
  {
    name: "establishment",
    title: "the secure channel, beside vodozemac",
    measure: async () => (await import("./establishment.js")).establishment(),
  },
  {
    name: "start-up",
    title: "until a code stands, is read, or help is printed, beside bare Node.js",
    measure: async (options) => (await import("./start-up.js")).startUp(options),
  },
  {
    name: "photo",
    title: "reading a photo of 12 megapixels, beside zxing-wasm and jsQR alone",
    measure: async (options) => (await import("./photo.js")).photo(options),
  },
  {
    name: "pictures",
    title: "reading a folder of pictures, beside the same",
    measure: async (options) => (await import("./pictures.js")).pictures(options),
  },
  {
    name: "proxy",
    title: "requests through `session serve`, beside direct ones",
    measure: async (options) => (await import("./proxy.js")).proxy(options),
  },
  {
    name: "installed",
    title: "what `npm install` of the packed tarball brings",
    measure: async () => (await import("./installed.js")).installed(),
  },
];
