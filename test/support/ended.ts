import { expect, vi } from "vitest";

/** Waits until there is no such process any more. */
export async function expectEnded(pid: number): Promise<void> {
  expect(pid).toBeGreaterThan(0);
  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), { timeout: 10_000 });
}
