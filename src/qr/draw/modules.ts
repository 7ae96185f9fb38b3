import QRCode from "qrcode-terminal/vendor/QRCode/index.js";
import { Failure } from "../../foundation/failures.js";

/** Error correction: about 7, 15, 25 and 30 % of the code may be unreadable. */
export type QrLevel = "L" | "M" | "Q" | "H";

export const LEVELS_BEST_FIRST: readonly QrLevel[] = ["H", "Q", "M", "L"];

/** ISO/IEC 18004 §7.4: the levels' numbers in the code's format information, and what version 40 holds. */
const LEVELS: Readonly<Record<QrLevel, { indicator: number; maxBytes: number }>> = {
  L: { indicator: 1, maxBytes: 2953 },
  M: { indicator: 0, maxBytes: 2331 },
  Q: { indicator: 3, maxBytes: 1663 },
  H: { indicator: 2, maxBytes: 1273 },
};

export function fitsLevel(payload: Uint8Array, level: QrLevel): boolean {
  return payload.length <= LEVELS[level].maxBytes;
}

/**
 * The modules of the smallest code that holds the payload, as rows with true for dark, without a margin.
 *
 * It goes around qrcode-terminal's own `generate`, which ignores level M and leaves the margin and the colours
 * to chance.
 *
 * @throws {Failure} `server_error` when no code of that level holds it: URLs and IDs of servers make it long
 */
export function qrModules(payload: Uint8Array, level: QrLevel): boolean[][] {
  if (!fitsLevel(payload, level)) {
    throw new Failure(
      "server_error",
      "What the homeserver wants in the QR code is too long to fit into one.",
    );
  }
  const code = new QRCode(-1, LEVELS[level].indicator);
  code.addData(Buffer.from(payload).toString("latin1"));
  code.make();
  return code.modules;
}

/** The modules with a light margin (quiet zone) of so many modules on every side. */
export function withMargin(modules: readonly boolean[][], margin: number): boolean[][] {
  const side = Array<boolean>(margin).fill(false);
  const lightRow = () => Array<boolean>(modules.length + 2 * margin).fill(false);
  const lightRows = () => Array.from({ length: margin }, lightRow);
  return [...lightRows(), ...modules.map((row) => [...side, ...row, ...side]), ...lightRows()];
}
