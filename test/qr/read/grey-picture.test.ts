import { describe, expect, it } from "vitest";
import { greysOf } from "../../../src/qr/read/grey-picture.js";

const greysOfPixels = (channels: number, ...pixels: readonly (readonly number[])[]) =>
  greysOf({ data: Uint8Array.from(pixels.flat()), width: pixels.length, height: 1, channels }).map(
    ({ data }) => [...data],
  );

describe("a picture without its colours", () => {
  it("keeps black, white and what is between", () => {
    expect(greysOfPixels(3, [0, 0, 0], [255, 255, 255], [128, 128, 128])).toEqual([[0, 255, 128]]);
  });

  it("is as bright as people see its colours: green more than red, and red more than blue", () => {
    expect(greysOfPixels(3, [255, 0, 0], [0, 255, 0], [0, 0, 255])).toEqual([[76, 149, 28]]);
  });

  it("is one picture where nothing shines through", () => {
    expect(greysOfPixels(4, [10, 10, 10, 255], [200, 200, 200, 255])).toEqual([[10, 200]]);
  });

  it("has nothing of further channels, which a TIFF may have", () => {
    expect(greysOfPixels(5, [10, 10, 10, 0, 0], [200, 200, 200, 99, 255])).toEqual([[10, 200]]);
  });

  it("is one on white and one on black where something does", () => {
    const pixels = [
      [0, 0, 0, 0],
      [255, 255, 255, 0],
      [100, 100, 100, 255],
      [0, 0, 0, 128],
    ];
    expect(greysOfPixels(4, ...pixels)).toEqual([
      [255, 255, 100, 127],
      [0, 0, 100, 0],
    ]);
  });
});
