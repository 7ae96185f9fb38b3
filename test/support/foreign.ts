import { lchownSync } from "node:fs";
import { onTestFinished, vi } from "vitest";

const NOBODY = 65_534;

/** Has a file or a link belong to another user than the one that the test runs as. */
export function makeForeign(path: string): void {
  if (process.getuid?.() === 0) {
    lchownSync(path, NOBODY, NOBODY);
    return;
  }
  // Nobody else can give files away: then it is the test that runs as another user.
  const spy = vi.spyOn(process, "getuid").mockReturnValue(NOBODY);
  onTestFinished(() => void spy.mockRestore());
}
