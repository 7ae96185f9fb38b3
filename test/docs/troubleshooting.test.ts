import { describe, expect, it } from "vitest";
import { FAILURES } from "../../src/foundation/failure-table.js";
import { codeSpansOf, page } from "./pages.js";

/** What is told by how it looks has no need of an entry: the process was told to end. */
const TOLD = Object.entries(FAILURES).flatMap(([code, { kind }]) => (kind === "signal" ? [] : [code]));

const NAMED = codeSpansOf(page("docs/troubleshooting.md")).filter((code) =>
  /^[a-z0-9]+(?:_[a-z0-9]+)+$/.test(code),
);

/** Codes of warnings that the page speaks of. */
const WARNINGS = ["apps_cannot_scan"];

describe("docs/troubleshooting.md", () => {
  it("has a symptom for each failure", () => {
    expect(TOLD.filter((code) => !NAMED.includes(code))).toEqual([]);
  });

  it("names no failure that there isn't", () => {
    expect(NAMED.filter((code) => !TOLD.includes(code) && !WARNINGS.includes(code))).toEqual([]);
  });
});
