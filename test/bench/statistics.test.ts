import { expect, it } from "vitest";
import { moreAtMost, ratioAtMost, rounded } from "./line.js";
import { figuresOf, percentile } from "./statistics.js";

it("finds the median of an odd number and of an even one", () => {
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
  expect(percentile([4, 1, 2, 3], 0.5)).toBe(2.5);
  expect(() => percentile([], 0.5)).toThrow(RangeError);
});

it("says how often something was measured, and where most of it is", () => {
  const values = Array.from({ length: 101 }, (_, value) => value);
  expect(figuresOf(values)).toEqual({ times: 101, median: 50, low: 5, high: 95 });
});

it("holds a number to its target beside the other's", () => {
  const [own, other] = [figuresOf([20]), figuresOf([100])];
  expect(ratioAtMost(0.2, own, other).met).toBe(true);
  expect(ratioAtMost(0.1, own, other).met).toBe(false);
  expect(moreAtMost(50, "ms", other, own)).toEqual({ says: "≤ 50 ms more; 80", met: false });
});

it("shows the digits that mean something", () => {
  expect([1234.5, 99.96, 12.34, 0.567, 2].map(rounded)).toEqual(["1235", "100", "12.3", "0.57", "2"]);
});
