import QRRSBlock from "qrcode-terminal/vendor/QRCode/QRRSBlock.js";
import { Failure } from "../../foundation/failures.js";
import type { QrLevel } from "./choices.js";
import { MaskedCode } from "./masked-code.js";

export const LEVELS_BEST_FIRST: readonly QrLevel[] = ["H", "Q", "M", "L"];

/** ISO/IEC 18004 §7.9: the levels' numbers in the code's format information. */
const LEVELS: Readonly<Record<QrLevel, { indicator: number }>> = {
  L: { indicator: 1 },
  M: { indicator: 0 },
  Q: { indicator: 3 },
  H: { indicator: 2 },
};
const MAX_VERSION = 40;

export function fitsLevel(payload: Uint8Array, level: QrLevel): boolean {
  return sideOf(payload, level) !== undefined;
}

/**
 * The side, in modules, of the smallest code that holds the payload, without a margin (ISO/IEC 18004 §6.3.1): known
 * without making the code.
 *
 * @returns 21 to 177, or undefined where no code of that level holds it
 */
export function sideOf(payload: Uint8Array, level: QrLevel): number | undefined {
  const version = versionOf(payload, level);
  return version === undefined ? undefined : 17 + 4 * version;
}

/** The version of the smallest code that holds the payload, 1 to 40. */
function versionOf(payload: Uint8Array, level: QrLevel): number | undefined {
  for (let version = 1; version <= MAX_VERSION; version++) {
    const blocks = QRRSBlock.getRSBlocks(version, LEVELS[level].indicator);
    const bytes = blocks.reduce((sum, { dataCount }) => sum + dataCount, 0);
    // §7.4: a mode indicator of 4 bits, and how many bytes follow.
    const headerBits = 4 + (version < 10 ? 8 : 16);
    if (headerBits + 8 * payload.length <= 8 * bytes) return version;
  }
  return undefined;
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
  const version = versionOf(payload, level);
  if (version === undefined) {
    throw new Failure(
      "server_error",
      "What the homeserver wants in the QR code is too long to fit into one.",
    );
  }
  const code = new MaskedCode(version, LEVELS[level].indicator);
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
