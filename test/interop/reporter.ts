import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import type { Result } from "../support/interop.js";

/** What test/interop/write-page.mjs makes docs/interop.md from. */
const RESULTS = fileURLToPath(new URL("results.json", import.meta.url));

function toResult(test: TestCase): Result | undefined {
  const { cell } = test.meta();
  if (!cell) return undefined;
  const result = test.result();
  const note = result.state === "skipped" ? result.note : result.errors?.[0]?.message;
  const peers = cell.peers.map(({ name, version }) => ({ name, version }));
  const state = result.state === "pending" ? "failed" : result.state;
  return { ...cell, peers, state, ...(note && { note: firstLine(note) }) };
}

function firstLine(text: string): string {
  return text.split("\n", 1).join("");
}

/** Writes what each test of the run was about, and how it ended. */
export default class ResultsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const inOrder = [...modules].sort((a, b) => a.moduleId.localeCompare(b.moduleId));
    const results = inOrder.flatMap((module) =>
      [...module.children.allTests()].flatMap((test) => toResult(test) ?? []),
    );
    // Other projects' tests have none.
    if (results.length === 0) return;
    writeFileSync(RESULTS, `${JSON.stringify(results, undefined, 2)}\n`);
  }
}
