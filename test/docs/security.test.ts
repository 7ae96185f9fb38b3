import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { page, ROOT, rowsOf } from "./pages.js";

const DOC = page("docs/security.md");
const [, threatsAndTests = ""] = /\n## Threats and their tests\n(.*?)\n## /s.exec(DOC.text) ?? [];
const threats = rowsOf(threatsAndTests);

/** What is in a row's last cell: a file and the name of a test in it, for each. */
function testsOf(cell: string): { readonly file: string; readonly name: string }[] {
  return cell.split("<br>").map((test) => {
    const [, file = "", name = ""] = /^\s*`(test\/[\w./-]+\.test\.ts)` (.+?)\s*$/.exec(test) ?? [];
    return { file, name };
  });
}

describe("docs/security.md", () => {
  it("has threats", () => expect(threats.length).toBeGreaterThan(40));

  it.each(threats.map(([threat = "", stands = "", tests = ""]) => [threat, stands, tests] as const))(
    "names what stands against a threat, and a test that there is: %s",
    (_threat, stands, tests) => {
      expect(stands).not.toBe("");
      for (const { file, name } of testsOf(tests)) {
        expect(existsSync(`${ROOT}${file}`), file).toBe(true);
        expect(readFileSync(`${ROOT}${file}`, "utf8"), file).toContain(name);
      }
    },
  );
});
