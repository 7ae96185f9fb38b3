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

it("leaves a drawing of all rows but one in sight, however often the frame changes", () => {
  const { region: live, see } = region();
  live.print(["before"]);
  live.draw([], ["1", "2", "3", "4"]);
  for (let second = 9; second >= 0; second--) live.paint(`frame ${second}`);
  expect(see()).toEqual(["1", "2", "3", "4", "frame 0"]);
});

it("puts a drawing in the place of the one before, without its heading", () => {
  const { region: live, see } = region();
  live.draw(["head"], ["a", "a"]);
  live.paint("frame");
  live.draw(["again"], ["b", "b"]);
  expect(see()).toEqual(["head", "b", "b", "frame", ""]);
});

it("draws anew below when something was printed since", () => {
  const { region: live, see } = region(10, 8);
  live.draw(["head"], ["a", "a"]);
  live.print(["between"]);
  live.draw(["again"], ["b", "b"]);
  expect(see()).toEqual(["head", "a", "a", "between", "again", "b", "b", ""]);
});

it("draws anew below when the terminal was resized since", () => {
  const { out, region: live, see } = region(10, 8);
  live.draw(["head"], ["a", "a"]);
  out.columns = 9;
  live.draw(["again"], ["b", "b"]);
  expect(see().slice(0, 6)).toEqual(["head", "a", "a", "again", "b", "b"]);
});

it("writes nothing for a frame that is there already", () => {
  const { out, region: live } = region();
  live.paint("frame");
  out.take();
  live.paint("frame");
  expect(out.text).toBe("");
});
