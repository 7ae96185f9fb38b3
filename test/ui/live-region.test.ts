import { expect, it } from "vitest";
import { LiveRegion } from "../../src/ui/live-region.js";
import { FakeOutput } from "../support/fake-terminal.js";
import { Screen } from "../support/screen.js";

function region(columns = 10, rows = 5) {
  const out = new FakeOutput({ columns, rows });
  return {
    out,
    region: new LiveRegion(out.asStream()),
    see: () => new Screen(columns, rows, out.text).lines,
  };
}

it("paints one frame in the place of the other, below what was printed", () => {
  const { region: live, see } = region();
  live.print(["first"]);
  live.paint("waiting 10");
  live.paint("waiting 9");
  live.print(["second"]);
  expect(see()).toEqual(["first", "second", "waiting 9", "", ""]);
});

it("takes away the rest of a higher frame", () => {
  const { region: live, see } = region();
  live.print(["first"]);
  live.paint("question\ngoes on");
  live.paint("short");
  expect(see()).toEqual(["first", "short", "", "", ""]);
  live.paint("");
  live.print(["end"]);
  expect(see()).toEqual(["first", "end", "", "", ""]);
});

it("leaves a panel of all rows but one in sight, however often the frame changes", () => {
  const { region: live, see } = region();
  live.print(["before"]);
  live.show(["1", "2", "3", "4"]);
  for (let second = 9; second >= 0; second--) live.paint(`frame ${second}`);
  expect(see()).toEqual(["1", "2", "3", "4", "frame 0"]);
});

it("puts a panel in the place of the one before, whatever was printed since", () => {
  const { region: live, see } = region(10, 8);
  live.show(["a", "a", "a"]);
  live.paint("frame");
  live.print(["between"]);
  live.show(["b", "b"]);
  expect(see()).toEqual(["between", "b", "b", "frame", "", "", "", ""]);
  live.show([]);
  expect(see()).toEqual(["between", "frame", "", "", "", "", "", ""]);
});

it("knows how many rows a line of a panel takes that is wider than the window", () => {
  const { region: live, see } = region(10, 8);
  live.show(["x".repeat(25)]);
  live.paint("frame");
  live.show(["b"]);
  expect(see()).toEqual(["b", "frame", "", "", "", "", "", ""]);
});

it("fills the window anew after a change of its size: what was printed last, the panel and the frame", () => {
  const { out, region: live, see } = region(10, 5);
  live.print(["1", "2", "3"]);
  live.show(["a", "a"]);
  live.paint("frame");
  out.columns = 9;
  live.fill(["b", "b"]);
  expect(see()).toEqual(["2", "3", "b", "b", "frame"]);
});

it("writes nothing for a frame that is there already", () => {
  const { out, region: live } = region();
  live.paint("frame");
  out.take();
  live.paint("frame");
  expect(out.text).toBe("");
});
