import { existsSync, readdirSync } from "node:fs";
import { join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { codeSpansOf, PAGES, type Page, page, proseOf, ROOT, sectionsOf } from "./pages.js";

/** The targets of links and pictures, in Markdown and in HTML. */
function targetsOf(source: Page): string[] {
  const prose = proseOf(source);
  const markdown = [...prose.matchAll(/\]\(([^)\s]+)\)/g)];
  const html = [...prose.matchAll(/(?:src|srcset|href)="([^"]+)"/g)];
  return [...markdown, ...html].map(([, target = ""]) => target);
}

/** GitHub's anchors: lower case, no punctuation, a hyphen for each space. */
function anchorsOf(source: Page): string[] {
  return sectionsOf(source).map(({ title }) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}

describe.each(PAGES)("$path", (source) => {
  const targets = targetsOf(source);
  const local = targets.filter((target) => !target.startsWith("https://"));

  it("links to files and headings that exist", () => {
    const broken = local.filter((target) => {
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? source.path : normalize(join(source.path, "..", file));
      if (!existsSync(join(ROOT, path))) return true;
      return anchor !== undefined && !anchorsOf(page(path)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it("links to other places by https alone", () => {
    expect(targets.filter((target) => /^[a-z]+:/.test(target) && !target.startsWith("https://"))).toEqual([]);
  });

  it("names files and folders of the repository that exist", () => {
    const paths = codeSpansOf(source).filter((code) => /^(?:src|test|docs|bin)\/[\w./-]*$/.test(code));
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

it.each(["docs/images", "docs/pictures"])("each picture in %s is shown on a page", (folder) => {
  const shown = new Set(
    PAGES.flatMap((source) => targetsOf(source).map((target) => normalize(join(source.path, "..", target)))),
  );
  const kept = readdirSync(join(ROOT, folder)).map((name) => join(folder, name));
  expect(kept.filter((path) => !shown.has(path))).toEqual([]);
});
