import { fileURLToPath } from "node:url";
import type { LoginEvent } from "../../src/foundation/events.js";
import { parseEvent } from "./event-contract.js";
import { EventProcess, type ProcessOptions } from "./event-process.js";

export type { ProcessEnd, ProcessOptions } from "./event-process.js";

/** The program as it is installed: the shim, with the built code behind it. */
export const PROGRAM = fileURLToPath(new URL("../../bin/matrix-qr-login.js", import.meta.url));

/** A process of the command line, whose events are held to the contract. */
export class CliProcess extends EventProcess<LoginEvent> {
  constructor(args: readonly string[], options: ProcessOptions) {
    super(process.execPath, [PROGRAM, ...args], parseEvent, options);
  }
}
