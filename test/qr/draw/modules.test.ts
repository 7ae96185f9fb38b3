import { describe, expect, it } from "vitest";
import type { QrLevel } from "../../../src/qr/draw/choices.js";
import { qrModules, sideOf } from "../../../src/qr/draw/modules.js";

/** What the largest code, version 40, holds in bytes (ISO/IEC 18004, table 7). */
const MOST: Readonly<Record<QrLevel, number>> = { L: 2953, M: 2331, Q: 1663, H: 1273 };

describe.each(["L", "M", "Q", "H"] as const)("the size of a code at level %s", (level) => {
  it("is known without making it", () => {
    // The lengths at which versions change are among these, and where the length takes two bytes (version 10).
    for (let length = 1; length <= 400; length += 3) {
      const payload = new Uint8Array(length).fill(0xa5);
      expect(sideOf(payload, level), `${length} bytes`).toBe(qrModules(payload, level).length);
    }
  });

  it("ends with the largest code", () => {
    expect(sideOf(new Uint8Array(MOST[level]), level)).toBe(177);
    expect(sideOf(new Uint8Array(MOST[level] + 1), level)).toBeUndefined();
  });
});
