import type { Warning } from "./events.js";

/** Environment variables, by their names. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What depends on the machine and on the user that a program runs for. Only commands and `run` ask Node for it. */
export interface Machine {
  readonly env: Environment;
  readonly platform: NodeJS.Platform;
  /** Where the user's files are, for when `env` doesn't tell. May throw where the user has no home. */
  homeDirectory(): string;
  /** Told of what is wrong with the user's files here, and was put right. */
  readonly warn?: ((warning: Pick<Warning, "code" | "message">) => void) | undefined;
  /** What the machine calls itself; its domain may be part of that. */
  hostName(): string;
}
