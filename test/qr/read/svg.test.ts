import { expect, it } from "vitest";
import { withoutDataUrls } from "../../../src/qr/read/svg.js";

const MEGABYTES = 10;

it("an SVG is made harmless in a few times the memory that it takes itself, whatever it is full of", () => {
  const svg = Buffer.from(`<svg>${"\\".repeat(MEGABYTES * 1e6)}</svg>`);
  const before = process.resourceUsage().maxRSS;
  expect(Buffer.from(withoutDataUrls(svg)).includes("\\")).toBe(false);
  // Kilobytes; as pieces of strings they would take twice as much.
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(200_000);
});
